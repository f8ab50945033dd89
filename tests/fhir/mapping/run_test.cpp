// How a run ends: with a documented code, with a limit, with a trace.
#include <gtest/gtest.h>

#include "tests/fhir/mapping/fixture.h"

namespace concord::mapping::test {
namespace {

constexpr const char* kPatient =
    "{\"resourceType\":\"Patient\",\"id\":\"p\",\n"
    " \"identifier\":[{\"system\":\"a\",\"value\":\"1\"},{\"system\":\"a\",\"value\":\"2\"}],\n"
    " \"name\":[{\"use\":\"old\",\"family\":\"Ash\"}],\n"
    " \"birthDate\":\"1980-02\"}";

std::string patient_map(const std::string& rules, const std::string& more = {}) {
  return "map \"https://example.org/m\" = M\n"
         "uses \"http://hl7.org/fhir/StructureDefinition/Patient\" alias Patient as source\n"
         "uses \"https://example.org/model/Parcel\" alias Parcel as target\n"
         "group Main(source src : Patient, target tgt : Patient) {\n"
         "  " +
         rules + "\n}\n" + more;
}

struct Stops {
  const char* name;
  std::string rules;
  Issue issue;
  std::string log_detail;
};

void PrintTo(const Stops& stops, std::ostream* out) { *out << stops.name; }

class Run : public testing::TestWithParam<Stops> {};

TEST_P(Run, StopsWithCodePlaceAndRule) {
  const auto maps = compile(one(patient_map(GetParam().rules)));
  ASSERT_THAT(maps, IsOk());
  const tree::Document source = json(kPatient);
  const Ran ran = run(*maps, source);
  ASSERT_THAT(ran.report, FailsWith(ErrorCode::invalid));
  const Error& error = ran.report.error();
  ASSERT_EQ(error.issues.size(), 1u);
  EXPECT_EQ(error.issues[0].detail_code, GetParam().issue.detail_code);
  EXPECT_EQ(error.issues[0].expression, GetParam().issue.expression);
  EXPECT_EQ(error.issues[0].text, GetParam().issue.text);
  EXPECT_EQ(error.issues[0].position.line, GetParam().issue.position.line);
  EXPECT_EQ(error.log_detail, GetParam().log_detail);
}

Issue issue(std::string code, std::string expression, std::uint32_t line, std::string text) {
  return {Severity::error, std::move(expression), std::move(text), {line, 1}, {}, std::move(code)};
}

INSTANTIATE_TEST_SUITE_P(
    Rule, Run,
    testing::Values(
        Stops{"TooFew", "src.identifier 1..1 as i where system = 'b' -> tgt.identifier = i \"id\";",
              issue("TOO_FEW_VALUES_SUBMITTED", "Patient.identifier", 1,
                    "needs at least 1 of identifier"),
              "test.map:5:3 group Main rule id"},
        Stops{"TooMany",
              "src.identifier 1..1 as i where system = 'a' -> tgt.identifier = i \"id\";",
              issue("TOO_MANY_VALUES_SUBMITTED", "Patient.identifier[1]", 2,
                    "allows at most 1 of identifier"),
              "test.map:5:3 group Main rule id"},
        Stops{"OnlyOne", "src.identifier only_one as i -> tgt.identifier = i \"id\";",
              issue("TOO_MANY_VALUES_SUBMITTED", "Patient.identifier[1]", 2,
                    "allows at most 1 of identifier"),
              "test.map:5:3 group Main rule id"},
        Stops{"Check",
              "src.name as n then { n.use as u check $this != 'old' -> tgt.id = u \"use\"; } "
              "\"name\";",
              issue("INVALID_VALUE", "Patient.name[0].use", 3,
                    "the check of the rule name/use does not hold"),
              "test.map:5:24 group Main rule name/use"},
        Stops{"Fail", "src.name as n -> tgt.id = (n.use.fail('CODE', 'no such use')) \"name\";",
              issue("CODE", "Patient.name[0].use", 3, "no such use"),
              "test.map:5:3 group Main rule name"},
        Stops{"FailWithoutNode",
              "src.name as n check fail('CODE', 'never') -> tgt.name = n \"name\";",
              issue("CODE", "Patient.name[0]", 3, "never"), "test.map:5:3 group Main rule name"},
        Stops{"SecondValue", "src.identifier as i -> tgt.id = (i.value) \"id\";",
              issue("TOO_MANY_VALUES_SUBMITTED", "Patient.identifier[1].value", 2,
                    "the target's id holds one value already"),
              "test.map:5:3 group Main rule id"},
        Stops{"SeveralValuesAtOnce", "src -> tgt.id = (src.identifier.value) \"id\";",
              issue("TOO_MANY_VALUES_SUBMITTED", "Patient.identifier[1].value", 2,
                    "the target's id holds one value already"),
              "test.map:5:3 group Main rule id"},
        Stops{"NotTheForm",
              "src.birthDate as d -> tgt.photo as p, p.creation = d, tgt.active = (d.toString()) "
              "\"d\";",
              issue("INVALID_VALUE", "Patient.birthDate", 4, "has not the form of a boolean"),
              "test.map:5:3 group Main rule d"},
        Stops{
            "NoTranslation",
            "src.name as n then { n.use as u -> tgt.gender = translate(u, 'm', 'code') \"use\"; };"
            "\n}\nconceptmap 'm' { prefix a = 'x' a:new == a:male }\n"
            "group Unused(source src : Patient, target tgt : Patient) {",
            issue("INVALID_VALUE", "Patient.name[0].use", 3,
                  "a code without an entry in the concept map"),
            "test.map:5:24 group Main rule name/use"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(RunLimits, CyclicGroupsEnd) {
  const auto maps = compile(one(patient_map("src -> tgt.id = 'x' then Main(src, tgt);")));
  ASSERT_THAT(maps, IsOk());
  EXPECT_THAT(run(*maps, json(kPatient)).report, FailsWith(ErrorCode::too_costly));
}

TEST(RunLimits, StepsEnd) {
  const auto maps = compile(one(patient_map(
      "src.identifier as a, src.identifier as b, src.identifier as c -> tgt.identifier = a, "
      "tgt.identifier = b, tgt.identifier = c \"cube\";")));
  ASSERT_THAT(maps, IsOk());
  RunOptions options;
  options.max_steps = 10;
  const Ran ran = run(*maps, json(kPatient), options);
  ASSERT_THAT(ran.report, FailsWith(ErrorCode::too_costly));
  EXPECT_EQ(ran.report.error().issues[0].text, "the map needs more than 10 steps");
}

TEST(RunLimits, NodesOfTheTargetEnd) {
  const auto maps =
      compile(one(patient_map("src.identifier as a -> tgt.identifier = a, tgt.identifier = a;")));
  ASSERT_THAT(maps, IsOk());
  const tree::Document source = json(kPatient);
  tree::Document target(World::get().symbols, tree::Limits{.max_nodes = 5});
  const auto entry = maps->entry("https://example.org/m");
  ASSERT_THAT(entry, IsOk());
  const Input input{&source, nullptr};
  EXPECT_THAT(maps->run(*entry, std::span(&input, 1), target, {}), FailsWith(ErrorCode::too_long));
}

TEST(RunLimits, WrongSourceIsRefusedBeforeTheMapRuns) {
  const auto maps = compile(one(patient_map("src.id -> tgt.id;")));
  ASSERT_THAT(maps, IsOk());
  EXPECT_THAT(run(*maps, json("{\"resourceType\":\"Basic\",\"id\":\"b\"}")).report,
              FailsWith(ErrorCode::invalid));
}

TEST(RunLimits, UuidNeedsASource) {
  const auto maps = compile(one(patient_map("src -> tgt.id = uuid();")));
  ASSERT_THAT(maps, IsOk());
  const tree::Document source = json(kPatient);
  tree::Document target(World::get().symbols);
  const auto entry = maps->entry("https://example.org/m");
  const Input input{&source, nullptr};
  EXPECT_THAT(maps->run(*entry, std::span(&input, 1), target, {}), FailsWith(ErrorCode::internal));
}

TEST(RunTwice, GivesTheSame) {
  const auto maps =
      compile(one(patient_map("src.identifier -> tgt.identifier; src.name -> tgt.name;")));
  ASSERT_THAT(maps, IsOk());
  const tree::Document source = json(kPatient);
  EXPECT_EQ(written(run(*maps, source).target), written(run(*maps, source).target));
}

TEST(SameValueTwice, IsNoError) {
  const auto maps = compile(one(patient_map("src -> tgt.id = 'x'; src -> tgt.id = 'x';")));
  ASSERT_THAT(maps, IsOk());
  EXPECT_EQ(written(run(*maps, json(kPatient)).target),
            "{\n  \"resourceType\": \"Patient\",\n  \"id\": \"x\"\n}\n");
}

TEST(EmptyElements, AreTakenAwayFromFhir) {
  const auto maps = compile(one(patient_map(
      "src -> tgt.id = 'x', tgt.contact as c, c.name as n, n.family = ({}), n.text = '';")));
  ASSERT_THAT(maps, IsOk());
  EXPECT_EQ(written(run(*maps, json(kPatient)).target),
            "{\n  \"resourceType\": \"Patient\",\n  \"id\": \"x\"\n}\n");
}

TEST(Log, GoesToTheTrace) {
  const auto maps = compile(one(patient_map("src.name as n log (use & '!') -> tgt.name = n;")));
  ASSERT_THAT(maps, IsOk());
  const Ran ran = run(*maps, json(kPatient));
  ASSERT_THAT(ran.report, IsOk());
  ASSERT_EQ(ran.trace.logs().size(), 1u);
  EXPECT_EQ(ran.trace.logs()[0].text, "old!");
}

TEST(Trace, JsonLinesNameEverything) {
  const auto maps =
      compile(one(patient_map("src.birthDate as d -> tgt.birthDate = d \"a \\\"b\\\"\";")));
  ASSERT_THAT(maps, IsOk());
  const tree::Document source = json(kPatient);
  const Ran ran = run(*maps, source);
  ASSERT_THAT(ran.report, IsOk());
  EXPECT_EQ(trace_json_lines(ran.trace),
            "{\"map\":\"https://example.org/m\",\"group\":\"Main\",\"rule\":\"a \\\"b\\\"\","
            "\"file\":\"test.map\",\"line\":5,\"column\":3,\"source\":\"Patient.birthDate\","
            "\"offset\":148,\"target\":\"Patient.birthDate\"}\n");
}

TEST(Unread, LeavesOutWhatTheCallerKnows) {
  const auto maps = compile(one(patient_map("src.name -> tgt.name; src.identifier \"dropped\";")));
  ASSERT_THAT(maps, IsOk());
  const tree::Document source = json(kPatient);
  const Ran ran = run(*maps, source);
  ASSERT_THAT(ran.report, IsOk());
  const std::string_view ignored[] = {"Patient.id"};
  const auto lost = unread(ran.reads, source, source.root(), ignored);
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].expression, "Patient.birthDate");
  EXPECT_EQ(lost[0].severity, Severity::warning);
}

}  // namespace
}  // namespace concord::mapping::test
