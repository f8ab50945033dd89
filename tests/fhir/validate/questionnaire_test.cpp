// Answers against their questionnaire, and questionnaires by themselves.

#include "tests/fhir/validate/rule_sets.h"

namespace concord::validate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// One questionnaire with everything the tests ask about; linkIds name what is special.
constexpr std::string_view kForm = R"({
  "resourceType": "Questionnaire", "url": "https://concord.example/Questionnaire/q",
  "version": "1", "status": "active", "effectivePeriod": {"start": "2026-02", "end": "2026-03-31"},
  "item": [
    {"linkId": "smokes", "type": "boolean", "text": "Do you smoke?"},
    {"linkId": "daily", "type": "integer", "required": true,
     "enableWhen": [{"question": "smokes", "operator": "=", "answerBoolean": true}],
     "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/minValue", "valueInteger": 1},
                   {"url": "http://hl7.org/fhir/StructureDefinition/maxValue", "valueInteger": 60}]},
    {"linkId": "name", "type": "string", "required": true, "maxLength": 5,
     "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/minLength", "valueInteger": 2},
                   {"url": "http://hl7.org/fhir/StructureDefinition/regex", "valueString": "[a-z]+"}]},
    {"linkId": "weight", "type": "quantity",
     "extension": [{"url": "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-minQuantity",
                    "valueQuantity": {"value": 2, "system": "http://unitsofmeasure.org", "code": "kg"}},
                   {"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption",
                    "valueCoding": {"system": "http://unitsofmeasure.org", "code": "kg"}},
                   {"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption",
                    "valueCoding": {"system": "http://unitsofmeasure.org", "code": "g"}}]},
    {"linkId": "size", "type": "decimal",
     "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/maxDecimalPlaces", "valueInteger": 1}]},
    {"linkId": "since", "type": "date",
     "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/minValue", "valueDate": "2020"}]},
    {"linkId": "side", "type": "choice", "repeats": true,
     "answerOption": [{"valueCoding": {"system": "https://concord.example/side", "code": "left"}},
                      {"valueCoding": {"system": "https://concord.example/side", "code": "none"},
                       "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-optionExclusive",
                                      "valueBoolean": true}]}]},
    {"linkId": "gender", "type": "choice",
     "answerValueSet": "http://hl7.org/fhir/ValueSet/administrative-gender"},
    {"linkId": "other", "type": "open-choice",
     "answerOption": [{"valueCoding": {"code": "left", "display": "Left"}}]},
    {"linkId": "photo", "type": "attachment",
     "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/mimeType", "valueCode": "image/"},
                   {"url": "http://hl7.org/fhir/StructureDefinition/maxSize", "valueDecimal": 4}]},
    {"linkId": "who", "type": "reference",
     "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-referenceResource",
                    "valueCode": "Patient"}]},
    {"linkId": "many", "type": "string", "repeats": true,
     "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-maxOccurs", "valueInteger": 2}]},
    {"linkId": "note", "type": "display", "text": "Thank you"},
    {"linkId": "group", "type": "group", "repeats": true, "required": true, "item": [
      {"linkId": "asked", "type": "boolean"},
      {"linkId": "why", "type": "text", "required": true, "enableBehavior": "all",
       "enableWhen": [{"question": "asked", "operator": "=", "answerBoolean": true},
                      {"question": "asked", "operator": "exists", "answerBoolean": true}]}]}
  ]})";

const RuleSets& rules() {
  static const RuleSets loaded{kForm};
  return loaded;
}

std::string response(std::string_view items, std::string_view more = "",
                     std::string_view status = "completed") {
  return R"({"resourceType": "QuestionnaireResponse", "status": ")" + std::string(status) +
         R"(", "questionnaire": "https://concord.example/Questionnaire/q")" + std::string(more) +
         R"(, "item": [)" + std::string(items) + "]}";
}

/// With the answers a response must have around those at hand, in the order of the form.
std::string filled(std::string_view items) {
  return response(
      R"({"linkId": "name", "answer": [{"valueString": "mary"}]}, )" + std::string(items) +
      R"(, {"linkId": "group", "item": [{"linkId": "asked", "answer": [{"valueBoolean": false}]}]})");
}

std::vector<std::string> found(std::string text, const Options& options = Options::reference()) {
  return rules().findings(std::move(text), {"QR_", "BadOption"}, options);
}

TEST(QuestionnaireResponse, AnAnswerToEachRequiredQuestionThatIsEnabledHasNoFindings) {
  EXPECT_THAT(found(filled(R"({"linkId": "size", "answer": [{"valueDecimal": 1.5}]})")), IsEmpty());
}

