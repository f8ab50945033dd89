// Documents made to cost: many findings, many targets, deep trees; and many threads at once.

#include <gmock/gmock.h>

#include <thread>

#include "fhir/definitions/annotate.h"
#include "fhir/tree/builder.h"
#include "tests/fhir/validate/validating.h"

namespace concord::validate {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::SizeIs;

std::string repeated(std::string_view head, std::string_view part, int times,
                     std::string_view tail) {
  std::string text(head);
  for (int i = 0; i < times; ++i) text.append(i == 0 ? "" : ",").append(part);
  return text.append(tail);
}

TEST(Bound, TheReportKeepsAHundredFindingsAndSaysHowManyMoreThereAre) {
  const Report report = report_on(
      repeated(R"({"resourceType": "Patient", "name": [)", R"({"colour": "blue"})", 5000, "]}"));
  ASSERT_THAT(report.issues, SizeIs(101));
  EXPECT_EQ(report.errors, 5000u);
  EXPECT_EQ(report.left_out, 4900u);
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(line(report.issues.back()),
            "information 0:0 : more findings were left out: 4900 [bound/informational]");
}

TEST(Bound, ErrorsPushOutWarnings) {
  std::string text = repeated(R"({"resourceType": "Patient", "name": [)", R"({"text": " "})", 300,
                              R"(], "gender": "?", "colour": 1})");
  const Report report = report_on(std::move(text));
  EXPECT_EQ(report.errors, 2u);
  std::vector<std::string> errors;
  for (const Issue& issue : report.issues) {
    if (issue.severity == Severity::error) errors.push_back(issue.expression);
  }
  EXPECT_THAT(errors, ElementsAre("Patient.gender", "Patient.colour"));
  EXPECT_EQ(report.issues.size(), 101u);
}

TEST(Bound, IsSetByTheCaller) {
  Options options;
  options.max_issues = 0;
  const Report report = report_on(R"({"resourceType": "Patient", "colour": 1})", options);
  EXPECT_THAT(report.issues, SizeIs(1));
  EXPECT_FALSE(report.ok());
}

TEST(Hostile, ManyReferencesToManyResourcesCostNoSquare) {
  constexpr int kMany = 30'000;
  std::string text =
      R"({"resourceType": "List", "status": "current", "mode": "working", "contained": [)";
  for (int i = 0; i < kMany; ++i) {
    text.append(i == 0 ? "" : ",")
        .append(R"({"resourceType": "Basic", "code": {"text": "x"}, "id": "r)")
        .append(std::to_string(i))
        .append("\"}");
  }
  text += R"(], "entry": [)";
  for (int i = 0; i < kMany; ++i) {
    text.append(i == 0 ? "" : ",")
        .append(R"({"item": {"reference": "#r)")
        .append(std::to_string(kMany - 1 - i))
        .append("\"}}");
  }
  EXPECT_TRUE(report_on(text + "]}").ok());
}

TEST(Hostile, ArraysWhereNoneMayBeAreSaidOnce) {
  EXPECT_THAT(
      issues_of(repeated(R"({"resourceType": "Patient", "gender": [)", R"("male")", 50'000, "]}")),
      ElementsAre("error 1:40 Patient.gender[0]: must not be an array [structure/structure]"));
}

TEST(Hostile, ManyBundlesInBundlesAreWalked) {
  std::string text;
  constexpr int kDepth = 30;  // three levels of the tree each
  for (int i = 0; i < kDepth; ++i) {
    text +=
        R"({"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": "urn:a:1", "resource": )";
  }
  text += R"({"resourceType": "Patient", "gender": "?"})";
  for (int i = 0; i < kDepth; ++i) text += "}]}";
  EXPECT_THAT(findings_of(text),
              ElementsAre(testing::HasSubstr("entry[0].resource.gender: is not in the")));
}

TEST(Hostile, DepthBeyondTheReadersLimitCostsNoStack) {
  tree::Document document(r4().symbols, {.max_nodes = 400'000});
  tree::Builder builder(document);
  const auto& symbols = r4().symbols;
  builder.set_type(builder.root(), symbols.find("Questionnaire"));
  builder.set_flag(builder.root(), tree::Flag::resource);
  tree::Node* at = &builder.root();
  for (int i = 0; i < 100'000; ++i) at = builder.append(*at, symbols.find("item"));
  definitions::annotate(builder, r4().definitions);
  Options options;
  options.max_issues = 1;
  const Report report = r4().validator.validate(document, options);
  EXPECT_GT(report.errors, 100'000u) << "every item lacks linkId and type";
}

TEST(Hostile, WhatCannotBeReadIsAReportToo) {
  for (const std::string text :
       {"", "{", "[]", "null", "{\"resourceType\": 1}", "<Patient", "<a/>", "\xFF\xFE",
        "<!DOCTYPE x><Patient xmlns=\"http://hl7.org/fhir\"/>"}) {
    const Report report = report_on(text);
    EXPECT_FALSE(report.ok()) << text;
    ASSERT_FALSE(report.issues.empty()) << text;
    EXPECT_EQ(report.issues[0].severity, Severity::error) << text;
    EXPECT_NE(report.issues[0].code, "") << text;
  }
}

TEST(Hostile, NoIssueRepeatsAValue) {
  const Report report =
      report_on(R"({"resourceType": "Patient", "id": "SECRET VALUE", "gender": "SECRETVALUE",
      "birthDate": "SECRETVALUE", "active": "SECRETVALUE",
      "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "SECRETVALUE"}],
      "managingOrganization": {"reference": "#SECRETVALUE"}})");
  EXPECT_EQ(report.errors, 6u);
  for (const Issue& issue : report.issues) EXPECT_EQ(line(issue).find("SECRET"), std::string::npos);
}

TEST(Threads, ShareOneValidator) {
  const std::string text = repeated(R"({"resourceType": "Patient", "name": [)",
                                    R"({"family": "A", "colour": "blue"})", 50, "]}");
  const std::vector<std::string> expected = issues_of(text);
  std::vector<std::vector<std::string>> found(8);
  {
    std::vector<std::jthread> threads;
    for (auto& lines : found) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10; ++i) lines = issues_of(text);
      });
    }
  }
  EXPECT_THAT(found, Each(expected));
}

}  // namespace
}  // namespace concord::validate
