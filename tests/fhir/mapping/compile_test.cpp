// What the compiler refuses, with file, line, column, code and text.
#include <gtest/gtest.h>

#include "tests/fhir/mapping/fixture.h"

namespace concord::mapping::test {
namespace {

/// A map of Patient to Patient; `rules` begin in line 5, column 3.
std::string patient_map(const std::string& rules, const std::string& more = {}) {
  return "map \"https://example.org/m\" = M\n"
         "uses \"http://hl7.org/fhir/StructureDefinition/Patient\" alias Patient as source\n"
         "uses \"https://example.org/model/Parcel\" alias Parcel as target\n"
         "group Main(source src : Patient, target tgt : Patient) {\n"
         "  " +
         rules + "\n}\n" + more;
}

struct Refused {
  const char* name;
  std::string map;
  Position at;
  std::string_view code;
  std::string text;
};

void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.name; }

class Refuses : public testing::TestWithParam<Refused> {};

TEST_P(Refuses, WithFileLineColumnCodeAndText) {
  const Refused& expected = GetParam();
  const auto maps = compile(one(expected.map));
  ASSERT_FALSE(maps.has_value());
  ASSERT_FALSE(maps.error().issues.empty());
  const Issue& issue = maps.error().issues.front();
  EXPECT_EQ(issue.expression, "test.map");
  EXPECT_EQ(issue.detail_code, expected.code);
  EXPECT_EQ(issue.text, expected.text);
  EXPECT_EQ(issue.position.line, expected.at.line);
  EXPECT_EQ(issue.position.column, expected.at.column);
}

INSTANTIATE_TEST_SUITE_P(
    Map, Refuses,
    testing::Values(
        Refused{"UnknownSourceElement",
                patient_map("src.nam as n -> tgt.name = n;"),
                {5, 7},
                "unknown-element",
                "Patient has no element nam"},
        Refused{"UnknownTargetElement",
                patient_map("src.name as n -> tgt.nome = n;"),
                {5, 24},
                "unknown-element",
                "Patient has no element nome"},
        Refused{"ElementBelowBackbone",
                patient_map("src.contact as c then { c.nome as n -> tgt.name = n; };"),
                {5, 29},
                "unknown-element",
                "Patient.contact has no element nome"},
        Refused{"WrongTypeOfCopy",
                patient_map("src.name as n -> tgt.telecom = n;"),
                {5, 34},
                "wrong-type",
                "a value of HumanName cannot be written to telecom (ContactPoint)"},
        Refused{"ComplexIntoPrimitive",
                patient_map("src.name as n -> tgt.gender = n;"),
                {5, 33},
                "wrong-type",
                "a value of HumanName cannot be written to gender (code)"},
        Refused{"LiteralWithoutTheForm",
                patient_map("src -> tgt.birthDate = 'soon';"),
                {5, 26},
                "wrong-type",
                "a value of String cannot be written to birthDate (date)"},
        Refused{"NumberIntoBoolean",
                patient_map("src -> tgt.active = 1;"),
                {5, 23},
                "wrong-type",
                "a value of Integer cannot be written to active (boolean)"},
        Refused{"TypeAChoiceNeverHas",
                patient_map("src.deceased : Coding as d -> tgt.gender = (d.code);"),
                {5, 18},
                "wrong-type",
                "a choice of types is never a Coding"},
        Refused{"ChoiceWithoutType",
                patient_map("src -> tgt.deceased as d, d.id = 'x';"),
                {5, 14},
                "wrong-type",
                "deceased is a choice: name its type with create('…')"},
        Refused{"TypeTheChoiceHasNot",
                patient_map("src -> tgt.deceased = create('Coding') as d, d.id = 'x';"),
                {5, 14},
                "wrong-type",
                "Coding is no type of deceased"},
        Refused{"WrongTypeToCreate",
                patient_map("src -> tgt.name = create('Coding') as d, d.id = 'x';"),
                {5, 28},
                "wrong-type",
                "name is a HumanName, no Coding"},
        Refused{"UnknownType",
                patient_map("src.name : Nome as n -> tgt.name = n;"),
                {5, 14},
                "unknown-type",
                "unknown type Nome"},
        Refused{"UnknownStructure",
                "map \"u\" = M\nuses \"http://hl7.org/fhir/StructureDefinition/Nome\" as source",
                {2, 6},
                "unknown-type",
                "unknown type http://hl7.org/fhir/StructureDefinition/Nome"},
        Refused{"UnknownSourceVariable",
                patient_map("sorc.name as n -> tgt.name = n;"),
                {5, 3},
                "unknown-variable",
                "no variable sorc"},
        Refused{"UnknownTargetVariable",
                patient_map("src.name as n -> target.name = n;"),
                {5, 20},
                "unknown-variable",
                "no variable target"},
        Refused{"UnknownValueVariable",
                patient_map("src.name -> tgt.name = m;"),
                {5, 26},
                "unknown-variable",
                "no variable m"},
        Refused{"VariableOutOfScope",
                patient_map("src.name as n -> tgt.name = n; src -> tgt.name = n;"),
                {5, 52},
                "unknown-variable",
                "no variable n"},
        Refused{"WriteToSource",
                patient_map("src.name as n -> src.name = n;"),
                {5, 20},
                "wrong-type",
                "src is a source and cannot be written to"},
        Refused{"UnusedVariable",
                patient_map("src.name as n -> tgt.gender = 'male';"),
                {5, 15},
                "unused-variable",
                "the variable n is never used"},
        Refused{"UnusedTargetVariable",
                patient_map("src.name -> tgt.name as t;"),
                {5, 27},
                "unused-variable",
                "the variable t is never used"},
        Refused{"VariableTwice",
                patient_map("src.name as n, src.name as n -> tgt.name = n;"),
                {5, 30},
                "duplicate",
                "a second variable n in one rule"},
        Refused{"UnknownGroup",
                patient_map("src.name as n -> tgt.name as t then Nome(n, t);"),
                {5, 39},
                "unknown-group",
                "no group Nome"},
        Refused{"TooFewParameters",
                patient_map(
                    "src.name as n then Name(n);",
                    "group Name(source a : HumanName, target b : HumanName) { a.use -> b.use; }"),
                {5, 22},
                "wrong-count",
                "the group Name has 2 parameters, 1 are given"},
        Refused{"WrongTypeOfParameter",
                patient_map(
                    "src.telecom as n -> tgt.name as t then Name(n, t);",
                    "group Name(source a : HumanName, target b : HumanName) { a.use -> b.use; }"),
                {5, 42},
                "wrong-type",
                "the parameter a of Name is a HumanName, given is ContactPoint"},
        Refused{"SourceForATarget",
                patient_map(
                    "src.name as n then Name(n, n);",
                    "group Name(source a : HumanName, target b : HumanName) { a.use -> b.use; }"),
                {5, 30},
                "wrong-type",
                "the parameter b of Name is a target"},
        Refused{"ElementUnknownForTheTypesOfThisCall",
                patient_map("src.telecom as n -> tgt.telecom as t then Any(n, t);",
                            "group Any(source a, target b) { a.family as f -> b.value = f; }"),
                {7, 35},
                "unknown-element",
                "ContactPoint has no element family"},
        Refused{"UnknownTransform",
                patient_map("src.name as n -> tgt.id = shout(n);"),
                {5, 29},
                "unknown-transform",
                "no transform shout"},
        Refused{"WrongNumberOfArguments",
                patient_map("src.id as n -> tgt.id = truncate(n);"),
                {5, 27},
                "wrong-count",
                "truncate takes 2 arguments, 1 are given"},
        Refused{"UnknownConceptMap",
                patient_map("src.gender as n -> tgt.gender = translate(n, '#no', 'code');"),
                {5, 48},
                "unknown-concept-map",
                "no concept map #no"},
        Refused{"UnknownFieldOfTranslate",
                patient_map("src.gender as n -> tgt.gender = translate(n, 'm', 'colour');",
                            "conceptmap 'm' { prefix a = 'x' a:b == a:c }"),
                {5, 53},
                "wrong-type",
                "translate gives code, system, display, coding or codeableConcept"},
        Refused{"DefaultOfWrongType",
                patient_map("src.birthDate default (1) as d -> tgt.birthDate = d;"),
                {5, 26},
                "wrong-type",
                "the default is a Integer, the element a date"},
        Refused{"NoDefaultGroup",
                patient_map("src.name -> tgt.telecom;"),
                {5, 15},
                "wrong-type",
                "no group for HumanName and ContactPoint, and no copy from one to the other"},
        Refused{"ChoiceUsedAsOneType",
                patient_map("src.deceased as d then { d.value as v -> tgt.id = v; };"),
                {5, 30},
                "untyped",
                "d is of a choice of types: narrow it with \": Type\" where it is bound"},
        Refused{"AliasOfTwoStructures",
                patient_map("src.name -> tgt.name;",
                            "uses \"https://example.org/model/Mark\" alias Parcel as source"),
                {7, 45},
                "duplicate",
                "a second alias Parcel"},
        Refused{
            "GroupTwice",
            patient_map("src.name -> tgt.name;",
                        "group Main(source a : Patient, target b : Patient) { a.name -> b.name; }"),
            {7, 7},
            "duplicate",
            "a second group Main"},
        Refused{
            "ParameterTwice",
            patient_map("src.name -> tgt.name;",
                        "group Two(source a : Patient, target a : Patient) { a.name -> a.name; }"),
            {7, 38},
            "duplicate",
            "a second parameter a"},
        Refused{"ExtendsItself",
                patient_map("src.name -> tgt.name;",
                            "group A(source a : Patient, target b : Patient) extends B {}\n"
                            "group B(source a : Patient, target b : Patient) extends A {}"),
                {7, 57},
                "cycle",
                "the group extends itself"},
        Refused{"UnknownBase",
                patient_map("src.name -> tgt.name;",
                            "group A(source a : Patient, target b : Patient) extends Nome {}"),
                {7, 57},
                "unknown-group",
                "no group Nome to extend"},
        Refused{"UnknownImport",
                "map \"u\" = M\nimports \"https://example.org/nowhere\"",
                {2, 9},
                "unknown-map",
                "no map https://example.org/nowhere"},
        Refused{"TextOfParentMade",
                "map \"u\" = M\nuses \"https://example.org/model/Parcel\" alias P as source\n"
                "group G(source s : P, target t : P) {\n  s -> t.label as l, l.text as x, x.id = "
                "'a';\n}",
                {4, 22},
                "wrong-type",
                "text is a text: give it a value"},
        Refused{"AbstractResource",
                patient_map("src -> tgt.contained as c, c.id = 'x';"),
                {5, 10},
                "wrong-type",
                "name the type of the resource with create('…')"},
        Refused{"SharedAsTwoTypes",
                patient_map("src -> tgt.name as a share x, a.text = 'n', tgt.telecom as b share x, "
                            "b.value = 'v';"),
                {5, 70},
                "wrong-type",
                "the shared element x is of another type elsewhere"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(CompileFhirPath, ErrorsPointIntoTheMapAlsoBehindRewrittenVariables) {
  // `n` becomes %n and the string in double quotes one in single quotes: columns stay the author's.
  const auto maps = compile(one(
      patient_map("src.name as n\n    where n.family = \"x\" and n.nosuch() -> tgt.name = n;")));
  ASSERT_FALSE(maps.has_value());
  const Issue& issue = maps.error().issues.front();
  EXPECT_EQ(issue.detail_code, "fhirpath");
  EXPECT_EQ(issue.position, (Position{6, 32}));
}

TEST(CompileFhirPath, UnknownParameterIsAnError) {
  CompileOptions options;
  options.parameters = {"known"};
  EXPECT_THAT(compile(one(patient_map("src -> tgt.id = (%known);")), options), IsOk());
  const auto maps = compile(one(patient_map("src -> tgt.id = (%unknown);")), options);
  ASSERT_FALSE(maps.has_value());
  EXPECT_EQ(maps.error().issues.front().detail_code, "fhirpath");
  EXPECT_EQ(maps.error().issues.front().position, (Position{5, 20}));
}

TEST(CompileFhirPath, UnknownElementIsAnErrorInStrictModeOnly) {
  const auto sources = one(patient_map("src.name as n where nosuch = 'x' -> tgt.name = n;"));
  EXPECT_THAT(compile(sources), FailsWith(ErrorCode::invalid));
  CompileOptions lenient;
  lenient.strict = false;
  EXPECT_THAT(compile(sources, lenient), IsOk());
}

TEST(Compile, UnusedVariablesAreWarningsWhenNotStrict) {
  CompileOptions lenient;
  lenient.strict = false;
  const auto maps = compile(one(patient_map("src.name as n -> tgt.gender = 'male';")), lenient);
  ASSERT_THAT(maps, IsOk());
  ASSERT_EQ(maps->warnings().size(), 1u);
  EXPECT_EQ(maps->warnings()[0].code, "unused-variable");
}

TEST(Compile, OneErrorDoesNotHideTheOthers) {
  const auto found = lint(one(patient_map("src.nam as n -> tgt.name = n; src.x -> tgt.y;\n"
                                          "  src.gender as g -> tgt.gonder = g;")),
                          World::get().definitions);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(findings_text(found),
            "test.map:5:7: error: Patient has no element nam [unknown-element]\n"
            "test.map:5:37: error: Patient has no element x [unknown-element]\n"
            "test.map:5:46: error: Patient has no element y [unknown-element]\n"
            "test.map:6:26: error: Patient has no element gonder [unknown-element]\n");
}

TEST(Compile, GroupsNobodyCallsAndModesWithoutEffectAreWarnings) {
  const auto maps = compile(one(patient_map("src.name as n -> tgt.name = n first;",
                                            "group Alone(source a, target b) { a.x -> b.y; }")));
  ASSERT_THAT(maps, IsOk());
  ASSERT_EQ(maps->warnings().size(), 2u);
  EXPECT_EQ(maps->warnings()[0].code, "no-effect");
  EXPECT_EQ(maps->warnings()[1].code, "not-checked");
  EXPECT_EQ(maps->warnings()[1].position, (Position{7, 7}));
}

TEST(Entry, NeedsTypesAndOneTarget) {
  const auto maps = compile(one(patient_map(
      "src.name as n then Any(n, tgt);",
      "group Any(source a, target b) { a -> b.id = 'x'; }\n"
      "group TwoTargets(source a : Patient, target b : Patient, target c : Patient) {}")));
  ASSERT_THAT(maps, IsOk());
  EXPECT_THAT(maps->entry("https://example.org/m"), IsOk());
  EXPECT_THAT(maps->entry("https://example.org/other"), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(maps->entry("https://example.org/m", "Nome"), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(maps->entry("https://example.org/m", "Any"), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(maps->entry("https://example.org/m", "TwoTargets"), FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace concord::mapping::test
