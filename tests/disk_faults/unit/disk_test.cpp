// The failing disk itself: what was synced stays, what was not is gone, and calls fail when told.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <csignal>
#include <fstream>
#include <set>

#include "tests/disk_faults/disk_faults.h"
#include "tests/support/files.h"
#include "tests/support/process.h"
#include "tests/support/result_matchers.h"

namespace concord::disk_faults {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class DiskTest : public testing::Test {
 protected:
  DiskTest() {
    std::filesystem::create_directory(root());
    auto opened = Disk::open(folder_.path() / "state", root());
    EXPECT_THAT(opened, IsOk());
    disk_ = std::move(*opened);
  }

  std::filesystem::path root() const { return folder_.path() / "root"; }
  std::filesystem::path file(const std::string& name = "file") const { return root() / name; }
  std::string content(const std::string& name = "file") const {
    return test::read_file(file(name));
  }

  test::Process probe(std::vector<std::string> arguments) {
    return test::Process(test::built_program("disk-faults-probe"),
                         {.arguments = std::move(arguments),
                          .environment = disk_->environment(),
                          .log = folder_.path() / "log"});
  }
  /// Runs to the end; what it said.
  std::string run(std::vector<std::string> arguments) {
    test::Process process = probe(std::move(arguments));
    EXPECT_TRUE(process.wait(20s).has_value());
    return process.log();
  }
  /// Runs until it waits, then the power goes.
  Cut cut_after(std::vector<std::string> arguments, Loss loss = Loss::all, std::uint64_t seed = 1) {
    disk_->prepare_cut();
    arguments.push_back("wait");
    test::Process process = probe(std::move(arguments));
    EXPECT_TRUE(process.wait_for_line("waiting", 20s)) << process.log();
    disk_->power_off();
    process.kill();
    auto cut = disk_->take_back(loss, seed);
    EXPECT_THAT(cut, IsOk());
    return cut ? *cut : Cut{};
  }
  std::string open_name() const { return file().string(); }

  test::TemporaryFolder folder_;
  std::unique_ptr<Disk> disk_;
};

// ---- power cuts ----

TEST_F(DiskTest, SyncedBytesStayAndUnsyncedOnesAreGone) {
  const Cut cut = cut_after({"open", open_name(), "append", "kept", "sync", "append", "lost"});
  EXPECT_EQ(content(), "kept");
  EXPECT_EQ(cut.files, 1u);
  EXPECT_EQ(cut.writes, 1u);
}

TEST_F(DiskTest, FdatasyncKeepsAsWell) {
  cut_after({"open", open_name(), "append", "kept", "datasync"});
  EXPECT_EQ(content(), "kept");
}

TEST_F(DiskTest, WithoutTheLayerNothingIsLost) {  // or the other tests could not fail
  test::Process process(test::built_program("disk-faults-probe"),
                        {.arguments = {"open", open_name(), "append", "lost", "wait"},
                         .log = folder_.path() / "log"});
  ASSERT_TRUE(process.wait_for_line("waiting", 20s));
  process.kill();
  EXPECT_EQ(content(), "lost");
}

TEST_F(DiskTest, WhatWasWrittenOverComesBack) {
  std::ofstream(file()) << "0123456789";
  cut_after({"open", open_name(), "at", "2", "abc", "at", "3", "xyz", "vector", "tail"});
  EXPECT_EQ(content(), "0123456789");
}

TEST_F(DiskTest, WhatWasCutOffComesBackAndWhatWasSyncedAfterwardsStays) {
  std::ofstream(file()) << "0123456789";
  cut_after({"open", open_name(), "truncate", "4"});
  EXPECT_EQ(content(), "0123456789");
  cut_after({"open", open_name(), "truncate", "4", "sync", "truncate", "2", "truncate", "100"});
  EXPECT_EQ(content(), "0123");
}

TEST_F(DiskTest, AFileNeverSyncedIsEmptyAlsoUnderItsNewName) {
  cut_after({"open", open_name(), "append", "lost", "rename", file("other").string()});
  EXPECT_EQ(content("other"), "");
}

TEST_F(DiskTest, FilesOutsideTheRootAreNotTouched) {
  const auto outside = folder_.path() / "outside";
  const Cut cut = cut_after({"open", outside.string(), "append", "kept"});
  EXPECT_EQ(test::read_file(outside), "kept");
  EXPECT_EQ(cut.files, 0u);
}

TEST_F(DiskTest, APrefixOfTheWritesMayHaveArrived) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    std::filesystem::remove(file());
    cut_after({"open", open_name(), "append", "a", "append", "b", "append", "c"}, Loss::prefix,
              seed);
    seen.insert(content());
  }
  EXPECT_THAT(seen, testing::ElementsAre("", "a", "ab", "abc"));
}

