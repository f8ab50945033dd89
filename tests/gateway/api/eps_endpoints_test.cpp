// Endpoints of the national EPS APIs: status updates, $dose-to-text, and the status of refusals.

#include "tests/gateway/api/calling.h"

namespace concord::api {
namespace {

using ::testing::HasSubstr;

Issue published(std::string code, std::string text) {
  Issue issue;
  issue.code = std::move(code);
  issue.text = std::move(text);
  issue.wording = Wording::diagnostics;
  return issue;
}

TEST(PublishedIssues, AreWrittenWordForWordWithTheirStatus) {
  Calling calling;
  Error error;
  error.code = ErrorCode::invalid;
  error.issues.push_back(published("value", "MedicationRequest.status must be active."));
  error.issues.back().expression = "Bundle.entry.resource.ofType(MedicationRequest).status";
  Issue coded;
  coded.severity = Severity::fatal;
  coded.code = "invalid";
  coded.text = "needs at least 1 of identifier";
  coded.detail_code = "TOO_FEW_VALUES_SUBMITTED";
  coded.detail_system = "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode";
  coded.wording = Wording::display;
  coded.expression = "Bundle.identifier";
  error.issues.push_back(coded);
  Issue bare = published("invalid", "Sequence numbers are missing.");
  bare.detail_code = "MISSING_VALUE";
  error.issues.push_back(bare);
  calling.fails = error;
  const auto response = calling.post("/FHIR/R4/$process-message");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(
      response.body,
      R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"value",)"
      R"("diagnostics":"MedicationRequest.status must be active.",)"
      R"("expression":["Bundle.entry.resource.ofType(MedicationRequest).status"]},)"
      R"({"severity":"fatal","code":"invalid","details":{"coding":[{"system":)"
      R"("https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode",)"
      R"("code":"TOO_FEW_VALUES_SUBMITTED","display":"needs at least 1 of identifier"}]},)"
      R"("expression":["Bundle.identifier"]},{"severity":"error","code":"invalid","details":)"
      R"({"coding":[{"code":"MISSING_VALUE"}]},"diagnostics":"Sequence numbers are missing."}]})");
}

TEST(PublishedIssues, ThatAllForbidAre403) {
  Calling calling;
  Error error;
  error.code = ErrorCode::invalid;
  error.issues = {published("forbidden", "no scope")};
  calling.fails = error;
  EXPECT_EQ(calling.post("/FHIR/R4/$process-message").status, 403);
  error.issues.push_back(published("value", "something else"));
  calling.fails = error;
  EXPECT_EQ(calling.post("/FHIR/R4/$process-message").status, 400);
}

TEST(StatusUpdate, BodyAndIdentityReachTheServiceAndItsAnswerComesBack) {
  Calling calling;
  std::vector<StatusRequest> seen;
  calling.services.record_statuses = [&](const StatusRequest& request) -> Result<StatusAnswer> {
    seen.push_back(request);
    return StatusAnswer{409, "{}"};
  };
  const auto response =
      calling.call({"POST",
                    "/prescription-status-update",
                    {{"content-type", "application/fhir+json"}, {"nhsd-application-id", "app-1"}},
                    R"({"a":1})"});
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.body, "{}");
  EXPECT_EQ(field(response, "Content-Type"), "application/fhir+json; charset=utf-8");
  const auto legacy = calling.call({"POST",
                                    "/prescription-status-update/format-1",
                                    {{"content-type", "application/json"}},
                                    R"({"b":1})"});
  EXPECT_EQ(legacy.status, 409);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].body, R"({"a":1})");
  EXPECT_EQ(seen[0].request_id, "r1");
  EXPECT_EQ(seen[0].application, "app-1");
  EXPECT_FALSE(seen[0].legacy);
  EXPECT_TRUE(seen[1].legacy);
}