TEST(QuestionnaireResponse, MissingAnswersAreErrorsOnlyWhenTheResponseIsComplete) {
  EXPECT_THAT(found(response(R"({"linkId": "size", "answer": [{"valueDecimal": 1.5}]})")),
              ElementsAre("error Questionnaire_QR_Item_Missing QuestionnaireResponse",
                          "error Questionnaire_QR_Item_Missing QuestionnaireResponse"));
  EXPECT_THAT(found(response(R"({"linkId": "size", "answer": [{"valueDecimal": 1.5}]})", "",
                             "in-progress")),
              ElementsAre("warning Questionnaire_QR_Item_Missing QuestionnaireResponse",
                          "warning Questionnaire_QR_Item_Missing QuestionnaireResponse"));
}

TEST(QuestionnaireResponse, ConditionsDecideWhatIsAskedAndWhatMayBeAnswered) {
  const std::string rest =
      R"({"linkId": "name", "answer": [{"valueString": "mary"}]},
         {"linkId": "group", "item": [{"linkId": "asked", "answer": [{"valueBoolean": false}]}]})";
  EXPECT_THAT(
      found(response(R"({"linkId": "smokes", "answer": [{"valueBoolean": true}]}, )" + rest)),
      ElementsAre("error Questionnaire_QR_Item_Missing QuestionnaireResponse"));
  EXPECT_THAT(found(response(R"({"linkId": "smokes", "answer": [{"valueBoolean": false}]},
                                {"linkId": "daily", "answer": [{"valueInteger": 3}]}, )" +
                             rest)),
              ElementsAre("error Questionnaire_QR_Item_NotEnabled2 QuestionnaireResponse.item[1]"));
}

