#include "gateway/admission/admission.h"

#include <gtest/gtest.h>

#include <fstream>
#include <semaphore>
#include <vector>

#include "gateway/admission/machine.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::admission {
namespace {

using std::chrono::milliseconds;
using test::TemporaryFolder;

bool wait_until(const std::function<bool()>& holds) {
  for (int i = 0; i < 4000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return false;
}

TEST(Admission, LetsEverythingInBeforeItMeasures) {
  Admission admission({}, {});
  for (const Kind kind : {Kind::bulk, Kind::read, Kind::routine, Kind::urgent}) {
    EXPECT_THAT(admission.admit(kind), IsOk());
  }
}

TEST(Admission, BulkIsThrottledAndTheRestAskedToComeBack) {
  Sources sources;
  sources.disk_free = [] { return 0.0; };
  Admission admission({}, sources, milliseconds(1));
  admission.start();
  ASSERT_TRUE(wait_until([&] { return admission.verdict().level() > 0; }));
  EXPECT_THAT(admission.admit(Kind::bulk), FailsWith(ErrorCode::throttled));
  EXPECT_THAT(admission.admit(Kind::routine), FailsWith(ErrorCode::transient));
  EXPECT_THAT(admission.admit(Kind::urgent), FailsWith(ErrorCode::transient));
  EXPECT_THAT(admission.admit(Kind::read), IsOk());
  EXPECT_EQ(admission.refused(Kind::bulk, Reason::disk), 1u);
  EXPECT_EQ(admission.refused(Kind::bulk, Reason::queue_lag), 0u);
  EXPECT_EQ(admission.refused(Kind::read, Reason::disk), 0u);
  EXPECT_EQ(admission.admitted(Kind::read), 1u);
  EXPECT_EQ(admission.admitted(Kind::bulk), 0u);
}

TEST(Admission, AWriteThatDoesNotComeBackCountsByItsAge) {
  std::binary_semaphore thaw{0};
  std::atomic<bool> frozen = true;
  Sources sources;
  sources.write_nothing = [&] {
    if (frozen.exchange(false)) thaw.acquire();
  };
  Limits limits;
  limits.store_wait = milliseconds(20);
  Admission admission(limits, sources, milliseconds(5));
  admission.start();
  EXPECT_TRUE(wait_until([&] { return !admission.admit(Kind::urgent).has_value(); }))
      << "four times the limit";
  thaw.release();
  EXPECT_TRUE(wait_until([&] { return admission.admit(Kind::bulk).has_value(); }))
      << "it recovers by itself";
}

TEST(Admission, ASlowStoreIsOneThatIsSlowSeveralTimesInARow) {
  std::atomic<int> writes = 0;
  std::atomic<bool> always = false;
  Sources sources;
  sources.write_nothing = [&] {
    if (++writes % 3 == 0 || always) std::this_thread::sleep_for(milliseconds(30));
  };
  Limits limits;
  limits.store_wait = milliseconds(20);
  Admission admission(limits, sources, milliseconds(20));
  admission.start();
  while (writes < 20) {
    EXPECT_THAT(admission.admit(Kind::bulk), IsOk());
    std::this_thread::sleep_for(milliseconds(1));
  }
  always = true;
  EXPECT_TRUE(wait_until([&] { return !admission.admit(Kind::bulk).has_value(); }));
}

TEST(Admission, TellsOnceForEachChange) {
  std::mutex mutex;
  std::vector<std::size_t> levels;
  std::atomic<double> used = 0.5;
  Sources sources;
  sources.memory_used = [&] { return std::optional<double>(used.load()); };
  sources.observe = [&](const Verdict& verdict, const Readings&) {
    const std::lock_guard lock(mutex);
    levels.push_back(verdict.level());
  };
  Admission admission({}, sources, milliseconds(1));
  admission.start();
  const auto seen = [&](std::size_t count) {
    return wait_until([&] {
      const std::lock_guard lock(mutex);
      return levels.size() >= count;
    });
  };
  used = 0.82;
  ASSERT_TRUE(seen(1));
  for (int i = 0; i < 100; ++i) static_cast<void>(admission.admit(Kind::bulk));
  std::this_thread::sleep_for(milliseconds(30));
  used = 0.5;
  ASSERT_TRUE(seen(2));
  admission.stop();
  EXPECT_EQ(levels, (std::vector<std::size_t>{1, 0}));
}

TEST(Machine, KnowsItsDiskAndItsMemory) {
  const auto free = disk_free("/");
  ASSERT_TRUE(free.has_value());
  EXPECT_GE(*free, 0.0);
  EXPECT_LE(*free, 1.0);
  EXPECT_FALSE(disk_free("/nowhere/at/all").has_value());
  const auto held = memory_held();
  ASSERT_TRUE(held.has_value());
  EXPECT_GT(*held, std::uint64_t{1} << 20);
}

class Groups : public testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    const auto path = folder_.path() / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  TemporaryFolder folder_;
};

TEST_F(Groups, WithoutALimitThereIsNone) {
  EXPECT_FALSE(memory_limit(folder_.path()).has_value());
  write("proc/self/cgroup", "0::/system.slice/concord.service\n");
  write("sys/fs/cgroup/system.slice/concord.service/memory.max", "max\n");
  EXPECT_FALSE(memory_limit(folder_.path()).has_value());
}

TEST_F(Groups, TheLeastLimitOnTheWayUpHolds) {
  write("proc/self/cgroup", "0::/system.slice/concord.service\n");
  write("sys/fs/cgroup/system.slice/concord.service/memory.max", "1073741824\n");
  EXPECT_EQ(memory_limit(folder_.path()), 1073741824u);
  write("sys/fs/cgroup/system.slice/memory.max", "536870912\n");
  EXPECT_EQ(memory_limit(folder_.path()), 536870912u);
}

TEST_F(Groups, OfTheFirstVersionAreReadToo) {
  write("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/docker/abc\n");
  write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "268435456\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(memory_limit(folder_.path()), 268435456u);
}

}  // namespace
}  // namespace concord::admission
