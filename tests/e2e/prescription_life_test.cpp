// Whole lives of prescriptions, from their order to their claim, over HTTP: eps.md sections 1
// to 15.

#include <gmock/gmock.h>

#include "tests/e2e/dispensing.h"
#include "tests/e2e/world.h"

namespace concord::test {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr std::string_view kShortIds = "https://fhir.nhs.uk/Id/prescription-order-number";
constexpr std::string_view kMessageIds = "https://tools.ietf.org/html/rfc4122";

class PrescriptionLife : public testing::Test {
 protected:
  World world;

  void place(const Ordered& order) {
    const HttpAnswer answer = world.process(order.bundle);
    ASSERT_EQ(answer.status, 202) << answer.body;
    const std::string task = world.task_when(answer.headers.at("location"), {"completed"});
    ASSERT_EQ(first_string(task, "status"), "completed") << task;
  }
  HttpAnswer post(std::string_view path, std::string_view body, Headers headers = {}) {
    return world.post(path, "application/fhir+json", body, std::move(headers));
  }
  HttpAnswer release(const Ordered* order, std::string_view pharmacy = "FZZ99",
                     Headers headers = {}) {
    return post("/FHIR/R4/Task/$release", release_request(order, pharmacy), std::move(headers));
  }
  /// Releases it and returns the id of the release, which later messages name.
  std::string released(const Ordered& order) {
    const HttpAnswer answer = release(&order);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(identifiers(answer.body, kShortIds), ElementsAre(order.short_id)) << answer.body;
    const auto ids = identifiers(answer.body, kMessageIds);
    return ids.empty() ? std::string() : ids.front();
  }
  /// What the tracker of the other side says of one issue.
  std::string state(const Ordered& order, int issue = 1) {
    return first_string(world.other_side().details(order.short_id, issue), "prescriptionStatus");
  }
  void expect_ok(const HttpAnswer& answer) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr("\"severity\":\"information\"")) << answer.body;
  }
  void expect_refused(const HttpAnswer& answer, std::string_view code) {
    EXPECT_EQ(answer.status, 400) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr("\"" + std::string(code) + "\""));
  }
};

TEST_F(PrescriptionLife, DispensedInPartsWithAnOwingAmendedAndClaimed) {
  const Ordered order = ordered("life-parts", 1);
  place(order);
  EXPECT_EQ(state(order), "To Be Dispensed");
  const std::string release_id = released(order);
  EXPECT_EQ(state(order), "With Dispenser");

  const std::string first = uuid_for("parts-1"), second = uuid_for("parts-2"),
                    amended = uuid_for("parts-3");
  expect_ok(world.process(
      dispense_notification(order, first, release_id, "0003", {{0, "0001"}, {1, "0004"}})));
  EXPECT_EQ(state(order), "With Dispenser - Active");
  expect_refused(post("/FHIR/R4/Claim", claim(order, uuid_for("parts-early"))),
                 "CLAIM_INVALID_NOT_DISPENSED");

  expect_ok(world.process(
      dispense_notification(order, second, release_id, "0006", {{0, "0001"}, {1, "0001"}})));
  EXPECT_EQ(state(order), "Dispensed");
  expect_refused(world.process(dispense_notification(order, uuid_for("parts-x"), release_id, "0006",
                                                     {{0, "0001"}, {1, "0001"}}, 1, first)),
                 "DISPENSE_AMEND_IDENTIFIER_MISMATCH");
  expect_ok(world.process(dispense_notification(order, amended, release_id, "0006",
                                                {{0, "0001"}, {1, "0002"}}, 1, second)));
  EXPECT_EQ(state(order), "Dispensed");

  const std::string claimed = uuid_for("parts-claim");
  expect_ok(post("/FHIR/R4/Claim", claim(order, claimed)));
  EXPECT_EQ(state(order), "Claimed");
  expect_ok(post("/FHIR/R4/Claim", claim(order, uuid_for("parts-claim-2"), 1, claimed)));
  expect_refused(release(&order), "PRESCRIPTION_DISPENSED");
  EXPECT_EQ(world.metric("concord_messages_unaccounted"), 0);
}