TEST(QuestionnaireResponse, ConditionsLookAtTheirOwnRepeatOfAGroup) {
  EXPECT_THAT(
      found(response(
          R"({"linkId": "name", "answer": [{"valueString": "mary"}]},
             {"linkId": "group", "item": [{"linkId": "asked", "answer": [{"valueBoolean": true}]}]},
             {"linkId": "group", "item": [{"linkId": "asked", "answer": [{"valueBoolean": false}]},
                                          {"linkId": "why", "answer": [{"valueString": "x"}]}]})")),
      ElementsAre("error Questionnaire_QR_Item_Missing QuestionnaireResponse.item[1]",
                  "error Questionnaire_QR_Item_NotEnabled2 QuestionnaireResponse.item[2].item[1]"));
}

struct Case {
  std::string name;
  std::string item;
  std::string expected;
};

class Answer : public testing::TestWithParam<Case> {};

TEST_P(Answer, IsJudgedByItsItem) {
  Options options = Options::reference();
  options.assume_valid_rest_references = true;
  EXPECT_THAT(found(filled(GetParam().item), options), ElementsAre(GetParam().expected));
}

constexpr std::string_view kAt = " QuestionnaireResponse.item[1].answer[0].value";

INSTANTIATE_TEST_SUITE_P(
    Each, Answer,
    testing::Values(
        Case{"WrongType", R"({"linkId": "size", "answer": [{"valueString": "big"}]})",
             "error Questionnaire_QR_Item_WrongType_one" + std::string(kAt)},
        Case{"Decimals", R"({"linkId": "size", "answer": [{"valueDecimal": 1.50}]})",
             "error QUESTIONNAIRE_QR_ITEM_DECIMAL_MAX_DECIMALS" + std::string(kAt)},
        Case{"Date", R"({"linkId": "since", "answer": [{"valueDate": "2019-12-31"}]})",
             "error QUESTIONNAIRE_QR_ITEM_DATE_MIN" + std::string(kAt)},
        Case{"QuantityInAnotherUnit",
             R"({"linkId": "weight", "answer": [{"valueQuantity": {"value": 1999,
                 "system": "http://unitsofmeasure.org", "code": "g"}}]})",
             "error QUESTIONNAIRE_QR_ITEM_QUANTITY_MIN" + std::string(kAt)},
        Case{
            "OptionNotOffered",
            R"({"linkId": "side", "answer": [{"valueCoding": {"system": "https://concord.example/side",
                 "code": "right"}}]})",
            "error Questionnaire_QR_Item_NoCoding QuestionnaireResponse.item[1].answer[0]"},
        Case{"CodeOutsideTheValueSet",
             R"({"linkId": "gender", "answer": [{"valueCoding": {
                 "system": "http://hl7.org/fhir/administrative-gender", "code": "none"}}]})",
             "error Questionnaire_QR_Item_BadOption QuestionnaireResponse.item[1].answer[0]"},
        Case{"TextThatIsAnOption", R"({"linkId": "other", "answer": [{"valueString": "left"}]})",
             "warning QUESTIONNAIRE_QR_ITEM_STRING_IN_CODING "
             "QuestionnaireResponse.item[1].answer[0]"},
        Case{
            "MediaType",
            R"({"linkId": "photo", "answer": [{"valueAttachment": {"contentType": "text/plain"}}]})",
            "error QUESTIONNAIRE_QR_ITEM_BAD_ATTACHMENT_MIMETYPE "
            "QuestionnaireResponse.item[1].answer[0]"},
        Case{"Size",
             R"({"linkId": "photo", "answer": [{"valueAttachment": {"contentType": "image/png",
                 "data": "AAAAAA=="}}]})",
             "error QUESTIONNAIRE_QR_ITEM_BAD_ATTACHMENT_LENGTH "
             "QuestionnaireResponse.item[1].answer[0]"},
        Case{"TypeOfReference",
             R"({"linkId": "who", "answer": [{"valueReference": {"reference": "Device/1"}}]})",
             "error QUESTIONNAIRE_QR_ITEM_REF_INVALID" + std::string(kAt)},
        Case{"TooMany",
             R"({"linkId": "many", "answer": [{"valueString": "a"}, {"valueString": "b"},
                 {"valueString": "c"}]})",
             "error QUESTIONNAIRE_QR_ITEM_MAX_OCCURS QuestionnaireResponse.item[1]"},
        Case{"TwoAnswersWhereOneIsAsked",
             R"({"linkId": "size", "answer": [{"valueDecimal": 1}, {"valueDecimal": 2}]})",
             "error Questionnaire_QR_Item_OnlyOneA QuestionnaireResponse.item[1]"},
        Case{"AnsweredDisplay", R"({"linkId": "note", "answer": [{"valueString": "x"}]})",
             "error QUESTIONNAIRE_QR_ITEM_DISPLAY_NO_VALUE QuestionnaireResponse.item[1]"},
        Case{"Unknown", R"({"linkId": "nobody", "answer": [{"valueString": "x"}]})",
             "error Questionnaire_QR_Item_NotFound QuestionnaireResponse.item[1]"},
        Case{"Misplaced", R"({"linkId": "asked", "answer": [{"valueBoolean": true}]})",
             "error Questionnaire_QR_Item_Misplaced QuestionnaireResponse.item[1]"},
        Case{"OutOfOrder", R"({"linkId": "smokes", "answer": [{"valueBoolean": false}]})",
             "error Questionnaire_QR_Item_Order QuestionnaireResponse.item[1]"},
        Case{"OtherText", R"({"linkId": "note", "text": "No thanks"})",
             "error Questionnaire_QR_Item_Text QuestionnaireResponse.item[1]"}),
    [](const auto& row) { return row.param.name; });

TEST(QuestionnaireResponse, TextsAreMeasuredAndMatched) {
  EXPECT_THAT(found(response(R"({"linkId": "name", "answer": [{"valueString": "MARIANNE"}]},
                        {"linkId": "group", "item": [{"linkId": "asked"}]})")),
              ElementsAre("error QUESTIONNAIRE_QR_ITEM_STRING_MAX_LENGTH "
                          "QuestionnaireResponse.item[0].answer[0].value",
                          "error QUESTIONNAIRE_QR_ITEM_STRING_REGEX "
                          "QuestionnaireResponse.item[0].answer[0].value"));
}

TEST(QuestionnaireResponse, IsFilledInWhileTheQuestionnaireIsInForce) {
  const std::string items =
      R"({"linkId": "name", "answer": [{"valueString": "mary"}]},
         {"linkId": "group", "item": [{"linkId": "asked"}]})";
  EXPECT_THAT(found(response(items, R"(, "authored": "2026-04-01")")),
              ElementsAre("warning QUESTIONNAIRE_QR_AUTHOR_END QuestionnaireResponse.authored"));
  EXPECT_THAT(found(response(items, R"(, "authored": "2026-01-31T10:00:00Z")")),
              ElementsAre("warning QUESTIONNAIRE_QR_AUTHOR_START QuestionnaireResponse.authored"));
}

