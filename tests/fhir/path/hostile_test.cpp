// Expressions and documents meant to hurt: each ends soon, with a clear error or a right answer.
#include <gmock/gmock.h>

#include <chrono>

#include "fhir/tree/builder.h"
#include "tests/fhir/path/engine.h"
#include "tests/support/result_matchers.h"

namespace concord::path::test {

namespace {

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

Result<Expression> compile(std::string_view text, std::size_t max_length = 16 << 20) {
  CompileContext context = engine().context("Patient");
  context.max_length = max_length;
  return Expression::compile(text, context);
}

const tree::Document& patient() {
  static const tree::Document* made = new tree::Document(resource(
      R"({"resourceType":"Patient","id":"p","name":[{"family":"A","given":["B","C","D","E"]}]})"));
  return *made;
}

/// A tenth of the usual budget: what has no end is found as well.
constexpr EvalLimits kSmall{200'000, std::size_t{8} << 20};

Result<Collection> evaluate(std::string_view text, EvalContext& context) {
  auto expression = compile(text);
  if (!expression) return std::move(expression).error();
  return expression->evaluate(context, Collection::of(patient(), patient().root()));
}

}  // namespace

TEST(HostileText, DeepNestingIsTooLong) {
  EXPECT_THAT(compile(repeated("(", 100'000) + "1" + repeated(")", 100'000)),
              FailsWith(ErrorCode::too_long));
  EXPECT_THAT(compile(repeated("not(", 100'000)), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(compile(repeated("a[", 100'000)), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(compile(repeated("-", 100'000) + "1"), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(compile(repeated("where(", 100'000)), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(compile(repeated("1 + (", 100'000)), FailsWith(ErrorCode::too_long));
}

TEST(HostileText, LongRowsOfOperatorsAreTooLong) {
  EXPECT_THAT(compile("1" + repeated(" + 1", 100'000)), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(compile("a" + repeated(" is Patient", 100'000)), FailsWith(ErrorCode::too_long));
  // Rows inside rows: the depth of the whole counts, not of one row.
  std::string text = "1";
  for (int i = 0; i < 100; ++i) text = "(" + text + repeated(" + 1", 100) + ")";
  EXPECT_THAT(compile(text), FailsWith(ErrorCode::too_long));
}

TEST(HostileText, NestingAndRowsWithinTheLimitsWork) {
  EvalContext context;
  const auto deep = evaluate(repeated("(", 100) + "1" + repeated(")", 100), context);
  ASSERT_THAT(deep, IsOk());
  EXPECT_EQ(printed(context, *deep), std::vector<std::string>{"integer:1"});
  const auto row = evaluate("1" + repeated(" + 1", 400), context);
  ASSERT_THAT(row, IsOk());
  EXPECT_EQ(printed(context, *row), std::vector<std::string>{"integer:401"});
}

TEST(HostileText, LongPathsAreFollowedWithoutRecursion) {
  EvalContext context;
  ASSERT_THAT(evaluate("name" + repeated(".name", 100'000), context), IsOk());
  ASSERT_THAT(evaluate("name" + repeated(".first()", 20'000), context), IsOk());
  ASSERT_THAT(evaluate("name" + repeated("[0]", 20'000), context), IsOk());
}

TEST(HostileText, HugeLiteralsAreRefusedOrKept) {
  EXPECT_THAT(compile(repeated("9", 1'000'000)), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(compile("0." + repeated("9", 1'000'000)), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(compile("1 '" + repeated("m", 1'000'000) + "' = 1 'm'"), IsOk());
  EXPECT_THAT(compile("'" + repeated("x", 1'000'000) + "'.length()"), IsOk());
  EXPECT_THAT(compile(repeated("x", 100'000), 64 * 1024), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(compile("iif(" + repeated("1,", 10'000) + "1)"), FailsWith(ErrorCode::too_long));
}

TEST(HostileText, BytesThatAreNoExpressionAreMalformed) {
  for (const std::string_view text :
       {"",     " ",    "\x80\xff", "#",      "a..b",        "a.",     ".a",      "1..2",      "@",
        "@T",   "@20",  "$",        "$that",  "%",           "'\\x'",  "'\\u12'", "'\\ud800'", "`a",
        "/*",   "a b",  "(1",       "{1}",    "[0]",         "a[",     "a[]",     "a[0",       "f(",
        "f(1,", "f(,)", "1 is",     "1 is 2", "1 is A.B.C.", "and",    "a and",   "!",         "!=",
        "1 !",  "a:b",  "\"x\"",    "a;b",    "1 'mg",       "@2026-", "@T10:30Z"}) {
    const auto compiled = compile(text);
    if (text == "and" || text == "@2026-" || text == "1 is A.B.C.") {
      if (compiled) continue;  // a name; a year with something behind it
    }
    ASSERT_FALSE(compiled.has_value()) << text;
    EXPECT_THAT(compiled, FailsWith(ErrorCode::malformed)) << text;
    EXPECT_GT(compiled.error().issues.front().position.line, 0u) << text;
  }
}

TEST(HostileEvaluation, EndlessRepeatIsTooCostly) {
  EvalContext context(kSmall);
  EXPECT_THAT(evaluate("(1).repeat($this + 1)", context), FailsWith(ErrorCode::too_costly));
  EXPECT_THAT(evaluate("('a').repeat($this + 'a')", context), FailsWith(ErrorCode::too_costly));
}

TEST(HostileEvaluation, ExponentialGrowthIsTooCostly) {
  EvalContext context(kSmall);
  // Each level doubles the items.
  EXPECT_THAT(evaluate("name" + repeated(".combine($this.name)", 0) + ".given" +
                           repeated(".select($this.combine($this))", 40) + ".count()",
                       context),
              FailsWith(ErrorCode::too_costly));
  EXPECT_THAT(evaluate("(1|2|3|4|5|6|7|8|9).aggregate($total.combine($total).combine($this), "
                       "(1|2)).count() > 0 and name.given" +
                           repeated(".select(%context.name.given)", 20) + ".exists()",
                       context),
              FailsWith(ErrorCode::too_costly));
}

TEST(HostileEvaluation, TextsThatDoubleAreTooCostly) {
  EvalContext context(kSmall);
  EXPECT_THAT(evaluate("('x')" + repeated(".select($this + $this)", 60) + ".length()", context),
              FailsWith(ErrorCode::too_costly));
  EXPECT_THAT(
      evaluate("('x')" + repeated(".select($this.replace('', $this))", 20) + ".length()", context),
      FailsWith(ErrorCode::too_costly));
  EXPECT_THAT(
      evaluate("('xxxxxxxx')" + repeated(".replaceMatches('.', '$0$0$0$0$0$0$0$0$0$0')", 30) +
                   ".length()",
               context),
      FailsWith(ErrorCode::too_costly));
}

TEST(HostileEvaluation, NestedCriteriaAreTooCostly) {
  std::string text = "true";
  for (int i = 0; i < 30; ++i) text = "%context.name.given.all(" + text + ")";
  EvalContext context(kSmall);
  EXPECT_THAT(evaluate(text, context), FailsWith(ErrorCode::too_costly));
}

TEST(HostileEvaluation, PatternsThatMakeOthersBacktrackMatchInLinearTime) {
  const std::string text = repeated("a", 20'000) + "!";
  EvalContext context(kSmall);
  const auto start = std::chrono::steady_clock::now();
  for (const std::string_view pattern :
       {"(a+)+$", "(a|aa)+$", "(a|a?)+b", "(.*a){11}$", "([a-z]+)*b"}) {
    const auto matched =
        evaluate("'" + text + "'.matches('" + std::string(pattern) + "')", context);
    ASSERT_THAT(matched, IsOk()) << pattern;
    EXPECT_EQ(printed(context, *matched), std::vector<std::string>{"boolean:false"}) << pattern;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  // A pattern that would need too much memory is refused when it is compiled.
  EXPECT_THAT(compile("'a'.matches('((a{1,100}){1,100}){1,100}')"), FailsWith(ErrorCode::invalid));
}

TEST(HostileEvaluation, TimeThatIsOverEndsIt) {
  EvalContext context(kSmall);
  int polls = 0;
  context.hooks.expired = [&] { return ++polls > 3; };
  EXPECT_THAT(evaluate("(1).repeat($this + 1)", context), FailsWith(ErrorCode::timeout));
}

TEST(HostileEvaluation, AContextIsGoodAgainAfterAnError) {
  EvalContext context(kSmall);
  EXPECT_THAT(evaluate("(1).repeat($this + 1)", context), FailsWith(ErrorCode::too_costly));
  context.reset();
  const auto items = evaluate("name.given.count()", context);
  ASSERT_THAT(items, IsOk());
  EXPECT_EQ(printed(context, *items), std::vector<std::string>{"integer:4"});
}

TEST(HostileDocument, DeepTreesNeedNoStack) {
  // Deeper than any reader allows: an extension in an extension, 50,000 times.
  tree::Limits limits;
  limits.max_depth = 200'000;
  tree::Document document(engine().symbols, limits);
  tree::Builder builder(document);
  builder.set_type(builder.root(), builder.symbol("Patient"));
  builder.set_flag(builder.root(), tree::Flag::resource);
  tree::Node* at = &builder.root();
  for (int i = 0; i < 50'000; ++i) at = builder.append(*at, builder.symbol("extension"));
  builder.set_text(*builder.append(*at, builder.symbol("url"), tree::Kind::string), "x");
  for (const std::string_view text :
       {"descendants().count()", "repeat(extension).count()", "extension = extension",
        "extension ~ extension", "extension.distinct().count()",
        "descendants().last().type().name"}) {
    const auto expression = Expression::compile(text, engine().context("Patient"));
    ASSERT_THAT(expression, IsOk()) << text;
    EvalContext context(EvalLimits{2'000'000, std::size_t{64} << 20});
    const auto items = expression->evaluate(context, Collection::of(document, document.root()));
    if (!items) {
      EXPECT_THAT(items, FailsWith(ErrorCode::too_costly)) << text;
    }
  }
}

TEST(HostileDocument, WideTreesStayWithinTheBudget) {
  tree::Document document(engine().symbols);
  tree::Builder builder(document);
  builder.set_type(builder.root(), builder.symbol("Patient"));
  builder.set_flag(builder.root(), tree::Flag::resource);
  const tree::Symbol name = builder.symbol("name");
  for (int i = 0; i < 200'000; ++i) builder.append(builder.root(), name);
  const auto expression = Expression::compile("name.select(%context.name.count()).distinct()",
                                              engine().context("Patient"));
  ASSERT_THAT(expression, IsOk());
  EvalContext context(kSmall);
  EXPECT_THAT(expression->evaluate(context, Collection::of(document, document.root())),
              FailsWith(ErrorCode::too_costly));
}

}  // namespace concord::path::test
