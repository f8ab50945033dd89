// Whom signatures are trusted from: chains, validity, revocation.
// Source: eps.md section 7; RFC 5280.

#include <atomic>
#include <thread>

#include "tests/mappers/eps/signing_world.h"

namespace concord::eps::test {
namespace {

using concord::test::CertificateAuthority;
using concord::test::CertificateSpec;
using concord::test::Key;
using concord::test::ListSpec;
using concord::test::Revoked;
using concord::test::Signer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kUntrusted = "error certificate-untrusted: Certificate not trusted";
const std::string kExpired = "error certificate-expired: Certificate expired when signed";
const std::string kRevoked = "error certificate-revoked: Certificate is revoked";
const std::string kAuthorityRevoked = "error authority-revoked: CA certificate is revoked";
const std::string kUnknown = "error revocation-unknown: Certificate revocation unknown";
const std::string kUnknownWarning =
    "warning revocation-unknown: no current revocation list says whether the signer's certificate "
    "is revoked";
const std::string kAuthorityUnknownWarning =
    "warning revocation-unknown: no current revocation list says whether an authority above the "
    "signer's certificate is revoked";

Instant at(std::string_view text) { return parse_instant(text).value_or(Instant{}); }

/// Signed 2026-03-02T09:14:00Z by everybody here.
const Authorities& people() {
  static const Authorities kPeople;
  return kPeople;
}

std::vector<std::string> found_for(const Signer& signer, const TrustPolicy& policy,
                                   Instant now = verified_at()) {
  return found(signed_message(signer), *compiled(policy), now);
}

/// The policy of people() with another list of the authority that issues to prescribers.
TrustPolicy with_list(const ListSpec& list, Unreachable unreachable = Unreachable::refuse) {
  TrustPolicy policy = people().policy();
  policy.revocation_lists.front().bytes = people().sub.list(list);
  policy.unreachable = unreachable;
  return policy;
}

TEST(EpsTrust, AnAuthorityOfTheSameNameWithAnotherKeyIsNotTrusted) {
  // The name and the key identifiers agree; the signature does not.
  const CertificateAuthority twin_root("Test Root", Key::pooled(4));
  const CertificateAuthority twin = twin_root.authority("Test Sub CA", Key::pooled(5));
  EXPECT_THAT(found_for(twin.issue(Key::pooled(2)), people().policy()), ElementsAre(kUntrusted));
}

TEST(EpsTrust, AChainThroughAnAuthorityInBetweenEndsAtTheRoot) {
  TrustPolicy policy = people().policy();
  policy.anchors.front() = {"root.pem", people().root.pem()};
  policy.authorities.front() = {"sub.pem", people().sub.pem()};
  EXPECT_THAT(found_for(people().prescriber, policy), IsEmpty());
  policy.authorities.clear();
  policy.revocation_lists.erase(policy.revocation_lists.begin());
  EXPECT_THAT(found_for(people().prescriber, policy), ElementsAre(kUntrusted));
}

TEST(EpsTrust, AnAuthorityThatIsNoAnchorVouchesForNobody) {
  TrustPolicy policy = people().policy();
  const CertificateAuthority other("Other Root", Key::pooled(4));
  policy.anchors.front() = {"other.pem", other.pem()};
  policy.authorities.push_back({"sub.pem", people().sub.pem()});
  EXPECT_THAT(found_for(people().prescriber, policy), ElementsAre(kUntrusted));
}

TEST(EpsTrust, NobodyIsTrustedWithoutAnchors) {
  TrustPolicy policy;
  EXPECT_THAT(found_for(people().prescriber, policy), ElementsAre(kUntrusted));
}

TEST(EpsTrust, WhoSignsHimselfIsNotTrusted) {
  const CertificateAuthority self("Me", Key::pooled(4));
  TrustPolicy policy = people().policy();
  EXPECT_THAT(found_for(self.issue(Key::pooled(4)), policy), ElementsAre(kUntrusted));
}

TEST(EpsTrust, APrescriberCannotIssueCertificates) {
  // A certificate under a prescriber's, which is no authority.
  CertificateSpec plain;
  plain.name = "Test Prescriber Below";
  const CertificateAuthority fake = people().sub.authority("x", Key::pooled(3));
  TrustPolicy policy = people().policy();
  policy.authorities.push_back({"fake.pem", fake.pem()});
  // With the authority in between allowed it is a good chain; its issuer has no list of it.
  policy.unreachable = Unreachable::warn;
  EXPECT_THAT(found_for(fake.issue(Key::pooled(2), plain), policy), ElementsAre(kUnknownWarning));
  policy.authorities.back() = {"prescriber.pem", people().prescriber.pem()};
  const auto refused = TrustStore::compile(policy);
  ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(refused.error().issues.front().text,
            "prescriber.pem holds a certificate that is no certificate authority's");
}

TEST(EpsTrust, ACertificateForOtherUsesSignsNoPrescription) {
  CertificateSpec tls;
  tls.key_usage = "keyEncipherment";
  EXPECT_THAT(found_for(people().sub.issue(Key::pooled(2), tls), people().policy()),
              ElementsAre(kUntrusted));
}

TEST(EpsTrust, ShortKeysAreNotTrustedUnlessAllowed) {
  const Signer short_key = people().sub.issue(Key::make(1024));
  TrustPolicy policy = people().policy();
  EXPECT_THAT(found_for(short_key, policy), ElementsAre(kUntrusted));
  policy.least_key_bits = 1024;
  EXPECT_THAT(found_for(short_key, policy), IsEmpty());
}

TEST(EpsTrust, CertificatesOverSha1CountAsLongAsSha1Does) {
  CertificateSpec old;
  old.sha1 = true;
  const Signer signer = people().sub.issue(Key::pooled(2), old);
  TrustPolicy policy = people().policy();
  EXPECT_THAT(found_for(signer, policy), IsEmpty());
  policy.sha1_until.reset();
  EXPECT_THAT(found_for(signer, policy), ElementsAre(kUntrusted));
}

TEST(EpsTrust, TheCertificateMustHaveBeenInForceWhenItWasUsed) {
  const auto issued = [](std::string_view from, std::string_view until) {
    CertificateSpec spec;
    spec.from = at(from);
    spec.until = at(until);
    return people().sub.issue(Key::pooled(2), spec);
  };
  const TrustPolicy policy = people().policy();
  EXPECT_THAT(found_for(issued("2020-01-01T00:00:00Z", "2026-03-02T09:13:59Z"), policy),
              ElementsAre(kExpired));
  EXPECT_THAT(found_for(issued("2026-03-02T09:14:01Z", "2030-01-01T00:00:00Z"), policy),
              ElementsAre(kExpired));
  // Strictly inside.
  EXPECT_THAT(found_for(issued("2026-03-02T09:14:00Z", "2030-01-01T00:00:00Z"), policy),
              ElementsAre(kExpired));
  EXPECT_THAT(found_for(issued("2020-01-01T00:00:00Z", "2026-03-02T09:14:00Z"), policy),
              ElementsAre(kExpired));
  // Expired since, but in force when signed.
  EXPECT_THAT(found_for(issued("2026-03-02T09:13:59Z", "2026-03-02T09:14:01Z"), policy), IsEmpty());
}

TEST(EpsTrust, AnAuthorityMustHaveBeenInForceAsWell) {
  CertificateSpec ended;
  ended.until = at("2026-03-01T00:00:00Z");
  const CertificateAuthority old = people().root.authority("Old CA", Key::pooled(3), ended);
  TrustPolicy policy = people().policy();
  policy.anchors.push_back({"old.pem", old.pem()});
  EXPECT_THAT(found_for(old.issue(Key::pooled(2)), policy), ElementsAre(kUntrusted));
}

TEST(EpsTrust, ReasonsDecideWhetherARevocationReachesBack) {
  const long serial = people().prescriber.serial;
  const Instant before = at("2026-03-02T09:13:59Z"), same = at("2026-03-02T09:14:00Z"),
                after = at("2026-03-02T09:14:01Z");
  // CRLReason: 1 key compromise, 2 CA compromise, 10 AA compromise reach back for ever.
  for (const int reason : {-1, 0, 1, 2, 3, 4, 5, 6, 9, 10}) {
    SCOPED_TRACE(reason);
    const bool reaches_back = reason == 1 || reason == 2 || reason == 10;
    EXPECT_THAT(found_for(people().prescriber, with_list({.entries = {{serial, before, reason}}})),
                ElementsAre(kRevoked));
    EXPECT_THAT(found_for(people().prescriber, with_list({.entries = {{serial, same, reason}}})),
                ElementsAre(kRevoked));
    const auto later =
        found_for(people().prescriber, with_list({.entries = {{serial, after, reason}}}));
    EXPECT_EQ(later, reaches_back ? std::vector{kRevoked} : std::vector<std::string>{});
  }
}

TEST(EpsTrust, OthersOnTheListHurtNobody) {
  ListSpec list;
  for (long serial = 1; serial < 999; ++serial) {
    list.entries.push_back({serial, at("2026-01-01T00:00:00Z"), 1});
  }
  EXPECT_THAT(found_for(people().prescriber, with_list(list)), IsEmpty());
}

TEST(EpsTrust, AnAuthorityOnItsListIsRevoked) {
  TrustPolicy policy = people().policy();
  policy.revocation_lists.back().bytes =
      people().root.list({.entries = {{people().sub.serial(), at("2026-01-01T00:00:00Z"), 2}}});
  EXPECT_THAT(found_for(people().prescriber, policy), ElementsAre(kAuthorityRevoked));
}

TEST(EpsTrust, AListOutOfReachIsNeverSilentlyGood) {
  TrustPolicy policy = people().policy();
  policy.revocation_lists.clear();
  EXPECT_THAT(found_for(people().prescriber, policy), ElementsAre(kUnknown, kUnknown));
  policy.unreachable = Unreachable::warn;
  EXPECT_THAT(found_for(people().prescriber, policy),
              ElementsAre(kUnknownWarning, kAuthorityUnknownWarning));
  // The root is not known, so nobody can say whether its list is its own.
  policy = people().policy();
  policy.authorities.clear();
  policy.unreachable = Unreachable::warn;
  EXPECT_THAT(found_for(people().prescriber, policy), ElementsAre(kAuthorityUnknownWarning));
}

TEST(EpsTrust, AStaleListClearsNobodyButStillRevokes) {
  ListSpec stale;
  stale.from = at("2026-01-01T00:00:00Z");
  stale.until = at("2026-02-01T00:00:00Z");
  EXPECT_THAT(found_for(people().prescriber, with_list(stale)), ElementsAre(kUnknown));
  EXPECT_THAT(found_for(people().prescriber, with_list(stale, Unreachable::warn)),
              ElementsAre(kUnknownWarning));
  stale.entries = {{people().prescriber.serial, at("2026-01-01T00:00:00Z")}};
  EXPECT_THAT(found_for(people().prescriber, with_list(stale)), ElementsAre(kRevoked));
  ListSpec future;
  future.from = at("2026-03-03T00:00:00Z");
  EXPECT_THAT(found_for(people().prescriber, with_list(future)), ElementsAre(kUnknown));
  ListSpec endless;
  endless.until.reset();
  EXPECT_THAT(found_for(people().prescriber, with_list(endless)), ElementsAre(kUnknown));
  // The age of a list is judged by the clock of who verifies.
  EXPECT_THAT(found(signed_message(people().prescriber), *compiled(people().policy()),
                    at("2026-04-01T00:00:01Z")),
              ElementsAre(kUnknown, kUnknown));
}

TEST(EpsTrust, AListSomebodyElseSignedIsLeftOutAndNamed) {
  TrustPolicy policy = with_list({.wrong_signature = true});
  const auto store = compiled(policy);
  EXPECT_EQ(store->list_count(), 1u);
  EXPECT_THAT(store->warnings(verified_at()),
              ElementsAre("sub.crl: no authority given to us signed this list",
                          "sub.pem: no revocation list of this authority"));
  EXPECT_THAT(found(signed_message(people().prescriber), *store), ElementsAre(kUnknown));
}

TEST(EpsTrust, AListSpeaksOnlyOfItsScope) {
  const auto found_with = [](const std::string& scope) {
    return found_for(people().prescriber, with_list({.scope = scope}));
  };
  EXPECT_THAT(found_with("onlyuser:TRUE"), IsEmpty());
  EXPECT_THAT(found_with("fullname:URI:http://lists.example/ca.crl"), IsEmpty());
  EXPECT_THAT(found_with("fullname:URI:http://lists.example/other.crl"), ElementsAre(kUnknown));
  EXPECT_THAT(found_with("onlyCA:TRUE"), ElementsAre(kUnknown));
  EXPECT_THAT(found_with("indirectCRL:TRUE"), ElementsAre(kUnknown));
  EXPECT_THAT(found_with("onlysomereasons:keyCompromise"), ElementsAre(kUnknown));
  // In parts: one list for this certificate, one for others.
  TrustPolicy parts = with_list({.scope = "fullname:URI:http://lists.example/ca.crl"});
  parts.revocation_lists.push_back(
      {"part.crl", people().sub.list({.scope = "fullname:URI:http://lists.example/other.crl"})});
  EXPECT_THAT(found_for(people().prescriber, parts), IsEmpty());
}

TEST(EpsTrust, ACertificateThatNamesNoListIsSaidToBeUnlisted) {
  CertificateSpec unlisted;
  unlisted.list_url.clear();
  const Signer signer = people().sub.issue(Key::pooled(2), unlisted);
  TrustPolicy policy = people().policy();
  EXPECT_THAT(found_for(signer, policy), IsEmpty());  // its authority's list clears it
  policy.revocation_lists.erase(policy.revocation_lists.begin());
  EXPECT_THAT(found_for(signer, policy), ElementsAre(kUnknownWarning));  // also under refuse
}

TEST(EpsTrust, FilesMayBePemWithSeveralOrDer) {
  TrustPolicy policy = people().policy();
  policy.anchors.front().bytes = "text before\n" + people().sub.pem() + people().root.pem();
  policy.authorities.clear();
  policy.revocation_lists.front().bytes = people().sub.list({.der = true});
  EXPECT_THAT(found_for(people().prescriber, policy), IsEmpty());
  policy = people().policy();
  policy.anchors.front().bytes = people().sub.der();
  EXPECT_THAT(found_for(people().prescriber, policy), IsEmpty());
}

TEST(EpsTrust, FilesThatAreSomethingElseAreRefusedByName) {
  const auto refused = [](const TrustPolicy& policy) {
    const auto store = TrustStore::compile(policy);
    EXPECT_THAT(store, FailsWith(ErrorCode::invalid));
    return store ? std::string() : store.error().issues.front().text;
  };
  const auto with_anchor = [](std::string bytes) {
    TrustPolicy policy;
    policy.anchors.push_back({"a.pem", std::move(bytes)});
    return policy;
  };
  EXPECT_EQ(refused(with_anchor("")), "a.pem holds neither a certificate nor a revocation list");
  EXPECT_EQ(refused(with_anchor("hello")),
            "a.pem holds neither a certificate nor a revocation list");
  EXPECT_EQ(refused(with_anchor("-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n")),
            "a.pem is no readable PEM");
  EXPECT_EQ(refused(with_anchor(people().sub.list())), "a.pem holds no certificate");
  EXPECT_EQ(refused(with_anchor(people().prescriber.pem())),
            "a.pem holds a certificate that is no certificate authority's");
  TrustPolicy list = people().policy();
  list.revocation_lists.front() = {"l.crl", people().sub.pem()};
  EXPECT_EQ(refused(list), "l.crl holds no revocation list");
  std::string der = people().sub.der();
  EXPECT_EQ(refused(with_anchor(der + "x")),
            "a.pem holds neither a certificate nor a revocation list");
}

TEST(EpsTrust, WarningsNameWhatIsOutOfDateOrMissing) {
  TrustPolicy policy = people().policy();
  EXPECT_THAT(compiled(policy)->warnings(verified_at()), IsEmpty());
  EXPECT_EQ(compiled(policy)->lists_good_until(), at("2026-04-01T00:00:00Z"));
  EXPECT_THAT(compiled(policy)->warnings(at("2031-01-01T00:00:00Z")),
              ElementsAre("sub.crl: the list was good until 2026-04-01T00:00:00Z",
                          "root.crl: the list was good until 2026-04-01T00:00:00Z",
                          "sub.pem: the authority was good until 2030-01-01T00:00:00Z",
                          "root.pem: the authority was good until 2030-01-01T00:00:00Z"));
  policy.revocation_lists.clear();
  EXPECT_THAT(compiled(policy)->warnings(verified_at()),
              ElementsAre("sub.pem: no revocation list of this authority"));
}

TEST(EpsTrust, ManyAtOnceJudgeTheSame) {
  TrustPolicy policy =
      with_list({.entries = {{people().prescriber.serial, at("2026-03-02T09:14:01Z"), 4},
                             {7, at("2026-01-01T00:00:00Z")}}});
  const auto store = compiled(policy);
  const std::string message = signed_message(people().prescriber);
  std::vector<std::thread> threads;
  std::atomic<int> clean = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) clean += found(message, *store).empty();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(clean, 80);
}

}  // namespace
}  // namespace concord::eps::test
