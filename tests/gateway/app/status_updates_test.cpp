// Status updates through reading, store and answer, as callers see them.

#include "gateway/app/status_updates.h"

#include <gmock/gmock.h>

#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/tree/builder.h"
#include "tests/gateway/store/fixture.h"

namespace concord::app {
namespace {

using testing::HasSubstr;

class StatusUpdatesTest : public test::SqliteStoreTest {
 protected:
  void SetUp() override { store_ = open(); }

  api::StatusAnswer record(const std::string& body, const std::string& request_id = "request-1",
                           bool legacy = false) {
    const StatusUpdates updates(*store_, symbols_, {}, clock_.clock(), "node-1");
    auto answer = updates.record({body, legacy, request_id, "app-1"});
    EXPECT_THAT(answer, IsOk());
    return answer ? *std::move(answer) : api::StatusAnswer{0, {}};
  }
  std::string current(const api::StatusQuestion& question) {
    const StatusUpdates updates(*store_, symbols_, {}, clock_.clock(), "node-1");
    auto answer = updates.current(question);
    EXPECT_THAT(answer, IsOk());
    return answer ? *std::move(answer) : std::string();
  }
  std::string published(const std::string& name) {
    const auto corpus = test::corpus("eps");
    return corpus ? test::read_file(*corpus / "status-update" / name) : std::string();
  }
  /// Compact, with the members that hold times emptied.
  std::string shape(const std::string& json) {
    auto read = json::read_plain(json, symbols_);
    if (!read) return to_string(read.error());
    tree::Builder builder(*read);
    std::vector<const tree::Node*> open{&read->root()};
    while (!open.empty()) {
      const tree::Node& node = *open.back();
      open.pop_back();
      for (const tree::Node& child : node.children()) {
        if (read->name(child) == "lastUpdated") {
          builder.set_text(tree::Builder::mutable_node(child), "T");
        }
        open.push_back(&child);
      }
    }
    auto written = json::write(*read);
    return written ? *written : to_string(written.error());
  }

  tree::Symbols symbols_;
  std::unique_ptr<store::Store> store_;
};

std::string task(const std::string& id, const std::string& status = "Ready to Collect",
                 const std::string& prescription = "24F5DA-A83008-7EFE6Z") {
  return R"({"fullUrl":"urn:uuid:)" + id + R"(","resource":{"resourceType":"Task","id":")" + id +
         R"(","basedOn":[{"identifier":{"system":"https://fhir.nhs.uk/Id/prescription-order-number",)"
         R"("value":")" +
         prescription +
         R"("}}],"status":"in-progress","businessStatus":{"coding":[{"system":)"
         R"("https://fhir.nhs.uk/CodeSystem/task-businessStatus-nppt","code":")" +
         status +
         R"("}]},"intent":"order","focus":{"identifier":{"system":)"
         R"("https://fhir.nhs.uk/Id/prescription-order-item-number","value":"item-)" +
         id +
         R"("}},"for":{"identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number",)"
         R"("value":"9990123411"}},"lastModified":"2020-03-02T10:00:00Z","owner":{"identifier":)"
         R"({"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"FZZ99"}}},)"
         R"("request":{"method":"POST","url":"Task"}})";
}

std::string bundle(const std::string& entries) {
  return R"({"resourceType":"Bundle","type":"transaction","entry":[)" + entries + "]}";
}

TEST_F(StatusUpdatesTest, GoodOnesAreCreatedAndCanBeAskedFor) {
  const auto answer = record(bundle(task("a1") + "," + task("b2", "With Pharmacy")));
  EXPECT_EQ(answer.status, 201);
  EXPECT_THAT(answer.body,
              HasSubstr(R"({"fullUrl":"urn:uuid:a1","response":{"status":"201 Created","outcome":)"
                        R"({"resourceType":"OperationOutcome","meta":{"lastUpdated":")"));
  EXPECT_THAT(answer.body,
              HasSubstr(R"("issue":[{"severity":"information","code":"success",)"
                        R"("diagnostics":"No issues detected during validation."}]})"));
  EXPECT_EQ(current({"24F5DA-A83008-7EFE6Z", "", ""}),
            R"({"items":[{"ApplicationName":"app-1","RequestID":"request-1","LastModified":)"
            R"("2020-03-02T10:00:00Z","TerminalStatus":"in-progress","PharmacyODSCode":"FZZ99",)"
            R"("Status":"With Pharmacy","TaskID":"b2","PatientNHSNumber":"9990123411",)"
            R"("LineItemID":"ITEM-B2","PrescriptionID":"24F5DA-A83008-7EFE6Z"},)"
            R"({"ApplicationName":"app-1","RequestID":"request-1","LastModified":)"
            R"("2020-03-02T10:00:00Z","TerminalStatus":"in-progress","PharmacyODSCode":"FZZ99",)"
            R"("Status":"Ready to Collect","TaskID":"a1","PatientNHSNumber":"9990123411",)"
            R"("LineItemID":"ITEM-A1","PrescriptionID":"24F5DA-A83008-7EFE6Z"}]})");
  EXPECT_EQ(current({"480720-A83008-57FF06", "", ""}), R"({"items":[]})");
}

TEST_F(StatusUpdatesTest, OneBadEntryKeepsAllBack) {
  const auto answer = record(bundle(task("a1") + "," + task("b2", "Lost")));
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr(R"("response":{"status":"200 OK","outcome")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("severity":"information","code":"informational",)"
                                     R"("diagnostics":"Data not committed due to issues in other )"
                                     R"(entries.")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("response":{"status":"400 Bad Request","outcome")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("severity":"error","code":"value","diagnostics":)"
                                     R"("Invalid business status.")"));
  EXPECT_EQ(current({"24F5DA-A83008-7EFE6Z", "", ""}), R"({"items":[]})");
}

