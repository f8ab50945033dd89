// Every row of the tables of codes: eps.md sections 8.2, 14.2, 14.3 and 15.

#include <gmock/gmock.h>

#include "fhir/json/writer.h"
#include "tests/mappers/eps/world.h"
#include "tests/support/places.h"

namespace concord::eps::test {
namespace {

constexpr std::string_view kEps = "https://fhir.nhs.uk/CodeSystem/EPS-IssueCode";
constexpr std::string_view kSpine = "https://fhir.nhs.uk/CodeSystem/Spine-ErrorOrWarningCode";

Result<mappers::Decoded> decode(const std::string& bytes) {
  return World::get().mapper->decode(bytes, {}, case_parameters(), nullptr);
}

std::string json_of(const Result<mappers::Decoded>& decoded) {
  if (!decoded) return to_string(decoded.error());
  const auto written = json::write(*decoded->resource);
  return written ? *written : to_string(written.error());
}

std::string answer(const std::string& interaction, const std::string& code,
                   const std::string& event) {
  return "<" + interaction +
         " xmlns=\"urn:hl7-org:v3\"><id root=\"A\"/><acknowledgement typeCode=\"" + code +
         "\"><messageRef><id root=\"M\"/></messageRef></acknowledgement>" +
         "<ControlActEvent classCode=\"CACT\" moodCode=\"EVN\">" + event + "</ControlActEvent></" +
         interaction + ">";
}

/// One row of 14.2 or 14.3; an empty display stands for what Spine says.
struct Row {
  std::string_view code, issue, system, published, display;
};

std::string outcome(const Row& row, std::string_view severity) {
  const std::string_view display = row.display.empty() ? "What Spine says" : row.display;
  return R"({"resourceType":"OperationOutcome","meta":{"lastUpdated":"2026-03-02T10:15:00+00:00"},)"
         R"("issue":[{"severity":")" +
         std::string(severity) + R"(","code":")" + std::string(row.issue) +
         R"(","details":{"coding":[{"system":")" + std::string(row.system) + R"(","code":")" +
         std::string(row.published) + R"(","display":")" + std::string(display) + R"("}]}}]})";
}

void expect_rows(std::span<const Row> rows, const std::string& system) {
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.code));
    const auto decoded = decode(answer(
        "MCCI_IN010000UK13", "AE",
        "<reason><justifyingDetectedIssueEvent><code codeSystem=\"2.16.840.1.113883.2.1.3.2.4." +
            system + "\" code=\"" + std::string(row.code) +
            "\" displayName=\"What Spine says\"/></justifyingDetectedIssueEvent></reason>"));
    const bool informational = row.issue == "informational";
    EXPECT_EQ(json_of(decoded), outcome(row, informational ? "information" : "error"));
    EXPECT_EQ(decoded ? decoded->status : 0, informational ? 200 : 400);
  }
}

