// Archives that mean harm, or are broken, are refused with what is wrong.

#include "fhir/packages/archive.h"

#include <gmock/gmock.h>

#include "tests/fhir/packages/packing.h"
#include "tests/support/result_matchers.h"

namespace concord::packages {
namespace {

bool all(std::string_view) { return true; }

Result<std::vector<std::string>> names_in(std::string_view bytes, const Bounds& bounds = {}) {
  std::vector<std::string> names;
  CONCORD_TRY(read_archive(bytes, "x.tgz", bounds, all,
                           [&](std::string_view path, std::string) -> Result<bool> {
                             names.emplace_back(path);
                             return true;
                           }));
  return names;
}

std::string why_not(const std::vector<Packed>& entries, const Bounds& bounds = {}) {
  const auto read = names_in(tgz(entries), bounds);
  return read ? "read" : read.error().issues.at(0).text;
}

TEST(Archive, FilesAreHandedOverInOrderWithoutTheLeadingDot) {
  const auto names = names_in(
      tgz({{"./package/package.json", "{}"}, {"package", "", AE_IFDIR}, {"package/a.json", "1"}}));
  ASSERT_THAT(names, IsOk());
  EXPECT_THAT(*names, testing::ElementsAre("package/package.json", "package/a.json"));
}

TEST(Archive, PathsThatLeaveTheArchiveAreRefused) {
  EXPECT_EQ(why_not({{"../x.json", "1"}}),
            "x.tgz: the archive holds a path that leaves the archive");
  EXPECT_EQ(why_not({{"package/a/../../../x.json", "1"}}),
            "x.tgz: the archive holds a path that leaves the archive");
  EXPECT_EQ(why_not({{"/etc/x.json", "1"}}), "x.tgz: the archive holds an absolute path");
  EXPECT_EQ(why_not({{"C:/x.json", "1"}}), "x.tgz: the archive holds an absolute path");
  EXPECT_EQ(why_not({{"package\\..\\x.json", "1"}}), "x.tgz: the archive holds an absolute path");
}

TEST(Archive, LinksAndDevicesAreRefused) {
  EXPECT_EQ(why_not({{"package/a", "", AE_IFLNK, "/etc/passwd"}}),
            "x.tgz: the archive holds a symbolic link");
  EXPECT_EQ(why_not({{"package/b", "1"}, {"package/a", "", AE_IFREG, "package/b", true}}),
            "x.tgz: the archive holds a hard link");
  EXPECT_EQ(why_not({{"package/a", "", AE_IFIFO}}), "x.tgz: the archive holds a pipe");
  EXPECT_EQ(why_not({{"package/a", "", AE_IFCHR}}), "x.tgz: the archive holds a device");
}

TEST(Archive, BombsAreStopped) {
  const std::string zeros(std::size_t{20} << 20, '0');
  EXPECT_EQ(why_not({{"package/a.json", zeros}}), "x.tgz: it unpacks to far more than its size");
  EXPECT_EQ(why_not({{"package/a.json", std::string(2000, 'a')}}, {.max_file = 1000}),
            "x.tgz: a file in it is longer than allowed");
  EXPECT_EQ(why_not({{"package/a.json", std::string(600, 'a')},
                     {"package/b.json", std::string(600, 'a')}},
                    {.max_total = 1000}),
            "x.tgz: it unpacks to more than allowed");
  EXPECT_EQ(why_not({{"package/a.json", "1"}, {"package/b.json", "1"}}, {.max_entries = 1}),
            "x.tgz: more files than allowed");
  EXPECT_EQ(why_not({{"package/a.json", "1"}}, {.max_archive = 10}),
            "x.tgz: the archive is longer than allowed");
}

TEST(Archive, WhatNobodyWantsCountsAgainstTheBoundsToo) {
  const std::string bytes = tgz({{"other/big", std::string(5000, 'x')}});
  const auto read = read_archive(
      bytes, "x.tgz", {.max_total = 1000}, [](std::string_view) { return false; },
      [](std::string_view, std::string) -> Result<bool> { return true; });
  EXPECT_THAT(read, FailsWith(ErrorCode::too_long));
}

TEST(Archive, WhatIsNoArchiveIsMalformed) {
  EXPECT_THAT(names_in(""), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(names_in("{}"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(names_in(std::string(100'000, '\0')), FailsWith(ErrorCode::malformed));
}

TEST(Archive, ATruncatedArchiveIsMalformedWhereverItIsCut) {
  std::string noise;
  for (unsigned i = 0, x = 1; i < 20'000; ++i, x = x * 1664525 + 1013904223) {
    noise += static_cast<char>(x >> 24);
  }
  const std::string bytes = tgz({{"package/package.json", "{}"}, {"package/a.json", noise}});
  for (std::size_t size = 0; size < bytes.size() - 600; size += 997) {
    EXPECT_THAT(names_in(std::string_view(bytes).substr(0, size)), FailsWith(ErrorCode::malformed))
        << size;
  }
}

TEST(Archive, FlippedBytesNeverCrash) {
  const std::string bytes = tgz({{"package/package.json", "{}"}, {"package/a.json", "[1,2,3]"}});
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x55);
    const auto read = names_in(changed);
    EXPECT_TRUE(!read || read->size() <= 2);
  }
}

TEST(Archive, AFileThatIsNotThereIsNotFound) {
  EXPECT_THAT(read_archive("/nowhere/x.tgz", {}, all,
                           [](std::string_view, std::string) -> Result<bool> { return true; }),
              FailsWith(ErrorCode::not_found));
}

}  // namespace
}  // namespace concord::packages