TEST_F(DiskTest, TornWritesAreTornAtSectorsAndTheSameForTheSameSeed) {
  const std::string before(4096, 'a'), after(4096, 'b');
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    std::ofstream(file(), std::ios::trunc) << before;
    cut_after({"open", open_name(), "at", "0", after}, Loss::torn, seed);
    const std::string got = content();
    ASSERT_EQ(got.size(), 4096u);
    for (std::size_t sector = 0; sector < got.size(); sector += 512) {
      const std::string part = got.substr(sector, 512);
      EXPECT_TRUE(part == before.substr(0, 512) || part == after.substr(0, 512)) << sector;
    }
    seen.insert(got);
  }
  EXPECT_GE(seen.size(), 4u);
}

TEST_F(DiskTest, AfterTheCutTheNextLifeIsLookedAfterAgain) {
  cut_after({"open", open_name(), "append", "one", "sync", "append", "x"});
  cut_after({"open", open_name(), "append", "two", "sync", "append", "y"});
  EXPECT_EQ(content(), "onetwo");
}

TEST_F(DiskTest, WhoWritesWithThePowerOffIsKilled) {
  disk_->prepare_cut();
  disk_->power_off();
  test::Process process = probe({"open", open_name(), "append", "x"});
  EXPECT_EQ(process.wait(20s), 128 + SIGKILL);
  EXPECT_EQ(content(), "");
}

class SqliteOnDisk : public DiskTest, public testing::WithParamInterface<Loss> {};

TEST_P(SqliteOnDisk, KeepsWhatItCommittedAndRecovers) {
  const std::string database = file("test.db").string();
  const Cut cut =
      cut_after({"sql", database,
                 "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(x);"
                 "INSERT INTO t VALUES(1); INSERT INTO t VALUES(2);"
                 "PRAGMA synchronous=OFF; INSERT INTO t VALUES(3); PRAGMA synchronous=FULL"},
                GetParam(), 3);
  EXPECT_GE(cut.writes, GetParam() == Loss::all ? 1u : 0u);

  sqlite3* reopened = nullptr;
  ASSERT_EQ(sqlite3_open(database.c_str(), &reopened), SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(reopened, "SELECT max(x), count(*) FROM t", -1, &statement, nullptr),
            SQLITE_OK);
  ASSERT_EQ(sqlite3_step(statement), SQLITE_ROW);
  EXPECT_GE(sqlite3_column_int(statement, 0), 2);
  if (GetParam() == Loss::all) {
    EXPECT_EQ(sqlite3_column_int(statement, 0), 2) << "the third was never synced";
  }
  EXPECT_EQ(sqlite3_column_int(statement, 0), sqlite3_column_int(statement, 1));
  sqlite3_finalize(statement);
  sqlite3_close(reopened);
}

INSTANTIATE_TEST_SUITE_P(EveryLoss, SqliteOnDisk,
                         testing::Values(Loss::all, Loss::prefix, Loss::torn));

// ---- calls that fail ----

