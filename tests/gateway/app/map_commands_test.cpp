// `concord map`, run as map authors run it.

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/files.h"
#include "tests/support/prescriptions.h"
#include "tests/support/process.h"

namespace concord::app {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kCountry =
    R"(map "https://concord.example/map/eps/demographics" = "SiteDemographics"

group Address(source address : FhirAddress, target addr : AD) {
  address.use as use -> addr.use = translate(use, '#address-use', 'code')  "site.address.use";
  address.line as line -> addr.streetAddressLine = line                    "site.address.line";
  address.city as line -> addr.streetAddressLine = line                    "site.address.city";
  address.country as line -> addr.streetAddressLine = line                 "site.address.country";
  address.district as line -> addr.streetAddressLine = line                "site.address.district";
  address.state as line -> addr.streetAddressLine = line                   "site.address.state";
  address.postalCode as code -> addr.postalCode = code                     "site.address.postcode";
}
)";

class MapCommands : public testing::Test {
 protected:
  struct Ran {
    int status = -1;
    std::string out, err;
  };
  Ran run(std::vector<std::string> arguments, const std::string& input = {}) {
    std::ofstream(folder_.path() / "in", std::ios::binary) << input;
    fs::remove(folder_.path() / "err");
    Ran ran;
    ran.status = test::run(test::built_program("concord"),
                           {.arguments = std::move(arguments),
                            .log = folder_.path() / "err",
                            .input = folder_.path() / "in",
                            .output = folder_.path() / "out"},
                           std::chrono::seconds(60))
                     .value_or(-1);
    ran.out = test::read_file(folder_.path() / "out");
    ran.err = test::read_file(folder_.path() / "err");
    return ran;
  }
  /// A folder of overlays with one file.
  std::string site(const std::string& text = kCountry) {
    fs::create_directories(folder_.path() / "site");
    std::ofstream(folder_.path() / "site/demographics.map", std::ios::binary) << text;
    return (folder_.path() / "site").string();
  }
  test::TemporaryFolder folder_;
};

TEST_F(MapCommands, TraceListsWhatWasWrittenAndWhatNobodyRead) {
  const Ran ran = run({"map", "trace"}, test::example_prescription());
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("# written element  <-  source element  rule\n"));
  EXPECT_THAT(ran.out, ContainsRegex("ParentPrescription\\.id\\.root  <-  Bundle\\.[^ ]+ @[0-9]+  "
                                     "[A-Za-z]+ \"[^\"]+\" \\(eps/maps/[a-z_]+\\.map:[0-9]+:"));
  EXPECT_THAT(ran.out, HasSubstr("  ->  unread\n"));
  const Ran json = run({"map", "trace", "--json"}, test::example_prescription());
  EXPECT_THAT(json.out, HasSubstr("\"unread\":true}\n"));
  EXPECT_THAT(json.out, HasSubstr("\"readBy\":[{\"map\":"));
}

TEST_F(MapCommands, ExplainNamesTheRuleAndTheSourceOfWhatIsThere) {
  const Ran ran =
      run({"map", "explain", "--why", "ParentPrescription.id.root"}, test::example_prescription());
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out,
              ContainsRegex("ParentPrescription\\.id\\.root is there  sha256 [0-9a-f]{16}\n"));
  EXPECT_THAT(ran.out, HasSubstr("of https://concord.example/map/eps/"));
  EXPECT_THAT(ran.out, ContainsRegex("from Bundle\\.identifier @[0-9]+\n"));
}

TEST_F(MapCommands, ExplainNamesTheRuleThatCouldWriteAndWhatStoppedIt) {
  const std::string order = test::example_prescription();
  const Ran ran = run({"map", "explain", "--why", "Patient.addr.streetAddressLine.nothing"}, order);
  EXPECT_THAT(ran.out, HasSubstr("no rule of the maps writes it")) << ran.err;
  const Ran suffix = run({"map", "explain", "--why", "patientPerson.name.suffix"}, order);
  EXPECT_THAT(suffix.out, HasSubstr("name.suffix is not there; it could be written by\n"))
      << suffix.err;
  EXPECT_THAT(suffix.out, HasSubstr("\"name.suffix\" (eps/maps/demographics.map:"));
  EXPECT_THAT(suffix.out, HasSubstr("but its source is not there\n"));
}

TEST_F(MapCommands, DiffShowsRulesWithBothTexts) {
  const Ran ran = run({"map", "diff", "--overlays", site()});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("group Address replaced in https://concord.example/map/eps/"));
  EXPECT_THAT(ran.out, HasSubstr("changed \"site.address.line\", was \"address.line\""));
  EXPECT_THAT(ran.out, HasSubstr("    - address.line as line where $this != '' -> "));
  EXPECT_THAT(ran.out, HasSubstr("    + address.line as line -> addr.streetAddressLine = line"));
  EXPECT_THAT(ran.out, HasSubstr("added \"site.address.country\""));
  EXPECT_THAT(run({"map", "diff"}).out, HasSubstr("no change\n"));
}

TEST_F(MapCommands, TestPassesShowsDifferencesAndAcceptsThem) {
  EXPECT_EQ(run({"map", "test", site()}).status, 0);
  std::string broken = kCountry;
  const auto at = broken.find("  address.postalCode");
  broken.erase(at, broken.find('\n', at) + 1 - at);
  const std::string folder = site(broken);
  const Ran failed = run({"map", "test", folder});
  EXPECT_EQ(failed.status, 1);
  EXPECT_THAT(failed.out, HasSubstr("FAIL  eps/cases/"));
  EXPECT_THAT(failed.out, ContainsRegex("\n-[0-9]+ +<postalCode>"));
  EXPECT_THAT(failed.out, Not(ContainsRegex("\n\\+[0-9]+ ")));
  EXPECT_EQ(run({"map", "test", folder, "--update"}).status, 0);
  const Ran passed = run({"map", "test", folder});
  EXPECT_EQ(passed.status, 0) << passed.out;
  EXPECT_THAT(passed.out, HasSubstr("pass  " + folder + "/cases/"));
}

TEST_F(MapCommands, AnOverlayThatDoesNotCompileIsNamedWithItsPlace) {
  std::string broken = kCountry;
  broken.replace(broken.find("address.country"), 15, "address.county_");
  const Ran ran = run({"map", "test", site(broken)});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("demographics.map"));
  EXPECT_THAT(ran.err, HasSubstr("[unknown-element]"));
}

}  // namespace
}  // namespace concord::app
