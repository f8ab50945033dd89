// The process dies between sending and recording: the other side sees the same message again.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/gateway/outbox/fixture.h"

namespace concord::test {
namespace {

using store::ItemState;

class OutboxCrash : public OutboxTest {
 protected:
  /// Runs an outbox in a process of its own that writes each item it sends to a file and dies at
  /// the nth step of the store after the first sending, or right after sending for 0.
  void run_and_die(int fatal_step) {
    store_.reset();
    const pid_t pid = ::fork();
    if (pid == 0) {
      std::atomic<bool> armed = false;
      std::atomic<int> steps = 0;
      store::sqlite::Options options;
      options.path = folder_.path() / "concord.db";
      options.on_step = [&](std::string_view) {
        if (armed && ++steps == fatal_step) ::kill(::getpid(), SIGKILL);
      };
      auto opened = store::sqlite::open(options, clock_.clock());
      if (!opened) ::_exit(2);
      store_ = std::move(*opened);
      judge_ = std::make_unique<FakeJudge>(*store_);
      channel_->answer_with([&](const Sent& sent, std::stop_token) {
        std::ofstream(folder_.path() / "sent", std::ios::app)
            << sent.item << ' ' << sent.message_id << ' ' << to_hex(sha256(sent.bytes)) << '\n';
        if (fatal_step == 0) ::kill(::getpid(), SIGKILL);
        armed = true;
        return FakeChannel::ok();
      });
      outbox_ = make();
      if (!outbox_->start()) ::_exit(2);
      for (int i = 0; i < 2000 && counts().pending > 0; ++i) {
        std::this_thread::sleep_for(milliseconds(5));
      }
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    killed_ = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    EXPECT_TRUE(killed_ || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    open_store();
  }

  std::vector<std::string> sent_lines() const {
    std::vector<std::string> lines;
    std::ifstream in(folder_.path() / "sent");
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  bool killed_ = false;
};

TEST_F(OutboxCrash, CrashAfterSendBeforeMarkSendsOnceMoreWithTheSameMessageId) {
  accept("a");
  run_and_die(0);
  ASSERT_TRUE(killed_);
  EXPECT_EQ(state_of("a"), ItemState::pending);

  run_and_die(1'000'000);

  EXPECT_EQ(state_of("a"), ItemState::acked_business);
  const std::vector<std::string> lines = sent_lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], lines[1]);
  EXPECT_EQ(counts().delivered, 1);
}

TEST_F(OutboxCrash, AtAnyStepOfRecordingTheResultSendsAgainOrNotAtAllAndAlwaysTheSame) {
  for (int fatal = 1; fatal < 40; ++fatal) {
    const std::string name = std::to_string(fatal);
    accept(name);
    run_and_die(fatal);
    const bool survived = !killed_;
    if (state_of(name) == ItemState::pending) run_and_die(1'000'000);
    EXPECT_EQ(state_of(name), ItemState::acked_business);
    if (survived) break;
    EXPECT_LT(fatal, 39) << "the result was never recorded whole";
  }
  std::map<std::string, std::string> seen;
  for (const std::string& line : sent_lines()) {
    const std::string item = line.substr(0, line.find(' '));
    const auto [known, fresh] = seen.emplace(item, line);
    EXPECT_EQ(known->second, line) << "sent again with other ids or bytes";
  }
  const auto verdict = store::verify_audit(*store_);
  ASSERT_THAT(verdict, IsOk());
  EXPECT_FALSE(verdict->broken.has_value());
}

}  // namespace
}  // namespace concord::test
