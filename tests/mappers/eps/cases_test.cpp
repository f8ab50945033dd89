// Golden cases of our own: folders of cases/, found by scanning.

#include <gmock/gmock.h>

#include <algorithm>

#include "fhir/xml/reader.h"
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

/// White space the writer evens out: it stands in the tree as it came.
bool is_evened_out(const tree::Node& node) {
  return node.is(tree::Flag::attribute) &&
         node.text().find_first_of("\t\f\r\n") != std::string_view::npos;
}

/// Where a tree and the one read of its bytes differ first; "" when they do not.
std::string difference(const tree::Document& a, const tree::Node& at, const tree::Document& b,
                       const tree::Node& other) {
  const std::string here(a.name(at));
  if (a.name(at) != b.name(other)) return here + ": name";
  if (a.text(at.xml_namespace()) != b.text(other.xml_namespace())) return here + ": namespace";
  if (at.text() != other.text() && !is_evened_out(at)) return here + ": text";
  const auto sorted = [](const tree::Document& document, const tree::Node& parent) {
    std::vector<const tree::Node*> children;
    for (const tree::Node& child : parent.children()) children.push_back(&child);
    std::stable_sort(children.begin(), children.end(), [&](const auto* one, const auto* two) {
      const bool first = one->is(tree::Flag::attribute), second = two->is(tree::Flag::attribute);
      return first && second ? document.name(*one) < document.name(*two) : first && !second;
    });
    return children;
  };
  const auto mine = sorted(a, at), theirs = sorted(b, other);
  if (mine.size() != theirs.size()) return here + ": children";
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const std::string found = difference(a, *mine[i], b, *theirs[i]);
    if (!found.empty()) return here + "." + found;
  }
  return "";
}

TEST(EpsCases, TheTreeThatWasWrittenIsTheOneAReaderOfTheBytesGets) {
  for (const fs::path& folder : case_folders()) {
    SCOPED_TRACE(folder.filename().string());
    const auto encoded = translate(concord::test::read_file(folder / "input.json"));
    ASSERT_THAT(encoded, IsOk());
    ASSERT_NE(encoded->written, nullptr);
    const auto read = xml::read(encoded->bytes, World::get().symbols);
    ASSERT_THAT(read, IsOk());
    EXPECT_EQ(difference(*encoded->written, encoded->written->root(), *read, read->root()), "");
  }
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
