// The static type checker: each class of mistake it finds before there is any data, and what it
// must not take for one.
#include <gmock/gmock.h>

#include "fhir/path/command.h"
#include "tests/fhir/path/engine.h"
#include "tests/support/result_matchers.h"

namespace concord::path::test {

namespace {

struct Mistake {
  std::string_view type;
  std::string_view expression;
  std::string_view text;
};

std::string refusal(std::string_view expression, std::string_view type) {
  CompileContext compile = engine().context(std::string(type), true);
  const auto compiled = Expression::compile(expression, compile);
  if (compiled) return "compiles";
  return compiled.error().issues.front().text;
}

}  // namespace

TEST(Strict, FindsEachClassOfMistake) {
  constexpr Mistake kMistakes[] = {
      // elements
      {"Patient", "name.first().colour", "unknown element \"colour\" of HumanName"},
      {"Patient", "Patient.nam.given", "unknown element \"nam\" of Patient"},
      {"Bundle", "entry.resource.colour", "unknown element \"colour\" of Resource"},
      {"Bundle.entry", "resourc", "unknown element \"resourc\" of Bundle.entry"},
      {"Patient", "name.given.length", "unknown element \"length\" of string"},
      {"Patient", "'abc'.length", "unknown element \"length\" of String"},
      {"Patient", "birthDate.type().nam", "unknown element \"nam\" of TypeInfo"},
      {"Patient", "contact.where(gendr = 'male')", "unknown element \"gendr\" of Patient.contact"},
      {"Patient", "name.select(given.first() & famly)", "unknown element \"famly\" of HumanName"},
      {"Patient", "Encounter.status", "Encounter is not what the expression starts from (Patient)"},
      // choices
      {"Observation", "valueQuantity.value",
       "\"valueQuantity\" is written without its type in FHIRPath, with ofType() behind"},
      {"Observation", "value.ofType(Quantity).colour", "unknown element \"colour\" of Quantity"},
      // types
      {"Patient", "name.ofType(HumanBeing)", "unknown type HumanBeing"},
      {"Patient", "active is FHIR.Bool", "unknown type FHIR.Bool"},
      {"Patient", "managingOrganization.resolve().as(Organisation)", "unknown type Organisation"},
      {"Patient", "name.ofType('HumanName')", "ofType() takes the name of a type"},
      // functions
      {"Patient", "name.frist()", "unknown function frist()"},
      {"Patient", "name.first(1)", "first() takes 0 arguments, not 1"},
      {"Patient", "name.where()", "where() takes 1 argument, not 0"},
      {"Patient", "iif(true)", "iif() takes 2 to 3 arguments, not 1"},
      {"Patient", "name.startsWith('A')", "startsWith() cannot be called on HumanName"},
      {"Patient", "name.count().upper()", "upper() cannot be called on Integer"},
      {"Patient", "birthDate.abs()", "abs() cannot be called on date"},
      {"Patient", "name.allTrue()", "allTrue() cannot be called on HumanName"},
      {"Patient", "gender.startsWith(1)", "an argument of startsWith() cannot be Integer"},
      {"Patient", "gender.substring('a')", "an argument of substring() cannot be String"},
      {"Patient", "gender.replace('a', name)", "an argument of replace() cannot be HumanName"},
      {"Patient", "name.take('1')", "an argument of take() cannot be String"},
      {"Patient", "name.extension(1)", "an argument of extension() cannot be Integer"},
      {"Patient", "gender.matches('[')", "a regular expression that cannot be used"},
      {"Patient", "children().first()", "first() on elements in no defined order"},
      {"Patient", "descendants()[0]", "[] on elements in no defined order"},
      // criteria
      {"Patient", "name.where('x')", "the criteria of where() must be a single boolean"},
      {"Patient", "name.exists(given.count())",
       "the criteria of exists() must be a single boolean"},
      {"Patient", "iif(true | false, 1, 2)", "the criteria of iif() must be a single boolean"},
      // operators
      {"Patient", "name + 1", "\"+\": the operator has no meaning for HumanName"},
      {"Patient", "gender - 'a'", "\"-\": the operator has no meaning for code and String"},
      {"Patient", "birthDate * 2", "\"*\": the operator has no meaning for date and Integer"},
      {"Patient", "birthDate < 'a'", "\"<\": the operator has no meaning for date and String"},
      {"Patient", "identifier > 1", "\">\": the operator has no meaning for Identifier"},
      {"Patient", "name & 'x'", "\"&\": the operator has no meaning for HumanName"},
      {"Patient", "-name", "\"-\" cannot be called on HumanName"},
      {"Patient", "+'a'", "\"+\" cannot be called on String"},
      {"Patient", "name['first']", "an index must be an integer, not String"},
      {"Patient", "name[name]", "an index must be an integer, not HumanName"},
      // names
      {"Patient", "%nobody", "unknown variable %nobody"},
      {"Patient", "name.defineVariable('context')", "%context is defined already"},
      {"Patient", "name.defineVariable('a').defineVariable('a')", "%a is defined already"},
      {"Patient", "$index", "$index outside of where(), select() and their like"},
      {"Patient", "name.select($total)", "$total outside of aggregate()"},
      // literals
      {"Patient", "2147483648", "an integer is at most 2147483647"},
      {"Patient", "birthDate = @2026-02-30", "no such date or time"},
      {"Patient", "\"name\"", "names are quoted with `, strings with '"},
  };
  for (const Mistake& mistake : kMistakes) {
    EXPECT_EQ(refusal(mistake.expression, mistake.type), mistake.text) << mistake.expression;
  }
}

TEST(Strict, TakesNothingRightForAMistake) {
  constexpr std::pair<std::string_view, std::string_view> kRight[] = {
      {"Patient", "Patient.name.given.first()"},
      {"Patient", "name.where($index = 0).given"},
      {"Patient", "name.given.aggregate($total + $this, '')"},
      {"Patient", "name.select(use & ' ' & given.first())"},
      {"Patient", "DomainResource.text.div"},
      {"Patient", "active is Patient"},
      {"Patient", "deceased.ofType(boolean).not()"},
      {"Patient", "deceased.ofType(dateTime) < now()"},
      {"Patient", "name[0].given[$this.name.count() - 1]"},
      {"Patient", "children().given"},
      {"Patient", "contained.where(id = 'x').name"},
      {"Patient", "managingOrganization.resolve().name"},
      {"Patient", "extension('u').value.ofType(Coding).code"},
      {"Patient", "birthDate + 1 year <= today()"},
      {"Patient", "multipleBirth.ofType(integer) + 1"},
      {"Observation", "value.ofType(Quantity) > 5 'mg'"},
      {"Observation", "value.ofType(Quantity) + 5 'mg'"},
      {"Observation", "component.value is string"},
      {"Observation", "(value as Quantity).value + 1"},
      {"Bundle", "entry.resource.ofType(Patient).name"},
      {"Bundle", "entry.select(resource.id & fullUrl)"},
      {"Bundle", "entry.all(fullUrl.startsWith('urn:uuid:') or resource.exists())"},
      {"Questionnaire", "item.repeat(item).linkId.isDistinct()"},
  };
  for (const auto& [type, expression] : kRight) {
    EXPECT_EQ(refusal(expression, type), "compiles") << expression;
  }
}

TEST(Strict, OldNamesInDoubleQuotesByOptionOnly) {
  CompileContext compile = engine().context("Patient", true);
  compile.double_quoted_names = true;
  EXPECT_THAT(Expression::compile("\"name\".\"given\".count() > 0", compile), IsOk());
  EXPECT_THAT(Expression::compile("%\"vs-x\" = 'a'", compile), IsOk());
  EXPECT_THAT(Expression::compile("\"nam\"", compile), FailsWith(ErrorCode::invalid));
}

TEST(Command, ChecksAnExpressionAgainstAType) {
  const auto check = [](std::string_view text, std::string_view type, bool strict) {
    return check_to_text(text, type, strict, *engine().definitions, engine().symbols);
  };
  EXPECT_EQ(*check("name", "Patient", true), "HumanName, any number\n");
  EXPECT_EQ(*check("deceased", "Patient", true), "boolean | dateTime, at most one\n");
  EXPECT_EQ(*check("name.count()", "Patient", true), "System.Integer, at most one\n");
  EXPECT_EQ(*check("nam", "Patient", false), "unknown, any number\n");
  EXPECT_THAT(check("nam", "Patient", true), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(check("name", "Patent", true), FailsWith(ErrorCode::not_found));
}

TEST(Hooks, AnswerForCodesSlicesAndDefinitions) {
  const tree::Document document = resource(
      R"({"resourceType":"Observation","status":"final","code":{"coding":[{"system":"s","code":"b"}]},"modifierExtension":[{"url":"https://example.org/m","valueBoolean":true}],"component":[{"code":{"text":"x"}},{"code":{"text":"y"}}]})");
  EvalContext context;
  context.hooks.subsumes = [](const Value& general,
                              const Value& special) -> Result<std::optional<bool>> {
    return std::optional(!general.is_node() && general.text() == "a" && special.is_node());
  };
  context.hooks.in_slice = [](const Value& item, std::string_view profile,
                              std::string_view slice) -> Result<bool> {
    if (profile != "https://example.org/p") {
      return make_error(ErrorCode::not_found, "no such profile");
    }
    return item.node().first_child()->first_child()->text() == slice;
  };
  context.hooks.element_definition = [&](const Value& item) -> Result<std::optional<Value>> {
    return std::optional(item);
  };
  context.hooks.terminologies = [&](std::string_view operation,
                                    std::span<const Collection> arguments) -> Result<Collection> {
    return Collection::of(
        context.string(std::string(operation) + "/" + std::to_string(arguments.size())));
  };
  const auto evaluate = [&](std::string_view text) -> std::vector<std::string> {
    const auto items = Expression::compile(text, engine().context("Observation", true))
                           ->evaluate(context, Collection::of(document, document.root()));
    if (!items) return {"!" + items.error().issues.front().text};
    return printed(context, *items);
  };
  using testing::ElementsAre;
  EXPECT_THAT(evaluate("'a'.subsumes(code)"), ElementsAre("boolean:true"));
  EXPECT_THAT(evaluate("code.subsumedBy('a')"), ElementsAre("boolean:true"));
  EXPECT_THAT(evaluate("code.subsumes('a')"), ElementsAre("boolean:false"));
  EXPECT_THAT(evaluate("component.slice('https://example.org/p', 'y').code.text"),
              ElementsAre("string:y"));
  EXPECT_THAT(evaluate("component.slice('https://example.org/q', 'y')"),
              ElementsAre("!no such profile"));
  EXPECT_THAT(evaluate("component.elementDefinition().code.text"),
              ElementsAre("string:x", "string:y"));
  EXPECT_THAT(evaluate("%terminologies.validateVS('u', code)"), ElementsAre("string:validateVS/2"));
  EXPECT_THAT(evaluate("%terminologies.subsumes('s', 'a', 'b')"), ElementsAre("string:subsumes/3"));
  EXPECT_THAT(evaluate("checkModifiers('https://example.org/m').status"),
              ElementsAre("code:final"));
  EXPECT_THAT(
      evaluate("checkModifiers('https://example.org/other').status"),
      ElementsAre("!checkModifiers() met a modifier extension that is not among those known"));
}

}  // namespace concord::path::test
