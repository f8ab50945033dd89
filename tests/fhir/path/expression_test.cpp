// The interface hosts use: places of errors, variables, contexts, several documents, own functions.
#include "fhir/path/expression.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "fhir/json/reader.h"
#include "fhir/path/command.h"
#include "fhir/tree/builder.h"
#include "tests/fhir/path/engine.h"
#include "tests/support/result_matchers.h"

namespace concord::path::test {

using testing::ElementsAre;
using testing::IsEmpty;

namespace {
const tree::Document& bundle() {
  static const tree::Document* made =
      new tree::Document(resource(R"({"resourceType":"Bundle","type":"message","entry":[
    {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"a","gender":"female"}},
    {"fullUrl":"urn:uuid:2","resource":{"resourceType":"Patient","id":"b","gender":"male"}}]})"));
  return *made;
}
Collection focus() { return Collection::of(bundle(), bundle().root()); }
}  // namespace

TEST(Expression, ErrorsNameFileLineAndColumn) {
  CompileContext compile = engine().context("Bundle", true);
  compile.location = {"maps/order.map", 12, 8};
  const auto syntax = Expression::compile("entry.where(\n  fullUrl == 'x')", compile);
  ASSERT_THAT(syntax, FailsWith(ErrorCode::malformed));
  EXPECT_EQ(syntax.error().issues.front().text, "maps/order.map: a value, name or \"(\" is needed");
  EXPECT_EQ(syntax.error().issues.front().position, (Position{13, 12}));
  const auto unknown = Expression::compile("entry.resources", compile);
  ASSERT_THAT(unknown, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(unknown.error().issues.front().text,
            "maps/order.map: unknown element \"resources\" of Bundle.entry");
  EXPECT_EQ(unknown.error().issues.front().position, (Position{12, 14}));
}

TEST(Expression, ErrorsOfEvaluationNameThePlaceToo) {
  CompileContext compile = engine().context("Bundle");
  compile.location = {"rules.yaml", 3, 10};
  const auto expression = Expression::compile("entry.resource.gender + 'x'", compile);
  ASSERT_THAT(expression, IsOk());
  EvalContext context;
  const auto items = expression->evaluate(context, focus());
  ASSERT_THAT(items, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(items.error().issues.front().position, (Position{3, 32}));
}

TEST(Expression, DeclaredVariablesAreBoundBySlot) {
  CompileContext compile = engine().context("Bundle", true);
  compile.variables = {{"from_asid", "System.String", true}, {"who", "Patient", false}};
  const auto expression =
      Expression::compile("%who.gender.select($this & '-' & %from_asid)", compile);
  ASSERT_THAT(expression, IsOk());
  EvalContext context;
  const auto unbound = expression->evaluate(context, focus());
  ASSERT_THAT(unbound, IsOk());
  EXPECT_THAT(printed(context, *unbound), IsEmpty());
  const auto patients = Expression::compile("entry.resource", compile)->evaluate(context, focus());
  context.bind(0, Collection::of(Value::of(std::string_view("1234"))));
  context.bind(1, *patients);
  const auto bound = expression->evaluate(context, focus());
  ASSERT_THAT(bound, IsOk());
  EXPECT_THAT(printed(context, *bound), ElementsAre("string:female-1234", "string:male-1234"));
  EXPECT_THAT(Expression::compile("%who.genders", compile), FailsWith(ErrorCode::invalid));
}

TEST(Expression, ResultTypesAreKnownBeforeEvaluation) {
  const auto types = [](std::string_view text) {
    const auto expression = Expression::compile(text, engine().context("Bundle", true));
    EXPECT_THAT(expression, IsOk()) << text;
    std::vector<std::string> names;
    for (const tree::Symbol type : expression->result_type().types) {
      names.emplace_back(engine().symbols.text(type));
    }
    if (expression->result_type().single) names.emplace_back("single");
    return names;
  };
  EXPECT_THAT(types("type"), ElementsAre("code", "single"));
  EXPECT_THAT(types("entry"), ElementsAre("Bundle.entry"));
  EXPECT_THAT(types("entry.first().resource.ofType(Patient).name"), ElementsAre("HumanName"));
  EXPECT_THAT(types("entry.count() + 1"), ElementsAre("System.Integer", "single"));
  EXPECT_THAT(types("entry.resource.ofType(Observation).value"),
              testing::Contains(std::string("Quantity")));
  EXPECT_THAT(types("entry.resource.ofType(Patient).deceased"), ElementsAre("boolean", "dateTime"));
  EXPECT_THAT(types("entry.resolve()"), IsEmpty());
}

TEST(Expression, TestIsTrueForASingleTrueOnly) {
  EvalContext context;
  const auto test = [&](std::string_view text) {
    const auto expression = Expression::compile(text, engine().context("Bundle"));
    return *expression->test(context, focus());
  };
  EXPECT_TRUE(test("type = 'message'"));
  EXPECT_FALSE(test("type = 'document'"));
  EXPECT_FALSE(test("timestamp > now()"));
  EXPECT_TRUE(test("type"));
  EXPECT_THAT(Expression::compile("entry", engine().context("Bundle"))->test(context, focus()),
              FailsWith(ErrorCode::invalid));
}

TEST(Expression, NodesOfSeveralDocumentsMeetInOneEvaluation) {
  // Both know the element "zzUnheardOf" under numbers of their own; the expression makes it shared.
  const auto read = [](std::string text) { return *json::read(std::move(text), engine().symbols); };
  const tree::Document one = read(R"({"resourceType":"Patient","other":"y","zzUnheardOf":"1"})");
  const tree::Document two =
      read(R"({"resourceType":"Patient","zzUnheardOf":"2","zzAnother":"x"})");
  ASSERT_TRUE(one.has_local_names());
  const auto expression = Expression::compile("zzUnheardOf", engine().context("Patient"));
  ASSERT_THAT(expression, IsOk());
  EvalContext context;
  Collection both;
  both.add(context, Value::of(one, one.root()));
  both.add(context, Value::of(two, two.root()));
  const auto items = expression->evaluate(context, both);
  ASSERT_THAT(items, IsOk());
  ASSERT_EQ(items->size(), 2u);
  EXPECT_EQ(context.text_of((*items)[0]), "1");
  EXPECT_EQ(context.text_of((*items)[1]), "2");
  EXPECT_EQ(&(*items)[1].document(), &two);
  // A document read afterwards holds the shared name.
  const tree::Document three = read(R"({"resourceType":"Patient","zzUnheardOf":"3"})");
  const auto later = expression->evaluate(context, Collection::of(three, three.root()));
  ASSERT_THAT(later, IsOk());
  EXPECT_EQ(context.text_of(later->front()), "3");
}

TEST(Expression, TreesWithoutAnnotationAreTypedFromTheResource) {
  const auto plain = json::read(
      R"({"resourceType":"Patient","birthDate":"1984-02","deceasedDateTime":"2020-01-01T10:00:00Z","contact":[{"period":{"start":"2001"}}]})",
      engine().symbols);
  ASSERT_THAT(plain, IsOk());
  EXPECT_THAT(run("birthDate < @1990", *plain), ElementsAre("boolean:true"));
  EXPECT_THAT(run("deceased is dateTime", *plain), ElementsAre("boolean:true"));
  EXPECT_THAT(run("contact.type().name | contact.period.start.type().name", *plain),
              ElementsAre("string:Patient.contact", "string:dateTime"));
}

TEST(Expression, WithoutDefinitionsPathsWorkByName) {
  CompileContext compile{engine().symbols, engine().functions};
  compile.strict = true;
  const auto expression =
      Expression::compile("Bundle.entry.resource.where(gender = 'male').id", compile);
  ASSERT_THAT(expression, IsOk());
  EvalContext context;
  const auto items = expression->evaluate(context, focus());
  ASSERT_THAT(items, IsOk());
  EXPECT_EQ(context.text_of(items->front()), "b");
}

TEST(Expression, WhatWasLookedAtIsRecorded) {
  const auto expression = Expression::compile("entry.resource.where(gender = 'male').id.exists()",
                                              engine().context("Bundle"));
  EvalContext context;
  tree::NodeSet reads;
  context.reads = &reads;
  ASSERT_THAT(expression->evaluate(context, focus()), IsOk());
  EXPECT_EQ(reads.size(), 2u);  // both genders; whether an id is there is no look at its value
}

TEST(Expression, TraceHandsItemsToTheHost) {
  const auto expression = Expression::compile("entry.resource.trace('who', gender).count()",
                                              engine().context("Bundle"));
  EvalContext context;
  std::vector<std::string> seen;
  context.hooks.trace = [&](std::string_view name, const Collection& items) {
    seen.emplace_back(name);
    for (const Value& item : items) seen.emplace_back(*context.text_of(item));
  };
  ASSERT_THAT(expression->evaluate(context, focus()), IsOk());
  EXPECT_THAT(seen, ElementsAre("who", "female", "male"));
}

TEST(Expression, HooksAnswerWhatTheDocumentDoesNotHold) {
  EvalContext context;
  context.hooks.member_of = [](const Value& coded,
                               std::string_view set) -> Result<std::optional<bool>> {
    return std::optional(coded.node().text() == "male" && set == "urn:vs");
  };
  context.hooks.resolve = [](std::string_view reference) -> std::optional<Value> {
    if (reference != "Patient/away") return std::nullopt;
    return Value::of(bundle(), *bundle()
                                    .root()
                                    .child(engine().symbols.find("entry"))
                                    ->child(engine().symbols.find("resource")));
  };
  const auto evaluate = [&](std::string_view text) {
    const auto items =
        Expression::compile(text, engine().context("Bundle"))->evaluate(context, focus());
    EXPECT_THAT(items, IsOk());
    return printed(context, *items);
  };
  EXPECT_THAT(evaluate("entry.resource.where(gender.memberOf('urn:vs')).id"), ElementsAre("id:b"));
  EXPECT_THAT(evaluate("'Patient/away'.resolve().id"), ElementsAre("id:a"));
  EXPECT_THAT(evaluate("'Patient/nowhere'.resolve().id"), IsEmpty());
}

TEST(Expression, FunctionsOfOtherRoomsAreAddedToTheTable) {
  constexpr static FunctionRow kRow{
      .name = "twice",
      .max = 1,
      .handler = [](EvalContext& context, const Collection& input,
                    Args args) -> Result<Collection> {
        CONCORD_ASSIGN(const auto text, context.one_string(input, "the input of twice()"));
        if (!text) return Collection();
        const std::string between =
            args.empty() ? "" : std::string((*context.one_string(args[0], "x")).value_or(""));
        return Collection::of(context.string(std::string(*text) + between + std::string(*text)));
      },
      .returns = Returns::string,
      .accepts = Accepts::string};
  FunctionTable functions = FunctionTable::standard();
  functions.add(kRow);
  CompileContext compile{engine().symbols, functions};
  compile.definitions = engine().definitions.get();
  compile.focus_type = "Bundle";
  compile.strict = true;
  EvalContext context;
  const auto items = Expression::compile("type.twice('/')", compile)->evaluate(context, focus());
  ASSERT_THAT(items, IsOk());
  EXPECT_THAT(printed(context, *items), ElementsAre("string:message/message"));
  EXPECT_THAT(Expression::compile("entry.twice()", compile), FailsWith(ErrorCode::invalid));
}

TEST(Expression, ThreadsShareOne) {
  const auto expression = Expression::compile(
      "entry.resource.ofType(Patient).where(gender.matches('^f')).id", engine().context("Bundle"));
  ASSERT_THAT(expression, IsOk());
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      EvalContext context;
      for (int round = 0; round < 200; ++round) {
        const auto items = expression->evaluate(context, focus());
        if (items && items->size() == 1 && context.text_of(items->front()) == "a") ++right;
        context.reset();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 800);
}

TEST(Command, PrintsEachItemOnALine) {
  const auto text =
      evaluate_to_text("entry.resource.gender | entry.resource.first() | 1.5 'mg' | @2026-03",
                       bundle(), *engine().definitions, engine().symbols, Instant{});
  ASSERT_THAT(text, IsOk());
  EXPECT_EQ(*text,
            "female\nmale\n{\"resourceType\":\"Patient\",\"id\":\"a\",\"gender\":\"female\"}\n1.5 "
            "'mg'\n2026-03\n");
  EXPECT_THAT(
      evaluate_to_text("entry.", bundle(), *engine().definitions, engine().symbols, Instant{}),
      FailsWith(ErrorCode::malformed));
}

}  // namespace concord::path::test