TEST(StatusUpdate, IsReadAsJsonAndServedOnlyWhereStatusesAreKept) {
  Calling calling;
  EXPECT_EQ(calling.post("/prescription-status-update").status, 422);
  calling.services.record_statuses = [](const StatusRequest&) -> Result<StatusAnswer> {
    return StatusAnswer{};
  };
  EXPECT_EQ(calling
                .call({"POST",
                       "/prescription-status-update",
                       {{"content-type", "application/fhir+xml"}},
                       "<Bundle/>"})
                .status,
            422);
  EXPECT_EQ(calling.post("/prescription-status-update").status, 201);
}

TEST(StatusUpdate, CurrentStatusesNeedAPrescriptionOrAPatient) {
  Calling calling;
  StatusQuestion asked;
  calling.services.current_statuses = [&](const StatusQuestion& question) -> Result<std::string> {
    asked = question;
    return std::string(R"({"items":[]})");
  };
  const std::string path = "/prescription-status-update/checkprescriptionstatusupdates";
  EXPECT_EQ(calling.call({.target = path}).status, 422);
  EXPECT_EQ(calling.call({.target = path + "?odscode=FZZ99"}).status, 422);
  const auto found =
      calling.call({.target = path + "?prescriptionid=24f5da-a83008-7efe6z&odscode=fzz99"});
  EXPECT_EQ(found.status, 200);
  EXPECT_EQ(found.body, R"({"items":[]})");
  EXPECT_EQ(field(found, "Content-Type"), "application/json");
  EXPECT_EQ(asked.prescription, "24F5DA-A83008-7EFE6Z");
  EXPECT_EQ(asked.organisation, "FZZ99");
}

constexpr std::string_view kTwice =
    R"({"resourceType":"MedicationRequest","identifier":[{"system":"urn:x","value":"1"}],)"
    R"("dosageInstruction":[{"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d"}}}]})";

TEST(DoseToText, AnswersAListOrLines) {
  Calling calling;
  const std::string bundle =
      R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":)"
      R"("MedicationDispense","dosageInstruction":[{"asNeededBoolean":true}]}},{"resource":)" +
      std::string(kTwice) + "}]}";
  const auto list = calling.post("/FHIR/R4/$dose-to-text", bundle);
  EXPECT_EQ(list.status, 200) << list.body;
  EXPECT_EQ(list.body, R"([{"identifier":[{"system":"urn:x","value":"1"}],"dosageInstructionText":)"
                       R"("twice a day"},{"dosageInstructionText":"as required"}])");
  const auto lines =
      calling.call({"POST",
                    "/FHIR/R4/$dose-to-text",
                    {{"content-type", "application/fhir+json"}, {"accept", "text/plain"}},
                    bundle});
  EXPECT_EQ(lines.status, 200);
  EXPECT_EQ(lines.body, "twice a day\nas required\n");
  EXPECT_EQ(field(lines, "Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(calling.post("/FHIR/R4/$dose-to-text", std::string(kTwice)).body,
            R"([{"identifier":[{"system":"urn:x","value":"1"}],"dosageInstructionText":)"
            R"("twice a day"}])");
}

TEST(DoseToText, WhatCannotBeToldIsRefusedWithItsPlace) {
  Calling calling;
  const auto response = calling.post(
      "/FHIR/R4/$dose-to-text",
      R"({"resourceType":"MedicationRequest","dosageInstruction":[{"method":{"coding":[{"code":"1"}]}}]})");
  EXPECT_EQ(response.status, 422);
  EXPECT_THAT(response.body, HasSubstr("dosageInstruction[0].method"));
  EXPECT_EQ(calling.post("/FHIR/R4/$dose-to-text", R"({"resourceType":"Patient","id":"1"})").status,
            422);
  EXPECT_EQ(
      calling.post("/FHIR/R4/$dose-to-text", R"({"resourceType":"Bundle","type":"collection"})")
          .body,
      "[]");
}

}  // namespace
}  // namespace concord::api
