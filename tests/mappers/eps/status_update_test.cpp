// Status updates of prescription items: what is read, what is refused and in which words, and the
// legacy JSON. Source: eps.md section 16.

#include "mappers/eps/status_update/status_update.h"

#include <gmock/gmock.h>

#include "mappers/eps/status_update/format_1.h"
#include "tests/mappers/eps/world.h"

namespace concord::eps::test {
namespace {

using testing::ElementsAre;

constexpr std::string_view kId = "0ae4daf3-f24b-479d-b8fa-b69e2d873b60";

Instant now() {
  const auto at = parse_instant("2026-03-02T10:15:00Z");
  return at ? *at : Instant{};
}

/// A Bundle with one good update.
std::string good() {
  return R"({"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:)" +
         std::string(kId) + R"(","resource":{"resourceType":"Task","id":")" + std::string(kId) +
         R"(","basedOn":[{"identifier":{"system":"https://fhir.nhs.uk/Id/prescription-order-number",)"
         R"("value":"24f5da-A83008-7EFE6Z"}}],"status":"in-progress","businessStatus":{"coding":[{)"
         R"("system":"https://fhir.nhs.uk/CodeSystem/task-businessStatus-nppt","code":"Ready to collect"}]},)"
         R"("intent":"order","focus":{"identifier":{"system":)"
         R"("https://fhir.nhs.uk/Id/prescription-order-item-number",)"
         R"("value":"6989b7bd-8db6-428c-a593-4022e3044c00"}},"for":{"identifier":{"system":)"
         R"("https://fhir.nhs.uk/Id/nhs-number","value":"9990123411"}},)"
         R"("lastModified":"2026-03-02T10:00:00Z","owner":{"identifier":{"system":)"
         R"("https://fhir.nhs.uk/Id/ods-organization-code","value":"FZZ99"}},)"
         R"("input":[{"type":{"text":"Repeat Number"},"valueInteger":2}]},)"
         R"("request":{"method":"POST","url":"Task"}}]})";
}

std::vector<StatusEntry> entries_of(const std::string& json) {
  const auto document = json::read_passing_empty_arrays(json, World::get().symbols, {}, nullptr);
  if (!document) {
    ADD_FAILURE() << to_string(document.error());
    return {};
  }
  auto read = read_status_updates(*document, now());
  EXPECT_THAT(read, IsOk());
  return read ? *std::move(read) : std::vector<StatusEntry>{};
}

TEST(EpsStatusUpdate, AGoodTaskIsRead) {
  const auto entries = entries_of(good());
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_THAT(entries[0].faults, ElementsAre());
  EXPECT_EQ(entries[0].full_url, "urn:uuid:" + std::string(kId));
  ASSERT_TRUE(entries[0].update);
  const StatusUpdate& update = *entries[0].update;
  EXPECT_EQ(update.task_id, kId);
  EXPECT_EQ(update.prescription_id, "24F5DA-A83008-7EFE6Z");
  EXPECT_EQ(update.line_item_id, "6989B7BD-8DB6-428C-A593-4022E3044C00");
  EXPECT_EQ(update.nhs_number, "9990123411");
  EXPECT_EQ(update.ods_code, "FZZ99");
  EXPECT_EQ(update.status, "Ready to collect");
  EXPECT_EQ(update.terminal_status, "in-progress");
  EXPECT_EQ(format_instant(update.last_modified), "2026-03-02T10:00:00Z");
  EXPECT_FALSE(update.post_dated);
  EXPECT_EQ(update.repeat_number, 2);
}

struct Wrong {
  std::string what, from, to;
  std::vector<std::string> faults;
};
void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.what; }

class EpsStatusUpdateFaults : public testing::TestWithParam<Wrong> {};

TEST_P(EpsStatusUpdateFaults, AreSaid) {
  const auto entries = entries_of(edited_first(good(), GetParam().from, GetParam().to));
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].faults, GetParam().faults);
  EXPECT_EQ(entries[0].update.has_value(), GetParam().faults.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Each, EpsStatusUpdateFaults,
    testing::Values(
        Wrong{"FullUrl", "urn:uuid:0ae4", "urn:uuid:1ae4", {"Invalid entry fullUrl or task id."}},
        Wrong{"NoFullUrl", "\"fullUrl\"", "\"link\"", {"Missing required field(s) - FullUrl."}},
        Wrong{"NoResource",
              "\"resource\":{\"resourceType\":\"Task\",",
              "\"other\":{\"language\":\"en\",",
              {"Missing required field(s) - Resource."}},
        Wrong{"NoId", "\"id\":", "\"language\":", {"Missing required field(s) - TaskID."}},
        Wrong{"NoStatus",
              "\"status\":",
              "\"other\":",
              {"Missing required field(s) - TerminalStatus."}},
        Wrong{"NoOwnerAndModified",
              "\"lastModified\":\"2026-03-02T10:00:00Z\",\"owner\"",
              "\"other\"",
              {"Missing required field(s) - LastModified, PharmacyODSCode."}},
        Wrong{
            "NoPatient", "\"for\"", "\"other\"", {"Missing required field(s) - PatientNHSNumber."}},
        Wrong{"NoItem", "\"focus\"", "\"other\"", {"Missing required field(s) - LineItemID."}},
        Wrong{"NoPrescription",
              "\"basedOn\"",
              "\"other\"",
              {"Missing required field(s) - PrescriptionID."}},
        Wrong{"NoBusinessStatus",
              "\"businessStatus\"",
              "\"other\"",
              {"Missing required field(s) - Status."}},
        Wrong{"Patient",
              "\"resourceType\":\"Task\"",
              "\"resourceType\":\"Basic\"",
              {"Resource's resourceType isn't 'Task'."}},
        Wrong{"NhsNumber", "9990123411", "9990123412", {"NHS number is invalid."}},
        Wrong{"NhsNumberOfTen", "9990123411", "9990000000", {"NHS number is invalid."}},
        Wrong{"PrescriptionId", "7EFE6Z", "7EFE6Y", {"Prescription ID is invalid."}},
        Wrong{"OdsCode", "\"FZZ99\"", "\"fzz-99\"", {"ODS code is invalid."}},
        Wrong{
            "Systems", "Id/nhs-number", "Id/other", {"Invalid CodeSystem(s) - PatientNHSNumber."}},
        Wrong{"BusinessStatus",
              "Ready to collect",
              "In Collection Locker",
              {"Invalid business status."}},
        Wrong{"CompletedWith", "\"in-progress\"", "\"completed\"", {}},
        Wrong{"InProgressWith",
              "Ready to collect",
              "Dispatched",
              {"In-progress state must have a valid business status."}},
        Wrong{
            "CompletedWithout",
            "in-progress\",\"businessStatus\":{\"coding\":[{\"system\":"
            "\"https://fhir.nhs.uk/CodeSystem/task-businessStatus-nppt\",\"code\":\"Ready to "
            "collect",
            "completed\",\"businessStatus\":{\"coding\":[{\"system\":"
            "\"https://fhir.nhs.uk/CodeSystem/task-businessStatus-nppt\",\"code\":\"With Pharmacy",
            {"Completed state must have a valid business status."}},
        Wrong{"Terminal",
              "\"in-progress\"",
              "\"failed\"",
              {"Task status must be completed or in-progress."}},
        Wrong{"DayAhead", "2026-03-02T10:00:00Z", "2026-03-03T10:15:00Z", {}},
        Wrong{"MoreThanADayAhead",
              "2026-03-02T10:00:00Z",
              "2026-03-03T10:15:01Z",
              {"Invalid last modified value provided."}},
        Wrong{"NoTime",
              "2026-03-02T10:00:00Z",
              "yesterday",
              {"Date format provided for lastModified is invalid."}},
        Wrong{"Intent",
              "\"intent\":\"order\"",
              "\"intent\":\"plan\"",
              {"Task intent must be order."}},
        Wrong{"Repeat",
              "\"valueInteger\":2",
              "\"valueInteger\":7",
              {"Invalid repeat number provided."}},
        Wrong{"Several", "9990123411", "1", {"NHS number is invalid."}}),
    [](const auto& tested) { return tested.param.what; });

TEST(EpsStatusUpdate, APostDatedUpdateMayLieFurtherAhead) {
  const std::string meta = R"("id":"0ae4daf3-f24b-479d-b8fa-b69e2d873b60","meta":{"lastUpdated":")";
  const auto with = [&](const std::string& updated, const std::string& modified) {
    return entries_of(edited_first(
        edited_first(good(), R"("id":"0ae4daf3-f24b-479d-b8fa-b69e2d873b60")",
                     meta + updated + "\"}"),
        "\"lastModified\":\"2026-03-02T10:00:00Z\"", "\"lastModified\":\"" + modified + "\""));
  };
  const auto good_one = with("2026-03-02T10:00:00Z", "2026-04-13T01:15:00Z");  // 999 hours
  EXPECT_THAT(good_one.at(0).faults, ElementsAre());
  ASSERT_TRUE(good_one.at(0).update);
  EXPECT_TRUE(good_one.at(0).update->post_dated);
  EXPECT_THAT(with("2026-03-02T10:00:00Z", "2026-04-13T01:15:01Z").at(0).faults,
              ElementsAre("Invalid last modified value provided."));
  EXPECT_THAT(with("2026-03-03T10:15:01Z", "2026-03-05T10:00:00Z").at(0).faults,
              ElementsAre("Invalid meta.lastUpdated value provided."));
  EXPECT_THAT(with("soon", "2026-03-05T10:00:00Z").at(0).faults,
              ElementsAre("Date format provided for meta.lastUpdated is invalid."));
}

TEST(EpsStatusUpdate, OnlyATransactionIsOne) {
  const auto batch =
      read_status_updates(typed(R"({"resourceType":"Bundle","type":"batch"})"), now());
  ASSERT_THAT(batch, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(batch.error().issues.front().text,
            "Request body does not have resourceType of 'Bundle' and type of 'transaction'.");
  EXPECT_THAT(read_status_updates(typed(R"({"resourceType":"Task"})"), now()),
              FailsWith(ErrorCode::invalid));
}

TEST(EpsStatusUpdate, TooManyEntriesAreTooLong) {
  std::string bundle = R"({"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"a"})";
  for (std::size_t at = 0; at < kMostStatusEntries; ++at) bundle += R"(,{"fullUrl":"a"})";
  EXPECT_THAT(read_status_updates(typed(bundle + "]}"), now()), FailsWith(ErrorCode::too_long));
}

