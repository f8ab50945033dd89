// The published requests and refusals of the national API, asked of the rules.

#include <gmock/gmock.h>

#include "mappers/eps/rules/rules.h"
#include "tests/mappers/eps/world.h"

namespace concord::eps::test {
namespace {

namespace fs = std::filesystem;

const Rules& rules() {
  static const Rules kRules(World::get().symbols);
  return kRules;
}

/// Some published requests hold empty lists, which are no FHIR: read as far as they go.
tree::Document request_at(const fs::path& file) {
  std::string text = concord::test::read_file(file);
  auto read = json::read(text, World::get().symbols);
  return read ? *std::move(read)
              : *std::move(json::read_collecting(text, World::get().symbols).document);
}

/// Every request.json below a folder.
std::vector<fs::path> requests_below(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename() == "request.json") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

TEST(EpsRulesCorpus, NoPublishedRequestBreaksARuleOfTheTranslation) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  std::size_t seen = 0;
  for (const char* folder : {"convert", "convert-generated", "prepare"}) {
    for (const fs::path& request : requests_below(*corpus / folder)) {
      SCOPED_TRACE(request.parent_path().string());
      EXPECT_THAT(rules().check(request_at(request), Asking::translation), IsOk());
      ++seen;
    }
  }
  EXPECT_GT(seen, 70u);
}

TEST(EpsRulesCorpus, PublishedRequestsBreakFewRulesOfTheEndpoints) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  std::size_t refused = 0;
  for (const fs::path& request : requests_below(*corpus / "convert")) {
    SCOPED_TRACE(request.parent_path().string());
    const auto checked = rules().check(request_at(request), Asking::endpoint);
    if (checked) continue;
    ++refused;
    for (const Issue& issue : checked.error().issues) {
      EXPECT_THAT(issue.text, testing::AnyOf(testing::HasSubstr("populated with a reference"),
                                             testing::HasSubstr("of a responsible party")));
    }
  }
  EXPECT_EQ(refused, 2u);
}

struct Refused {
  std::string folder;
  std::string issue;
};

std::string in_full(const Issue& issue) {
  return std::string(severity_name(issue.severity)) + '|' + issue.code + '|' + issue.detail_system +
         '|' + issue.detail_code + '|' + issue.text + '|' + issue.expression;
}

TEST(EpsRulesCorpus, PublishedRefusalsAreRefusedWithTheirIssue) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  const Refused kRefused[] = {
      {"invalid-intent",
       "error|value|||MedicationRequest.intent must be order, original-order or "
       "instance-order.|Bundle.entry.resource.ofType(MedicationRequest).intent"},
      {"invalid-checksum",
       "error|processing|https://fhir.nhs.uk/CodeSystem/Spine-ErrorOrWarningCode|"
       "FAILURE_TO_PROCESS_MESSAGE|Unable to process message. Information missing or invalid - "
       "prescriptionID has invalid checksum|"},
      {"too-many-medication-requests",
       "error|processing|||Bundle contains too many resources of type MedicationRequest. Expected "
       "at most 4.|Bundle.entry"},
      {"profile-too-many-medication-requests",
       "error|processing|||Bundle contains too many resources of type MedicationRequest. Expected "
       "at most 4.|Bundle.entry"},
      {"profile-missing-medication",
       "error|processing|||MedicationRequest.medication[x]: minimum required = 1, but only found "
       "0|Bundle.entry[1].resource"},
      {"profile-unknown-endorsement",
       "error|processing|||None of the codings provided are in the value set "
       "https://fhir.nhs.uk/ValueSet/DM-prescription-endorsement, and a coding from this value set "
       "is required.|Bundle.entry[1].resource.extension[1].value.ofType(CodeableConcept)"},
  };
  for (const Refused& refused : kRefused) {
    SCOPED_TRACE(refused.folder);
    const auto encoded =
        translate(concord::test::read_file(*corpus / "errors" / refused.folder / "request.json"));
    ASSERT_THAT(encoded, FailsWith(ErrorCode::invalid));
    ASSERT_EQ(encoded.error().issues.size(), 1u) << to_string(encoded.error());
    EXPECT_EQ(in_full(encoded.error().issues.front()), refused.issue);
  }
}

}  // namespace
}  // namespace concord::eps::test
