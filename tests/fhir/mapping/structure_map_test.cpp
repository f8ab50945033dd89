// Maps as text and as StructureMap: golden folders structure_maps/<name>/{input.map | input.json,
// text.map, r4.json, r5.json, lost.txt, README.md}, and what is refused.
#include "fhir/mapping/structure_map.h"

#include <gtest/gtest.h>

#include "fhir/json/writer.h"
#include "fhir/mapping/structure_map_read.h"
#include "fhir/xml/writer.h"
#include "tests/fhir/mapping/fixture.h"
#include "tests/support/files.h"
#include "tests/support/places.h"

namespace concord::mapping::test {
namespace {

namespace fs = std::filesystem;
using concord::test::read_file;

std::string as_json(const MapSource& source, ResourceForm form, bool pretty = false) {
  const tree::Symbols symbols;
  const auto made = to_resource(source, symbols, form);
  EXPECT_THAT(made, IsOk());
  if (!made) return {};
  auto text = concord::json::write(*made, {.pretty = pretty});
  EXPECT_THAT(text, IsOk());
  return text ? *text : std::string();
}

std::string as_xml(const MapSource& source, ResourceForm form) {
  const tree::Symbols symbols;
  const auto made = to_resource(source, symbols, form);
  EXPECT_THAT(made, IsOk());
  if (!made) return {};
  auto text = concord::xml::write_fhir(*made);
  EXPECT_THAT(text, IsOk());
  return text ? *text : std::string();
}

class StructureMaps : public testing::TestWithParam<fs::path> {};

TEST_P(StructureMaps, TextAndBothFormsOfTheResourceSayTheSame) {
  const fs::path& folder = GetParam();
  EXPECT_TRUE(fs::exists(folder / "README.md"));
  const fs::path file = folder / (fs::exists(folder / "input.map") ? "input.map" : "input.json");
  const MapSource input{file.filename().string(), read_file(file)};
  std::vector<Issue> lost;
  const auto text = to_text(input, {}, &lost);
  ASSERT_THAT(text, IsOk());
  concord::test::expect_golden(folder / "text.map", *text);
  std::string told;
  for (const Issue& issue : lost) {
    told += issue.expression + ' ' + std::to_string(issue.position.line) + ':' +
            std::to_string(issue.position.column) + '\n';
  }
  concord::test::expect_golden(folder / "lost.txt", told);
  EXPECT_EQ(to_text({"again", *text}).value_or(""), *text);
  for (const ResourceForm form : {ResourceForm::r4, ResourceForm::r5}) {
    const bool r4 = form == ResourceForm::r4;
    concord::test::expect_golden(folder / (r4 ? "r4.json" : "r5.json"),
                                 as_json(input, form, true) + '\n');
    const std::string resource = as_json({"text", *text}, form);
    const auto back = to_text({"json", resource});
    ASSERT_THAT(back, IsOk());
    EXPECT_EQ(to_text({"again", *back}).value_or(""), *back);
    EXPECT_EQ(as_json({"back", *back}, form), resource);
    EXPECT_EQ(to_text({"xml", as_xml({"text", *text}, form)}).value_or(""), *back);
  }
}

INSTANTIATE_TEST_SUITE_P(Folder, StructureMaps,
                         testing::ValuesIn(concord::test::case_folders(
                             fs::path(concord::test::test_dir()) / "structure_maps")),
                         [](const auto& each) { return each.param.filename().string(); });

/// A StructureMap with one group; `rules` begin in line 3, column 3.
std::string resource(const std::string& rules, const std::string& more = {}) {
  return R"({"resourceType":"StructureMap","url":"https://example.org/m","name":"M",)" + more +
         "\n \"group\":[{\"name\":\"G\",\"input\":[{\"name\":\"s\",\"mode\":\"source\"},"
         "{\"name\":\"t\",\"mode\":\"target\"}],\"rule\":[\n  " +
         rules + "]}]}";
}

struct Refused {
  const char* name;
  std::string text;
  Position at;
  std::string_view code;
  std::string said;
};

void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.name; }

class Resource : public testing::TestWithParam<Refused> {};

TEST_P(Resource, MistakesHavePlaceCodeAndText) {
  const auto made = to_text({"m.json", GetParam().text});
  ASSERT_FALSE(made.has_value());
  const Issue& issue = made.error().issues.front();
  EXPECT_EQ(issue.expression, "m.json");
  EXPECT_EQ(issue.detail_code, GetParam().code);
  EXPECT_EQ(issue.text, GetParam().said);
  EXPECT_EQ(issue.position, GetParam().at);
}

const std::string kSource = R"("source":[{"context":"s","element":"a"}])";

INSTANTIATE_TEST_SUITE_P(
    Text, Resource,
    testing::Values(
        Refused{"AnotherResource",
                R"({"resourceType":"Patient","id":"x"})",
                {1, 1},
                "syntax",
                "the resource is no StructureMap"},
        Refused{"NoUrl",
                R"({"resourceType":"StructureMap","name":"x"})",
                {1, 1},
                "syntax",
                "the StructureMap has no url"},
        Refused{"NoSource", resource(R"({"name":"r"})"), {3, 3}, "syntax", "a rule has no source"},
        Refused{"NoContext",
                resource(R"({"source":[{"element":"a"}]})"),
                {3, 14},
                "syntax",
                "a source has no context"},
        Refused{"WrongListMode",
                resource(R"({"source":[{"context":"s","listMode":"some"}]})"),
                {3, 14},
                "syntax",
                "expected the listMode first, not_first, last, not_last or only_one"},
        Refused{"WrongCardinality",
                resource(R"({"source":[{"context":"s","min":2,"max":"1"}]})"),
                {3, 14},
                "syntax",
                "the cardinality ends below its beginning"},
        Refused{"NoNumber",
                resource(R"({"source":[{"context":"s","max":"many"}]})"),
                {3, 29},
                "syntax",
                "expected a number"},
        Refused{"ConditionThatIsNone",
                resource(R"({"source":[{"context":"s","condition":"true; s -> t"}]})"),
                {3, 29},
                "fhirpath",
                "expected a FHIRPath expression"},
        Refused{"ContextThatIsAType",
                resource("{" + kSource + R"(,"target":[{"context":"s","contextType":"type"}]})"),
                {3, 70},
                "unsupported",
                "a target's context is a variable"},
        Refused{"ParameterWithoutTransform",
                resource("{" + kSource +
                         R"(,"target":[{"context":"t","parameter":[{"valueId":"s"}]}]})"),
                {3, 55},
                "syntax",
                "parameters without a transform"},
        Refused{"ComplexDefault",
                resource(R"({"source":[{"context":"s","defaultValueCoding":{"code":"x"}}]})"),
                {3, 29},
                "unsupported",
                "a value of a type maps cannot write"},
        Refused{"RulesAndCalls",
                resource("{" + kSource + ",\"rule\":[{" + kSource +
                         R"(}],"dependent":[{"name":"G","variable":["s","t"]}]})"),
                {3, 3},
                "unsupported",
                "a rule has rules and calls groups: only one of them"},
        Refused{
            "WrongTypeMode",
            R"({"resourceType":"StructureMap","url":"u","group":[{"name":"G","typeMode":"x"}]})",
            {1, 51},
            "syntax",
            "expected the typeMode none, types or type-and-types"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(ResourceOfMap, TextOfJsonThatIsNoneIsMalformed) {
  EXPECT_THAT(to_text({"m.json", "{\"resourceType\":"}), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(to_text({"m.xml", "<StructureMap>"}), FailsWith(ErrorCode::malformed));
}

TEST(ResourceOfMap, CompilesWithThePlacesOfItsElements) {
  const auto maps =
      compile({{"m.json", R"({"resourceType":"StructureMap","url":"https://example.org/m",
 "structure":[{"url":"http://hl7.org/fhir/StructureDefinition/Patient","mode":"source","alias":"P"}],
 "group":[{"name":"G","input":[{"name":"s","type":"P","mode":"source"},{"name":"t","type":"P","mode":"target"}],
 "rule":[{"source":[{"context":"s","element":"nome","variable":"n"}],
 "target":[{"context":"t","element":"name","transform":"copy","parameter":[{"valueId":"n"}]}]}]}]})"}});
  ASSERT_FALSE(maps.has_value());
  const Issue& issue = maps.error().issues.front();
  EXPECT_EQ(issue.detail_code, "unknown-element");
  EXPECT_EQ(issue.text, "Patient has no element nome");
  EXPECT_EQ(issue.position, (Position{4, 36}));
}

TEST(ResourceOfMap, HasNoMoreRulesThanALimitSays) {
  MapLimits limits;
  limits.max_depth = 3;
  std::string deep = "{" + kSource + "}";
  for (int i = 0; i < 5; ++i) deep = "{" + kSource + ",\"rule\":[" + deep + "]}";
  const auto made = to_text({"m.json", resource(deep)}, limits);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().issues.front().text, "rules nested more than 3 deep");
  limits.max_rules = 2;
  limits.max_depth = 64;
  EXPECT_FALSE(to_text({"m.json", resource(deep)}, limits).has_value());
}

TEST(ResourceOfMap, NamesThatNeedItAreQuoted) {
  const std::string rule =
      R"({"name":"x \"y\"","source":[{"context":"s","element":"a-b","variable":"true"}],)"
      R"("target":[{"context":"t","element":"for","transform":"copy","parameter":[{"valueId":"true"}]}]})";
  const auto text = to_text({"m.json", resource(rule)});
  ASSERT_THAT(text, IsOk());
  EXPECT_NE(text->find("s.`a-b` as `true` -> t.`for` = `true` \"x \\\"y\\\"\";"), std::string::npos)
      << *text;
  EXPECT_EQ(to_text({"again", *text}).value_or(""), *text);
}

}  // namespace
}  // namespace concord::mapping::test