TEST(QuestionnaireResponse, WithoutItsQuestionnaireIsSaidToBeUnchecked) {
  EXPECT_THAT(found(R"({"resourceType": "QuestionnaireResponse", "status": "completed"})"),
              ElementsAre("information Questionnaire_QR_Q_None QuestionnaireResponse"));
  EXPECT_THAT(found(R"({"resourceType": "QuestionnaireResponse", "status": "completed",
                        "questionnaire": "https://concord.example/Questionnaire/other"})"),
              ElementsAre("warning Questionnaire_QR_Q_NotFound "
                          "QuestionnaireResponse.questionnaire"));
}

TEST(QuestionnaireResponse, MayCarryItsQuestionnaireInside) {
  EXPECT_THAT(found(R"({"resourceType": "QuestionnaireResponse", "status": "completed",
      "contained": [{"resourceType": "Questionnaire", "id": "q", "status": "active",
                     "item": [{"linkId": "1", "type": "string", "required": true}]}],
      "questionnaire": "#q"})"),
              ElementsAre("error Questionnaire_QR_Item_Missing QuestionnaireResponse"));
}

TEST(Questionnaire, ConditionsNameQuestionsThatComeBefore) {
  const std::string text = R"({"resourceType": "Questionnaire", "status": "active", "item": [
    {"linkId": "1", "type": "string", "enableWhen": [{"question": "2", "operator": "exists", "answerBoolean": true}]},
    {"linkId": "2", "type": "string", "enableWhen": [{"question": "2", "operator": "exists", "answerBoolean": true}]},
    {"linkId": "3", "type": "group", "enableWhen": [{"question": "4", "operator": "exists", "answerBoolean": true}],
     "item": [{"linkId": "4", "type": "string",
               "enableWhen": [{"question": "9", "operator": "exists", "answerBoolean": true}]}]}]})";
  EXPECT_THAT(rules().findings(text, {"EnableWhen"}),
              ElementsAre("warning Questionnaire_Q_EnableWhen_After Questionnaire.item[0]",
                          "error Questionnaire_Q_EnableWhen_Self Questionnaire.item[1]",
                          "error Questionnaire_Q_EnableWhen_IsInner Questionnaire.item[2]",
                          "error Questionnaire_Q_EnableWhen_NoTarget "
                          "Questionnaire.item[2].item[0]"));
}

TEST(Questionnaire, ThatCompliesWithAnotherAddsNothing) {
  const std::string text = R"({"resourceType": "Questionnaire", "status": "active",
    "derivedFrom": ["https://concord.example/Questionnaire/q"],
    "_derivedFrom": [{"extension": [{
      "url": "http://hl7.org/fhir/StructureDefinition/questionnaire-derivationType",
      "valueCoding": {"system": "http://hl7.org/fhir/questionnaire-derivationType", "code": "compliesWith"}}]}],
    "item": [{"linkId": "new", "type": "string"},
             {"linkId": "name", "type": "integer", "required": false, "maxLength": 6}]})";
  EXPECT_THAT(
      rules().findings(text, {"DERIVED"}),
      testing::UnorderedElementsAre(
          "error QUESTIONNAIRE_Q_ITEM_NOT_DERIVED Questionnaire.item[0]",
          "error QUESTIONNAIRE_Q_ITEM_DERIVED_NC_TYPE Questionnaire.item[1].type",
          "error QUESTIONNAIRE_Q_ITEM_DERIVED_NC_REQUIRED Questionnaire.item[1].required",
          "error QUESTIONNAIRE_Q_ITEM_DERIVED_NC_MAXLENGTH Questionnaire.item[1].maxLength"));
}

TEST(QuestionnaireResponse, ThousandsOfConditionsOverThousandsOfAnswersEnd) {
  std::string form =
      R"({"resourceType": "Questionnaire", "id": "q", "status": "active", "item": [
          {"linkId": "a", "type": "string", "repeats": true})";
  for (int i = 0; i < 2000; ++i) {
    form +=
        R"(, {"linkId": ")" + std::to_string(i) +
        R"(", "type": "string", "enableWhen": [{"question": "a", "operator": "=", "answerString": "x"}]})";
  }
  std::string text =
      R"({"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "#q",
          "contained": [)" +
      form + R"(]}], "item": [)";
  for (int i = 0; i < 2000; ++i) {
    text +=
        std::string(i == 0 ? "" : ", ") + R"({"linkId": "a", "answer": [{"valueString": "y"}]})";
  }
  EXPECT_THAT(rules().findings(text + "]}", {"Questionnaire_QR_Item_NotFound"}), IsEmpty());
}

}  // namespace
}  // namespace concord::validate