TEST_F(PrescriptionLife, CancelledBeforeItsReleaseItemByItem) {
  const Ordered order = ordered("life-cancel", 1);
  place(order);
  const HttpAnswer one = world.process(cancellation(order, uuid_for("cancel-1"), 0));
  EXPECT_EQ(one.status, 200) << one.body;
  EXPECT_THAT(one.body, HasSubstr("\"R-0001\""));
  EXPECT_EQ(state(order), "To Be Dispensed");
  const HttpAnswer again = world.process(cancellation(order, uuid_for("cancel-2"), 0));
  EXPECT_EQ(again.status, 400) << again.body;
  EXPECT_THAT(again.body, HasSubstr("\"R-0006\""));
  const HttpAnswer two = world.process(cancellation(order, uuid_for("cancel-3"), 1));
  EXPECT_EQ(two.status, 200) << two.body;
  EXPECT_EQ(state(order), "Cancelled");
  expect_refused(release(&order), "PRESCRIPTION_CANCELLED");
}

TEST_F(PrescriptionLife, CancelledAfterItsReleaseTakesEffectWhenItIsReturned) {
  const Ordered order = ordered("life-marked", 1);
  place(order);
  const std::string release_id = released(order);
  const HttpAnswer marked = world.process(cancellation(order, uuid_for("marked-1"), 0));
  EXPECT_EQ(marked.status, 400) << marked.body;
  EXPECT_THAT(marked.body, HasSubstr("\"R-0002\""));
  EXPECT_THAT(marked.body, HasSubstr("QUAYSIDE PHARMACY")) << "who has it";
  static_cast<void>(world.process(cancellation(order, uuid_for("marked-2"), 1)));
  EXPECT_EQ(state(order), "With Dispenser");
  expect_ok(post("/FHIR/R4/Task", return_task(order, uuid_for("marked-3"), release_id)));
  EXPECT_EQ(state(order), "Cancelled");
}

TEST_F(PrescriptionLife, CancellationOfWhatNobodyKnowsIsNotFound) {
  const HttpAnswer answer =
      world.process(cancellation(ordered("life-unknown", 1), uuid_for("unknown"), 0));
  EXPECT_EQ(answer.status, 400) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("\"R-0008\""));
}

TEST_F(PrescriptionLife, RepeatDispensingOfSixIssuesCancelledInTheMiddle) {
  const Ordered order = ordered_repeat_dispensing("life-erd", 1, 6);
  place(order);
  EXPECT_EQ(state(order, 2), "Repeat Dispense future instance");
  for (int issue = 1; issue <= 3; ++issue) {
    const std::string release_id = released(order);
    EXPECT_EQ(state(order, issue), "With Dispenser") << issue;
    if (issue == 3) {
      for (std::size_t item = 0; item < 2; ++item) {
        const HttpAnswer marked = world.process(
            cancellation(order, uuid_for("erd-cancel-" + std::to_string(item)), item));
        EXPECT_THAT(marked.body, HasSubstr("\"R-0002\""));
      }
    }
    const std::string id = uuid_for("erd-" + std::to_string(issue));
    expect_ok(world.process(
        dispense_notification(order, id, release_id, "0006", {{0, "0001"}, {1, "0001"}}, issue)));
    EXPECT_EQ(state(order, issue), "Dispensed") << issue;
    expect_ok(post("/FHIR/R4/Claim",
                   claim(order, uuid_for("erd-claim-" + std::to_string(issue)), issue)));
    EXPECT_EQ(state(order, issue), "Claimed") << issue;
  }
  for (int issue = 4; issue <= 6; ++issue) {
    EXPECT_EQ(state(order, issue), "Cancelled future instance") << issue;
  }
  expect_refused(release(&order), "PRESCRIPTION_CANCELLED");
}

TEST_F(PrescriptionLife, ReturnedAndWithdrawn) {
  const Ordered order = ordered("life-back", 1);
  place(order);
  const std::string first = released(order);
  expect_refused(release(&order, "FAA11"), "PRESCRIPTION_WITH_ANOTHER_DISPENSER");
  expect_ok(post("/FHIR/R4/Task", return_task(order, uuid_for("back-1"), first)));
  EXPECT_EQ(state(order), "To Be Dispensed");
  const std::string second = released(order);
  const std::string notification = uuid_for("back-2");
  expect_ok(world.process(
      dispense_notification(order, notification, second, "0006", {{0, "0001"}, {1, "0001"}})));
  EXPECT_EQ(state(order), "Dispensed");
  expect_refused(post("/FHIR/R4/Task", withdraw_task(order, uuid_for("back-3"), uuid_for("none"))),
                 "DISPENSE_AMEND_IDENTIFIER_MISMATCH");
  expect_ok(post("/FHIR/R4/Task", withdraw_task(order, uuid_for("back-4"), notification)));
  EXPECT_EQ(state(order), "With Dispenser");
}

