// Maps nobody meant well: refused with a place, in bounded time and stack.
#include <gtest/gtest.h>

#include "fhir/mapping/structure_map.h"
#include "tests/fhir/mapping/fixture.h"

namespace concord::mapping::test {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string made;
  for (std::size_t i = 0; i < times; ++i) made += text;
  return made;
}

const std::string kHead =
    "map 'u' = M uses 'http://hl7.org/fhir/StructureDefinition/Patient' alias P as source\n";

TEST(Hostile, RulesNestedTooDeep) {
  const auto maps = compile(
      one(kHead + "group G(source s : P, target t : P) {" + repeated("s then { ", 100'000)));
  ASSERT_FALSE(maps.has_value());
  EXPECT_EQ(maps.error().issues.front().text, "rules nested more than 64 deep");
}

TEST(Hostile, ParenthesesNestedTooDeep) {
  EXPECT_FALSE(compile(one(kHead + "group G(source s : P, target t : P) { s -> t.id = (" +
                           repeated("(", 200'000) + "1" + repeated(")", 200'000) + "); }"))
                   .has_value());
}

TEST(Hostile, TooManyRules) {
  CompileOptions options;
  options.limits.max_rules = 1000;
  EXPECT_FALSE(compile(one(kHead + "group G(source s : P, target t : P) {" +
                           repeated("s.id -> t.id;", 1001) + "}"),
                       options)
                   .has_value());
}

TEST(Hostile, TooManyBytes) {
  CompileOptions options;
  options.limits.max_bytes = 100;
  EXPECT_THAT(compile(one(kHead + repeated(" ", 100)), options), FailsWith(ErrorCode::too_long));
}

TEST(Hostile, ChainOfGroupsIsCompiledWithoutRecursion) {
  std::string text = kHead;
  constexpr int kGroups = 3000;
  for (int i = 0; i < kGroups; ++i) {
    text += "group G" + std::to_string(i) + "(source s, target t) { s then G" +
            std::to_string(i + 1) + "(s, t) 'r'; }\n";
  }
  text += "group G" + std::to_string(kGroups) + "(source s, target t) { s.id -> t.id; }\n";
  text += "group Main(source s : P, target t : P) { s then G0(s, t) 'r'; }";
  const auto maps = compile(one(text));
  ASSERT_THAT(maps, IsOk());
  EXPECT_THAT(run(*maps, json("{\"resourceType\":\"Patient\",\"id\":\"a\"}"), {}, "Main").report,
              FailsWith(ErrorCode::too_costly));
}

TEST(Hostile, InstancesAreCounted) {
  // Each call gives the group another type, and the group calls itself with the types below it.
  CompileOptions options;
  options.limits.max_instances = 3;
  const auto maps = compile(
      one(kHead +
          "group Main(source s : P, target t : P) { s.contact as c then A(c, t); s.name as n "
          "then A(n, t); s.link as l then A(l, t); s.photo as p then A(p, t); }\n"
          "group A(source s, target t) { s -> t.id = 'x'; }"),
      options);
  ASSERT_FALSE(maps.has_value());
  EXPECT_EQ(maps.error().issues.front().detail_code, "too-long");
}

TEST(Hostile, EveryPrefixAndEveryMissingByteOfAMapIsReadWithoutHarm) {
  const std::string text =
      kHead +
      "conceptmap '#c' { prefix a = 'x' a:b == a:'c' unmapped for a = provided }\nlet k = 'v';\n"
      "group G(source s : P, target t : P) <<types>> {\n"
      "  s.name : HumanName 0..* default ('x') first as n where (use = 'a') check true log 'm'"
      " -> t.name as m share z, m.text = translate(n.family, '#c', 'code') then { n.use -> m.use; "
      "} \"r\";\n"
      "}\n";
  for (std::size_t i = 0; i < text.size(); ++i) {
    static_cast<void>(lint(one(text.substr(0, i)), World::get().definitions));
    static_cast<void>(lint(one(text.substr(0, i) + text.substr(i + 1)), World::get().definitions));
  }
}

TEST(Hostile, ControlBytesAndBadUtf8) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = kHead + static_cast<char>(byte) +
                             "group G(source s : P, target t : P) { s.i" + static_cast<char>(byte) +
                             "d -> t.id; }";
    static_cast<void>(lint(one(text), World::get().definitions));
  }
}

TEST(Hostile, ManyErrorsAreCutOff) {
  std::string text = kHead + "group G(source s : P, target t : P) {";
  for (int i = 0; i < 5000; ++i) text += "s.x" + std::to_string(i) + " -> t.id;\n";
  const auto found = lint(one(text + "}"), World::get().definitions);
  EXPECT_LE(found.size(), 200u);
  EXPECT_GE(found.size(), 100u);
}

TEST(Hostile, EveryPrefixAndEveryMissingByteOfAStructureMapIsReadWithoutHarm) {
  const std::string text =
      R"({"resourceType":"StructureMap","url":"u","contained":[{"resourceType":"ConceptMap","id":"c",)"
      R"("group":[{"source":"a","element":[{"code":"b","target":[{"code":"c"}]}],"unmapped":{"mode":"fixed"}}]}],)"
      R"("structure":[{"url":"http://hl7.org/fhir/StructureDefinition/Patient","mode":"source","alias":"P"}],)"
      R"("group":[{"name":"G","typeMode":"types","input":[{"name":"s","type":"P","mode":"source"},)"
      R"({"name":"t","type":"P","mode":"target"}],"rule":[{"name":"r","source":[{"context":"s","min":0,"max":"*",)"
      R"("element":"name","listMode":"first","variable":"n","condition":"use = 'a'"}],"target":[{"context":"t",)"
      R"("element":"name","variable":"m","listMode":["share"],"listRuleId":"z","transform":"copy","parameter":[)"
      R"({"valueId":"n"}]}],"dependent":[{"name":"G","variable":["s","t"]}]}]}]})";
  ASSERT_THAT(to_text({"m.json", text}), IsOk());
  for (std::size_t i = 0; i < text.size(); ++i) {
    static_cast<void>(lint(one(text.substr(0, i)), World::get().definitions));
    static_cast<void>(lint(one(text.substr(0, i) + text.substr(i + 1)), World::get().definitions));
  }
}

TEST(Hostile, StructureMapsNestedTooDeep) {
  std::string text = R"({"resourceType":"StructureMap","url":"u","group":[{"name":"G","rule":[)";
  text += repeated(R"({"source":[{"context":"s"}],"rule":[)", 100'000);
  EXPECT_FALSE(compile(one(text)).has_value());
}

TEST(Hostile, NamesAndTextsOfAResourceStayWithinTheirPlace) {
  // What would end a string, a comment or a rule of the text does not.
  const auto text =
      to_text({"m.json", R"({"resourceType":"StructureMap","url":"u\"}\n//","name":"*/ '",
    "description":"a\n/// url = 'x'","group":[{"name":"G {","documentation":"d\r\ngroup H(",
    "input":[{"name":"s`","mode":"source"}],"rule":[{"name":"n\";","source":[{"context":"s`","element":"a;",
    "type":"T\"","variable":"v -> t"}],"target":[{"context":"s`","element":"x","transform":"copy",
    "parameter":[{"valueString":"'; group"}]}]}]}]})"});
  ASSERT_THAT(text, IsOk());
  const auto again = to_text({"again.map", *text});
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(*again, *text);
}

TEST(Hostile, ConceptMapsThatStandInForOneAnotherEnd) {
  const std::string head = kHead +
                           "conceptmap '#a' { prefix x = 'x' unmapped for x = other '#b' }\n"
                           "conceptmap '#b' { prefix x = 'x' unmapped for x = other '#a' }\n";
  const auto maps = compile(one(
      head + "group G(source s : P, target t : P) { s.id as i -> t.id = translate(i, '#a'); }"));
  ASSERT_THAT(maps, IsOk());
  const Ran ran = run(*maps, json("{\"resourceType\":\"Patient\",\"id\":\"a\"}"));
  ASSERT_THAT(ran.report, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(ran.report.error().issues[0].detail_code, "INVALID_VALUE");
}

TEST(Hostile, ManyCommentsAreReadInOneGo) {
  const std::string text =
      kHead + repeated("// c\n", 200'000) + "group G(source s : P, target t : P) { s.id -> t.id; }";
  EXPECT_THAT(compile(one(text)), IsOk());
}

TEST(Hostile, ImportsOfNothingButStars) {
  const std::string text =
      kHead + "imports '" + repeated("*a", 20'000) + "*'\ngroup G(source s : P, target t : P) {}";
  const auto found = lint(
      {{MapSource{"a.map", text}, MapSource{"b.map", "map '" + repeated("a", 20'000) + "' = B"}}},
      World::get().definitions);
  EXPECT_EQ(found.size(), 0u);
}

}  // namespace
}  // namespace concord::mapping::test
