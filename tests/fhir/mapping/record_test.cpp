// What a run did not do, and why; what rules could do.

#include "fhir/mapping/record.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/fhir/mapping/fixture.h"

namespace concord::mapping::test {
namespace {

constexpr const char* kMap = R"(map "http://x/record" = "Record"
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Patient as source
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias PatientOut as target

group Main(source src : Patient, target tgt : PatientOut) {
  src.gender as g -> tgt.gender = g "gender";
  src.birthDate as b -> tgt.birthDate = b "birth";
  src.name as n where use = 'official' -> tgt.name as t then Name(n, t) "name";
  src.active as a -> tgt.language = (iif(%a, 'en', {})) "language";
  src.contact as c then {
    c.name as n -> tgt.contact as t, t.name as tn then Name(n, tn) "inner";
  } "contact";
}

group Name(source n, target t) {
  n.family as f -> t.family = f "family";
  n.given as g -> t.given = g "given";
}
)";

constexpr const char* kPatient = R"({"resourceType":"Patient","active":false,
  "name":[{"use":"usual","family":"Nobody"}],"gender":"female"})";

class Recorded : public testing::Test {
 protected:
  void SetUp() override {
    auto compiled = compile(one(kMap));
    ASSERT_THAT(compiled, IsOk());
    maps = std::make_unique<MapSet>(*std::move(compiled));
    const auto entry = maps->entry("http://x/record");
    ASSERT_THAT(entry, IsOk());
    RunOptions options;
    options.trace = &recorder;
    tree::Document target(World::get().symbols);
    const Input input{&source, nullptr};
    ASSERT_THAT(maps->run(*entry, std::span(&input, 1), target, options), IsOk());
    ASSERT_EQ(recorder.runs().size(), 1u);
  }
  const RunRecord& record() const { return recorder.runs().front(); }
  /// The only step of a rule; null when it was never tried.
  const RecordedStep* step(std::string_view rule) const {
    const auto at =
        std::find_if(record().steps.begin(), record().steps.end(),
                     [&](const RecordedStep& one) { return maps->rules()[one.rule].rule == rule; });
    return at == record().steps.end() ? nullptr : &*at;
  }
  const tree::Document source = json(kPatient);
  std::unique_ptr<MapSet> maps;
  RunRecorder recorder;
};

TEST_F(Recorded, SaysWhatRanAndWhyTheRestDidNot) {
  ASSERT_NE(step("gender"), nullptr);
  EXPECT_TRUE(step("gender")->ran);
  EXPECT_TRUE(step("gender")->left);
  EXPECT_FALSE(step("birth")->ran);
  EXPECT_EQ(step("birth")->why, Skip::source_empty);
  EXPECT_FALSE(step("name")->ran);
  EXPECT_EQ(step("name")->why, Skip::where_false);
  EXPECT_EQ(step("contact")->why, Skip::source_empty);
  EXPECT_EQ(step("contact/inner"), nullptr) << "what is inside was not tried";
  ASSERT_EQ(step("language")->nothing.size(), 1u);
  EXPECT_EQ(step("language")->nothing.front().why, Skip::value_empty);
}

TEST_F(Recorded, HoldsEveryElementOfBothSidesWithReadsAndWrites) {
  const auto path_of = [](const RecordedElement& element) { return element.path; };
  std::vector<std::string> targets, read;
  std::transform(record().targets.begin(), record().targets.end(), std::back_inserter(targets), path_of);
  for (const RecordedRead& one : record().reads) read.push_back(record().sources[one.source].path);
  EXPECT_THAT(targets, testing::ElementsAre("Patient", "Patient.gender"));
  EXPECT_THAT(read, testing::Contains("Patient.name[0].use")) << "read by `where`";
  EXPECT_THAT(read, testing::Not(testing::Contains("Patient.name[0].family")));
  ASSERT_EQ(record().writes.size(), 1u);
  EXPECT_EQ(record().sources[record().writes[0].source].path, "Patient.gender");
}

TEST_F(Recorded, PossibleWritesNameTheRulesOnTheWay) {
  const auto possible = maps->possible_writes(record().entry);
  std::vector<std::string> family;
  for (const PossibleWrite& write : possible) {
    if (!write.path.ends_with(".family")) continue;
    std::string line = write.path + ":";
    for (const std::uint32_t rule : write.chain) line += " " + maps->rules()[rule].rule;
    family.push_back(line);
  }
  EXPECT_THAT(family,
              testing::ElementsAre("Patient.name.family: name family",
                                   "Patient.contact.name.family: contact contact/inner family"));
}

TEST(RecordedRun, GroupsThatCallThemselvesAreFollowedOnce) {
  const auto maps = compile(one(R"(map "http://x/loop" = "Loop"
uses "http://hl7.org/fhir/StructureDefinition/Questionnaire" alias Q as source
uses "http://hl7.org/fhir/StructureDefinition/Questionnaire" alias QOut as target
group Main(source src : Q, target tgt : QOut) { src.item as i -> tgt.item as t then Item(i, t) "item"; }
group Item(source i, target t) {
  i.linkId as l -> t.linkId = l "link";
  i.item as below -> t.item as made then Item(below, made) "below";
})"));
  ASSERT_THAT(maps, IsOk());
  const auto entry = maps->entry("http://x/loop");
  ASSERT_THAT(entry, IsOk());
  const auto possible = maps->possible_writes(*entry);
  EXPECT_FALSE(possible.empty());
  EXPECT_LT(possible.size(), 10u);
}

}  // namespace
}  // namespace concord::mapping::test
