#include "conformance/simulators/spine/spine.h"

#include <gmock/gmock.h>

#include <fstream>

#include "conformance/simulators/spine/requests.h"
#include "fhir/xml/reader.h"
#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/result_matchers.h"

namespace concord::spine {

inline void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.code << " " << fault.display;
}

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string golden() {
  return test::read_file(std::filesystem::path(concord::test::test_dir()) / "prescription.xml");
}

std::string with(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

std::string with_all(std::string text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

constexpr std::string_view kMessageId = "5C4B7F52-3F0A-4E7C-9F5D-0A7C3B1D2E01";
constexpr std::string_view kOtherId = "5C4B7F52-3F0A-4E7C-9F5D-0A7C3B1D2E02";

Message message(std::string text, std::string_view interaction = "PORX_IN020101SM31") {
  static const tree::Symbols symbols;
  return read_message(std::move(text), interaction, symbols);
}

OrderRequest check(std::string text, CheckOptions options = {}) {
  return read_order(message(std::move(text)), options);
}

TEST(PrescriptionCheck, AWholePrescriptionHasNoFaults) {
  const Message read = message(golden());
  EXPECT_TRUE(read.readable);
  EXPECT_EQ(read.message_id, kMessageId);
  const OrderRequest checked = check(golden());
  EXPECT_THAT(checked.faults, ElementsAre());
  EXPECT_EQ(checked.short_id, "24F5DA-A83008-7EFE6Z");
  EXPECT_EQ(checked.long_id, "1B6F2C6A-94DA-4F3B-8C11-77A0F5D3B902");
  ASSERT_EQ(checked.items.size(), 1u);
  EXPECT_EQ(checked.items[0].id, "0F0A6D6E-6A5C-4F61-9D2E-000000000001");
  EXPECT_EQ(checked.issues, 1);
}

struct Broken {
  const char* name;
  const char* from;
  const char* to;
  Fault fault;
};

class BrokenPrescription : public testing::TestWithParam<Broken> {};

TEST_P(BrokenPrescription, IsToldByCode) {
  const Broken& broken = GetParam();
  const OrderRequest checked = check(with(golden(), broken.from, broken.to));
  EXPECT_THAT(checked.faults, ElementsAre(broken.fault)) << broken.name;
}

INSTANTIATE_TEST_SUITE_P(
    All, BrokenPrescription,
    testing::Values(
        Broken{"no birth date",
               "<birthTime value=\"19610203\"/>",
               "",
               {"0008",
                "Missing value - ParentPrescription/recordTarget/Patient/patientPerson/"
                "birthTime/@value"}},
        Broken{"bad author time",
               "<time value=\"20260605152900\"/>",
               "<time value=\"2026\"/>",
               {"9006", "Invalid date format - pertinentPrescription/author/time/@value"}},
        Broken{"wrong check character",
               "24F5DA-A83008-7EFE6Z",
               "24F5DA-A83008-7EFE6Y",
               {"5009", "Error in check digit"}},
        Broken{"no quantity",
               "<quantity unit=\"1\" value=\"28\">",
               "<quantity unit=\"1\">",
               {"0008",
                "Missing value - pertinentLineItem/component/lineItemQuantity/quantity/"
                "@value"}},
        Broken{"letters for an NHS number",
               "extension=\"9990000018\"",
               "extension=\"999X\"",
               {"0009", "Invalid value - ParentPrescription/recordTarget/Patient/id/@extension"}},
        Broken{"a hundred issues",
               "<product ",
               "<repeatNumber><low value=\"1\"/><high value=\"100\"/></repeatNumber><product ",
               {"0019", "Repeat count should be between 1 and 99"}},
        Broken{"an item that repeats otherwise",
               "<product ",
               "<repeatNumber><low value=\"1\"/><high value=\"3\"/></repeatNumber><product ",
               {"0018", "Mismatch in authorised repeat counts"}}),
    [](const testing::TestParamInfo<Broken>& row) { return with_all(row.param.name, " ", "_"); });

TEST(PrescriptionCheck, WhatIsAskedForByOptionsIsCheckedToo) {
  const CheckOptions dead{.deceased = {"9990000018"}};
  EXPECT_THAT(check(golden(), dead).faults,
              ElementsAre(Fault{"0001", "Patient is recorded as dead"}));
  const CheckOptions signatures{.signatures_needed = true};
  EXPECT_THAT(check(golden(), signatures).faults,
              ElementsAre(Fault{"0003", "Digital signature not found"}));
}

TEST(PrescriptionCheck, AWrapperAroundSomethingElseIsInvalid) {
  const std::string other = with_all(golden(), "ParentPrescription", "CancellationRequest");
  EXPECT_TRUE(message(other).readable);
  EXPECT_THAT(check(other).faults, ElementsAre(Fault{"0009", "Invalid Message"}));
}

TEST(PrescriptionCheck, WhatIsNoMessageIsNotReadable) {
  const auto faults = [](std::string text, std::string_view interaction = "PORX_IN020101SM31") {
    const Message read = message(std::move(text), interaction);
    EXPECT_FALSE(read.readable);
    return read.faults;
  };
  EXPECT_THAT(faults(""),
              ElementsAre(Fault{"200", "The message is not well-formed XML", kMessagingCodes}));
  EXPECT_THAT(faults(golden().substr(0, 3000)),
              ElementsAre(Fault{"200", "The message is not well-formed XML", kMessagingCodes}));
  EXPECT_THAT(faults("<!DOCTYPE x [<!ENTITY e \"e\">]><x>&e;</x>"),
              ElementsAre(Fault{"200", "The message is not well-formed XML", kMessagingCodes}));
  EXPECT_THAT(
      faults(with(golden(), "urn:hl7-org:v3", "urn:hl7-org:v2")),
      ElementsAre(Fault{"200", "The message is not in the HL7 v3 namespace", kMessagingCodes}));
  EXPECT_THAT(faults(with_all(golden(), "PORX_IN020101SM31", "PORX_IN999999SM99")),
              ElementsAre(Fault{"200", "The interaction is not known", kMessagingCodes}));
  EXPECT_THAT(faults(with(golden(), "<id root=\"5C4B7F52-3F0A-4E7C-9F5D-0A7C3B1D2E01\"/>", "")),
              ElementsAre(Fault{"200", "The message has no id", kMessagingCodes}));
  EXPECT_THAT(faults(golden(), "PORX_IN030101SM32"),
              ElementsAre(Fault{"200", "The interaction is named differently in different places",
                                kMessagingCodes}));
}

/// What is wrong with a message of any kind, for itself.
std::vector<Fault> faults_of(const Message& read) {
  switch (read.kind) {
    case Kind::order:
      return read_order(read, CheckOptions{.check_digits = false}).faults;
    case Kind::cancel:
      return read_cancel(read).whole ? std::vector<Fault>{}
                                     : std::vector<Fault>{{"5888", "Invalid message"}};
    case Kind::patient_release:
    case Kind::nominated_release:
      return read_release(read).faults;
    case Kind::dispense:
      return read_dispense(read).faults;
    case Kind::claim:
      return read_claim(read).faults;
    case Kind::give_back:
      return read_return(read).faults;
    case Kind::withdraw:
      return read_withdraw(read).faults;
  }
  return {};
}

/// A side with its record in a folder of its own.
class SpineTest : public testing::Test {
 protected:
  std::unique_ptr<Spine> open(Spine::Options options = {}) {
    auto opened = Spine::open(folder_.path() / "arrivals.tsv", options,
                              [] { return *parse_instant("2026-06-05T15:30:00Z"); });
    EXPECT_THAT(opened, IsOk());
    return opened ? *std::move(opened) : nullptr;
  }
  test::TemporaryFolder folder_;
};

TEST_F(SpineTest, AcceptsWithAnAcknowledgementThatNamesTheMessage) {
  const auto answer = open()->receive(golden(), "PORX_IN020101SM31", {});
  EXPECT_EQ(answer.type, AckType::accept);
  EXPECT_THAT(answer.xml, HasSubstr("<hl7:acknowledgement typeCode=\"AA\">"));
  EXPECT_THAT(answer.xml, HasSubstr("<hl7:messageRef>\n      <hl7:id root=\"" +
                                    std::string(kMessageId) + "\"/>"));
  EXPECT_THAT(answer.xml, HasSubstr("<hl7:creationTime value=\"20260605153000\"/>"));
  EXPECT_THAT(answer.xml, Not(HasSubstr("justifyingDetectedIssueEvent")));
  const tree::Symbols symbols;
  EXPECT_THAT(xml::read(answer.xml, symbols), IsOk());
}

TEST_F(SpineTest, TheSameMessageAgainGetsTheSameAnswerByteForByte) {
  const auto side = open();
  const auto first = side->receive(golden(), "", {});
  const auto second = side->receive(golden(), "", {});
  EXPECT_EQ(first.xml, second.xml);
  const Counts counts = side->counts();
  EXPECT_EQ(counts.arrivals, 2u);
  EXPECT_EQ(counts.accepted, 1u);
  EXPECT_EQ(counts.repeats, 1u);
  EXPECT_EQ(counts.conflicts, 0u);
}

TEST_F(SpineTest, TheSameMessageIdWithOtherBytesIsRejected) {
  const auto side = open();
  static_cast<void>(side->receive(golden(), "", {}));
  const auto answer = side->receive(with(golden(), "One each day", "Two each day"), "", {});
  EXPECT_EQ(answer.type, AckType::reject);
  EXPECT_THAT(answer.xml,
              HasSubstr("<hl7:acknowledgementDetail typeCode=\"ER\">\n      <hl7:code codeSystem="
                        "\"2.16.840.1.113883.2.1.3.2.4.17.32\" code=\"202\" displayName="
                        "\"Duplicate HL7 ID Error\"/>"));
  EXPECT_EQ(side->counts().conflicts, 1u);
}

TEST_F(SpineTest, ThePrescriptionUnderAnotherMessageIdIsADuplicate) {
  const auto side = open();
  static_cast<void>(side->receive(golden(), "", {}));
  const auto answer = side->receive(with_all(golden(), kMessageId, kOtherId), "", {});
  EXPECT_EQ(answer.type, AckType::error);
  EXPECT_THAT(answer.xml, HasSubstr("codeSystem=\"2.16.840.1.113883.2.1.3.2.4.17.22\" "
                                    "code=\"0002\" displayName=\"Duplicate prescription ID "
                                    "exists\""));
  EXPECT_EQ(side->counts().conflicts, 1u);
}

TEST_F(SpineTest, AnItemOfAnotherPrescriptionIsADuplicate) {
  const auto side = open();
  static_cast<void>(side->receive(golden(), "", {}));
  std::string other = with_all(golden(), kMessageId, kOtherId);
  other = with(other, "24F5DA-A83008-7EFE6Z", "E3E6FA-A83008-41F09Y");
  other = with(other, "1B6F2C6A", "1B6F2C6B");
  EXPECT_THAT(side->receive(other, "", {}).xml, HasSubstr("code=\"5008\""));
}

TEST_F(SpineTest, ARefusedPrescriptionMayComeAgainCorrected) {
  const auto side = open();
  const std::string bad = with(golden(), "<birthTime value=\"19610203\"/>", "");
  EXPECT_EQ(side->receive(bad, "", {}).type, AckType::error);
  EXPECT_EQ(side->receive(with_all(golden(), kMessageId, kOtherId), "", {}).type, AckType::accept);
  EXPECT_EQ(side->counts().conflicts, 0u);
}

TEST_F(SpineTest, MemorySurvivesARestart) {
  const auto first = open()->receive(golden(), "", {});
  const auto side = open();
  EXPECT_EQ(side->counts().accepted, 1u);
  EXPECT_EQ(side->receive(golden(), "", {}).xml, first.xml);
  EXPECT_EQ(side->receive(with_all(golden(), kMessageId, kOtherId), "", {}).type, AckType::error);
  EXPECT_EQ(open()->counts().arrivals, 3u);
}

TEST_F(SpineTest, EveryArrivalIsOneLineOfTheRecord) {
  {
    const auto side = open();
    static_cast<void>(side->receive("rubbish", "", {}));
    static_cast<void>(side->receive(golden(), "", {}));
    static_cast<void>(side->receive(golden(), "", {}));
  }
  std::ifstream in(folder_.path() / "arrivals.tsv");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines[0], HasSubstr("1\t2026-06-05T15:30:00Z\tAR\tunreadable\t1\t\t"));
  EXPECT_THAT(lines[1],
              HasSubstr("2\t2026-06-05T15:30:00Z\tAA\tnew\t1\t" + std::string(kMessageId) + "\t"));
  EXPECT_THAT(lines[2], HasSubstr("3\t2026-06-05T15:30:00Z\tAA\trepeat\t2\t"));
}

TEST_F(SpineTest, ToldToRefuseItAnswersWithThatCodeAndRemembersIt) {
  const auto side = open();
  const auto told = read_behaviour("ack=AE:0099:Resource version mismatch");
  ASSERT_THAT(told, IsOk());
  const auto answer = side->receive(golden(), "", *told);
  EXPECT_EQ(answer.type, AckType::error);
  EXPECT_THAT(answer.xml, HasSubstr("code=\"0099\" displayName=\"Resource version mismatch\""));
  EXPECT_EQ(side->receive(golden(), "", {}).xml, answer.xml);
}

TEST_F(SpineTest, AnOldRecordIsStillRead) {
  std::ofstream(folder_.path() / "arrivals.tsv")
      << "1\t2026-06-05T15:30:00Z\tAA\tnew\t1\t" << kMessageId
      << "\tabc\t7601\t24F5DA-A83008-7EFE6Z\t1B6F2C6A-94DA-4F3B-8C11-77A0F5D3B902\t"
         "0F0A6D6E-6A5C-4F61-9D2E-000000000001\t\n";
  const auto side = open();
  ASSERT_NE(side, nullptr);
  EXPECT_EQ(side->receive(with_all(golden(), kMessageId, kOtherId), "", {}).type, AckType::error);
}

TEST_F(SpineTest, ARecordThatIsNoRecordStopsTheStart) {
  std::ofstream(folder_.path() / "arrivals.tsv") << "hello\n";
  EXPECT_THAT(Spine::open(folder_.path() / "arrivals.tsv", {}, system_clock()),
              FailsWith(ErrorCode::malformed));
}

TEST_F(SpineTest, PublishedMessagesAreWhole) {
  const auto corpus = test::corpus("eps");
  if (!corpus) return;
  std::size_t seen = 0;
  for (const char* kind : {"send", "cancel", "release", "dispense", "dispenseamend", "claim",
                           "amend", "return", "withdraw"}) {
    for (const auto& folder : test::case_folders(*corpus / "convert" / kind)) {
      const Message read = message(test::read_file(folder / "expected.xml"), "");
      ASSERT_TRUE(read.readable) << folder;
      EXPECT_THAT(faults_of(read), ElementsAre()) << folder;
      ++seen;
    }
  }
  EXPECT_EQ(seen, 51u);
}

TEST(Behaviour, ReadsEveryName) {
  const auto behaviour =
      read_behaviour("delay_ms=20&late_ms=30&http=503&retry_after=5&drop=after&twice=1&for=3");
  ASSERT_THAT(behaviour, IsOk());
  EXPECT_EQ(behaviour->delay.count(), 20);
  EXPECT_EQ(behaviour->late.count(), 30);
  EXPECT_EQ(behaviour->http_status, 503);
  EXPECT_EQ(behaviour->retry_after, 5);
  EXPECT_EQ(behaviour->drop, Drop::after);
  EXPECT_TRUE(behaviour->twice);
  EXPECT_EQ(behaviour->remaining, 3);
}

TEST(Behaviour, UnknownNamesAndValuesAreInvalid) {
  for (const char* text : {"slow=1", "delay_ms=-1", "delay_ms=x", "http=200", "drop=maybe",
                           "twice=2", "ack=ER", "ack=AE:", "for=0"}) {
    EXPECT_THAT(read_behaviour(text), FailsWith(ErrorCode::invalid)) << text;
  }
}

TEST(Behaviour, HoldsForAsManyRequestsAsTold) {
  Conduct conduct(0, 1);
  conduct.set(*read_behaviour("http=503&for=2"));
  EXPECT_EQ(conduct.next().http_status, 503);
  EXPECT_EQ(conduct.next().http_status, 503);
  EXPECT_EQ(conduct.next().http_status, 0);
}

TEST(Behaviour, FlakyIsTheSameForTheSameSeed) {
  Conduct one(200, 7), two(200, 7);
  int wrong = 0;
  for (int i = 0; i < 1000; ++i) {
    const Behaviour a = one.next(), b = two.next();
    EXPECT_EQ(a.http_status, b.http_status);
    EXPECT_EQ(a.drop, b.drop);
    wrong += a.http_status != 0 || a.drop != Drop::never || a.late.count() > 0;
  }
  EXPECT_GT(wrong, 120);
  EXPECT_LT(wrong, 280);
}

}  // namespace
}  // namespace concord::spine