// ---- format 1 ----

std::string legacy(const std::string& items, const std::string& delivery = "Not known") {
  return R"({"version":"1.0","messageDate":"2026-03-02 09:36:47","prescriptionUUID":)"
         R"("24F5DA-A83008-7EFE6Z","repeatNo":3,"nHSCHI":"9990123411","deliveryType":")" +
         delivery + R"(","oDSCode":"FZZ99","items":[)" + items + "]}";
}

std::string item(const std::string& status, const std::string& more = "") {
  return R"({"itemID":"6989b7bd-8db6-428c-a593-4022e3044c00","status":")" + status + "\"" + more +
         "}";
}

/// "terminal/status" of each Task, all of which must be good.
std::vector<std::string> statuses(const std::string& json) {
  const auto bundle = read_format_1(json, World::get().symbols);
  if (!bundle) {
    ADD_FAILURE() << to_string(bundle.error());
    return {};
  }
  std::vector<std::string> found;
  const auto entries = read_status_updates(*bundle, now());
  if (!entries) return {"not read"};
  for (const StatusEntry& entry : *entries) {
    EXPECT_THAT(entry.faults, ElementsAre());
    if (entry.update) found.push_back(entry.update->terminal_status + "/" + entry.update->status);
  }
  return found;
}

TEST(EpsStatusUpdateFormat1, EachStatusHasItsTask) {
  const auto one = [](const std::string& status, const std::string& delivery) {
    return statuses(legacy(item(status), delivery));
  };
  for (const char* collected : {"Not known", "In-Store Collection"}) {
    EXPECT_THAT(one("Pending", collected), ElementsAre("in-progress/With Pharmacy"));
    EXPECT_THAT(one("Owed", collected), ElementsAre("in-progress/With Pharmacy"));
    EXPECT_THAT(one("PartOwed", collected),
                ElementsAre("in-progress/With Pharmacy - Preparing Remainder"));
    EXPECT_THAT(one("NotDispensed", collected), ElementsAre("completed/Not Dispensed"));
    EXPECT_THAT(one("Cancelled", collected), ElementsAre("completed/Not Dispensed"));
    EXPECT_THAT(one("Expired", collected), ElementsAre("completed/Not Dispensed"));
    EXPECT_THAT(one("ReadyForCollection", collected), ElementsAre("in-progress/Ready to Collect"));
    EXPECT_THAT(one("DispensingComplete", collected), ElementsAre("completed/Collected"));
    EXPECT_THAT(one("Collected", collected), ElementsAre("completed/Collected"));
  }
  for (const char* sent : {"Robot Collection", "Delivery required"}) {
    EXPECT_THAT(one("ReadyForCollection", sent), ElementsAre("in-progress/Ready to Dispatch"));
    EXPECT_THAT(one("DispensingComplete", sent), ElementsAre("completed/Dispatched"));
    EXPECT_THAT(one("Collected", sent), ElementsAre("completed/Dispatched"));
  }
}

