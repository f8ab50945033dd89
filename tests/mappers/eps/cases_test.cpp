// Golden cases of our own: folders of cases/, found by scanning.

#include <gmock/gmock.h>

#include "tests/mappers/eps/world.h"

namespace concord::eps::test {
namespace {

namespace fs = std::filesystem;

TEST(EpsCases, EveryCaseGivesItsExpectedMessage) {
  std::size_t seen = 0;
  for (const fs::path& folder : case_folders()) {
    SCOPED_TRACE(folder.filename().string());
    const auto encoded = translate(concord::test::read_file(folder / "input.json"));
    ASSERT_THAT(encoded, IsOk());
    concord::test::expect_golden(folder / "expected.xml", encoded->bytes + "\n");
    EXPECT_TRUE(fs::exists(folder / "README.md")) << "a case says what it stems from";
    ++seen;
  }
  EXPECT_GE(seen, 15u);
}

TEST(EpsCases, TheSameInputAndParametersGiveTheSameBytes) {
  const std::string input = case_input("patient_info_list");
  const auto first = translate(input);
  ASSERT_THAT(first, IsOk());
  for (int again = 0; again < 20; ++again) {
    const auto encoded = translate(input);
    ASSERT_THAT(encoded, IsOk());
    ASSERT_EQ(encoded->bytes, first->bytes);
  }
}

TEST(EpsCases, ADocumentThatIsNotTypedYetGivesTheSameBytesAndIsLeftAsItWas) {
  const std::string input = case_input("repeat_dispensing_six_issues");
  World& world = World::get();
  const auto untyped = json::read(input, world.symbols);
  ASSERT_THAT(untyped, IsOk());
  const auto encoded = world.mapper->encode(*untyped, case_parameters(), nullptr);
  ASSERT_THAT(encoded, IsOk());
  EXPECT_EQ(encoded->bytes, translate(input)->bytes);
  EXPECT_EQ(untyped->root().first_child()->type(), tree::Symbol::kNone);
}

TEST(EpsCases, WithoutUserAndRoleNobodyIsNamedInTheWrapper) {
  mappers::Parameters parameters = case_parameters();
  parameters.values.erase("role_id");
  const auto encoded = translate(case_input("unsigned"), parameters);
  ASSERT_THAT(encoded, IsOk());
  EXPECT_THAT(encoded->bytes, testing::Not(testing::HasSubstr("AgentPersonSDS")));
  EXPECT_THAT(encoded->bytes, testing::HasSubstr("<author1 typeCode=\"AUT\">"));
}

TEST(EpsCases, TheMessageNamesItsKindInteractionAndIdentity) {
  const auto encoded = translate(case_input("unsigned"));
  ASSERT_THAT(encoded, IsOk());
  EXPECT_EQ(encoded->message_kind, "prescription-order");
  EXPECT_EQ(encoded->interaction, "PORX_IN020101SM31");
  EXPECT_EQ(encoded->content_type, "application/xml; charset=UTF-8");
  EXPECT_THAT(case_input("unsigned"), testing::HasSubstr(encoded->message_id));
  EXPECT_EQ(encoded->message_id.size(), 36u);
}

TEST(EpsExample, TheExampleIsCarriedWholeButForDocumentedLosses) {
  const auto encoded = translate(std::string(example_prescription_order()));
  ASSERT_THAT(encoded, IsOk());
  for (const Issue& loss : encoded->losses) {
    EXPECT_EQ(loss.detail_code, "not-carried") << told(loss);
  }
}

}  // namespace
}  // namespace concord::eps::test