TEST(EpsAnswerCodes, PrescribingCodesAreThePublishedOnes) {
  constexpr Row kRows[] = {
      {"0001", "business-rule", kEps, "PATIENT_DECEASED", "Patient is recorded as dead"},
      {"0002", "duplicate", kEps, "DUPLICATE_PRESCRIPTION_ID", "Duplicate prescription ID exists"},
      {"0003", "business-rule", kEps, "MISSING_DIGITAL_SIGNATURE", "Digital signature not found"},
      {"0005", "not-found", kEps, "PRESCRIPTION_NOT_FOUND",
       "Prescription can not be found. Contact prescriber"},
      {"0007", "code-invalid", kSpine, "INVALID_RESOURCE_ID", "Resource id not valid"},
      {"0008", "value", kSpine, "MISSING_VALUE", ""},
      {"0009", "structure", kEps, "INVALID_MESSAGE", "Invalid Message"},
      {"7002", "structure", kEps, "INVALID_MESSAGE", "Invalid Message"},
      {"0010", "business-rule", kEps, "INVALID_NUMBER_MEDICATIONREQUESTS",
       "Number of items on a prescription should be between 1 and 4"},
      {"0012", "business-rule", kEps, "PRESCRIPTION_INVALID_STATE_TRANSITION",
       "Invalid State Transition for Prescription"},
      {"0013", "business-rule", kEps, "MEDICATIONREQUEST_INVALID_STATE_TRANSITION",
       "Invalid State Transition for Prescription Item"},
      {"0014", "not-found", kEps, "MEDICATIONREQUEST_NOT_FOUND", "Prescription Item Not found"},
      {"0015", "business-rule", kEps, "CLAIM_INVALID_NOT_DISPENSED",
       "Invalid Claim. Prescription is not Dispensed"},
      {"0018", "business-rule", kEps, "MISMATCH_AUTHORISED_REPEAT_COUNT",
       "Mismatch in authorised repeat counts"},
      {"0019", "business-rule", kEps, "INVALID_REPEAT_COUNT",
       "Repeat count should be between 1 and 99"},
      {"0021", "business-rule", kEps, "DISPENSE_AMEND_IDENTIFIER_MISMATCH",
       "Dispense Amendment/Cancellation Request does not pertain to Last Dispense"},
      {"0099", "conflict", kSpine, "RESOURCE_VERSION_MISMATCH", "Resource version mismatch"},
      {"0100", "business-rule", kSpine, "CLAIM_AMEND_PERIOD_ISSUE",
       "Claim amendment is not permitted outside of the claim period"},
      {"5008", "duplicate", kEps, "DUPLICATE_MEDICATIONREQUEST_ID", "Duplicate item ID exists"},
      {"5009", "value", kEps, "INVALID_CHECK_DIGIT", "Error in check digit"},
      {"9006", "value", kEps, "INVALID_DATE_FORMAT", "Format of date passed is invalid"},
      {"9999", "processing", kSpine, "FAILURE_TO_PROCESS_MESSAGE", ""},
      {"4242", "invalid", kSpine, "ERROR", ""},
  };
  expect_rows(kRows, "17.22");
}

TEST(EpsAnswerCodes, DispensingCodesAreThePublishedOnes) {
  constexpr Row kRows[] = {
      {"0001", "business-rule", kEps, "PRESCRIPTION_CANCELLED", "Prescription has been cancelled"},
      {"0002", "business-rule", kEps, "PRESCRIPTION_EXPIRED", "Prescription has expired"},
      {"0003", "not-found", kSpine, "RESOURCE_NOT_FOUND", "Resource not found"},
      {"0004", "business-rule", kEps, "PRESCRIPTION_WITH_ANOTHER_DISPENSER",
       "Prescription is with another dispenser"},
      {"0005", "business-rule", kEps, "PRESCRIPTION_DISPENSED", "Prescription has been dispensed"},
      {"0006", "informational", kEps, "NO_MORE_PRESCRIPTIONS", "No more prescriptions available"},
      {"0007", "exception", kEps, "SERVICE_DISABLED", "Functionality disabled in spine"},
      {"0099", "conflict", kSpine, "RESOURCE_VERSION_MISMATCH", "Resource version mismatch"},
      {"5000", "processing", kSpine, "FAILURE_TO_PROCESS_MESSAGE", ""},
      {"5888", "invalid", kEps, "INVALID_MESSAGE", "Invalid message"},
      {"9006", "value", kEps, "INVALID_DATE_FORMAT", "Format of date passed is invalid"},
      {"4242", "invalid", kSpine, "ERROR", ""},
  };
  expect_rows(kRows, "16.34");
}

TEST(EpsAnswerCodes, CodesOfOtherSystemsGoOnAsSpineSentThem) {
  constexpr Row kRows[] = {{"202", "invalid", kSpine, "202", ""}};
  expect_rows(kRows, "17.32");
}

TEST(EpsAnswerCodes, EveryReasonIsAnIssue) {
  const std::string reason =
      "<reason><justifyingDetectedIssueEvent><code "
      "codeSystem=\"2.16.840.1.113883.2.1.3.2.4.17.22\" "
      "code=\"";
  const std::string end = "\"/></justifyingDetectedIssueEvent></reason>";
  const auto decoded =
      decode(answer("MCCI_IN010000UK13", "ER", reason + "0001" + end + reason + "5009" + end));
  const std::string json = json_of(decoded);
  EXPECT_THAT(json, testing::HasSubstr("PATIENT_DECEASED"));
  EXPECT_THAT(json, testing::HasSubstr("INVALID_CHECK_DIGIT"));
  EXPECT_LT(json.find("PATIENT_DECEASED"), json.find("INVALID_CHECK_DIGIT"));
}

