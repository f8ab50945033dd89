// Signatures in the chain and beside it, with a format that finds what a test tells it to.

#include "tests/gateway/exchange/fixture.h"

namespace concord::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Issue fault(Severity severity, std::string text) {
  Issue issue;
  issue.severity = severity;
  issue.text = std::move(text);
  issue.code = "invalid";
  return issue;
}

class FakeSignatures final : public mappers::Signatures {
 public:
  bool covers(const tree::Document& message) const override {
    return message.source().find("unsigned-kind") == std::string_view::npos;
  }
  Result<mappers::Decoded> prepare(const tree::Document&,
                                   const mappers::Parameters& parameters) const override {
    mappers::Decoded decoded;
    decoded.message_id = std::string(parameters.value("algorithm")) + "/" +
                         std::string(parameters.value("display")) + "/" +
                         format_instant(parameters.now);
    return decoded;
  }
  Result<std::vector<Issue>> verify(const tree::Document&,
                                    const mappers::Parameters&) const override {
    ++asked;
    if (fails) return *fails;
    return found;
  }
  Result<std::vector<Issue>> verify_encoded(const mappers::Encoded& message,
                                            const mappers::Parameters&) const override {
    ++asked;
    judged = message.bytes;
    if (fails) return *fails;
    return found;
  }
  mutable std::string judged;
  mutable int asked = 0;
  std::vector<Issue> found;
  std::optional<Error> fails;
};

/// The plain format, signed.
class SignedMapper final : public mappers::Mapper {
 public:
  std::string_view name() const override { return "plain"; }
  bool recognises(const tree::Document& message) const override {
    return plain_.recognises(message);
  }
  Result<mappers::Encoded> encode(const tree::Document& bundle,
                                  const mappers::Parameters& parameters,
                                  mapping::TraceSink* trace) const override {
    return plain_.encode(bundle, parameters, trace);
  }
  const mappers::Signatures* signatures() const override { return &signatures_; }
  FakeSignatures& fake() { return signatures_; }

 private:
  PlainMapper plain_;
  FakeSignatures signatures_;
};

class SignatureTest : public ExchangeTest {
 protected:
  void SetUp() override {
    ExchangeTest::SetUp();
    auto mapper = std::make_unique<SignedMapper>();
    fake_ = &mapper->fake();
    mappers_.add(std::move(mapper));
  }
  void policy(exchange::SignaturePolicy policy) {
    settings_.signatures = policy;
    make_service();
  }
  std::vector<std::string> told(const std::vector<Issue>& issues) const {
    std::vector<std::string> lines;
    for (const Issue& issue : issues) {
      if (issue.code != "invalid") continue;  // of the signature; not losses
      lines.push_back(std::string(severity_name(issue.severity)) + " " + issue.text);
    }
    return lines;
  }
  FakeSignatures* fake_ = nullptr;
};

TEST_F(SignatureTest, UnderOffNobodyLooks) {
  policy(exchange::SignaturePolicy::off);
  fake_->found = {fault(Severity::error, "Signature is invalid")};
  const auto answer = submit(SampleMessage{});
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(fake_->asked, 0);
  EXPECT_THAT(told(answer->issues), IsEmpty());
}

TEST_F(SignatureTest, WhatIsJudgedAreTheBytesThatWillBeSent) {
  policy(exchange::SignaturePolicy::refuse);
  const auto run = transform(arrival(message_json()));
  ASSERT_THAT(run, IsOk());
  EXPECT_EQ(fake_->asked, 1);
  EXPECT_FALSE(run->bytes.empty());
  EXPECT_EQ(fake_->judged, run->bytes);
}

TEST_F(SignatureTest, UnderWarnTheSenderIsToldAndTheMessageGoesOn) {
  policy(exchange::SignaturePolicy::warn);
  fake_->found = {fault(Severity::error, "Signature is invalid"),
                  fault(Severity::warning, "revocation unknown")};
  const auto answer = submit(SampleMessage{});
  ASSERT_THAT(answer, IsOk());
  EXPECT_THAT(told(answer->issues),
              ElementsAre("warning Signature is invalid", "warning revocation unknown"));
  EXPECT_EQ(accepted(), 1);
}

