// Spine's answers: alone, in SOAP, in MIME.

#include <gmock/gmock.h>

#include "tests/mappers/eps/world.h"

namespace concord::eps::test {
namespace {

using Verdict = mappers::Acknowledgement::Verdict;

std::string answer(const std::string& acknowledgement, const std::string& event = {}) {
  return "<MCCI_IN010000UK13 xmlns=\"urn:hl7-org:v3\"><id root=\"A\"/>" + acknowledgement +
         "<ControlActEvent classCode=\"CACT\">" + event + "</ControlActEvent></MCCI_IN010000UK13>";
}

Result<mappers::Acknowledgement> read(const std::string& bytes) {
  return World::get().mapper->read_acknowledgement(bytes, "application/xml");
}

TEST(EpsAcknowledgement, AcceptedNamesTheMessageItAnswers) {
  const auto read_answer =
      read(answer("<acknowledgement typeCode=\"AA\"><messageRef><id "
                  "root=\"7c069170\"/></messageRef></acknowledgement>"));
  ASSERT_THAT(read_answer, IsOk());
  EXPECT_EQ(read_answer->verdict, Verdict::accepted);
  EXPECT_EQ(read_answer->code, "AA");
  EXPECT_EQ(read_answer->refers_to, "7c069170");
  EXPECT_TRUE(read_answer->final);
  EXPECT_TRUE(read_answer->issues.empty());
}

TEST(EpsAcknowledgement, AnErrorGivesThePublishedCodeOfEachReason) {
  const auto read_answer = read(answer(
      "<acknowledgement typeCode=\"AE\"><messageRef><id "
      "root=\"M\"/></messageRef></acknowledgement>",
      "<reason><justifyingDetectedIssueEvent><code "
      "codeSystem=\"2.16.840.1.113883.2.1.3.2.4.17.22\" "
      "code=\"0002\" displayName=\"x\"/></justifyingDetectedIssueEvent></reason>"
      "<reason><justifyingDetectedIssueEvent><code "
      "codeSystem=\"2.16.840.1.113883.2.1.3.2.4.16.34\" "
      "code=\"5000\" displayName=\"Unable to process\"/></justifyingDetectedIssueEvent></reason>"));
  ASSERT_THAT(read_answer, IsOk());
  EXPECT_EQ(read_answer->verdict, Verdict::refused);
  const std::vector<Issue> expected{Issue{Severity::error,
                                          {},
                                          "Duplicate prescription ID exists",
                                          {},
                                          "duplicate",
                                          "DUPLICATE_PRESCRIPTION_ID"},
                                    Issue{Severity::error,
                                          {},
                                          "Unable to process",
                                          {},
                                          "processing",
                                          "FAILURE_TO_PROCESS_MESSAGE"}};
  EXPECT_EQ(read_answer->issues, expected);
}

TEST(EpsAcknowledgement, ARejectionGivesTheDetailAsSpineSentIt) {
  const auto read_answer =
      read(answer("<acknowledgement typeCode=\"AR\"><acknowledgementDetail typeCode=\"ER\"><code "
                  "codeSystem=\"2.16.840.1.113883.2.1.3.2.4.17.32\" code=\"202\" "
                  "displayName=\"Duplicate HL7 ID "
                  "Error\"/></acknowledgementDetail><messageRef><id "
                  "root=\"M\"/></messageRef></acknowledgement>"));
  ASSERT_THAT(read_answer, IsOk());
  const std::vector<Issue> expected{
      Issue{Severity::error, {}, "Duplicate HL7 ID Error", {}, "invalid", "202"}};
  EXPECT_EQ(read_answer->issues, expected);
}

TEST(EpsAcknowledgement, ARefusalWithoutReasonIsStillOne) {
  const auto read_answer =
      read(answer("<acknowledgement typeCode=\"ER\"><messageRef><id "
                  "root=\"M\"/></messageRef></acknowledgement>"));
  ASSERT_THAT(read_answer, IsOk());
  EXPECT_EQ(read_answer->verdict, Verdict::refused);
  ASSERT_EQ(read_answer->issues.size(), 1u);
  EXPECT_EQ(read_answer->issues.front().detail_code, "ERROR");
}

TEST(EpsAcknowledgement, WhatIsNoneIsToldApart) {
  EXPECT_THAT(read("<html><body>Bad gateway</body></html>"), FailsWith(ErrorCode::unsupported));
  EXPECT_THAT(read("Bad gateway"), FailsWith(ErrorCode::unsupported));
  EXPECT_THAT(read(""), FailsWith(ErrorCode::unsupported));
  EXPECT_THAT(read("<MCCI_IN010000UK13><ack>"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(read("<!DOCTYPE x [<!ENTITY a 'b'>]><MCCI_IN010000UK13/>"),
              FailsWith(ErrorCode::malformed));
  EXPECT_THAT(read(answer("")), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(read(answer("<acknowledgement typeCode=\"AA\"/>")), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(read(answer("<acknowledgement typeCode=\"XX\"><messageRef><id "
                          "root=\"M\"/></messageRef></acknowledgement>")),
              FailsWith(ErrorCode::invalid));
  EXPECT_THAT(read(std::string(5u << 20, '<')), FailsWith(ErrorCode::too_long));
}

TEST(EpsAcknowledgement, EveryPublishedAnswerIsRead) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  const struct {
    std::string name;
    Verdict verdict;
    std::string code, refers_to, detail;
  } answers[] = {
      {"application-ack-accepted", Verdict::accepted, "AA", "71C5315F-2F60-48CC-9671-A33D6AD741B4",
       ""},
      {"application-ack-error", Verdict::refused, "AE", "A7B86F8D-1DAE-FC28-E050-D20AE3A215F0",
       "FAILURE_TO_PROCESS_MESSAGE"},
      {"application-ack-rejected", Verdict::refused, "AR", "77495697-3E99-4982-B435-ED4A98F9BE56",
       "202"},
  };
  for (const auto& published : answers) {
    SCOPED_TRACE(published.name);
    const auto read_answer =
        read(concord::test::read_file(*corpus / "spine-response" / published.name / "request.xml"));
    ASSERT_THAT(read_answer, IsOk());
    EXPECT_EQ(read_answer->verdict, published.verdict);
    EXPECT_EQ(read_answer->code, published.code);
    EXPECT_EQ(read_answer->refers_to, published.refers_to);
    EXPECT_EQ(read_answer->issues.empty() ? std::string() : read_answer->issues.front().detail_code,
              published.detail);
  }
}

}  // namespace
}  // namespace concord::eps::test