TEST(EpsAnswerCodes, ARefusalWithoutReasonIsAFailureOfTheOtherSide) {
  const auto decoded = decode(answer("MCCI_IN010000UK13", "AE", ""));
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(decoded->status, 500);
}

TEST(EpsAnswerCodes, AReleaseThatWasRefusedGivesItsReasons) {
  for (const std::string interaction : {"PORX_IN070101UK31", "PORX_IN070103UK31"}) {
    const auto decoded = decode(answer(interaction, "AE",
                                       "<reason><justifyingDetectedIssueEvent><code "
                                       "codeSystem=\"2.16.840.1.113883.2.1.3.2.4.16.34\" "
                                       "code=\"0003\"/></justifyingDetectedIssueEvent></reason>"));
    EXPECT_THAT(json_of(decoded), testing::HasSubstr("RESOURCE_NOT_FOUND"));
    EXPECT_EQ(decoded ? decoded->status : 0, 400);
  }
}

std::string cancellation(const std::string& acknowledged, const std::string& code,
                         const std::string& display) {
  std::string message = concord::test::read_file(concord::test::test_dir() +
                                                 "/answers/cases/cancellation_cancelled/input.xml");
  message = edited_first(message, "typeCode=\"AA\"", "typeCode=\"" + acknowledged + "\"");
  return edited_first(message, "code=\"0001\" displayName=\"Prescription/item was cancelled\"",
                      "code=\"" + code + "\" displayName=\"" + display + "\"");
}

TEST(EpsAnswerCodes, ACancellationsResponseIsTheStatusOfTheItem) {
  const struct {
    std::string code, display, status;
  } rows[] = {
      {"0001", "Prescription/item was cancelled", "cancelled"},
      {"0002", "Prescription/item was not cancelled. With dispenser. Marked for cancellation",
       "active"},
      {"0003",
       "Prescription/item was not cancelled. With dispenser active. Marked for cancellation",
       "active"},
      {"0004", "Prescription/item was not cancelled. Prescription has been dispensed.",
       "completed"},
      {"0005", "Prescription/item has expired", "stopped"},
      {"0006", "Prescription/item had already been cancelled", "cancelled"},
      {"0007", "Prescription/item cancellation requested by another prescriber", "unknown"},
      {"0010", "Prescription/item was not cancelled. Prescription has been not dispensed.",
       "stopped"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.code);
    const std::string acknowledged = row.code == "0001" ? "AA" : "AE";
    const std::string message = cancellation(acknowledged, row.code, "Spine's words");
    const auto decoded = decode(message);
    const std::string json = json_of(decoded);
    EXPECT_THAT(
        json,
        testing::HasSubstr(
            R"("system":"https://fhir.nhs.uk/CodeSystem/medicationrequest-status-history","code":"R-)" +
            row.code + R"(","display":")" + row.display + "\""));
    EXPECT_THAT(json, testing::HasSubstr(R"("status":")" + row.status + R"(","intent":"order")"));
    EXPECT_EQ(decoded ? decoded->status : 0, row.code == "0001" ? 200 : 400);

    const auto said = World::get().mapper->read_acknowledgement(message, {});
    ASSERT_THAT(said, IsOk());
    EXPECT_EQ(said->verdict == mappers::Acknowledgement::Verdict::accepted, row.code == "0001");
    if (row.code == "0001") continue;
    ASSERT_EQ(said->issues.size(), 1u);
    EXPECT_EQ(said->issues.front().detail_code, "R-" + row.code);
    EXPECT_EQ(said->issues.front().text, row.display);
  }
}

