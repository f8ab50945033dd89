// A prescription leaves a practice and reaches its pharmacy's side: ARCHITECTURE.md section 4.

#include <gmock/gmock.h>

#include "fhir/core/digest.h"
#include "tests/e2e/world.h"
#include "tests/support/prescriptions.h"

namespace concord::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class Journey : public testing::Test {
 protected:
  World world;
  const Prescription order = renewed(example_prescription(), "journey", 1);
};

TEST_F(Journey, AcceptedPrescriptionIsDeliveredOnceAndItsTaskCompletes) {
  const HttpAnswer answer = world.process(order.bundle);
  ASSERT_EQ(answer.status, 202) << answer.body;
  const std::string location = answer.headers.at("location");
  EXPECT_THAT(answer.body, HasSubstr("\"resourceType\":\"Task\""));

  const std::string task = world.task_when(location, {"completed"});
  EXPECT_EQ(first_string(task, "status"), "completed") << task;
  const auto arrivals = world.other_side().arrivals();
  ASSERT_THAT(arrivals, SizeIs(1));
  EXPECT_EQ(arrivals[0].verdict, "AA");
  EXPECT_EQ(arrivals[0].short_id, order.short_id);
  EXPECT_EQ(world.metric("concord_messages_accepted_total"), 1);
  EXPECT_EQ(world.metric("concord_messages{state=\"delivered\"}"), 1);
  EXPECT_EQ(world.metric("concord_messages_unaccounted"), 0);
}

TEST_F(Journey, SameRequestAgainGetsTheFirstAnswerAndIsNotDeliveredAgain) {
  const HttpAnswer first = world.process(order.bundle, {{"X-Request-ID", "r-1"}});
  ASSERT_EQ(first.status, 202) << first.body;
  world.task_when(first.headers.at("location"), {"completed"});
  const HttpAnswer again = world.process(order.bundle, {{"X-Request-ID", "r-1"}});
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again.headers.at("location"), first.headers.at("location"));
  EXPECT_EQ(again.headers.at("x-concord-replayed"), "true");
  EXPECT_THAT(world.other_side().arrivals(), SizeIs(1));
}

TEST_F(Journey, SameMessageUnderAnotherRequestIdIsTheSameMessage) {
  const HttpAnswer first = world.process(order.bundle, {{"X-Request-ID", "r-1"}});
  const HttpAnswer again = world.process(order.bundle, {{"X-Request-ID", "r-2"}});
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again.headers.at("location"), first.headers.at("location"));
  EXPECT_EQ(world.metric("concord_messages_accepted_total"), 1);
}

TEST_F(Journey, SameIdentityWithOtherContentIsAConflictAndStoresNothing) {
  ASSERT_EQ(world.process(order.bundle).status, 202);
  std::string changed = order.bundle;
  const auto at = changed.find("\"value\": 21");
  ASSERT_NE(at, std::string::npos);
  changed.replace(at, 11, "\"value\": 42");
  const HttpAnswer answer = world.process(changed);
  EXPECT_EQ(answer.status, 409);
  EXPECT_THAT(answer.body, HasSubstr("\"resourceType\":\"OperationOutcome\""));
  EXPECT_THAT(answer.body, HasSubstr("\"code\":\"conflict\""));
  EXPECT_EQ(world.metric("concord_messages_accepted_total"), 1);
}

TEST_F(Journey, AnswersInXmlWhenXmlIsAskedFor) {
  const HttpAnswer answer = world.process(order.bundle, {{"Accept", "application/fhir+xml"}});
  ASSERT_EQ(answer.status, 202) << answer.body;
  EXPECT_THAT(answer.headers.at("content-type"), HasSubstr("application/fhir+xml"));
  EXPECT_THAT(answer.body, HasSubstr("<Task xmlns=\"http://hl7.org/fhir\">"));
}

TEST_F(Journey, DryRunAnswersTheMessageAndStoresNothing) {
  const HttpAnswer answer =
      world.post("/FHIR/R4/$transform", "application/fhir+json", order.bundle);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("PORX_IN020101SM31"));
  EXPECT_EQ(world.metric("concord_messages_accepted_total"), 0);
  EXPECT_THAT(world.other_side().arrivals(), SizeIs(0));
}

TEST_F(Journey, WrongCheckDigitIsRefusedByTheStrictPolicyWithItsPlace) {
  std::string wrong = order.bundle;
  const auto at = wrong.find("9990123411");
  ASSERT_NE(at, std::string::npos);
  wrong.replace(at, 10, "9990123412");
  const HttpAnswer answer = world.process(wrong);
  EXPECT_EQ(answer.status, 422) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr(".identifier[0].value"));
  EXPECT_THAT(answer.body, Not(HasSubstr("9990123412"))) << "the value itself must not travel";
  EXPECT_EQ(world.metric("concord_messages_accepted_total"), 0);
}

TEST_F(Journey, UnknownTaskIsNotFound) {
  const HttpAnswer answer = world.get("/FHIR/R4/Task/00000000-0000-4000-8000-000000000000");
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(answer.body, HasSubstr("\"code\":\"not-found\""));
}

TEST_F(Journey, CapabilityStatementNamesTheOperationsItHas) {
  const HttpAnswer answer = world.get("/FHIR/R4/metadata");
  ASSERT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("\"resourceType\":\"CapabilityStatement\""));
  EXPECT_THAT(answer.body, HasSubstr("\"process-message\""));
  EXPECT_THAT(answer.body, HasSubstr("\"Task\""));
}

TEST_F(Journey, NothingOfThePatientReachesTheLogOrTheMetrics) {
  const HttpAnswer answer = world.process(order.bundle);
  world.task_when(answer.headers.at("location"), {"completed"});
  const std::string seen = world.gateway().log() + world.get("/metrics").body;
  EXPECT_THAT(seen, Not(HasSubstr("9990123411")));
  EXPECT_THAT(seen, Not(HasSubstr(order.short_id)));
}

TEST_F(Journey, EndsCleanlyOnSigtermAndTheAuditChainVerifies) {
  const HttpAnswer answer = world.process(order.bundle);
  world.task_when(answer.headers.at("location"), {"completed"});
  world.gateway().signal(15);
  EXPECT_EQ(world.gateway().wait(std::chrono::seconds(30)), 0);
  EXPECT_EQ(
      run(built_program("concord"),
          {.arguments = {"audit", "verify", "--store", (world.folder() / "store.db").string()},
           .log = world.folder() / "audit.log"},
          std::chrono::seconds(30)),
      0);
}

}  // namespace
}  // namespace concord::test
