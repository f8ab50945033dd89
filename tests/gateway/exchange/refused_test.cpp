// What stops a message: a clear code each, nothing stored, nobody woken.
#include "tests/gateway/exchange/fixture.h"

namespace concord::test {
namespace {

using exchange::Arrival;

class Refused : public ExchangeTest {
 protected:
  /// Refused with this code, and nothing is stored.
  void expect(Arrival arrival, ErrorCode code) {
    const auto answer = submit(std::move(arrival));
    EXPECT_THAT(answer, FailsWith(code));
    EXPECT_EQ(accepted(), 0);
    EXPECT_EQ(store_->audit_head()->sequence, migrations_)
        << "only the migrations are on record";
    EXPECT_TRUE(woken_.empty());
  }
};

TEST_F(Refused, ByLength) {
  settings_.limits.max_bytes = 100;
  make_service();
  expect(arrival(message_json()), ErrorCode::too_long);
}

TEST_F(Refused, ByDepth) {
  settings_.limits.max_depth = 5;
  make_service();
  expect(arrival(message_json()), ErrorCode::too_long);
}

TEST_F(Refused, ByCountOfNodes) {
  settings_.limits.max_nodes = 20;
  make_service();
  expect(arrival(message_json()), ErrorCode::too_long);
}

TEST_F(Refused, ByContentType) {
  for (const char* type : {"", "text/plain", "application/pdf", "multipart/mixed",
                           "application/fhir+json; charset=iso-8859-1"}) {
    Arrival other = arrival(message_json());
    other.content_type = type;
    expect(std::move(other), ErrorCode::unsupported);
  }
}

TEST_F(Refused, NotForTheWayAContentTypeIsWritten) {
  Arrival odd = arrival(message_json());
  odd.content_type = " Application/FHIR+JSON ; Charset=\"UTF-8\"";
  EXPECT_THAT(submit(std::move(odd)), IsOk());
}

TEST_F(Refused, FromAnotherMachine) {
  Arrival stranger = arrival(message_json());
  stranger.loopback = false;
  stranger.peer = "192.0.2.1:50000";
  expect(std::move(stranger), ErrorCode::login);
}

TEST_F(Refused, AfterTheDeadline) {
  Arrival late = arrival(message_json());
  late.deadline = clock_.now() - std::chrono::milliseconds(1);
  expect(std::move(late), ErrorCode::timeout);
}

TEST_F(Refused, WhenEmpty) { expect(arrival(""), ErrorCode::malformed); }

TEST_F(Refused, WhenCutOff) {
  const std::string whole = message_json();
  expect(arrival(whole.substr(0, whole.size() / 2)), ErrorCode::malformed);
}

TEST_F(Refused, WhenXmlIsCalledJson) { expect(arrival(message_xml()), ErrorCode::malformed); }

TEST_F(Refused, WhenNotABundle) {
  expect(arrival(R"({"resourceType":"Patient","active":true})"), ErrorCode::unsupported);
}

TEST_F(Refused, WhenNotAMessage) {
  std::string collection = message_json();
  collection.replace(collection.find("\"message\""), 9, "\"collection\"");
  expect(arrival(collection), ErrorCode::unsupported);
}

TEST_F(Refused, WithoutAMessageHeader) {
  expect(arrival(R"({"resourceType":"Bundle","type":"message","entry":[
      {"resource":{"resourceType":"Patient","active":true}}]})"),
         ErrorCode::unsupported);
  expect(arrival(R"({"resourceType":"Bundle","type":"message"})"), ErrorCode::unsupported);
}

TEST_F(Refused, ByTheDefinitionsWithAllFindings) {
  std::string wrong = message_json();
  wrong.replace(wrong.find("\"intent\":\"order\","), 17, "\"intent\":\"wish\",\"colour\":\"red\",");
  const auto answer = submit(arrival(wrong));
  ASSERT_THAT(answer, FailsWith(ErrorCode::invalid));
  EXPECT_GE(answer.error().issues.size(), 2u);
  EXPECT_EQ(accepted(), 0);
}

TEST_F(Refused, ByTheIdentifierPolicyOfTheSender) {
  SampleMessage wrong;
  wrong.nhs_number = "9990000019";
  expect(arrival(message_json(wrong)), ErrorCode::invalid);

  policies_["lenient"].identifiers = validate::IdentifierPolicy::all(validate::Policy::warn);
  settings_.callers.loopback.identifier_policy = "lenient";
  make_service();
  const auto answer = submit(wrong);
  ASSERT_THAT(answer, IsOk());
  ASSERT_GE(answer->issues.size(), 2u);
  EXPECT_EQ(answer->issues[0].severity, Severity::warning);
}

TEST_F(Refused, WithoutAPolicyForTheCaller) {
  settings_.callers.loopback.identifier_policy = "unknown";
  make_service();
  expect(arrival(message_json()), ErrorCode::internal);
}

TEST_F(Refused, WithoutARoute) {
  SampleMessage other;
  other.kind = "dispense-notification";
  expect(arrival(message_json(other)), ErrorCode::not_found);
}

TEST_F(Refused, WhenTheFormatCannotCarryIt) {
  SampleMessage other;
  other.medication = "Untranslatable";
  expect(arrival(message_json(other)), ErrorCode::unsupported);
}

TEST_F(Refused, WhenTheRouteNamesAFormatThatIsNotThere) {
  settings_.routes.routes[0].format = "morse";
  make_service();
  expect(arrival(message_json()), ErrorCode::internal);
}

}  // namespace
}  // namespace concord::test