TEST_F(DiskTest, TheNthCallFailsAndOnlyThat) {
  const auto rule = disk_->add("call=write error=ENOSPC nth=2");
  ASSERT_THAT(rule, IsOk());
  EXPECT_EQ(run({"open", open_name(), "append", "a", "append", "b", "append", "c"}),
            "open 0 0\nappend 1 0\nappend -1 28\nappend 1 0\n");
  EXPECT_EQ(content(), "ac");
  EXPECT_EQ(disk_->hits(*rule).seen, 3u);
  EXPECT_EQ(disk_->hits(*rule).hit, 1u);
}

TEST_F(DiskTest, EachCallCanFailByItsKindAndItsFile) {
  ASSERT_THAT(disk_->add("call=sync error=EIO"), IsOk());
  ASSERT_THAT(disk_->add("call=truncate error=ENOSPC file=other"), IsOk());
  ASSERT_THAT(disk_->add("call=rename error=EIO file=other"), IsOk());
  EXPECT_EQ(run({"open", open_name(), "append", "abc", "sync", "datasync", "truncate", "1"}),
            "open 0 0\nappend 3 0\nsync -1 5\ndatasync -1 5\ntruncate 0 0\n");
  EXPECT_EQ(run({"open", open_name(), "rename", file("other").string(), "truncate", "0"}),
            "open 0 0\nrename -1 5\ntruncate 0 0\n");
  disk_->clear();
  EXPECT_EQ(run({"open", open_name(), "sync"}), "open 0 0\nsync 0 0\n");
}

TEST_F(DiskTest, AFailedSyncKeepsNothing) {
  ASSERT_THAT(disk_->add("call=sync error=EIO"), IsOk());
  cut_after({"open", open_name(), "append", "lost", "sync"});
  EXPECT_EQ(content(), "");
}

TEST_F(DiskTest, ShortWritesWriteHalf) {
  ASSERT_THAT(disk_->add("call=write short=1 nth=1"), IsOk());
  EXPECT_EQ(run({"open", open_name(), "vector", "abcdef", "append", "x"}),
            "open 0 0\nvector 3 0\nappend 1 0\n");
  EXPECT_EQ(content(), "abcx");
}

TEST_F(DiskTest, SyncsCanBeSlow) {
  ASSERT_THAT(disk_->add("call=sync delay_us=150000"), IsOk());
  const auto began = std::chrono::steady_clock::now();
  run({"open", open_name(), "append", "a", "sync", "datasync"});
  EXPECT_GE(std::chrono::steady_clock::now() - began, 300ms);
  EXPECT_EQ(disk_->syncs(), 2u);
}

TEST_F(DiskTest, AShareOfCallsFailsTheSameOnesForTheSameSeed) {
  std::vector<std::string> script{"open", open_name()};
  for (int i = 0; i < 60; ++i) script.insert(script.end(), {"append", "x"});
  std::set<std::string> seen;
  for (int time = 0; time < 2; ++time) {
    disk_->clear();
    ASSERT_THAT(disk_->add("call=write error=EIO permille=500 seed=9"), IsOk());
    seen.insert(run(script));
  }
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_THAT(*seen.begin(), testing::AllOf(HasSubstr("append -1 5"), HasSubstr("append 1 0")));
}

TEST_F(DiskTest, WhatIsNoRuleIsRefused) {
  for (const std::string_view rule :
       {"", "call=write", "call=read error=EIO", "error=7", "error=EIO nth=x", "error=EIO nth",
        "delay_us=99999999", "error=EIO permille=1001", "error=EIO what=1"}) {
    EXPECT_FALSE(disk_->add(rule)) << rule;
  }
  const std::string long_name(80, 'x');
  EXPECT_FALSE(disk_->add("error=EIO file=" + long_name));
  for (int i = 0; i < 8; ++i) EXPECT_THAT(disk_->add("call=sync error=EIO"), IsOk());
  EXPECT_FALSE(disk_->add("call=sync error=EIO"));
}

TEST(Disk, NeedsAFolderToLookAfter) {
  const test::TemporaryFolder folder;
  EXPECT_FALSE(Disk::open(folder.path() / "state", folder.path() / "absent"));
}

}  // namespace
}  // namespace concord::disk_faults
