// What the process remembers of its crashes. Each crash is that of a child.
#include "gateway/ops/crash_book.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <thread>

#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::test {
namespace {

using ops::CrashBook;
using ops::WorkingOn;

const Sha256 kBad = sha256("bad");
const Sha256 kGood = sha256("good");

class Crashes : public testing::Test {
 protected:
  std::unique_ptr<CrashBook> open(std::string_view program = "concord 1") const {
    auto opened = CrashBook::open(file, program);
    EXPECT_THAT(opened, IsOk());
    return opened ? *std::move(opened) : nullptr;
  }

  /// A child opens the book and does that; how it ended.
  int child(const std::function<void()>& work) const {
    const pid_t id = ::fork();
    if (id == 0) {
      ::close(STDERR_FILENO);  // what sanitizers say of crashes that are wanted
      const auto book = CrashBook::open(file, "concord 1");
      if (!book) ::_exit(99);
      work();
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(id, &status, 0);
    return status;
  }

  std::int32_t noted(const Sha256& digest) const { return open()->crashes(digest); }

  TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "crashes";
};

[[gnu::noinline]] std::size_t go_deep(std::size_t level) {
  volatile char frame[4096];
  frame[level % sizeof frame] = 1;
  return level == SIZE_MAX ? 0 : go_deep(level + 1) + static_cast<std::size_t>(frame[0]);
}

TEST_F(Crashes, OfAThreadAreNotedUnderWhatItWorkedOn) {
  EXPECT_NE(child([] {
              const WorkingOn good(kGood);
              std::thread([] {
                const WorkingOn bad(kBad);
                std::abort();
              }).join();
            }),
            0);
  EXPECT_EQ(noted(kBad), 1);
  EXPECT_EQ(noted(kGood), 0);
}

TEST_F(Crashes, AreCounted) {
  for (int i = 1; i <= 3; ++i) {
    child([] {
      const WorkingOn bad(kBad);
      std::abort();
    });
    EXPECT_EQ(noted(kBad), i);
  }
}

TEST_F(Crashes, OfTheProcessorAreNoted) {
  EXPECT_NE(child([] {
              const WorkingOn bad(kBad);
              __builtin_trap();
            }),
            0);
  EXPECT_EQ(noted(kBad), 1);
}

TEST_F(Crashes, AStackThatIsUsedUpIsOne) {
  EXPECT_NE(child([] {
              std::thread([] {
                const WorkingOn bad(kBad);
                static_cast<void>(go_deep(0));
              }).join();
            }),
            0);
  EXPECT_EQ(noted(kBad), 1);
}

TEST_F(Crashes, EndTheProcessAsTheyWouldHave) {
  const int status = child([] {
    const WorkingOn bad(kBad);
    std::abort();
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGABRT);
}

TEST_F(Crashes, AreNoneWhenOthersEndTheProcess) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGKILL, SIGTERM}) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t id = ::fork();
    if (id == 0) {
      ::close(STDERR_FILENO);
      const auto book = CrashBook::open(file, "concord 1");
      const WorkingOn good(kGood);
      if (!book || ::write(ready[1], "", 1) != 1) ::_exit(99);
      while (true) ::pause();
    }
    char byte = 0;
    ::close(ready[1]);
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ::kill(id, signal);
    ::waitpid(id, nullptr, 0);
    ::close(ready[0]);
    EXPECT_EQ(noted(kGood), 0) << signal;
  }
}

TEST_F(Crashes, WithoutWorkAreNobodys) {
  EXPECT_TRUE(WIFSIGNALED(child([] {
    { const WorkingOn done(kGood); }
    std::abort();
  })));
  EXPECT_EQ(noted(kGood), 0);
}

TEST_F(Crashes, AreForgottenOneByOne) {
  const auto book = open();
  book->add(kBad);
  book->add(kBad);
  book->add(kGood);
  book->clear(kBad);
  EXPECT_EQ(book->crashes(kBad), 0);
  EXPECT_EQ(book->crashes(kGood), 1);
  EXPECT_EQ(noted(kGood), 1);
  EXPECT_EQ(noted(kBad), 0);
}

TEST_F(Crashes, OfAnotherProgramAreForgotten) {
  open("concord 1")->add(kBad);
  EXPECT_EQ(open("concord 1")->crashes(kBad), 1);
  EXPECT_EQ(open("concord 2")->crashes(kBad), 0);
  EXPECT_EQ(open("concord 1")->crashes(kBad), 0);
}

TEST_F(Crashes, AFileThatIsNotOursOrTornIsReadAsFarAsItIs) {
  std::ofstream(file) << "something else altogether, longer than a digest is";
  EXPECT_EQ(noted(kBad), 0);
  open()->add(kBad);
  std::ofstream(file, std::ios::app) << "half";
  EXPECT_EQ(noted(kBad), 1);
  open()->add(kBad);
  EXPECT_EQ(noted(kBad), 2);
}

TEST_F(Crashes, AFileThatCannotBeWrittenIsAnError) {
  EXPECT_THAT(CrashBook::open(folder.path() / "nowhere" / "crashes", "concord 1"),
              FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace concord::test
