// dom-3: contained resources somebody refers to, and those nobody does.

#include "tests/fhir/validate/rule_sets.h"

namespace concord::validate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> orphans(std::string_view contained, std::string_view more = "") {
  static const RuleSets rules{};
  return rules.findings(R"({"resourceType": "Patient", "contained": [)" + std::string(contained) +
                            "]" + std::string(more) + "}",
                        {"ORPHAN_DOM3"});
}

constexpr std::string_view kA = R"({"resourceType": "Organization", "id": "a", "name": "A"})";
constexpr std::string_view kAWithinB =
    R"({"resourceType": "Organization", "id": "a", "partOf": {"reference": "#b"}})";
constexpr std::string_view kB = R"({"resourceType": "Organization", "id": "b", "name": "B"})";
constexpr std::string_view kBWithinA =
    R"({"resourceType": "Organization", "id": "b", "partOf": {"reference": "#a"}})";
constexpr std::string_view kManaged = R"(, "managingOrganization": {"reference": "#a"})";

TEST(ContainedOrphan, NobodyRefersToIt) {
  EXPECT_THAT(orphans(kA), ElementsAre("error CONTAINED_ORPHAN_DOM3 Patient.contained[0]"));
}

TEST(ContainedOrphan, TheContainerRefersToItByReferenceUriOrLink) {
  EXPECT_THAT(orphans(kA, kManaged), IsEmpty());
  EXPECT_THAT(orphans(kA, R"(, "extension": [{"url": "http://a.example/x", "valueUri": "#a"}])"),
              IsEmpty());
  EXPECT_THAT(
      orphans(
          kA,
          R"(, "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"#a\">A</a></div>"})"),
      IsEmpty());
  EXPECT_THAT(orphans(kA, R"(, "name": [{"text": "#a"}])"),
              ElementsAre("error CONTAINED_ORPHAN_DOM3 Patient.contained[0]"));
}

TEST(ContainedOrphan, OverAnotherContainedResource) {
  const std::string chain = std::string(kAWithinB) + "," + std::string(kB);
  EXPECT_THAT(orphans(chain, kManaged), IsEmpty());
  EXPECT_THAT(orphans(chain), ElementsAre("error CONTAINED_ORPHAN_DOM3 Patient.contained[0]",
                                          "error CONTAINED_ORPHAN_DOM3 Patient.contained[1]"));
}

TEST(ContainedOrphan, CirclesHoldAsInTheReferenceValidatorButNotOfOne) {
  EXPECT_THAT(orphans(std::string(kAWithinB) + "," + std::string(kBWithinA)), IsEmpty());
  EXPECT_THAT(
      orphans(R"({"resourceType": "Organization", "id": "a", "partOf": {"reference": "#a"}})"),
      ElementsAre("error CONTAINED_ORPHAN_DOM3 Patient.contained[0]"));
}

TEST(ContainedOrphan, ItRefersToItsContainer) {
  EXPECT_THAT(
      orphans(
          R"({"resourceType": "Provenance", "id": "p", "target": [{"reference": "#"}], "recorded": "2020-01-01T00:00:00Z", "agent": [{"who": {"display": "x"}}]})"),
      IsEmpty());
}

TEST(ContainedOrphan, WithoutIdItCannotBeReferredTo) {
  EXPECT_THAT(orphans(R"({"resourceType": "Organization", "name": "A"})", kManaged),
              ElementsAre("error CONTAINED_ORPHAN_DOM3 Patient.contained[0]"));
}

}  // namespace
}  // namespace concord::validate
