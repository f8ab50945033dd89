// The switches of a validation as JSON.

#include "fhir/validate/options.h"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace concord::validate {
namespace {

using ::testing::ElementsAre;
using ::testing::Not;

TEST(Options, AreReadByTheNamesOfThePublicManifest) {
  const auto options = read_options(
      R"({"validateReference": "CHECK_VALID", "security-checks": true, "examples": false,
          "bundle-param": {"rule": "Patient:0", "profile": "https://concord.example/p"}})");
  ASSERT_THAT(options, IsOk());
  EXPECT_EQ(options->validate_reference, ReferenceCheck::check_valid);
  EXPECT_TRUE(options->security_checks);
  EXPECT_FALSE(options->allow_examples);
  ASSERT_EQ(options->bundle_rules.size(), 1u);
  EXPECT_EQ(options->bundle_rules[0].rule, "Patient:0");
}

TEST(Options, OfNamesThatAreNoSwitchAreToldAndPassedOver) {
  std::vector<std::string> unknown;
  const auto options = read_options(R"({"fetcher": "standalone", "for-publication": true})",
                                    Options::reference(), &unknown);
  ASSERT_THAT(options, IsOk());
  EXPECT_TRUE(options->for_publication);
  EXPECT_THAT(unknown, ElementsAre("fetcher"));
}

TEST(Options, OutsideTheirListAreRefused) {
  EXPECT_THAT(read_options(R"({"validateReference": "SOMETIMES"})"), Not(IsOk()));
  EXPECT_THAT(read_options(R"({"for-publication": "perhaps"})"), Not(IsOk()));
  EXPECT_THAT(read_options("[]"), Not(IsOk()));
}

}  // namespace
}  // namespace concord::validate