TEST_F(PrescriptionLife, NominatedReleaseHandsOutEverythingThatWaits) {
  std::vector<std::string> ids;
  for (std::uint64_t number = 1; number <= 3; ++number) {
    const Ordered order = ordered("life-nominated", number);
    place(order);
    ids.push_back(order.short_id);
  }
  const HttpAnswer answer = release(nullptr);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(identifiers(answer.body, kShortIds), ids);
  const HttpAnswer none = release(nullptr);
  EXPECT_EQ(none.status, 200) << none.body;
  EXPECT_THAT(none.body, HasSubstr("NO_MORE_PRESCRIPTIONS"));
}

TEST_F(PrescriptionLife, DuplicatesOfEveryKindChangeNothing) {
  const Ordered order = ordered("life-twice", 1);
  place(order);
  const Headers key{{"X-Request-ID", "release-1"}};
  const HttpAnswer first = release(&order, "FZZ99", key);
  const HttpAnswer again = release(&order, "FZZ99", key);
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, first.body) << "what was handed out is handed out again, byte for byte";
  EXPECT_EQ(again.headers.at("x-concord-replayed"), "true");

  const std::string release_id = identifiers(first.body, kMessageIds).at(0);
  const std::string notification = dispense_notification(order, uuid_for("twice-1"), release_id,
                                                         "0006", {{0, "0001"}, {1, "0001"}});
  const HttpAnswer told = world.process(notification);
  expect_ok(told);
  EXPECT_EQ(world.process(notification).body, told.body);
  EXPECT_THAT(world.other_side().arrivals(), SizeIs(3))
      << "order, release, notification: once each";
}

TEST_F(PrescriptionLife, AReleaseThatTakesLongIsAskedForLaterAndIsNotLost) {
  const Ordered order = ordered("life-late", 1);
  place(order);
  world.other_side().behave("late_ms=1500&for=1");
  const HttpAnswer accepted = release(&order, "FZZ99", {{"Prefer", "respond-async"}});
  ASSERT_EQ(accepted.status, 202) << accepted.body;
  EXPECT_THAT(accepted.body, HasSubstr("\"resourceType\":\"Task\""));
  const std::string poll = accepted.headers.at("content-location");
  EXPECT_EQ(world.get(poll).status, 202);
  const std::string task = world.task_when(accepted.headers.at("location"), {"completed"});
  EXPECT_THAT(task, HasSubstr("\"_poll/")) << "the Task says where its answer is";
  const HttpAnswer answer = world.get(poll);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(identifiers(answer.body, kShortIds), ElementsAre(order.short_id));
  EXPECT_EQ(world.get(poll).body, answer.body) << "the same however often it is asked for";
}

TEST_F(PrescriptionLife, AnAnswerThatIsLostOnTheWayIsHadAgainFromTheOtherSide) {
  const Ordered order = ordered("life-lost", 1);
  place(order);
  world.other_side().behave("drop=after&for=1");
  const HttpAnswer answer = release(&order);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(identifiers(answer.body, kShortIds), ElementsAre(order.short_id));
  EXPECT_EQ(state(order), "With Dispenser");
}

TEST_F(PrescriptionLife, TheSenderMayPreferToWaitForTheAnswerToAnOrder) {
  const Ordered order = ordered("life-wait", 1);
  expect_ok(world.process(order.bundle, {{"Prefer", "wait=20"}}));
  EXPECT_EQ(state(order), "To Be Dispensed");
}