TEST(EpsStatusUpdateFormat1, ADispensingThatEndedInNothingIsDropped) {
  for (const char* completed : {"Expired", "NotDispensed", "Cancelled"}) {
    EXPECT_THAT(statuses(legacy(item("DispensingComplete",
                                     R"(,"completedStatus":")" + std::string(completed) + "\"") +
                                "," + item("Pending"))),
                ElementsAre("in-progress/With Pharmacy"));
  }
}

TEST(EpsStatusUpdateFormat1, TheSameMessageGivesTheSameIdsAndEqualItemsEachTheirOwn) {
  const std::string json = legacy(item("Pending") + "," + item("Pending") + "," + item("Owed"));
  const auto ids = [&] {
    std::vector<std::string> found;
    const auto bundle = read_format_1(json, World::get().symbols);
    const auto entries = bundle ? read_status_updates(*bundle, now()) : bundle.error();
    if (entries) {
      for (const StatusEntry& entry : *entries) {
        if (entry.update) found.push_back(entry.update->task_id);
      }
    }
    return found;
  };
  const auto first = ids();
  ASSERT_EQ(first.size(), 3u);
  EXPECT_EQ(first, ids());
  EXPECT_NE(first[0], first[1]);
  EXPECT_NE(first[0], first[2]);
  EXPECT_EQ(first[0][14], '4') << "a version 4 UUID";
}

