// What an overlay changes, told rule by rule.

#include "fhir/mapping/overlay_diff.h"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace concord::mapping {
namespace {

using testing::HasSubstr;

constexpr const char* kOurs = R"(map "http://x/a" = "A"

conceptmap "#use" {
  prefix s = "http://s"
  prefix t = "http://t"
  s:a == t:b
}

group One(source src, target tgt) {
  src.a as a -> tgt.a = a "one.a";  // a comment; with a semicolon
  src.b as b where $this != ';' -> tgt.b = b "one.b";
  src.c as c then {
    c.d as d -> tgt.d = d "one.d";
  } "one.c";
}

group Two(source src, target tgt) {
  src.x as x -> tgt.x = x "two.x";
}
)";

std::vector<DeclarationChange> changes(const std::string& overlay) {
  const std::vector<MapSource> sources{{"ours.map", kOurs}, {"site.map", overlay}};
  auto found = overlay_changes(sources, 1);
  EXPECT_THAT(found, IsOk());
  return found ? *std::move(found) : std::vector<DeclarationChange>();
}

TEST(OverlayDiff, RulesAreAddedRemovedChangedRenamedOrLeft) {
  const auto found = changes(R"(map "http://x/a" = "Site"
group One(source src, target tgt) {
  src.a as a -> tgt.a = a "site.a";
  src.c as c then {
    c.e as d -> tgt.d = d "one.d";
  } "one.c";
  src.f as f -> tgt.f = f "site.f";
})");
  ASSERT_EQ(found.size(), 1u);
  const DeclarationChange& group = found[0];
  EXPECT_EQ(group.what, "group");
  EXPECT_EQ(group.name, "One");
  EXPECT_EQ(group.kind, ChangeKind::changed);
  EXPECT_EQ(group.before_at.file, "ours.map");
  EXPECT_EQ(group.after_at.file, "site.map");
  ASSERT_EQ(group.rules.size(), 4u);
  EXPECT_EQ(group.rules[0].kind, ChangeKind::renamed);
  EXPECT_EQ(group.rules[0].before_name, "one.a");
  EXPECT_EQ(group.rules[0].after, "src.a as a -> tgt.a = a \"site.a\";");
  EXPECT_EQ(group.rules[1].kind, ChangeKind::removed);
  EXPECT_EQ(group.rules[1].before, "src.b as b where $this != ';' -> tgt.b = b \"one.b\";");
  EXPECT_EQ(group.rules[2].kind, ChangeKind::changed);
  EXPECT_EQ(group.rules[2].before,
            "src.c as c then { c.d as d -> tgt.d = d \"one.d\"; } \"one.c\";");
  EXPECT_EQ(group.rules[2].after,
            "src.c as c then { c.e as d -> tgt.d = d \"one.d\"; } \"one.c\";");
  EXPECT_EQ(group.rules[3].kind, ChangeKind::added);
  EXPECT_EQ(group.rules[3].after_at.at.line, 7u);
}

TEST(OverlayDiff, NewGroupsMapsAndConceptMapsAreTold) {
  const auto found = changes(R"(map "http://x/a" = "Site"
conceptmap "#use" {
  prefix s = "http://s"
  prefix t = "http://t"
  s:a == t:c
}
group Three(source src, target tgt) { src.a as a -> tgt.a = a "three.a"; })");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].what, "conceptmap");
  EXPECT_EQ(found[0].kind, ChangeKind::changed);
  EXPECT_THAT(found[0].before, HasSubstr("s:a == t:b"));
  EXPECT_THAT(found[0].after, HasSubstr("s:a == t:c"));
  EXPECT_EQ(found[1].name, "Three");
  EXPECT_EQ(found[1].kind, ChangeKind::added);
  ASSERT_EQ(found[1].rules.size(), 1u);
  EXPECT_EQ(found[1].rules[0].kind, ChangeKind::added);
  const auto alone =
      changes("map \"http://y\" = \"Y\"\ngroup G(source s, target t) { s -> t.a = 'x'; }");
  ASSERT_EQ(alone.size(), 1u);
  EXPECT_EQ(alone[0].what, "map");
}

TEST(OverlayDiff, LayoutAndCommentsAreNoChange) {
  const auto found = changes(R"(map "http://x/a" = "Site"
group Two(source src, target tgt) {
  // another comment
  src.x
     as x -> tgt.x = x   "two.x";
})");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].rules.empty());
  EXPECT_EQ(found[0].unchanged, 1u);
}

TEST(OverlayDiff, TextAndJsonSayTheSame) {
  const auto found = changes(R"(map "http://x/a" = "Site"
group Two(source src, target tgt) { src.y as x -> tgt.x = x "two.x"; })");
  EXPECT_EQ(changes_text(found),
            "group Two replaced in http://x/a\n"
            "  ours.map:17:7 -> site.map:2:7\n"
            "  changed \"two.x\" (site.map:2:37)\n"
            "    - src.x as x -> tgt.x = x \"two.x\";\n"
            "    + src.y as x -> tgt.x = x \"two.x\";\n\n");
  EXPECT_THAT(changes_json_lines(found),
              HasSubstr(R"("change":"changed","name":"two.x","beforeName":"two.x")"));
}

TEST(OverlayDiff, AnOverlayThatIsNoMapIsMalformedWithItsPlace) {
  const std::vector<MapSource> sources{{"ours.map", kOurs}, {"site.map", "map \"a\" = "}};
  const auto found = overlay_changes(sources, 1);
  ASSERT_THAT(found, FailsWith(ErrorCode::malformed));
  EXPECT_EQ(found.error().issues.front().expression, "site.map");
}

}  // namespace
}  // namespace concord::mapping
