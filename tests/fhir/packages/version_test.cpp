// Order and matching of versions.

#include "fhir/packages/version.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace concord::packages {
namespace {

TEST(Version, OrderIsThatOfSemanticVersionsThenDatesThenTexts) {
  const std::vector<std::string_view> ascending{"",
                                                "draft",
                                                "draft2",
                                                "draft10",
                                                "2018-08-12",
                                                "2020-11",
                                                "0.9",
                                                "1.0.0-alpha",
                                                "1.0.0-alpha.1",
                                                "1.0.0-alpha.beta",
                                                "1.0.0-beta",
                                                "1.0.0-beta.2",
                                                "1.0.0-beta.11",
                                                "1.0.0-rc.1",
                                                "1.0.0",
                                                "1.0.0.1",
                                                "1.2.0",
                                                "1.10.0",
                                                "3.0.1",
                                                "4.0.1",
                                                "20240101.0.0"};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t k = 0; k < ascending.size(); ++k) {
      EXPECT_EQ(compare_versions(ascending[i], ascending[k]), i <=> k)
          << '"' << ascending[i] << "\" and \"" << ascending[k] << '"';
    }
  }
}

TEST(Version, BuildLabelsAndLeadingZerosDoNotCount) {
  EXPECT_EQ(compare_versions("1.0.0+a", "1.0.0+b"), std::strong_ordering::equal);
  EXPECT_EQ(compare_versions("01.0.0", "1.0.0"), std::strong_ordering::equal);
  EXPECT_EQ(compare_versions("99999999999999999999999.0.0", "100000000000000000000000.0.0"),
            std::strong_ordering::less);
}

TEST(Version, APartialVersionFitsEveryVersionBelowIt) {
  EXPECT_TRUE(version_fits("4.0", "4.0.1"));
  EXPECT_TRUE(version_fits("4", "4.0.1"));
  EXPECT_TRUE(version_fits("4.0", "4.0.1-ballot"));
  EXPECT_TRUE(version_fits("2018-08-12", "2018-08-12"));
  EXPECT_FALSE(version_fits("4.0", "4.01.1-x"));
  EXPECT_FALSE(version_fits("4.0", "4.1.0"));
  EXPECT_FALSE(version_fits("4.0.1", "4.0.1.2"));
  EXPECT_FALSE(version_fits("4.0", "4"));
  EXPECT_FALSE(version_fits("2018", "2018-08-12"));
}

TEST(Version, DependenciesMayUseWildcardsAndRanges) {
  EXPECT_TRUE(dependency_fits("4.0.x", "4.0.1"));
  EXPECT_TRUE(dependency_fits("4.x", "4.3.0"));
  EXPECT_TRUE(dependency_fits("*", "1.0.0"));
  EXPECT_TRUE(dependency_fits("latest", "1.0.0"));
  EXPECT_TRUE(dependency_fits("", "1.0.0"));
  EXPECT_TRUE(dependency_fits("^1.2.0", "1.9.0"));
  EXPECT_TRUE(dependency_fits("~1.2.1", "1.2.3"));
  EXPECT_TRUE(dependency_fits("0.0.3-pre-release", "0.0.3-pre-release"));
  EXPECT_FALSE(dependency_fits("4.0.x", "4.1.0"));
  EXPECT_FALSE(dependency_fits("4.0.x", "4"));
  EXPECT_FALSE(dependency_fits("^1.2.0", "1.1.0"));
  EXPECT_FALSE(dependency_fits("^1.2.0", "2.0.0"));
  EXPECT_FALSE(dependency_fits("~1.2.1", "1.3.0"));
  EXPECT_FALSE(dependency_fits("~1.2.1", "1.2.0"));
}

TEST(Version, ALabelMakesAPreRelease) {
  EXPECT_TRUE(is_prerelease("3.0.0-ballot"));
  EXPECT_FALSE(is_prerelease("3.0.0"));
  EXPECT_FALSE(is_prerelease("2018-08-12"));
}

}  // namespace
}  // namespace concord::packages
