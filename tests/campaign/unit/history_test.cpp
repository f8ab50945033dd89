// The lines of a history: written, read, and refused when they are none.
#include "tests/campaign/check/history.h"

#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::campaign {
namespace {

TEST(History, EveryKindOfRecordComesBackAsItWasWritten) {
  const std::vector<Record> all{
      Began{7, "sqlite", "campaign run --seed 7"},
      Operation{1, "message", "KEY", "S", "aa", 10, 20, Outcome::unknown, 503, "Task/1", 2, 3},
      Arrival{"spine", "KEY", "bb", "S", "order/S", "new", 7000},
      Word{"cancel", "KEY", 1, 2, Outcome::ok, 200, "failed", "A83008"},
      Lease{"item", "node", 3, 5, 9},
      Settled{"item", "node", 3, 6},
      Fault{4, 99, "step", "point=commit:2", 3, "commit"},
      Final{"KEY", "dead", "t", "failed", "A83008"},
      Version{"Patient/1", 2, "value"},
      Counts{6, 1, 2, 1, 1, 1},
      Audit{true, 100, 6, ""},
      Leak{"gateway.log:4"},
      End{1, 2, 3, false},
  };
  ASSERT_EQ(all.size(), std::variant_size_v<Record>);
  for (const Record& record : all) {
    const std::string line = write_record(record);
    const auto back = read_record(line);
    ASSERT_THAT(back, IsOk()) << line;
    EXPECT_EQ(back->index(), record.index());
    EXPECT_EQ(write_record(*back), line);
  }
  EXPECT_EQ(write_record(all[1]),
            R"({"is":"operation","client":1,"what":"message","key":"KEY","subject":"S",)"
            R"("digest":"aa","started":10,"ended":20,"outcome":"unknown","status":503,)"
            R"("effect":"Task/1","expected":2,"version":3})");
}

TEST(History, WhatIsNoLineIsRefused) {
  for (const std::string_view line :
       {"", "{}", "[]", "7", "{\"is\":7}", "{\"is\":\"nothing\"}", "{\"is\":\"leak\",\"where\":7}",
        "{\"is\":\"leak\",\"other\":\"x\"}", "{\"is\":\"began\",\"seed\":-1}",
        "{\"is\":\"began\",\"seed\":99999999999999999999}", "{\"is\":\"began\",\"seed\":1.5}",
        "{\"is\":\"operation\",\"outcome\":\"perhaps\"}", "{\"is\":\"leak\"",
        "{\"is\":\"leak\"}x"}) {
    EXPECT_FALSE(read_record(line)) << line;
  }
}

TEST(History, AFileSaysWhichLineIsWrong) {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "history.jsonl";
  std::ofstream(file) << write_record(Began{1, "sqlite", ""}) << "\n{\"is\":\"op";
  int seen = 0;
  const auto read = read_history(file, [&](Record&&) { ++seen; });
  EXPECT_FALSE(read);
  EXPECT_THAT(to_string(read.error()), testing::HasSubstr("line 2"));
  EXPECT_EQ(seen, 1);
  EXPECT_FALSE(read_history(folder.path() / "absent", [](Record&&) {}));
}

TEST(History, ManyThreadsWriteWholeLinesAndTheEndCountsThem) {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "history.jsonl";
  HistoryWriter writer(file);
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&writer, t] {
      for (int i = 0; i < 250; ++i) {
        Operation op;
        op.client = t;
        op.key = std::string(500, 'k');
        writer.add(op);
      }
    });
  }
  for (std::thread& one : threads) one.join();
  ASSERT_THAT(writer.finish(true), IsOk());
  End end;
  int lines = 0;
  ASSERT_THAT(read_history(file,
                           [&](Record&& record) {
                             ++lines;
                             if (const End* last = std::get_if<End>(&record)) end = *last;
                           }),
              IsOk());
  EXPECT_EQ(lines, 1001);
  EXPECT_EQ(end.operations, 1000u);
}

}  // namespace
}  // namespace concord::campaign