TEST_F(PrescriptionLife, TheTrackerTellsEachStepAsTasks) {
  const Ordered order = ordered("life-tracked", 1);
  std::string id = order.short_id;
  if (id.ends_with('+')) id.replace(id.size() - 1, 1, "%2B");
  const auto found = [&](std::string_view query) {
    return world.get("/FHIR/R4/Task?" + std::string(query));
  };
  const HttpAnswer unknown = found("focus:identifier=" + id);
  EXPECT_EQ(unknown.status, 200) << unknown.body;
  EXPECT_THAT(unknown.body, HasSubstr("\"OperationOutcome\""));
  place(order);
  const HttpAnswer waiting = found("focus:identifier=" + std::string(kShortIds) + "%7C" + id);
  ASSERT_EQ(waiting.status, 200) << waiting.body;
  EXPECT_EQ(value_at(waiting.body, {"type"}), "searchset");
  EXPECT_EQ(value_at(waiting.body, {"total"}), "1");
  EXPECT_EQ(value_at(waiting.body, {"entry", "resource", "status"}), "requested");
  const std::string release_id = released(order);
  EXPECT_EQ(value_at(found("identifier=" + id).body, {"entry", "resource", "status"}), "accepted");
  expect_ok(world.process(dispense_notification(order, uuid_for("tracked-1"), release_id, "0003",
                                                {{0, "0001"}, {1, "0004"}})));
  EXPECT_EQ(value_at(found("identifier=" + id).body, {"entry", "resource", "status"}),
            "in-progress");

  const std::string patient = "patient:identifier=" + order.nhs_number;
  EXPECT_EQ(value_at(found(patient).body, {"total"}), "1");
  EXPECT_EQ(value_at(found(patient + "&business-status=0003").body, {"total"}), "1");
  EXPECT_EQ(value_at(found(patient + "&business-status=0001").body, {"total"}), "0");
  EXPECT_EQ(value_at(found(patient + "&authored-on=ge2026-03-02&authored-on=le2026-03-02").body,
                     {"total"}),
            "1");
  EXPECT_EQ(value_at(found(patient + "&authored-on=ge2026-03-03").body, {"total"}), "0");
  EXPECT_EQ(value_at(found("focus:identifier=" + id + "&business-status=0006").body, {"total"}),
            "0")
      << "details know no filter: what is not asked for is taken out";
  for (const char* wrong :
       {"business-status=0001", "patient:identifier=1", "identifier=A&authored-on=x%7C2026-01-01",
        "identifier=A&authored-on=1"}) {
    EXPECT_EQ(found(wrong).status, 400) << wrong;
  }
  for (const char* own :
       {"nobody=1", "identifier=https://example.org%7CA", "identifier=A&identifier=B"}) {
    EXPECT_EQ(found(own).status, 200) << own << ": not the tracker's, so one of the Tasks here";
  }
  EXPECT_EQ(world.metric("concord_messages_accepted_total"), 3) << "searches are not stored";
  world.other_side().behave("http=503&for=1");
  EXPECT_EQ(found("identifier=" + id).status, 503);
}

TEST_F(PrescriptionLife, APrescriptionNobodyCollectsExpires) {
  const Ordered order = ordered("life-expired", 1);
  place(order);
  world.other_side().advance(24 * 200);
  EXPECT_EQ(state(order), "Expired");
  expect_refused(release(&order), "PRESCRIPTION_EXPIRED");
}

TEST_F(PrescriptionLife, DoorsTakeTheirOwnResourceOnly) {
  const Ordered order = ordered("life-doors", 1);
  for (const char* door : {"/FHIR/R4/Task", "/FHIR/R4/Claim", "/FHIR/R4/Task/$release"}) {
    const HttpAnswer answer = post(door, order.bundle);
    EXPECT_EQ(answer.status, 400) << door << answer.body;
    EXPECT_THAT(answer.body, HasSubstr("Incorrect FHIR resource type. Expected ")) << door;
  }
  EXPECT_EQ(world.get("/FHIR/R4/_poll/00000000-0000-4000-8000-000000000000").status, 404);
  EXPECT_EQ(world.metric("concord_messages_accepted_total"), 0);
}

TEST_F(PrescriptionLife, ReleaseAnswersInXmlWhenXmlIsAskedFor) {
  const Ordered order = ordered("life-xml", 1);
  place(order);
  const HttpAnswer answer = release(&order, "FZZ99", {{"Accept", "application/fhir+xml"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("<Parameters xmlns=\"http://hl7.org/fhir\">"));
}

}  // namespace
}  // namespace concord::test