TEST(EpsAnswerCodes, ACancellationThatFoundNothingIsAnOutcome) {
  const struct {
    std::string code, issue, display;
  } rows[] = {
      {"0008", "not-found", "Prescription/item not found"},
      {"0009", "not-supported", "Cancellation functionality disabled in SPINE"},
      {"5000", "processing", "Spine's words"},
      {"5888", "invalid", "Invalid Message."},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.code);
    const std::string message = cancellation("AE", row.code, "Spine's words");
    const auto decoded = decode(message);
    EXPECT_EQ(
        json_of(decoded),
        R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":")" + row.issue +
            R"(","details":{"coding":[{"system":"https://fhir.nhs.uk/CodeSystem/medicationrequest-status-history","code":"R-)" +
            row.code + R"(","display":")" + row.display + R"("}]}}]})");
    EXPECT_EQ(decoded ? decoded->status : 0, 400);
    const auto said = World::get().mapper->read_acknowledgement(message, {});
    ASSERT_THAT(said, IsOk());
    EXPECT_EQ(said->verdict, mappers::Acknowledgement::Verdict::refused);
    EXPECT_EQ(said->issues.front().detail_code, "R-" + row.code);
  }
}

std::string tracked(std::string_view from, std::string_view to) {
  return edited_first(concord::test::read_file(concord::test::test_dir() +
                                               "/answers/cases/tracker_detail_acute/input.json"),
                      from, to);
}

TEST(EpsAnswerCodes, TheTrackersStatusIsTheStatusOfTheTask) {
  const struct {
    std::string said, status, business;
  } rows[] = {
      {"Awaiting Release Ready", "requested", "0000"},
      {"To Be Dispensed", "requested", "0001"},
      {"With Dispenser", "accepted", "0002"},
      {"With Dispenser - Active", "in-progress", "0003"},
      {"Expired", "failed", "0004"},
      {"Cancelled", "cancelled", "0005"},
      {"Dispensed", "completed", "0006"},
      {"Not Dispensed", "completed", "0007"},
      {"Claimed", "completed", "0008"},
      {"No-Claimed", "completed", "0009"},
      {"Repeat Dispense future instance", "requested", "9000"},
      {"Prescription future instance", "requested", "9001"},
      {"Cancelled future instance", "cancelled", "9005"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.said);
    const auto decoded = decode(tracked(R"("prescriptionStatus": "With Dispenser")",
                                        R"("prescriptionStatus": ")" + row.said + "\""));
    EXPECT_THAT(
        json_of(decoded),
        testing::HasSubstr(
            R"("status":")" + row.status +
            R"(","businessStatus":{"coding":[{"system":"https://fhir.nhs.uk/CodeSystem/EPS-task-business-status","code":")" +
            row.business + R"(","display":")" + row.said + "\"}]}"));
  }
}

TEST(EpsAnswerCodes, TheTrackersItemStatusIsADispenseStatus) {
  const struct {
    std::string said, code;
  } rows[] = {{"Dispensed", "0001"},           {"Not Dispensed", "0002"},
              {"Dispensed - Partial", "0003"}, {"Not Dispensed - Owing", "0004"},
              {"Cancelled", "0005"},           {"Expired", "0006"},
              {"To be Dispensed", "0007"},     {"With Dispenser", "0008"}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.said);
    const auto decoded = decode(
        tracked(R"("itemStatus": "With Dispenser")", R"("itemStatus": ")" + row.said + "\""));
    EXPECT_THAT(
        json_of(decoded),
        testing::HasSubstr(
            R"({"url":"dispenseStatus","valueCoding":{"system":"https://fhir.nhs.uk/CodeSystem/medicationdispense-type","code":")" +
            row.code + R"(","display":")" + row.said + "\"}}"));
  }
}

TEST(EpsAnswerCodes, TheTrackersTreatmentTypeIsACourseOfTherapy) {
  const struct {
    std::string said, code;
  } rows[] = {{"Acute Prescription", "acute"},
              {"Repeat Prescribing", "continuous"},
              {"Repeat Dispensing", "continuous-repeat-dispensing"}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.said);
    const auto decoded = decode(tracked("Acute Prescription", row.said));
    EXPECT_THAT(json_of(decoded), testing::HasSubstr(R"("code":")" + row.code + "\""));
  }
}

}  // namespace
}  // namespace concord::eps::test
