// What is no answer, or a broken one: a clear error with its place, never a crash.

#include <gmock/gmock.h>

#include "fhir/json/writer.h"
#include "tests/mappers/eps/world.h"
#include "tests/support/places.h"

namespace concord::eps::test {
namespace {

Result<mappers::Decoded> decode(const std::string& bytes, std::string_view content_type = {}) {
  return World::get().mapper->decode(bytes, content_type, case_parameters(), nullptr);
}

std::string input(const std::string& name, const std::string& file = "input.xml") {
  return concord::test::read_file(concord::test::test_dir() + "/answers/cases/" + name + "/" +
                                  file);
}

/// Without everything from `from` to the end of the first `to` behind it.
std::string without(std::string text, std::string_view from, std::string_view to) {
  const std::size_t start = text.find(from);
  const std::size_t end = text.find(to, start);
  if (start == std::string::npos || end == std::string::npos) {
    ADD_FAILURE() << "not in the text: " << from;
    return text;
  }
  return text.erase(start, end + to.size() - start);
}

struct Broken {
  std::string name, message, detail_code, ends_with, text;
};

TEST(EpsAnswerErrors, AreToldWithElementLineAndColumn) {
  const std::string order = input("order_acute");
  const std::string cancelled = input("cancellation_cancelled");
  const std::string tracker = input("tracker_detail_acute", "input.json");
  const Broken all[] = {
      {"author", without(order, "<author contextControlCode", "</author>"),
       "TOO_FEW_VALUES_SUBMITTED", ".pertinentPrescription", "rx.author.AgentPerson"},
      {"patient", without(order, "<recordTarget", "</recordTarget>"), "TOO_FEW_VALUES_SUBMITTED",
       ".recordTarget", "recordTarget"},
      {"short id", without(order, "<id extension=\"24F5DA", "/>"), "TOO_FEW_VALUES_SUBMITTED", "",
       "rx.id"},
      {"items",
       without(order, "<pertinentInformation2 contextConductionInd", "</pertinentLineItem>"), "",
       "", ""},
      {"time", edited_first(order, "<effectiveTime value=\"2026", "<effectiveTime value=\"2026-"),
       "INVALID_VALUE", ".effectiveTime.value", "is not an HL7 v3 point in time"},
      {"gender",
       edited(order, "<administrativeGenderCode code=\"2\"",
              "<administrativeGenderCode code=\"5\""),
       "INVALID_VALUE", ".administrativeGenderCode.code", "the gender is none EPS knows"},
      {"quantity",
       edited_first(order, "displayName=\"tablet\" value=\"28\"",
                    "displayName=\"tablet\" value=\"many\""),
       "INVALID_VALUE", ".translation.value", "is not a decimal number"},
      {"name use", edited_first(order, "<name use=\"L\">", "<name use=\"ZZ\">"), "INVALID_VALUE",
       ".name.use", "the use of a name is none EPS knows"},
      {"telecom use", edited_first(order, "<telecom use=\"WP\"", "<telecom use=\"EC\""),
       "INVALID_VALUE", ".telecom.use", "the use of a telecom is none EPS knows"},
      {"cancellation",
       edited(cancelled, "code=\"0001\" displayName=\"Prescription/item was cancelled\"",
              "code=\"0042\" displayName=\"x\""),
       "INVALID_VALUE", ".pertinentResponse.value.code",
       "the response to the cancellation is none EPS knows"},
      {"acknowledgement",
       edited("<MCCI_IN010000UK13 xmlns=\"urn:hl7-org:v3\"><acknowledgement "
              "typeCode=\"AA\"/></MCCI_IN010000UK13>",
              "AA", "ZZ"),
       "INVALID_VALUE", ".typeCode", "the typeCode of the acknowledgement is not AA, AE, AR or ER"},
      {"tracker status",
       edited(tracker, R"("prescriptionStatus": "With Dispenser")",
              R"("prescriptionStatus": "Lost")"),
       "INVALID_VALUE", ".prescriptionStatus", "the status of a prescription is none EPS knows"},
      {"tracker item",
       edited_first(tracker, R"("itemStatus": "With Dispenser")", R"("itemStatus": "Lost")"),
       "INVALID_VALUE", ".itemStatus", "the status of an item is none EPS knows"},
      {"tracker date",
       edited(tracker, R"("prescriptionIssueDate": "20260301)",
              R"("prescriptionIssueDate": "2026-03-01)"),
       "INVALID_VALUE", ".prescriptionIssueDate", "is not an HL7 v3 date"},
  };
  for (const Broken& broken : all) {
    SCOPED_TRACE(broken.name);
    const auto decoded = decode(broken.message);
    if (broken.detail_code.empty()) {
      EXPECT_FALSE(decoded.has_value());
      continue;
    }
    ASSERT_THAT(decoded, FailsWith(ErrorCode::invalid));
    const Issue& issue = decoded.error().issues.front();
    EXPECT_EQ(issue.detail_code, broken.detail_code) << told(issue);
    EXPECT_THAT(issue.expression, testing::EndsWith(broken.ends_with)) << told(issue);
    EXPECT_THAT(issue.text, testing::HasSubstr(broken.text)) << told(issue);
    EXPECT_GT(issue.position.line, 0u);
    EXPECT_GT(issue.position.column, 0u);
  }
}

TEST(EpsAnswerErrors, PositionsAreThoseOfTheWholePackage) {
  const std::string message =
      "--b\r\nContent-Type: text/xml\r\n\r\n<?xml version=\"1.0\"?>\r\n<a/>\r\n--b\r\n"
      "Content-Type: application/xml\r\n\r\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
      "<MCCI_IN010000UK13>\r\n  <acknowledgement "
      "typeCode=\"ZZ\"/>\r\n</MCCI_IN010000UK13>\r\n--b--";
  const auto decoded = decode(message);
  ASSERT_THAT(decoded, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(decoded.error().issues.front().position, (Position{11, 30}));
}

TEST(EpsAnswerErrors, WhatIsNoMessageIsToldApart) {
  EXPECT_THAT(decode(""), FailsWith(ErrorCode::unsupported));
  EXPECT_THAT(decode("   \n"), FailsWith(ErrorCode::unsupported));
  EXPECT_THAT(decode("plain text"), FailsWith(ErrorCode::unsupported));
  EXPECT_THAT(decode("<html><body>Bad gateway</body></html>"), FailsWith(ErrorCode::unsupported));
  EXPECT_THAT(decode("{}"), FailsWith(ErrorCode::unsupported));
  EXPECT_THAT(decode(R"({"resourceType":"Patient"})"), FailsWith(ErrorCode::unsupported));
  EXPECT_THAT(decode("{"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(decode("[]"), FailsWith(ErrorCode::unsupported));
  EXPECT_THAT(decode("<MCCI_IN010000UK13><id"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(decode("<x:MCCI_IN010000UK13/>"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(decode("<?xml version='1.0' encoding='UTF-16'?><MCCI_IN010000UK13/>"),
              FailsWith(ErrorCode::malformed));
  EXPECT_THAT(decode("<!DOCTYPE a [<!ENTITY b 'c'>]><MCCI_IN010000UK13>&b;</MCCI_IN010000UK13>"),
              FailsWith(ErrorCode::malformed));
}

TEST(EpsAnswerErrors, SizeDepthAndCountAreBounded) {
  EXPECT_THAT(decode(std::string(5u << 20, '<')), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(decode("{" + std::string(5u << 20, ' ')), FailsWith(ErrorCode::too_long));
  std::string deep = "<MCCI_IN010000UK13>";
  for (int level = 0; level < 10'000; ++level) deep += "<a>";
  for (int level = 0; level < 10'000; ++level) deep += "</a>";
  EXPECT_THAT(decode(deep + "</MCCI_IN010000UK13>"), FailsWith(ErrorCode::too_long));
  std::string json = R"({"statusCode":"0","prescriptions":)";
  for (int level = 0; level < 10'000; ++level) json += R"({"a":)";
  EXPECT_FALSE(decode(json).has_value());
  std::string many = "<MCCI_IN010000UK13>";
  for (int count = 0; count < 300'000; ++count) many += "<a/>";
  EXPECT_THAT(decode(many + "</MCCI_IN010000UK13>"), FailsWith(ErrorCode::too_long));
}

TEST(EpsAnswerErrors, EveryCutOfAMessageIsRefusedOrRead) {
  for (const std::string& message :
       {input("cancellation_cancelled"), input("release_failed_beside_passed"),
        input("tracker_detail_acute", "input.json"), input("tracker_document")}) {
    const std::size_t step = std::max<std::size_t>(1, message.size() / 150);
    for (std::size_t length = 0; length < message.size(); length += step) {
      const auto decoded = decode(message.substr(0, length));
      if (!decoded) {
        EXPECT_NE(decoded.error().code, ErrorCode::internal);
      }
    }
  }
}

TEST(EpsAnswerErrors, ADocumentOfTheTrackerMustUnpack) {
  const auto document = [](const std::string& content) {
    return "<GET_PRESCRIPTION_DOCUMENT_RESPONSE_INUK01 xmlns=\"urn:hl7-org:v3\"><content>" +
           content + "</content></GET_PRESCRIPTION_DOCUMENT_RESPONSE_INUK01>";
  };
  EXPECT_THAT(decode(document("%%%")), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(decode(document("AAAA")), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(decode(document("")), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(decode("<GET_PRESCRIPTION_DOCUMENT_RESPONSE_INUK01/>"),
              FailsWith(ErrorCode::invalid));
  // 8 MB of zeros in 8 KB.
  std::string bomb = concord::test::read_file(concord::test::test_dir() + "/answers/bomb.txt");
  while (!bomb.empty() && (bomb.back() == '\n')) bomb.pop_back();
  EXPECT_THAT(decode(document(bomb)), FailsWith(ErrorCode::too_long));
}

TEST(EpsAnswerErrors, AFaultInTheMessageItselfIsNotTakenForOurs) {
  const std::string message = input("release_failed_beside_passed");
  const auto forged =
      decode(edited_first(message, "<seperatableInd value=\"false\"/>",
                          "<seperatableInd value=\"false\"/><fault>Forged</fault>"));
  ASSERT_THAT(forged, IsOk());
  const auto written = json::write(*forged->resource);
  ASSERT_THAT(written, IsOk());
  EXPECT_THAT(*written, testing::Not(testing::HasSubstr("Forged")));
  EXPECT_THAT(*written, testing::HasSubstr(R"("total":1)"));
}

TEST(EpsAnswerAcknowledgement, ContentNobodyCanTranslateIsAcceptedAllTheSame) {
  const std::string broken =
      edited_first(input("release_failed_beside_passed"), "<administrativeGenderCode code=\"",
                   "<administrativeGenderCode code=\"7");
  EXPECT_THAT(decode(broken), FailsWith(ErrorCode::invalid));
  const auto said = World::get().mapper->read_acknowledgement(broken, {});
  ASSERT_THAT(said, IsOk());
  EXPECT_EQ(said->verdict, mappers::Acknowledgement::Verdict::accepted);
}

TEST(EpsAnswerAcknowledgement, ARejectedReleaseIsRefusedForItsReason) {
  const auto said =
      World::get().mapper->read_acknowledgement(input("rejection_with_another_dispenser"), {});
  ASSERT_THAT(said, IsOk());
  EXPECT_EQ(said->verdict, mappers::Acknowledgement::Verdict::refused);
  ASSERT_EQ(said->issues.size(), 1u);
  EXPECT_EQ(said->issues.front().detail_code, "PRESCRIPTION_WITH_ANOTHER_DISPENSER");
}

TEST(EpsAnswerAcknowledgement, AnAnswerThatNamesItselfRefersToTheRequestOfItsContent) {
  const auto said = World::get().mapper->read_acknowledgement(input("cancellation_cancelled"), {});
  ASSERT_THAT(said, IsOk());
  EXPECT_EQ(said->refers_to, "7B1F3C5D-2A4E-4F60-8C1D-9E0A1B2C3D4F");
}

TEST(EpsAnswerAcknowledgement, ThePrescriptionItselfIsNoAnswer) {
  EXPECT_THAT(World::get().mapper->read_acknowledgement(input("order_acute"), {}),
              FailsWith(ErrorCode::unsupported));
}

}  // namespace
}  // namespace concord::eps::test
