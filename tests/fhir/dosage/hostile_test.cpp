// What nobody should send.
#include <gmock/gmock.h>

#include "fhir/dosage/dosage.h"
#include "fhir/json/reader.h"
#include "tests/support/result_matchers.h"

namespace concord::dosage {
namespace {

Result<std::string> text_of(const std::string& dosages, const Limits& limits = {}) {
  tree::Symbols symbols;
  const auto document = json::read(
      R"({"resourceType":"MedicationRequest","dosageInstruction":)" + dosages + "}", symbols);
  EXPECT_THAT(document, IsOk());
  return resource_to_text(*document, document->root(), limits);
}

}  // namespace

TEST(Hostile, ElementsOfAnotherShapeAreRefusedOrNothing) {
  EXPECT_THAT(text_of(R"([{"doseAndRate":"x"}])"), IsOk());
  EXPECT_THAT(text_of(R"([{"method":"Apply"}])"), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(text_of(R"([{"timing":{"repeat":"daily"}}])"), IsOk());
  EXPECT_THAT(text_of(R"([{"timing":{"repeat":{"frequency":{"a":1}}}}])"),
              FailsWith(ErrorCode::invalid));
  EXPECT_THAT(text_of(R"([{"doseAndRate":[{"doseQuantity":{"value":{"a":"b"},"unit":"mg"}}]}])"),
              FailsWith(ErrorCode::invalid));
  EXPECT_THAT(text_of(R"([{"sequence":"9999999999999999999"},{"sequence":1}])"),
              FailsWith(ErrorCode::invalid));
  EXPECT_THAT(text_of(R"([{"timing":{"repeat":{"offset":-60,"when":["HS"]}}}])"),
              FailsWith(ErrorCode::invalid));
  EXPECT_THAT(text_of(R"([{"timing":{"repeat":{"offset":9223372036854775808,"when":["HS"]}}}])"),
              FailsWith(ErrorCode::invalid));
}

TEST(Hostile, AValueThatIsWithheldIsNotSkipped) {
  const std::string absent =
      R"({"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]})";
  EXPECT_THAT(text_of(R"([{"timing":{"repeat":{"_frequency":)" + absent +
                      R"(,"period":1,"periodUnit":"d"}}}])"),
              FailsWith(ErrorCode::invalid));
  EXPECT_THAT(text_of(R"([{"_patientInstruction":)" + absent + "}]"),
              FailsWith(ErrorCode::invalid));
  EXPECT_THAT(text_of(R"([{"_asNeededBoolean":)" + absent + "}]"), FailsWith(ErrorCode::invalid));
}

TEST(Hostile, ManyDosagesAndLongTextsEnd) {
  std::string many = "[";
  for (int i = 0; i < 300; ++i) many += R"({"sequence":1,"asNeededBoolean":true},)";
  many.back() = ']';
  EXPECT_THAT(text_of(many), FailsWith(ErrorCode::too_long));
  Limits small;
  small.max_bytes = 10;
  EXPECT_THAT(text_of(R"([{"patientInstruction":"with a glass of water"}])", small),
              FailsWith(ErrorCode::too_long));
  EXPECT_THAT(text_of(R"([{"method":{"coding":[{"display":"Take by mouth"}]}}])", small),
              FailsWith(ErrorCode::too_long));
  std::string codings;
  for (int i = 0; i < 5000; ++i) codings += R"({"display":"Contains something"},)";
  codings.pop_back();
  EXPECT_THAT(text_of(R"([{"additionalInstruction":[{"coding":[)" + codings + "]}]}]"),
              FailsWith(ErrorCode::too_long));
}

TEST(Hostile, OtherResourcesHaveNoDosages) {
  tree::Symbols symbols;
  const auto document = json::read(R"({"resourceType":"Patient","id":"p"})", symbols);
  EXPECT_THAT(resource_to_text(*document, document->root()), FailsWith(ErrorCode::unsupported));
  EXPECT_TRUE(holds_dosages("MedicationStatement"));
  EXPECT_FALSE(holds_dosages("Patient"));
}

TEST(Hostile, ErrorsNameElementsAndNoValues) {
  const auto text = text_of(R"([{"timing":{"repeat":{"dayOfWeek":["secret"]}}}])");
  ASSERT_THAT(text, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(text.error().issues.front().expression,
            "MedicationRequest.dosageInstruction[0].timing.repeat.dayOfWeek[0]");
  EXPECT_THAT(to_string(text.error()), testing::Not(testing::HasSubstr("secret")));
}

}  // namespace concord::dosage
