// Signatures against what they sign: every fragment, the form of the signature, its algorithms.
// Source: eps.md sections 6 and 7.

#include <random>

#include "fhir/core/digest.h"
#include "tests/mappers/eps/signing_world.h"
#include "tests/support/places.h"

namespace concord::eps::test {
namespace {

using concord::test::Key;
using concord::test::Signer;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string kInvalid = "error signature-invalid: Signature is invalid";
const std::string kMismatch = "error signature-mismatch: Signature doesn't match prescription";
const std::string kFormat = "error signature-format: Invalid signature format";
const std::string kSeveral = "error signature-certificates: Several certificates";
const std::string kCertificate = "error signature-certificate: Invalid certificate";

struct Signed : testing::Test {
  static void SetUpTestSuite() {
    people = new Authorities;
    trust = new std::shared_ptr<const TrustStore>(compiled(people->policy()));
    message = new std::string(signed_message(people->prescriber));
  }
  static void TearDownTestSuite() {
    delete people;
    delete trust;
    delete message;
  }
  /// What is wrong with the message once `from` has become `to`.
  static std::vector<std::string> found_after(std::string_view from, std::string_view to) {
    return found(edited_first(*message, from, to), **trust);
  }
  static Authorities* people;
  static std::shared_ptr<const TrustStore>* trust;
  static std::string* message;
};
Authorities* Signed::people = nullptr;
std::shared_ptr<const TrustStore>* Signed::trust = nullptr;
std::string* Signed::message = nullptr;

TEST_F(Signed, WhatWasPreparedSignedAndTranslatedVerifies) {
  EXPECT_THAT(found(*message, **trust), IsEmpty());
  EXPECT_THAT(found(signed_message(people->prescriber, "RS1"), **trust), IsEmpty());
}

TEST_F(Signed, EveryGoldenPrescriptionVerifiesOnceSigned) {
  std::size_t seen = 0;
  for (const auto& folder :
       concord::test::case_folders(std::filesystem::path(concord::test::test_dir()) / "cases")) {
    const std::string input = concord::test::read_file(folder / "input.json");
    if (input.find("\"prescription-order\"") == std::string::npos) continue;
    SCOPED_TRACE(folder.filename().string());
    const std::string name = folder.filename().string();
    EXPECT_THAT(found(signed_message(people->prescriber, "RS256", name), **trust), IsEmpty());
    ++seen;
  }
  EXPECT_GE(seen, 15u);
}

TEST_F(Signed, TheMapperVerifiesABundleAsItWouldTravel) {
  const std::string bundle = case_input("repeat_dispensing_six_issues");
  const std::string with =
      concord::test::signed_as_prepared(bundle, prepared(bundle), people->prescriber);
  MapperOptions options;
  options.trust = [] { return *trust; };
  tree::Symbols symbols;
  auto definitions = definitions::Definitions::r4(symbols);
  ASSERT_THAT(definitions, IsOk());
  const auto mapper = make_mapper(*definitions, options);
  ASSERT_THAT(mapper, IsOk());
  auto read = json::read(with, symbols);
  ASSERT_THAT(read, IsOk());
  EXPECT_TRUE((*mapper)->signatures()->covers(*read));
  const auto issues = (*mapper)->signatures()->verify(*read, case_parameters());
  ASSERT_THAT(issues, IsOk());
  EXPECT_THAT(*issues, IsEmpty());
}

TEST_F(Signed, WithoutAuthoritiesTheChainIsNotJudgedAndThatIsSaid) {
  EXPECT_THAT(found(*message, *TrustStore::unjudged()),
              ElementsAre("warning chain-not-judged: no certificate authorities are configured: "
                          "nobody vouches for the signer's certificate"));
  EXPECT_THAT(found(edited_first(*message, "WREN", "WRYN"), *TrustStore::unjudged()),
              ElementsAre(kMismatch, testing::StartsWith("warning chain-not-judged")));
}

TEST_F(Signed, EveryFragmentIsCovered) {
  const std::pair<std::string_view, std::string_view> kChanges[] = {
      {"<time value=\"20260302091400\"/>", "<time value=\"20260302091401\"/>"},
      {"005CAA14-D9D5-543F-B5F1-43B666F718A4", "005CAA14-D9D5-543F-B5F1-43B666F718A5"},
      {"extension=\"999900000011\" root=\"1.2.826.0.1285.0.2.0.67\"/>\n                <code",
       "extension=\"999900000012\" root=\"1.2.826.0.1285.0.2.0.67\"/>\n                <code"},
      {"<family>FERRY</family>", "<family>BERRY</family>"},
      {"HARBOUR LANE SURGERY", "HARBOUR LINE SURGERY"},
      {"extension=\"9990123411\"", "extension=\"9990123412\""},
      {"<given>IVY</given>", ""},
      {"<given>IVY</given>", "<given>IVY</given><given>ANN</given>"},
      {"<birthTime value=\"19610409\"/>", "<birthTime value=\"19620409\"/>"},
      {"3 SLIPWAY COTTAGES", "3 SLIPWAY  COTTAGES"},
      {"recordTarget typeCode=\"RCT\"", "recordTarget typeCode=\"RCX\""},
  };
  for (const auto& [from, to] : kChanges) {
    SCOPED_TRACE(from);
    EXPECT_THAT(found_after(from, to), ElementsAre(kMismatch));
  }
}

/// Positions of every line item's elements in the message.
std::vector<std::pair<std::size_t, std::size_t>> line_items(const std::string& text) {
  std::vector<std::pair<std::size_t, std::size_t>> items;
  std::size_t at = 0;
  while ((at = text.find("<pertinentLineItem ", at)) != std::string::npos) {
    const std::size_t end = text.find("</pertinentLineItem>", at);
    items.emplace_back(at, end);
    at = end;
  }
  return items;
}

TEST_F(Signed, EveryAttributeAndTextOfEveryLineItemIsCoveredButTheLowestRepeat) {
  const auto items = line_items(*message);
  ASSERT_EQ(items.size(), 2u);
  std::size_t changed = 0;
  for (const auto& [from, to] : items) {
    const std::size_t low = message->find("<low ", from);
    for (std::size_t at = from; at < to; ++at) {
      if (at > low && at < message->find('>', low)) continue;
      const char here = (*message)[at];
      const bool in_value =
          here == '"' ? message->at(at - 1) == '=' : here == '>' && (*message)[at + 1] != '\n';
      if (!in_value) continue;
      std::string other = *message;
      other.insert(at + 1, "9");
      const auto wrong = found(other, **trust);
      EXPECT_EQ(wrong, std::vector<std::string>{kMismatch}) << other.substr(at - 20, 40);
      ++changed;
    }
  }
  EXPECT_GT(changed, 60u);
}

TEST_F(Signed, ALineItemAddedRemovedOrMovedIsNoticed) {
  const auto items = line_items(*message);
  ASSERT_EQ(items.size(), 2u);
  const std::string first = message->substr(items[0].first, items[0].second - items[0].first);
  const std::string second = message->substr(items[1].first, items[1].second - items[1].first);
  std::string swapped = *message;
  swapped.replace(items[1].first, second.size(), first);
  swapped.replace(items[0].first, first.size(), second);
  EXPECT_THAT(found(swapped, **trust), ElementsAre(kMismatch));

  const std::size_t end = message->find("</pertinentInformation2>", items[1].second) + 24;
  const std::size_t begin = message->rfind("<pertinentInformation2 ", items[1].first);
  std::string removed = *message;
  removed.erase(begin, end - begin);
  EXPECT_THAT(found(removed, **trust), ElementsAre(kMismatch));
  std::string added = *message;
  added.insert(end, message->substr(begin, end - begin));
  EXPECT_THAT(found(added, **trust), ElementsAre(kMismatch));
}

TEST_F(Signed, WhatIsNotSignedMayChangeOnTheWay) {
  const std::pair<std::string_view, std::string_view> kChanges[] = {
      {"extension=\"FZZ99\"", "extension=\"FZZ98\""},  // nominated pharmacy
      {"FE204E-A99001-7AFCF1", "FE204E-A99001-7AFCF2"},
      {"extension=\"999991\"", "extension=\"999992\""},  // responsible party
      {"<low value=\"1\"/>\n                  <high",
       "<low value=\"4\"/>\n                  <high"},
      {"<effectiveTime value=\"20260302080000\"/>", "<effectiveTime value=\"20260303080000\"/>"},
      {"221222C2-8F44-51BD-83FD-F0FCE16D3DE0", "221222C2-8F44-51BD-83FD-F0FCE16D3DE1"},
      {"<value code=\"0003\"", "<value code=\"0002\""},  // treatment type
      {"<value code=\"P1\"", "<value code=\"P2\""},      // site preference
  };
  for (const auto& [from, to] : kChanges) {
    SCOPED_TRACE(from);
    EXPECT_THAT(found_after(from, to), IsEmpty());
  }
  // Spine adds the status of each item, and counts the issues of each.
  std::string released = *message;
  for (std::size_t at = 0; (at = released.find("</component>\n", at)) != std::string::npos;) {
    const std::string status =
        "<pertinentInformation4 contextConductionInd=\"true\" "
        "typeCode=\"PERT\"><pertinentItemStatus "
        "classCode=\"OBS\" moodCode=\"EVN\"><value code=\"0007\"/></pertinentItemStatus>"
        "</pertinentInformation4>";
    released.insert(at + 12, status);
    at += 12 + status.size();
  }
  EXPECT_NE(released, *message);
  EXPECT_THAT(found(released, **trust), IsEmpty());
}

TEST_F(Signed, LayoutAndCommentsAreNotWhatIsSigned) {
  std::string flat;
  for (std::size_t at = 0; at < message->size(); ++at) {
    if ((*message)[at] == '\n') {
      while (at + 1 < message->size() && (*message)[at + 1] == ' ') ++at;
      continue;
    }
    flat += (*message)[at];
  }
  EXPECT_THAT(found(flat, **trust), IsEmpty());
  EXPECT_THAT(found_after("<recordTarget ", "<!-- nothing --><recordTarget "), IsEmpty());
  EXPECT_THAT(found_after("<SignatureValue>", "<SignatureValue>\n  "), IsEmpty());
}

TEST_F(Signed, OnlyOneOfEachPartMayBeThere) {
  // A second one, before or behind, with the real one still signed: a reader could take either.
  const std::pair<std::string_view, std::string_view> kChanges[] = {
      {"<recordTarget ", "<recordTarget/><recordTarget "},
      {"</recordTarget>", "</recordTarget><recordTarget/>"},
      {"<author contextControlCode", "<author/><author contextControlCode"},
      {"<time value=\"20260302091400\"/>",
       "<time value=\"20260302091400\"/><time value=\"20260302091400\"/>"},
      {"</author>\n            <responsibleParty",
       "<AgentPerson/></author>\n            <responsibleParty"},
      {"<id root=\"005CAA14-D9D5-543F-B5F1-43B666F718A4\"/>",
       "<id root=\"005CAA14-D9D5-543F-B5F1-43B666F718A4\"/><id root=\"1\"/>"},
      {"<id root=\"005CAA14-D9D5-543F-B5F1-43B666F718A4\"/>", ""},
      {"<recordTarget typeCode=\"RCT\">",
       "<recordTarget xmlns=\"urn:other\"/><recordTarget typeCode=\"RCT\">"},
  };
  for (const auto& [from, to] : kChanges) {
    SCOPED_TRACE(from);
    EXPECT_THAT(found_after(from, to), ElementsAre(kMismatch));
  }
}

TEST_F(Signed, AnElementThatMovesToAnotherNamespaceIsNotTheSignedOne) {
  EXPECT_THAT(found_after("<patientPerson ", "<patientPerson xmlns=\"urn:other\" "),
              ElementsAre(kMismatch));
  EXPECT_THAT(found_after("<patientPerson ", "<patientPerson xmlns=\"relative\" "),
              ElementsAre(kMismatch));
  EXPECT_THAT(found_after("<SignatureValue>", "<SignatureValue xmlns=\"urn:other\">"),
              ElementsAre(kFormat));
}

TEST_F(Signed, AMissingPartOfTheSignatureIsAFaultOfItsForm) {
  for (const char* part :
       {"SignedInfo", "SignatureValue", "KeyInfo", "X509Data", "X509Certificate", "Signature"}) {
    SCOPED_TRACE(part);
    const std::string open = std::string("<") + part, close = std::string("</") + part + ">";
    std::size_t begin = message->find(open + ">");
    if (begin == std::string::npos) begin = message->find(open + " ");
    const std::size_t end = message->find(close, begin) + close.size();
    std::string without = *message;
    without.erase(begin, end - begin);
    EXPECT_THAT(found(without, **trust), ElementsAre(kFormat));
  }
  const auto unsigned_message = translate(case_input("unsigned"));
  ASSERT_THAT(unsigned_message, IsOk());
  EXPECT_THAT(found(unsigned_message->bytes, **trust), ElementsAre(kFormat));
}

TEST_F(Signed, OneCertificateIsMeant) {
  EXPECT_THAT(found_after("<X509Certificate>", "<X509Certificate>-----BEGIN CERTIFICATE-----"),
              ElementsAre(kSeveral));
  EXPECT_THAT(found_after("<X509Certificate>",
                          "<X509Certificate>AA==</X509Certificate>"
                          "<X509Certificate>"),
              ElementsAre(kSeveral));
  EXPECT_THAT(found_after("<X509Data>",
                          "<X509Data><X509Certificate>AA==</X509Certificate>"
                          "</X509Data><X509Data>"),
              ElementsAre(kSeveral));
}

TEST_F(Signed, WhatIsNoCertificateIsSaidToBeNone) {
  const std::size_t begin = message->find("<X509Certificate>") + 17;
  const std::size_t end = message->find("</X509Certificate>");
  const std::string real = message->substr(begin, end - begin);
  const auto with = [&](const std::string& text) {
    std::string other = *message;
    return found(other.replace(begin, end - begin, text), **trust);
  };
  EXPECT_THAT(with("bm90IGEgcmVhbCBjZXJ0aWZpY2F0ZQ=="), ElementsAre(kCertificate));
  EXPECT_THAT(with("not base64!"), ElementsAre(kCertificate));
  EXPECT_THAT(with(real.substr(0, real.size() / 2)), ElementsAre(kCertificate));
  // Bytes behind the certificate.
  const auto der = base64_decode(real);
  ASSERT_THAT(der, IsOk());
  EXPECT_THAT(with(base64_encode(*der + "x")), ElementsAre(kCertificate));
  EXPECT_THAT(with("\n" + real + "\n"), IsEmpty());
}

TEST_F(Signed, AnotherKeyDoesNotVerify) {
  const Signer other = people->sub.issue(Key::pooled(3));
  const std::string theirs = base64_encode(other.der());
  const std::size_t begin = message->find("<X509Certificate>") + 17;
  std::string swapped = *message;
  swapped.replace(begin, message->find("</X509Certificate>") - begin, theirs);
  EXPECT_THAT(found(swapped, **trust), ElementsAre(kInvalid));
}

TEST_F(Signed, TheSignatureOfAnotherPrescriptionDoesNotMatch) {
  const std::string other = signed_message(people->prescriber, "RS256", "acute_beside_repeat");
  const auto signature_of = [](const std::string& text) {
    const std::size_t begin = text.find("<Signature "), end = text.find("</Signature>");
    return std::pair(begin, end - begin);
  };
  const auto [begin, size] = signature_of(*message);
  const auto [other_begin, other_size] = signature_of(other);
  std::string swapped = *message;
  swapped.replace(begin, size, other.substr(other_begin, other_size));
  EXPECT_THAT(found(swapped, **trust), ElementsAre(kMismatch));
}

TEST_F(Signed, ADigestExchangedBySomebodyElseBreaksTheSignature) {
  EXPECT_THAT(found_after("<DigestValue>", "<DigestValue>A"), ElementsAre(kInvalid, kMismatch));
  EXPECT_THAT(found_after("<Reference>", "<Reference URI=\"#x\">"),
              ElementsAre(kInvalid, kMismatch));
}

/// A signature over a SignedInfo this test wrote, put into the message.
std::string signed_by_hand(const std::string& message, std::string info, const Signer& signer,
                           bool sha1) {
  const std::size_t begin = message.find("<Signature "), end = message.find("</Signature>") + 12;
  std::string other = message;
  return other.replace(begin, end - begin,
                       concord::test::xml_signature(base64_encode(info), signer, sha1));
}

/// The canonical SignedInfo of a message, as $prepare gave it.
std::string info_of(const std::string& algorithm) {
  const std::string answer = prepared(case_input("repeat_dispensing_six_issues"), algorithm);
  const std::size_t begin = answer.find("\"valueString\":\"") + 15;
  return base64_decode(answer.substr(begin, answer.find('"', begin) - begin)).value_or("");
}

TEST_F(Signed, AReferenceWithAUriDoesNotMatchEvenWhenSigned) {
  // The whole SignedInfo is compared: eps.md section 22, row 10.
  const std::string info = edited(info_of("RS256"), "<Reference>", "<Reference URI=\"\">");
  EXPECT_THAT(found(signed_by_hand(*message, info, people->prescriber, false), **trust),
              ElementsAre(kMismatch));
}

TEST_F(Signed, AlgorithmsNobodyAllowedAreRefusedNotReplaced) {
  const std::string info = info_of("RS256");
  const std::string algorithm = "error signature-algorithm: Signature is invalid";
  for (const char* uri : {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
                          "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", "rsa-sha1",
                          "http://www.w3.org/2001/04/xmldsig-more#RSA-rsa-sha"}) {
    SCOPED_TRACE(uri);
    const std::string other =
        edited(info, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", uri);
    EXPECT_THAT(found(signed_by_hand(*message, other, people->prescriber, false), **trust),
                ElementsAre(algorithm, kMismatch));
  }
  const std::string layout =
      edited_first(info, "http://www.w3.org/2001/10/xml-exc-c14n#", "http://example.org/c14n");
  EXPECT_THAT(found(signed_by_hand(*message, layout, people->prescriber, false), **trust),
              ElementsAre(algorithm, kMismatch));
  const std::string digest =
      edited(info, "http://www.w3.org/2001/04/xmlenc#sha256", "http://example.org/md5");
  EXPECT_THAT(found(signed_by_hand(*message, digest, people->prescriber, false), **trust),
              ElementsAre(kMismatch));
}

TEST_F(Signed, SignatureAndDigestMustUseTheSameHash) {
  const std::string mixed = edited(info_of("RS1"), "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
                                   "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
  EXPECT_THAT(found(signed_by_hand(*message, mixed, people->prescriber, false), **trust),
              ElementsAre(kMismatch));
}

TEST_F(Signed, ASignatureThatNamesNoRsaIsReadAsSha1AndThatIsSaid) {
  // Signed over the SHA-1 form, sent with a name that is none: eps.md section 7.
  std::string sent = signed_by_hand(*message, info_of("RS1"), people->prescriber, true);
  sent = edited_first(sent, "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
                      "http://www.w3.org/2000/09/xmldsig#sha1");
  EXPECT_THAT(found(sent, **trust),
              ElementsAre("warning signature-algorithm: the signature names no RSA algorithm and "
                          "was read as RSA with SHA-1"));
  TrustPolicy strict = people->policy();
  strict.sha1_until.reset();
  EXPECT_THAT(found(sent, *compiled(strict)),
              ElementsAre("error signature-algorithm: Signature algorithm not allowed"));
}

TEST_F(Signed, Sha1CountsUntilItsDay) {
  const std::string sha1 = signed_message(people->prescriber, "RS1");
  TrustPolicy dated = people->policy();
  dated.sha1_until = parse_instant("2026-03-10T00:00:00Z").value_or(Instant{});
  EXPECT_THAT(found(sha1, *compiled(dated)), IsEmpty());
  EXPECT_THAT(found(sha1, *compiled(dated), *parse_instant("2026-03-10T00:00:00Z")),
              ElementsAre("error signature-algorithm: Signature algorithm not allowed"));
  dated.sha1_until.reset();
  EXPECT_THAT(found(sha1, *compiled(dated)),
              ElementsAre("error signature-algorithm: Signature algorithm not allowed"));
  EXPECT_THAT(found(*message, *compiled(dated)), IsEmpty());
}

TEST_F(Signed, HostileSignaturesGetAnAnswer) {
  // Deep, long, and full of names; inside SignedInfo, where everything is copied.
  std::string deep, closing;
  for (int i = 0; i < 60; ++i) {
    deep += "<a>";
    closing += "</a>";
  }
  EXPECT_THAT(found_after("<Reference>", deep + closing + "<Reference>"),
              ElementsAre(kInvalid, kMismatch));
  std::string names;
  for (int i = 0; i < 20'000; ++i) names += "<n" + std::to_string(i) + "/>";
  EXPECT_THAT(found_after("<Reference>", names + "<Reference>"), ElementsAre(kInvalid, kMismatch));
  EXPECT_THAT(found_after("<SignatureValue>", "<SignatureValue>" + std::string(1 << 20, 'A')),
              ElementsAre(kInvalid));
  EXPECT_THAT(found_after("<X509Certificate>", "<X509Certificate>" + std::string(1 << 21, 'A')),
              ElementsAre(kCertificate));
  EXPECT_THAT(found_after("<Signature xmlns", "<!DOCTYPE x [<!ENTITY e \"e\">]><Signature xmlns"),
              ElementsAre("unreadable"));
  EXPECT_THAT(found_after("<DigestValue>", "<DigestValue>&e;"), ElementsAre("unreadable"));
}

TEST_F(Signed, NoChangeOfAByteOfWhatIsSignedGoesUnnoticed) {
  // One byte at a time in the signature and the author, chosen by a fixed seed.
  const std::size_t begin = message->find("<time value=\"20260302091400\""),
                    end = message->find("</AgentPerson>", begin);
  std::mt19937 random(20260302);  // NOLINT(*-msc51-cpp): the same every time
  std::size_t noticed = 0, tried = 0;
  for (int round = 0; round < 600; ++round) {
    std::string other = *message;
    const std::size_t at = begin + random() % (end - begin);
    const char to = "A0/ <>&\"x"[random() % 9];
    if (other[at] == to || std::isspace(static_cast<unsigned char>(other[at])) != 0 || to == ' ') {
      continue;
    }
    other[at] = to;
    ++tried;
    noticed += !found(other, **trust).empty();
  }
  EXPECT_EQ(noticed, tried);
  EXPECT_GT(tried, 300u);
}

TEST(EpsPrepare, AddsWhatIsSignedAsTextWhenAsked) {
  mappers::Parameters parameters = case_parameters();
  parameters.values["display"] = "true";
  const auto answer = World::get().mapper->signatures()->prepare(
      typed(case_input("repeat_dispensing_six_issues")), parameters);
  ASSERT_THAT(answer, IsOk());
  std::vector<std::string> names, values;
  for (const tree::Node& parameter : answer->resource->root().children()) {
    names.emplace_back(parameter.first_child()->text());
    values.emplace_back(parameter.last_child()->text());
  }
  EXPECT_THAT(names, ElementsAre("digest", "timestamp", "algorithm", "display"));
  EXPECT_EQ(values[1], "2026-03-02T09:14:00+00:00");
  EXPECT_EQ(values[2], "RS256");
  EXPECT_THAT(values[3], testing::StartsWith("Prescription: 005CAA14-D9D5-543F-B5F1-43B666F718A4\n"
                                             "Written: 2026-03-02T09:14:00Z\n"
                                             "Prescriber: DR ASH FERRY\n"
                                             "Organisation: HARBOUR LANE SURGERY\n"
                                             "NHS number: 9990123411\n"
                                             "Patient: MS WREN IVY HARBOUR\n"
                                             "Born: 19610409\n"));
  EXPECT_THAT(values[3], testing::HasSubstr("\nIssues: 6\n"));
}

TEST(EpsPrepare, RefusesOtherMessagesAndAlgorithms) {
  const auto prepare = [](std::string bundle, std::string algorithm) {
    mappers::Parameters parameters = case_parameters();
    parameters.values["algorithm"] = std::move(algorithm);
    return World::get().mapper->signatures()->prepare(typed(std::move(bundle)), parameters);
  };
  const std::string order = case_input("unsigned");
  const auto unknown = prepare(order, "RS512");
  ASSERT_THAT(unknown, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(told(unknown.error().issues.front()),
            "error INVALID_VALUE : algorithm must be RS256 or RS1");
  const auto other = prepare(edited_first(order, "\"code\": \"prescription-order\"",
                                          "\"code\": \"dispense-notification\""),
                             "RS256");
  ASSERT_THAT(other, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(told(other.error().issues.front()),
            "error INVALID_VALUE Bundle.entry[0].resource.eventCoding.code: "
            "MessageHeader.eventCoding.code must be prescription-order: no other message of EPS is "
            "signed");
  EXPECT_FALSE(prepare(R"({"resourceType":"Bundle","type":"message"})", "RS256").has_value());
}

}  // namespace
}  // namespace concord::eps::test
