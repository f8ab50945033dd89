// Each rule of the checker: a sound history has no violation, and one small change of it has that
// one.
#include "tests/campaign/check/checker.h"

#include <gmock/gmock.h>

#include <functional>

namespace concord::campaign {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A history in parts, so that a test can change one thing.
struct History {
  std::vector<Operation> operations;
  std::vector<Arrival> arrivals;
  std::vector<Word> words;
  std::vector<Lease> leases;
  std::vector<Settled> settled;
  std::vector<Final> finals;
  std::vector<Version> versions;
  std::vector<Leak> leaks;
  Counts counts;
  Audit audit{true, 40, 0, ""};
  bool drained = true, has_end = true, has_run = true;

  std::vector<Rule> found() const {
    Checker checker;
    if (has_run) checker.add(Began{1, "sqlite", "test"});
    const auto add = [&checker](const auto& all) {
      for (const auto& one : all) checker.add(Record(one));
    };
    add(operations), add(leases), add(settled), add(arrivals), add(finals), add(versions);
    add(words), add(leaks);
    checker.add(counts);
    checker.add(audit);
    if (has_end) checker.add(End{operations.size(), arrivals.size(), 0, drained});
    std::vector<Rule> rules;
    for (const auto& [rule, times] : checker.finish().of_rule) rules.push_back(rule);
    return rules;
  }
};

Operation message(std::string key, std::string subject, std::int64_t at,
                  Outcome outcome = Outcome::ok) {
  const std::string digest = "body of " + key;
  const std::string task = outcome == Outcome::ok ? "Task/" + key : "";
  return {0, "message", std::move(key), std::move(subject), digest, at, at + 5, outcome, 202, task,
          0, 0};
}
Arrival arrival(const std::string& key, std::string subject, std::string effect = "") {
  return {"spine", key, "bytes of " + key, std::move(subject), std::move(effect), "new", 0};
}
Final in_the_end(std::string key, std::string state, std::string task_status) {
  return {std::move(key), std::move(state), "task", std::move(task_status), "A83008"};
}
Word word(std::string what, std::string key, Outcome outcome = Outcome::ok) {
  return {std::move(what), std::move(key), 100, 200, outcome, 200, "failed", "A83008"};
}
Operation write(std::string what, std::string key, std::int64_t expected, std::int64_t version,
                Outcome outcome = Outcome::ok) {
  return {0,   std::move(what), std::move(key), "Patient/1", "", 1, 2, outcome,
          200, "Patient/1",     expected,       version};
}

/// Two messages of subject S in order, a resend, a repeated request, one of unknown outcome that
/// came through and one that did not, one refused, one dead, one that a
/// person cancelled, one that a person replayed; a resource of three versions.
History sound() {
  History h;
  h.operations = {message("A", "S", 0),
                  message("A", "S", 20),
                  message("B", "S", 10),
                  message("C", "T", 0, Outcome::unknown),
                  message("D", "U", 0, Outcome::unknown),
                  message("E", "V", 0, Outcome::fail),
                  message("F", "W", 0),
                  message("G", "X", 0),
                  message("H", "Y", 0),
                  write("create", "v1", 0, 1),
                  write("update", "v2", 1, 2),
                  write("update", "v2'", 1, 0, Outcome::fail),
                  write("update", "v3", 2, 0, Outcome::unknown)};
  h.arrivals = {arrival("A", "S", "order/1"), arrival("B", "S"), arrival("A", "S", "order/1"),
                arrival("C", "T", "order/2"), arrival("H", "Y")};
  h.words = {word("replay", "G"), word("cancel", "G"), word("cancel", "H", Outcome::fail),
             word("replay", "H"), word("cancel", "F", Outcome::unknown)};
  h.finals = {in_the_end("A", "delivered", "completed"), in_the_end("B", "rejected", "rejected"),
              in_the_end("C", "delivered", "completed"), in_the_end("F", "dead", "failed"),
              in_the_end("G", "cancelled", "cancelled"), in_the_end("H", "delivered", "completed")};
  h.leases = {{"item", "one", 1, 0, 60}, {"item", "two", 2, 60, 120}, {"item", "one", 3, 71, 130}};
  h.settled = {};
  h.versions = {{"Patient/1", 1, "v1"}, {"Patient/1", 2, "v2"}, {"Patient/1", 3, "v3"}};
  h.leases.pop_back();
  h.settled = {{"item", "two", 2, 70}};
  h.counts = {6, 3, 0, 1, 1, 1};
  h.audit.accepted = 6;
  return h;
}

TEST(Checker, ASoundHistoryHasNoViolationAndIsCounted) {
  EXPECT_THAT(sound().found(), IsEmpty());
  Checker checker;
  checker.add(Began{});
  const History h = sound();
  for (const Operation& op : h.operations) checker.add(Record(op));
  for (const Arrival& one : h.arrivals) checker.add(Record(one));
  const Verdict verdict = checker.finish();
  EXPECT_EQ(verdict.operations, 13u);
  EXPECT_EQ(verdict.messages, 5u);
  EXPECT_EQ(verdict.resends, 1u);
  EXPECT_EQ(verdict.unknown, 3u);
}

struct Change {
  const char* name;
  Rule rule;
  std::function<void(History&)> make;
};

class CheckerRule : public testing::TestWithParam<Change> {};

TEST_P(CheckerRule, FindsTheChangeAndNothingElse) {
  History h = sound();
  GetParam().make(h);
  EXPECT_THAT(h.found(), ElementsAre(GetParam().rule)) << rule_name(GetParam().rule);
}

void drop_arrivals(History& h, const std::string& key) {
  std::erase_if(h.arrivals, [&](const Arrival& one) { return one.key == key; });
}

INSTANTIATE_TEST_SUITE_P(
    Each, CheckerRule,
    testing::Values(
        Change{"AcceptedButNeverArrived", Rule::lost, [](History& h) { drop_arrivals(h, "B"); }},
        Change{"AcceptedButNotInTheStore", Rule::lost,
               [](History& h) { h.finals.erase(h.finals.begin()); }},
        Change{"RefusedButArrived", Rule::refused_kept,
               [](History& h) { h.arrivals.push_back(arrival("E", "V")); }},
        Change{"NobodySentIt", Rule::invented,
               [](History& h) { h.arrivals.push_back(arrival("X", "S")); }},
        Change{"OtherBytesUnderOneKey", Rule::doubled,
               [](History& h) {
                 h.arrivals[3].digest = "x", h.arrivals.push_back(arrival("C", "T", "order/2"));
               }},
        Change{"TwoMessagesForOneEffect", Rule::doubled,
               [](History& h) { h.arrivals[1].effect = "order/1"; }},
        Change{"TwoItemsForOneKey", Rule::doubled,
               [](History& h) { h.finals.push_back(h.finals.front()); }},
        Change{"TheReceiverSawAConflict", Rule::doubled,
               [](History& h) { h.arrivals[2].verdict = "conflict"; }},
        Change{"ARepeatGotAnotherTask", Rule::two_answers,
               [](History& h) { h.operations[1].effect = "Task/other"; }},
        Change{"OtherContentGotSuccess", Rule::conflict,
               [](History& h) { h.operations[1].digest = "other"; }},
        Change{"LaterBeforeEarlier", Rule::order,
               [](History& h) {
                 std::swap(h.arrivals[0], h.arrivals[1]), h.arrivals.erase(h.arrivals.begin() + 2);
               }},
        Change{"OtherSubject", Rule::misfiled, [](History& h) { h.arrivals[3].subject = "Z"; }},
        Change{"TheSumIsWrong", Rule::counts, [](History& h) { --h.counts.delivered; }},
        Change{
            "MoreAcceptedThanAnybodySent", Rule::counts,
            [](History& h) { h.counts.accepted = h.audit.accepted = 8, h.counts.delivered = 5; }},
        Change{"TheChainBreaks", Rule::audit, [](History& h) { h.audit.whole = false; }},
        Change{"TheAuditLacksAMessage", Rule::audit, [](History& h) { --h.audit.accepted; }},
        Change{"DeadWithoutOwner", Rule::dead_letter, [](History& h) { h.finals[3].owner = ""; }},
        Change{"DeadAndTheTaskDoesNotSaySo", Rule::dead_letter,
               [](History& h) { h.finals[3].task_status = "completed"; }},
        Change{"StillPendingThoughDrained", Rule::stuck,
               [](History& h) {
                 h.finals[2] = in_the_end("C", "pending", "requested"), --h.counts.delivered,
                 ++h.counts.pending;
               }},
        Change{"TheTaskSaysOtherwise", Rule::task,
               [](History& h) { h.finals[0].task_status = "requested"; }},
        Change{"LeasedToTwo", Rule::lease, [](History& h) { h.leases[1].at = 59; }},
        Change{"TheSameFenceTwice", Rule::fence,
               [](History& h) { h.leases[1].fence = 1, h.settled[0].fence = 1; }},
        Change{"AnOldFenceCompletes", Rule::fence, [](History& h) { h.settled[0].fence = 1; }},
        Change{"TwoUpdatesOfOneVersion", Rule::lost_update,
               [](History& h) { h.operations[12] = write("update", "v3", 1, 3); }},
        Change{"AVersionIsNotWhatWasTold", Rule::lost_update,
               [](History& h) { std::swap(h.versions[1].value, h.versions[2].value); }},
        Change{"AVersionIsGone", Rule::lost_update,
               [](History& h) {
                 h.versions.erase(h.versions.begin() + 1),
                     h.operations.erase(h.operations.begin() + 10);
               }},
        Change{"AValueWasWrittenTwice", Rule::lost_update,
               [](History& h) {
                 h.versions.push_back({"Patient/1", 4, "v3"});
               }},
        Change{"ARefusedUpdateWasStored", Rule::refused_kept,
               [](History& h) {
                 h.versions.push_back({"Patient/1", 4, "v2'"});
               }},
        Change{"AValueNobodyWrote", Rule::invented,
               [](History& h) {
                 h.versions.push_back({"Patient/1", 4, "x"});
               }},
        Change{"CancelledAndSentAfterwards", Rule::overruled,
               [](History& h) {
                 h.arrivals.push_back(arrival("G", "X"));
                 h.arrivals.back().at = 6'000'000;
               }},
        Change{"CancelledAndDeliveredAllTheSame", Rule::overruled,
               [](History& h) {
                 h.finals[4] = in_the_end("G", "delivered", "completed");
                 h.arrivals.push_back(arrival("G", "X"));
                 --h.counts.cancelled, ++h.counts.delivered;
               }},
        Change{"CancelledByNobody", Rule::overruled,
               [](History& h) { h.words[1].outcome = Outcome::fail; }},
        Change{"GivenUpAndTheTaskDidNotSaySo", Rule::dead_letter,
               [](History& h) { h.words[0].task_status = "requested"; }},
        Change{"GivenUpAndTheTaskNamedNobody", Rule::dead_letter,
               [](History& h) { h.words[0].owner.clear(); }},
        Change{"PatientDataInALog", Rule::leak, [](History& h) { h.leaks.push_back({"log:1"}); }},
        Change{"NoEnd", Rule::incomplete, [](History& h) { h.has_end = false; }},
        Change{"NoBeginning", Rule::incomplete, [](History& h) { h.has_run = false; }}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(Checker, WhatWaitsIsNoLossWhenThereWasNoTime) {
  History h = sound();
  h.finals[2] = in_the_end("C", "pending", "requested");
  --h.counts.delivered, ++h.counts.pending;
  drop_arrivals(h, "C");
  h.drained = false;
  EXPECT_THAT(h.found(), IsEmpty());
}

TEST(Checker, MissingCountsAndAuditProveNothing) {
  Checker checker;
  checker.add(Began{});
  checker.add(End{});
  const Verdict verdict = checker.finish();
  EXPECT_EQ(verdict.of_rule.at(Rule::incomplete), 2u);
}

TEST(Checker, KeepsFiftyViolationsAndCountsTheRest) {
  Checker checker;
  for (int i = 0; i < 200; ++i) checker.add(arrival("x" + std::to_string(i), "S"));
  const Verdict verdict = checker.finish();
  EXPECT_EQ(verdict.violations.size(), Verdict::kMost);
  EXPECT_EQ(verdict.of_rule.at(Rule::invented), 200u);
}

TEST(Checker, OverlappingMessagesOfASubjectMayArriveInAnyOrder) {
  History h = sound();
  h.operations[2].started = 3;  // before A's answer
  std::swap(h.arrivals[0], h.arrivals[1]);
  EXPECT_THAT(h.found(), IsEmpty());
}

}  // namespace
}  // namespace concord::campaign
