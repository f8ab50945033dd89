// The example of mappers/eps/README.md, run as it is written there.

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/process.h"

namespace concord::test {
namespace {

/// The text between the fence of a shell example below a heading and its end.
std::string example_below(const std::string& page, std::string_view heading) {
  const auto section = page.find(heading);
  EXPECT_NE(section, std::string::npos) << heading;
  const std::string_view open = "```sh\n";
  const auto begin = page.find(open, section);
  EXPECT_NE(begin, std::string::npos);
  const auto from = begin + open.size();
  return page.substr(from, page.find("```", from) - from);
}

TEST(EpsReadme, OverlayExampleWorksAsItIsWritten) {
  const std::string page =
      read_file(std::filesystem::path(concord::test::source_dir()) / "mappers/eps/README.md");
  const TemporaryFolder folder;
  const std::string example = example_below(page, "## Changing a mapping");
  std::ofstream(folder.path() / "example.sh", std::ios::binary)
      << "set -e\ncd " << folder.path().string() << "\n"
      << example;
  const std::string path =
      built_program("concord").parent_path().string() + ":/usr/local/bin:/usr/bin:/bin";
  const auto status = run("/bin/sh",
                          {.arguments = {(folder.path() / "example.sh").string()},
                           .environment = {{"PATH", path}},
                           .log = folder.path() / "err",
                           .output = folder.path() / "out"},
                          std::chrono::seconds(60));
  EXPECT_EQ(status, 0) << read_file(folder.path() / "err");
  EXPECT_THAT(read_file(folder.path() / "out"),
              testing::HasSubstr("<streetAddressLine>GB</streetAddressLine>"));
}

}  // namespace
}  // namespace concord::test
