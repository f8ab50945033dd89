// Golden cases as files, without a format.

#include "mappers/core/golden.h"

#include <gmock/gmock.h>

#include "fhir/definitions/definitions.h"
#include "tests/support/result_matchers.h"

namespace concord::mappers {
namespace {

using testing::ElementsAre;

/// Turns any FHIR into one text, refuses what is none.
class Fixed final : public Mapper {
 public:
  explicit Fixed(std::string answer) : answer_(std::move(answer)) {}
  std::string_view name() const override { return "fixed"; }
  bool recognises(const tree::Document&) const override { return true; }
  Result<Encoded> encode(const tree::Document&, const Parameters& parameters,
                         mapping::TraceSink*) const override {
    Encoded encoded;
    encoded.bytes = answer_ + std::string(parameters.value("suffix"));
    return encoded;
  }
  Result<Decoded> decode(std::string_view, std::string_view, const Parameters&,
                         mapping::TraceSink*) const override {
    Error error = make_error(ErrorCode::invalid, "no", "message.id");
    error.issues.front().detail_code = "INVALID_VALUE";
    return error;
  }

 private:
  std::string answer_;
};

const definitions::Definitions& r4() {
  static tree::Symbols symbols;
  static const definitions::Definitions loaded = *definitions::Definitions::r4(symbols);
  return loaded;
}

std::vector<GoldenCase> cases_of(std::vector<Resource> files) {
  auto cases = golden_cases(files, "site/");
  EXPECT_THAT(cases, IsOk());
  return cases ? *std::move(cases) : std::vector<GoldenCase>();
}

constexpr std::string_view kPatient = R"({"resourceType":"Patient"})";

TEST(GoldenCases, AreFoldersByNameAndOtherFilesAreLeftAlone) {
  const auto cases =
      cases_of({{"cases/b/input.json", kPatient},
                {"cases/b/expected.xml", "<x/>\n"},
                {"cases/a/input.json", kPatient},
                {"cases/a/README.md", "why"},
                {"cases/a/parameters.txt", "# why\nnow=2026-01-05T10:00:00Z\nsuffix=!\n"},
                {"maps/a.map", "map"}});
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_EQ(cases[0].place, "site/cases/a");
  EXPECT_EQ(cases[0].parameters.value("suffix"), "!");
  EXPECT_EQ(format_instant(cases[0].parameters.now), "2026-01-05T10:00:00Z");
  EXPECT_EQ(cases[1].expected_file, "expected.xml");
}

TEST(GoldenCases, WithoutInputOrWithTwoOfAKindAreRefused) {
  const auto refused = [](std::vector<Resource> files) {
    const auto cases = golden_cases(files, "");
    EXPECT_THAT(cases, FailsWith(ErrorCode::invalid));
    return cases ? std::string() : cases.error().issues.front().expression;
  };
  EXPECT_EQ(refused({{"cases/a/expected.xml", "<x/>"}}), "cases/a");
  EXPECT_EQ(refused({{"cases/a/input.json", "{}"}, {"cases/a/input.xml", "<x/>"}}), "cases/a");
  EXPECT_EQ(refused({{"cases/a/input.json", "{}"}, {"cases/a/parameters.txt", "now"}}),
            "cases/a/parameters.txt");
}

TEST(GoldenCases, PassWhenTheBytesAreEqualButForALineFeedAtTheEnd) {
  const auto cases =
      cases_of({{"cases/a/input.json", kPatient}, {"cases/a/expected.xml", "<x>\n</x>\n"}});
  EXPECT_TRUE(run_golden_case(cases[0], Fixed("<x>\n</x>"), r4()).passed);
  const GoldenResult other = run_golden_case(cases[0], Fixed("<x>\n</y>"), r4());
  EXPECT_FALSE(other.passed);
  EXPECT_EQ(other.line, 2u);
  EXPECT_EQ(other.got, "<x>\n</y>\n");
}

TEST(GoldenCases, MayExpectARefusalWithItsCodes) {
  const auto cases = cases_of({{"cases/a/input.xml", "<message/>"},
                               {"cases/a/expected.txt", "invalid\nINVALID_VALUE message.id\n"}});
  EXPECT_TRUE(run_golden_case(cases[0], Fixed(""), r4()).passed);
}

TEST(GoldenCases, OfTheSiteStandInThePlaceOfOursOfTheSameName) {
  auto ours = cases_of({{"cases/a/input.json", "1"}, {"cases/b/input.json", "2"}});
  auto site = cases_of({{"cases/b/input.json", "3"}, {"cases/c/input.json", "4"}});
  const auto all = with_site_cases(std::move(ours), std::move(site));
  std::vector<std::string> inputs;
  for (const GoldenCase& one : all) inputs.push_back(one.input);
  EXPECT_THAT(inputs, ElementsAre("1", "3", "4"));
}

TEST(GoldenCases, ThatFailAreNamedWithTheLineAndWithoutAValue) {
  const auto cases =
      cases_of({{"cases/a/input.json", kPatient}, {"cases/a/expected.xml", "secret"}});
  const auto checked = check_golden_cases(cases, Fixed("other"), r4());
  ASSERT_THAT(checked, FailsWith(ErrorCode::invalid));
  const Issue& issue = checked.error().issues.front();
  EXPECT_EQ(issue.expression, "site/cases/a");
  EXPECT_EQ(issue.detail_code, "golden-case");
  EXPECT_EQ(issue.text, "the case a differs from expected.xml in line 1");
}

}  // namespace
}  // namespace concord::mappers