TEST_F(StatusUpdatesTest, AKnownTaskOfThePrescriptionIsAConflict) {
  ASSERT_EQ(record(bundle(task("a1"))).status, 201);
  const auto answer = record(bundle(task("a1", "Dispatched") + "," + task("b2")), "request-2");
  EXPECT_EQ(answer.status, 400) << "Dispatched is no status of what is in progress";
  const auto conflict = record(bundle(task("a1") + "," + task("b2")), "request-2");
  EXPECT_EQ(conflict.status, 409);
  EXPECT_THAT(conflict.body, HasSubstr(R"("response":{"status":"409 Conflict","outcome")"));
  EXPECT_THAT(conflict.body,
              HasSubstr(R"("issue":[{"severity":"error","code":"duplicate","details":{"coding":[{)"
                        R"("system":"https://fhir.nhs.uk/CodeSystem/http-error-codes",)"
                        R"("code":"REC_CONFLICT"}]},"diagnostics":"Request contains a task id and )"
                        R"(prescription id identical to a record already in the data store."}])"));
  EXPECT_THAT(conflict.body, HasSubstr("Data not committed"));
  EXPECT_THAT(current({"", "9990123411", ""}), testing::Not(HasSubstr("b2")));
}

TEST_F(StatusUpdatesTest, TheSameRequestAgainIsAnsweredAsTheFirstTime) {
  const auto first = record(bundle(task("a1")));
  const auto again = record(bundle(task("a1")));
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(shape(again.body), shape(first.body));
  EXPECT_EQ(number("SELECT count(*) FROM item_status"), 1);
}

TEST_F(StatusUpdatesTest, NoEntriesAreAnEmptyAnswer) {
  const auto answer = record(R"({"resourceType":"Bundle","type":"transaction","entry":[]})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"resourceType":"Bundle","type":"transaction-response"})");
}

TEST_F(StatusUpdatesTest, ARequestWithoutIdOrOfAnotherTypeIsRefusedInABundle) {
  const auto nameless = record(bundle(task("a1")), "");
  EXPECT_EQ(nameless.status, 400);
  EXPECT_THAT(nameless.body, HasSubstr("Missing or empty x-request-id header."));
  const auto other = record(R"({"resourceType":"Bundle","type":"batch"})");
  EXPECT_EQ(other.status, 400);
  EXPECT_THAT(other.body, HasSubstr("Request body does not have resourceType of 'Bundle' and type "
                                    "of 'transaction'."));
}

TEST_F(StatusUpdatesTest, WhatIsNoJsonIsAnError) {
  const StatusUpdates updates(*store_, symbols_, {}, clock_.clock(), "node-1");
  EXPECT_THAT(updates.record({"{", false, "r", ""}), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(updates.record({"{", true, "r", ""}), FailsWith(ErrorCode::malformed));
}

TEST_F(StatusUpdatesTest, LegacyMessagesAreKeptAsWell) {
  const auto answer =
      record(R"({"messageDate":"2020-03-02 09:36:47","prescriptionUUID":"24F5DA-A83008-7EFE6Z",)"
             R"("nHSCHI":"9990123411","deliveryType":"Delivery required","oDSCode":"FZZ99",)"
             R"("items":[{"itemID":"i1","status":"ReadyForCollection"}]})",
             "request-1", true);
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_THAT(current({"24F5DA-A83008-7EFE6Z", "", "FZZ99"}),
              HasSubstr(R"("Status":"Ready to Dispatch")"));
}

TEST_F(StatusUpdatesTest, PublishedRequestsHaveTheirPublishedAnswers) {
  if (!test::corpus("eps")) GTEST_SKIP() << "corpus absent";
  const auto several = record(published("request-multiple-items.json"), "r1");
  EXPECT_EQ(several.status, 201);
  EXPECT_EQ(shape(several.body), shape(published("response-multiple-items.json")));
  const auto single = record(published("request-ready-to-collect.json"), "r2");
  EXPECT_EQ(single.status, 201);
  EXPECT_EQ(shape(single.body), shape(published("response-single-item.json")));
  // The published refusal has response before fullUrl and code before severity: same members.
  std::string wrong = published("request-collected.json");
  wrong.replace(wrong.find("81C13H"), 6, "81C13J");
  const auto refused = record(wrong, "r3");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr(R"("severity":"error","code":"value","diagnostics":)"
                                      R"("Prescription ID is invalid."}])"));
  EXPECT_THAT(refused.body, HasSubstr(R"("status":"400 Bad Request")"));
  const auto missing = record(published("request-missing-fields.json"), "r4");
  EXPECT_EQ(missing.status, 400);
  EXPECT_THAT(missing.body, HasSubstr("Missing required field(s) - PharmacyODSCode, TaskID."));
  EXPECT_EQ(record(published("request-no-items.json"), "r5").status, 200);
  EXPECT_EQ(record(published("request-collected.json"), "r6").status, 201);
  EXPECT_THAT(current({"16B2E0-A83008-81C13H", "", ""}),
              HasSubstr(R"("TerminalStatus":"completed","PharmacyODSCode":"C9Z1O",)"
                        R"("Status":"Collected")"));
}

}  // namespace
}  // namespace concord::app
