// The published examples: what they break is known and listed here, one by one.

#include <gmock/gmock.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "tests/fhir/validate/validating.h"
#include "tests/support/files.h"

namespace concord::validate {
namespace {

namespace fs = std::filesystem;
using testing::UnorderedElementsAre;

std::vector<std::string> errors_of(const fs::path& file, const Options& options = {}) {
  std::vector<std::string> lines;
  for (const Issue& issue : report_on(test::read_file(file), options).issues) {
    if (issue.severity == Severity::error) lines.push_back(issue.detail_code);
  }
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  return lines;
}

TEST(Corpus, TheExamplesOfR4HaveNoErrorsButTheKnownOnes) {
  const auto folder = test::corpus("fhir");
  if (!folder) GTEST_SKIP();
  std::map<std::string, std::vector<std::string>> found;
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(*folder / "examples-r4")) {
    if (entry.path().extension() != ".json") continue;
    ++files;
    if (auto errors = errors_of(entry.path()); !errors.empty()) {
      found[entry.path().stem().string()] = std::move(errors);
    }
  }
  EXPECT_EQ(files, 224u);
  EXPECT_THAT(found, UnorderedElementsAre(
                         // A message that refers to Organizations and Patients it does not carry.
                         testing::Pair("Bundle-3a0707d3-549e-4467-b8b8-5a2ab3800efe",
                                       testing::ElementsAre("reference")),
                         // Display items without the linkId R4 asks of every item.
                         testing::Pair("Questionnaire-qs1", testing::ElementsAre("Validation_VAL_Profile_Minimum"))));
}

class EpsOrders : public testing::Test {
 protected:
  void SetUp() override {
    const auto folder = test::corpus("eps");
    if (!folder) GTEST_SKIP();
    for (const fs::path& at : test::case_folders(*folder / "convert" / "send")) {
      orders_.push_back(at / "request.json");
    }
    ASSERT_EQ(orders_.size(), 25u);
  }
  std::vector<fs::path> orders_;
};

TEST_F(EpsOrders, AreAllAcceptedUnderTheLenientPolicy) {
  for (const fs::path& order : orders_) {
    const Report report = report_on(test::read_file(order), Options::lenient());
    EXPECT_TRUE(report.ok()) << order << "\n"
                             << (report.issues.empty() ? "" : line(report.issues.front()));
  }
}

TEST_F(EpsOrders, StrictFindingsAreKnown) {
  std::vector<std::string> findings;
  for (const fs::path& order : orders_) {
    const Report report = report_on(test::read_file(order));
    for (const Issue& issue : report.issues) {
      findings.push_back(order.parent_path().filename().string() + ": " + issue.expression + " [" +
                         issue.detail_code + "]");
      std::cout << "strict: " << findings.back() << "\n";
    }
  }
  EXPECT_THAT(
      findings,
      UnorderedElementsAre(
          // Provenance of a medication request, or of a bundle, that is not among the entries.
          "secondary-community-acute-np-nurse-professional-code-1: "
          "Bundle.entry[6].resource.agent[0].who.reference [reference]",
          "secondary-community-acute-np-cp-multiple-drugs-1: "
          "Bundle.entry[9].resource.target[0].reference [reference]",
          "secondary-homecare-acute-np-consecutive-dosage-1: "
          "Bundle.entry[10].resource.target[0].reference [reference]",
          "secondary-community-acute-np-cp-controlled-drugs-1: "
          "Bundle.entry[7].resource.target[0].reference [reference]",
          "secondary-homecare-acute-np-consecutive-and-concurrent-dosage-1: "
          "Bundle.entry[10].resource.target[0].reference [reference]",
          "secondary-community-acute-np-nurse-ppc-controlled-drugs-1: "
          "Bundle.entry[7].resource.target[0].reference [reference]",
          // A check character that does not match.
          "secondary-homecare-acute-np-consecutive-and-concurrent-dosage-1: "
          "Bundle.entry[1].resource.groupIdentifier.value [prescription-id]"));
}

}  // namespace
}  // namespace concord::validate
