// Statuses of prescription items: stored once, all or none; the latest that counts is the status.

#include "tests/gateway/store/stores.h"

namespace concord::test {
namespace {

using Statuses = StoreTest;
using store::StatusQuery;
using store::StatusRow;

StatusRow row(const std::string& item, const std::string& task, const std::string& status,
              int effective) {
  StatusRow made;
  made.prescription = "24F5DA-A83008-7EFE6Z";
  made.item = item;
  made.task = task;
  made.patient = "9990123411";
  made.organisation = "FZZ99";
  made.status = status;
  made.terminal = "in-progress";
  made.effective_at = at(effective);
  made.application = "app";
  made.request_id = "request-1";
  made.received_at = at(0);
  return made;
}

std::vector<audit::Record> record() {
  return {audit::Record{audit::Event::statuses_recorded, at(0), "", "", "node", "", ""}};
}

std::vector<std::string> now_of(store::Store& store, const StatusQuery& query, Instant now) {
  const auto rows = store.current_statuses(query, now);
  EXPECT_THAT(rows, IsOk());
  std::vector<std::string> found;
  if (rows) {
    for (const StatusRow& one : *rows) found.push_back(one.item + "=" + one.status);
  }
  return found;
}

const StatusQuery kOfPrescription{"24F5DA-A83008-7EFE6Z", "", "", 1000};

TEST_P(Statuses, TheLatestOfEachItemIsItsStatus) {
  const auto store = open();
  ASSERT_THAT(
      store->record_statuses(
          {row("I1", "t1", "With Pharmacy", 10), row("I2", "t2", "With Pharmacy", 20)}, record()),
      IsOk());
  const auto later = store->record_statuses({row("I1", "t3", "Ready to Collect", 30)}, record());
  ASSERT_THAT(later, IsOk());
  EXPECT_EQ(later->stored, 1u);
  // Came late, was true earlier: changes nothing.
  ASSERT_THAT(store->record_statuses({row("I1", "t4", "Dispatched", 5)}, record()), IsOk());
  EXPECT_EQ(now_of(*store, kOfPrescription, at(100)),
            (std::vector<std::string>{"I1=Ready to Collect", "I2=With Pharmacy"}));
  expect_whole(*store);
}

TEST_P(Statuses, OfTwoOfTheSameTimeTheOneThatCameLastCounts) {
  const auto store = open();
  ASSERT_THAT(store->record_statuses({row("I1", "t1", "A", 10), row("I1", "t2", "B", 10)}, {}),
              IsOk());
  EXPECT_EQ(now_of(*store, kOfPrescription, at(100)), (std::vector<std::string>{"I1=B"}));
}

TEST_P(Statuses, APostDatedOneCountsFromItsTimeOn) {
  const auto store = open();
  StatusRow ahead = row("I1", "t2", "Ready to Collect", 500);
  ahead.post_dated = true;
  ASSERT_THAT(store->record_statuses({row("I1", "t1", "With Pharmacy", 10), ahead}, {}), IsOk());
  EXPECT_EQ(now_of(*store, kOfPrescription, at(499)),
            (std::vector<std::string>{"I1=With Pharmacy"}));
  EXPECT_EQ(now_of(*store, kOfPrescription, at(500)),
            (std::vector<std::string>{"I1=Ready to Collect"}));
}

TEST_P(Statuses, AKnownTaskOfThePrescriptionIsADuplicateAndNothingIsStored) {
  const auto store = open();
  ASSERT_THAT(store->record_statuses({row("I1", "t1", "A", 10)}, record()), IsOk());
  StatusRow again = row("I1", "T1", "B", 20);
  again.request_id = "request-2";
  const auto second = store->record_statuses({row("I2", "t2", "A", 10), again}, record());
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->stored, 0u);
  EXPECT_EQ(second->duplicates, (std::vector<std::size_t>{1}));
  EXPECT_EQ(now_of(*store, kOfPrescription, at(100)), (std::vector<std::string>{"I1=A"}));
}

TEST_P(Statuses, TheSameTaskTwiceInOneCallIsADuplicate) {
  const auto store = open();
  const auto twice =
      store->record_statuses({row("I1", "t1", "A", 10), row("I1", "t1", "A", 10)}, record());
  ASSERT_THAT(twice, IsOk());
  EXPECT_EQ(twice->duplicates, (std::vector<std::size_t>{1}));
  EXPECT_EQ(number("SELECT count(*) FROM item_status"), 0);
}

TEST_P(Statuses, TheSameRequestAgainIsNoDuplicateAndChangesNothing) {
  const auto store = open();
  const std::vector<StatusRow> rows{row("I1", "t1", "A", 10), row("I2", "t2", "B", 10)};
  ASSERT_THAT(store->record_statuses(rows, record()), IsOk());
  const auto links = number("SELECT count(*) FROM audit");
  const auto again = store->record_statuses(rows, record());
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->stored, 0u);
  EXPECT_TRUE(again->duplicates.empty());
  EXPECT_EQ(number("SELECT count(*) FROM item_status"), 2);
  EXPECT_EQ(number("SELECT count(*) FROM audit"), links);
}

TEST_P(Statuses, QuestionsGoByPrescriptionPatientAndOrganisation) {
  const auto store = open();
  StatusRow other = row("I9", "t9", "C", 10);
  other.prescription = "480720-A83008-57FF06";
  other.organisation = "FZZ98";
  ASSERT_THAT(store->record_statuses({row("I1", "t1", "A", 20), other}, {}), IsOk());
  EXPECT_EQ(now_of(*store, {"", "9990123411", "", 1000}, at(100)),
            (std::vector<std::string>{"I1=A", "I9=C"}));
  EXPECT_EQ(now_of(*store, {"", "9990123411", "FZZ98", 1000}, at(100)),
            (std::vector<std::string>{"I9=C"}));
  EXPECT_TRUE(now_of(*store, {"24F5DA-A83008-7EFE6Z", "9990123403", "", 1000}, at(100)).empty());
  EXPECT_EQ(now_of(*store, {"", "9990123411", "", 1}, at(100)), (std::vector<std::string>{"I1=A"}));
}

TEST_P(Statuses, WhatWasStoredIsThereAfterTheStoreIsOpenedAgain) {
  StatusRow given = row("I1", "t1", "A", 10);
  given.repeat = 3;
  ASSERT_THAT(open()->record_statuses({given}, record()), IsOk());
  const auto store = open();
  const auto rows = store->current_statuses(kOfPrescription, at(100));
  ASSERT_THAT(rows, IsOk());
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ((*rows)[0].repeat, 3);
  EXPECT_EQ((*rows)[0].effective_at, at(10));
  EXPECT_EQ((*rows)[0].request_id, "request-1");
  expect_whole(*store);
}

CONCORD_ON_EVERY_STORE(Statuses);

}  // namespace
}  // namespace concord::test
