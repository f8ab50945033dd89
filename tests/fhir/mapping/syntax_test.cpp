// What the parser reads and refuses.
#include <gtest/gtest.h>

#include "fhir/mapping/parser.h"
#include "fhir/mapping/path_text.h"
#include "tests/fhir/mapping/fixture.h"

namespace concord::mapping::test {
namespace {

ast::Map parsed(const std::string& text, Findings& findings) {
  const MapSource source{"test.map", text};
  return parse(source, {}, findings);
}

struct Wrong {
  const char* name;
  std::string text;
  Position at;
  std::string said;
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.name; }

class Syntax : public testing::TestWithParam<Wrong> {};

TEST_P(Syntax, ErrorHasPlaceAndText) {
  Findings findings;
  static_cast<void>(parsed(GetParam().text, findings));
  const auto found = findings.sorted({"test.map"});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].code, "syntax");
  EXPECT_EQ(found[0].text, GetParam().said);
  EXPECT_EQ(found[0].position, GetParam().at);
}

INSTANTIATE_TEST_SUITE_P(
    Text, Syntax,
    testing::Values(
        Wrong{"Empty",
              "",
              {1, 1},
              "the map has no url: write map \"url\" = name, or /// url = \"url\""},
        Wrong{"NoMap", "map", {1, 4}, "expected the url of the map in quotes"},
        Wrong{"UnknownDeclaration",
              "map 'u' = M\nfoo",
              {2, 1},
              "expected map, uses, imports, let, conceptmap or group"},
        Wrong{"SecondUrl", "map 'u' = M\nmap 'v' = N", {2, 1}, "a second url of the map"},
        Wrong{"StringNotClosed", "map 'u", {1, 5}, "a string is not closed"},
        Wrong{"CommentNotClosed", "map 'u' = M /* x", {1, 12}, "a comment is not closed"},
        Wrong{"StrangeCharacter",
              "map 'u' = M\n group G(source s, target t) { s \x01 }",
              {2, 34},
              "a character that has no meaning here"},
        Wrong{"WrongUse",
              "map 'u' = M uses 'x' as sink",
              {1, 25},
              "expected source, target, queried or produced"},
        Wrong{"NoEndOfRule",
              "map 'u' = M group G(source s, target t) { s.a -> t.b }",
              {1, 54},
              "expected \";\""},
        Wrong{"NoEndOfGroup",
              "map 'u' = M group G(source s, target t) { s.a -> t.b;",
              {1, 54},
              "expected \"}\""},
        Wrong{"NoInputMode", "map 'u' = M group G(s : T) {}", {1, 21}, "expected source or target"},
        Wrong{"CardinalityBackwards",
              "map 'u' = M group G(source s, target t) { s.a 2..1 -> t.b; }",
              {1, 47},
              "the cardinality ends below its beginning"},
        Wrong{"NoValue",
              "map 'u' = M group G(source s, target t) { s.a -> t.b = ; }",
              {1, 56},
              "expected a value"},
        Wrong{"WhereTwice",
              "map 'u' = M group G(source s, target t) { s.a where x = 1 where y = 2 -> t.b; }",
              {1, 59},
              "a second where of one source"},
        Wrong{"NoPrefix", "map 'u' = M conceptmap 'c' { a:b == a:c }", {1, 30}, "no prefix a"},
        Wrong{"NoRelation",
              "map 'u' = M conceptmap 'c' { prefix a = 'x' a:b a:c }",
              {1, 49},
              "expected one of == = <= >= <- >- - -- != ~"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Parse, KeepsEveryPartOfARule) {
  Findings findings;
  const ast::Map map = parsed(
      "map 'u' = M\n"
      "group G(source s : S, target t : T) extends B <<type+>> {\n"
      "  s.a : X 1..* default ('d') only_one as v where v.b = 3 days and c in ('->' | ';') check "
      "d.exists()\n"
      "    log 'seen' -> t.e = translate(v, '#m', 'code') as w share mark, t.f as x then P(v, w), "
      "Q(x) \"named\";\n"
      "}\n",
      findings);
  ASSERT_FALSE(findings.failed());
  ASSERT_EQ(map.groups.size(), 1u);
  const ast::Group& group = map.groups[0];
  EXPECT_EQ(group.extends.text, "B");
  EXPECT_EQ(group.by_default, ast::Default::type_and_types);
  ASSERT_EQ(group.rules.size(), 1u);
  const ast::Rule& rule = group.rules[0];
  EXPECT_EQ(rule.name, "named");
  EXPECT_EQ(rule.at, (Position{3, 3}));
  const ast::Source& source = rule.sources.at(0);
  EXPECT_EQ(source.type.text, "X");
  EXPECT_EQ(source.min, 1u);
  EXPECT_EQ(source.max, UINT32_MAX);
  EXPECT_EQ(source.fallback.word.text, "'d'");
  EXPECT_EQ(source.pick, ast::Pick::only_one);
  EXPECT_EQ(source.where.text, "v.b = 3 days and c in ('->' | ';')");
  EXPECT_EQ(source.check.text, "d.exists()");
  EXPECT_EQ(source.log.text, "'seen'");
  ASSERT_EQ(rule.targets.size(), 2u);
  EXPECT_EQ(rule.targets[0].value.word.text, "translate");
  EXPECT_EQ(rule.targets[0].value.arguments.size(), 3u);
  EXPECT_EQ(rule.targets[0].place, ast::Place::share);
  EXPECT_EQ(rule.targets[0].share.text, "mark");
  ASSERT_EQ(rule.calls.size(), 2u);
  EXPECT_EQ(rule.calls[1].name.text, "Q");
}

TEST(Parse, NamesOfRulesComeFromTheirFirstSource) {
  Findings findings;
  const ast::Map map = parsed(
      "map 'u' = M\ngroup G(source s, target t) {\n  s.a : X -> t.b;\n  s -> t.b = 1;\n  s.c -> "
      "t.c bare;\n"
      "  s -> t : d, e 'x';\n}",
      findings);
  ASSERT_FALSE(findings.failed());
  std::vector<std::string> names;
  for (const ast::Rule& rule : map.groups[0].rules) names.push_back(rule.name);
  EXPECT_THAT(names, testing::ElementsAre("a-X", "line 4", "bare", "x.d", "x.e"));
}

TEST(Parse, HeaderLinesAreReadAndOtherCommentsAreNot) {
  Findings findings;
  const ast::Map map = parsed(
      "/// A map of things.\n/// url = \"https://example.org/m\"\n///name='M'\n/// title = A = B\n"
      "// url = 'no'\ngroup G(source s, target t) {}",
      findings);
  ASSERT_FALSE(findings.failed());
  EXPECT_EQ(map.url.text, "https://example.org/m");
  EXPECT_EQ(map.url.at, (Position{2, 11}));
  EXPECT_EQ(map.name.text, "M");
  EXPECT_EQ(map.title, "A = B");
}

TEST(Parse, StringsKnowTheirEscapes) {
  Findings findings;
  const ast::Map map = parsed("map 'a\\'b\\\\c\\n\\u00e9\\ud83d\\ude00' = `M x`", findings);
  ASSERT_FALSE(findings.failed());
  EXPECT_EQ(map.url.text, "a'b\\c\n\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(map.name.text, "M x");
}

TEST(Rewrite, VariablesAtTheStartOfAPathAndOldStrings) {
  const auto is_variable = [](std::string_view name) { return name == "v" || name == "is"; };
  const PathText made =
      rewrite("v.v(v).where(v = \"it's\") and x.is(v) and x is v or $v = %v + 3 v", is_variable);
  EXPECT_EQ(made.text, "%v.v(%v).where(%v = 'it\\'s') and x.is(v) and x is v or $v = %v + 3 v");
  EXPECT_THAT(made.names, testing::ElementsAre("v"));
  EXPECT_EQ(made.original({1, 3}, {1, 1}), (Position{1, 2}));
  EXPECT_EQ(made.original({4, 30}, {4, 1}), (Position{4, 26}));
}

}  // namespace
}  // namespace concord::mapping::test
