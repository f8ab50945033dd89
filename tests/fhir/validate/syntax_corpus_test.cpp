// The public suite's instances: what is wrong with how they are written, by message id, is what the
// reference validator found; the rest of their issues is not asked here.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "fhir/json/reader.h"
#include "fhir/validate/syntax.h"
#include "tests/fhir/validate/validating.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::validate {
namespace {

const std::set<std::string_view> kSyntaxIds{
    "ARRAY_CANNOT_BE_EMPTY",
    "CDATA_is_not_allowed",
    "Contained_resource_does_not_appear_to_be_a_FHIR_resource_unknown_name_",
    "DUPLICATE_JSON_PROPERTY_KEY",
    "ELEMENT_CANNOT_BE_NULL",
    "Element_must_have_some_content",
    "Error_parsing_JSON_",
    "Error_parsing_JSON_the_primitive_value_must_be_a_boolean",
    "Error_parsing_JSON_the_primitive_value_must_be_a_number",
    "Error_parsing_JSON_the_primitive_value_must_be_a_string",
    "Error_parsing_XML_",
    "ILLEGAL_PROPERTY",
    "JSON_COMMA_EXTRA",
    "JSON_COMMA_MISSING",
    "JSON_COMMENTS_NOT_ALLOWED",
    "JSON_PROPERTY_INVALID_ARRAY",
    "JSON_PROPERTY_NO_QUOTES",
    "JSON_PROPERTY_VALUE_NO_QUOTES",
    "No_processing_instructions_allowed_in_resources",
    "Node_type__is_not_allowed",
    "Object_must_have_some_content",
    "RESOURCETYPE_PROPERTY_WRONG_TYPE",
    "Text_should_not_be_present",
    "This_base_property_must_be_an_Array_not_",
    "This_does_not_appear_to_be_a_FHIR_resource_unknown_name_",
    "This_does_not_appear_to_be_a_FHIR_resource_unknown_namespacename_",
    "This_property_must_be__not_",
    "This_property_must_be_an_Array_not_",
    "This_property_must_be_an_object_not_",
    "This_property_must_be_an_simple_value_not_",
    "Unable_to_find_resourceType_property",
    "Undefined_attribute__on__for_type__properties__",
    "Undefined_element_",
    "Unrecognised_property_",
    "Validation_VAL_Profile_OutOfOrder",
    "Wrong_namespace__expected_",
    "XSI_TYPE_WRONG",
    "xml_encoding_invalid",
};

std::string_view text_of(const tree::Document& document, const tree::Node& node,
                         std::string_view name) {
  const tree::Node* child = node.child(document.find(name));
  return child == nullptr ? std::string_view() : child->text();
}

TEST(SyntaxCorpus, EveryRunOfThePublicSuiteHasTheSyntaxFindingsOfTheReference) {
  const auto corpus = test::corpus("fhir");
  if (!corpus) GTEST_SKIP();
  const auto folder = *corpus / "validator";
  auto manifest = json::read_plain(test::read_file(folder / "manifest.json"), r4().symbols);
  ASSERT_THAT(manifest, IsOk());
  const auto& document = *manifest;
  const auto symbol = [&](std::string_view name) { return document.find(name); };
  std::size_t runs = 0, with_findings = 0;
  for (const tree::Node* run = document.root().child(symbol("runs")); run != nullptr;
       run = run->next_same()) {
    const auto file = text_of(document, *run, "file");
    SCOPED_TRACE(std::string(text_of(document, *run, "id")));
    SyntaxOptions options;
    if (const auto* given = run->child(symbol("options"))) {
      options.allow_comments = text_of(document, *given, "allow-comments") == "true";
    }
    std::multiset<std::string> expected, found;
    const auto* outcome = run->child(symbol("expected"));
    ASSERT_NE(outcome, nullptr);
    for (const auto* issue = outcome->child(symbol("issues")); issue != nullptr;
         issue = issue->next_same()) {
      const auto severity = text_of(document, *issue, "severity");
      const auto id = text_of(document, *issue, "id");
      if ((severity == "error" || severity == "fatal") && kSyntaxIds.contains(id)) {
        expected.emplace(id);
      }
    }
    const auto reading =
        read_for_validation(test::read_file(folder / "cases" / file), r4().definitions, options);
    for (const auto& finding : reading.findings) {
      if (finding.severity <= Severity::error) found.emplace(finding.message_id);
    }
    EXPECT_EQ(found, expected);
    ++runs;
    with_findings += !expected.empty();
  }
  EXPECT_GE(runs, 200u);
  EXPECT_GE(with_findings, 9u);
}

}  // namespace
}  // namespace concord::validate