TEST_F(SignatureTest, UnderRefuseEachFaultIsAnIssueAndNothingIsStored) {
  policy(exchange::SignaturePolicy::refuse);
  fake_->found = {fault(Severity::error, "Signature is invalid"),
                  fault(Severity::error, "Certificate not trusted")};
  const auto answer = submit(SampleMessage{});
  ASSERT_THAT(answer, FailsWith(ErrorCode::malformed));
  EXPECT_EQ(error_row(answer.error().code).http_status, 400);
  EXPECT_THAT(told(answer.error().issues),
              ElementsAre("error Signature is invalid", "error Certificate not trusted"));
  EXPECT_EQ(accepted(), 0);
}

TEST_F(SignatureTest, UnderRefuseWarningsAloneDoNotStopAMessage) {
  policy(exchange::SignaturePolicy::refuse);
  fake_->found = {fault(Severity::warning, "revocation unknown")};
  const auto answer = submit(SampleMessage{});
  ASSERT_THAT(answer, IsOk());
  EXPECT_THAT(told(answer->issues), ElementsAre("warning revocation unknown"));
}

TEST_F(SignatureTest, WhenItCannotBeToldTheMessageWaits) {
  policy(exchange::SignaturePolicy::refuse);
  fake_->fails = make_error(ErrorCode::transient, "no memory");
  EXPECT_THAT(submit(SampleMessage{}), FailsWith(ErrorCode::transient));
  EXPECT_EQ(accepted(), 0);
}

TEST_F(SignatureTest, PrepareHasTheFixedValuesAndWhatTheCallerWants) {
  settings_.preparing.values["algorithm"] = "RS256";
  make_service();
  auto received = service_->receive(arrival(message_json()));
  ASSERT_THAT(received, IsOk());
  const auto prepared = service_->prepare(*std::move(received), {{"display", "true"}});
  ASSERT_THAT(prepared, IsOk());
  EXPECT_EQ(prepared->message_id, "RS256/true/" + format_instant(clock_.clock()()));
  EXPECT_EQ(accepted(), 0);
}

TEST_F(SignatureTest, EveryMessageOfACollectionIsJudged) {
  make_service();
  const std::string message = message_json();
  SampleMessage second;
  second.id = "11111111-0000-4000-8000-000000000002";
  const std::string collection =
      R"({"resourceType":"Parameters","parameter":[{"name":"passedPrescriptions","resource":)"
      R"({"resourceType":"Bundle","type":"searchset","entry":[{"resource":)" +
      message + R"(},{"resource":{"resourceType":"OperationOutcome"}},{"resource":)" +
      message_json(second) +
      R"(}]}},{"name":"failedPrescriptions","resource":{"resourceType":"Bundle","type":"searchset",)"
      R"("entry":[]}}]})";
  fake_->found = {fault(Severity::error, "Signature is invalid")};
  auto received = service_->receive(arrival(collection));
  ASSERT_THAT(received, IsOk());
  const auto findings = service_->verify_signatures(*std::move(received));
  ASSERT_THAT(findings, IsOk());
  ASSERT_THAT(*findings, SizeIs(2));
  EXPECT_EQ((*findings)[0].identifier_value, SampleMessage{}.id);
  EXPECT_EQ((*findings)[1].identifier_value, second.id);
  EXPECT_THAT(told((*findings)[0].issues), ElementsAre("error Signature is invalid"));
  EXPECT_EQ(fake_->asked, 2);
}

TEST_F(SignatureTest, WhatHoldsNoMessageIsRefusedAndAFaultyOneIsOnlyItsOwn) {
  make_service();
  const auto judged = [&](const std::string& body) {
    auto received = service_->receive(arrival(body));
    EXPECT_THAT(received, IsOk());
    return service_->verify_signatures(*std::move(received));
  };
  EXPECT_THAT(judged(R"({"resourceType":"Patient"})"), FailsWith(ErrorCode::unsupported));
  EXPECT_THAT(judged("{"), FailsWith(ErrorCode::malformed));
  fake_->fails = make_error(ErrorCode::invalid, "not translatable");
  const auto one = judged(message_json());
  ASSERT_THAT(one, IsOk());
  EXPECT_THAT(told(one->front().issues), ElementsAre("error not translatable"));
  fake_->fails = make_error(ErrorCode::internal, "ours");
  EXPECT_THAT(judged(message_json()), FailsWith(ErrorCode::internal));
}

}  // namespace
}  // namespace concord::test