TEST(EpsStatusUpdateFormat1, WhatIsNoFormat1IsRefusedWithItsPlace) {
  const auto refused = [](const std::string& json) {
    const auto bundle = read_format_1(json, World::get().symbols);
    if (bundle) return std::string("taken");
    return std::string(error_row(bundle.error().code).name) + " " +
           bundle.error().issues.front().expression;
  };
  EXPECT_EQ(refused(legacy(item("Pending") + "," + item("Eaten"))), "invalid items[1].status");
  EXPECT_EQ(refused(legacy("")), "invalid items");
  EXPECT_EQ(refused(legacy(item("Pending"), "Pigeon")), "invalid deliveryType");
  EXPECT_EQ(refused(edited(legacy(item("Pending")), "2026-03-02 09:36:47", "today")),
            "invalid messageDate");
  EXPECT_NE(refused(R"([1,2])"), "taken");
  EXPECT_THAT(refused(R"({"items":)"), testing::HasSubstr("malformed"));
  EXPECT_THAT(refused(""), testing::HasSubstr("malformed"));
}

// ---- the published files ----

TEST(EpsStatusUpdateCorpus, PublishedRequestsAreTakenOrRefusedAsDocumented) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  const auto read = [&](const char* name) {
    return entries_of(concord::test::read_file(*corpus / "status-update" / name));
  };
  for (const char* name : {"request-collected.json", "request-dispatched.json",
                           "request-ready-to-collect.json", "request-ready-to-dispatch.json"}) {
    SCOPED_TRACE(name);
    const auto entries = read(name);
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_THAT(entries[0].faults, ElementsAre());
  }
  const auto several = read("request-multiple-items.json");
  ASSERT_EQ(several.size(), 2u);
  EXPECT_THAT(several[0].faults, ElementsAre());
  EXPECT_THAT(several[1].faults, ElementsAre());
  EXPECT_TRUE(read("request-no-items.json").empty());
  const auto missing = read("request-missing-fields.json");
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_THAT(missing[0].faults,
              ElementsAre("Missing required field(s) - PharmacyODSCode, TaskID."));
}

TEST(EpsStatusUpdateCorpus, ThePublishedLegacyMessageBecomesThreeTasks) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  EXPECT_THAT(statuses(concord::test::read_file(*corpus / "status-update" /
                                                "format-1-request-multiple-items.json")),
              ElementsAre("in-progress/With Pharmacy", "in-progress/With Pharmacy",
                          "completed/Not Dispensed"));
}

}  // namespace
}  // namespace concord::eps::test
