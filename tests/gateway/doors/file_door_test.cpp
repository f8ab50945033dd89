// Files as messages: taken once, moved by one rename, whatever happens in between.
#include "gateway/doors/files/file_door.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::doors::files {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

/// What stands for the exchange and its store: keys, one to a line, that outlive the process.
class Ledger {
 public:
  explicit Ledger(fs::path file) : file_(std::move(file)) {}

  Result<Taken> submit(const Letter& letter) {
    const std::scoped_lock lock(mutex_);
    const std::vector<std::string> known = keys();
    const bool replayed = std::find(known.begin(), known.end(), letter.key) != known.end();
    if (!replayed) {
      std::ofstream out(file_, std::ios::app);
      out << letter.key << '\n';
    }
    return Taken{"exchange-" + letter.key.substr(5, 4), replayed};
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> all;
    std::ifstream in(file_);
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }

 private:
  fs::path file_;
  std::mutex mutex_;
};

class FileDoorTest : public testing::Test {
 protected:
  FileDoorTest() { fs::create_directory(in); }

  Parts parts() {
    Parts all;
    all.submit = [this](Letter letter) -> Result<Taken> {
      types.push_back(letter.content_type);
      if (fails) return *fails;
      return ledger.submit(letter);
    };
    all.outcome = [](const Error& error) { return "outcome: " + error.issues.front().text; };
    all.observe = [this](const Notice& notice) {
      const std::scoped_lock lock(mutex);
      notices.push_back(std::string(notice_name(notice.kind)) +
                        (notice.code.empty() ? "" : " " + std::string(notice.code)));
    };
    all.clock = [this] { return now; };
    return all;
  }
  Settings settings() const {
    Settings chosen;
    chosen.name = "in";
    chosen.folder = in;
    chosen.node = "a";
    chosen.max_bytes = 1000;
    return chosen;
  }
  std::unique_ptr<FileDoor> open() { return open(parts(), settings()); }
  static std::unique_ptr<FileDoor> open(Parts with, Settings chosen) {
    auto door = FileDoor::open(std::move(with), std::move(chosen));
    EXPECT_THAT(door, IsOk());
    return *std::move(door);
  }
  /// Two looks with the time between them that a file must stay the same.
  void looks(FileDoor& door) {
    door.look();
    now += 600ms;
    door.look();
  }
  void drop(const std::string& name, std::string_view bytes = "<Bundle/>") const {
    std::ofstream(in / ".being-written.tmp") << bytes;
    fs::rename(in / ".being-written.tmp", in / name);
  }
  std::vector<std::string> names(std::string_view below = "") const {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(in / below)) {
      if (!entry.is_directory()) all.push_back(entry.path().filename());
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  test::TemporaryFolder folder;
  const fs::path in = folder.path() / "in";
  Ledger ledger{folder.path() / "ledger"};
  Instant now = Instant(std::chrono::seconds(1'900'000'000));
  std::optional<Error> fails;
  std::vector<std::string> types;
  std::mutex mutex;
  std::vector<std::string> notices;
};

TEST_F(FileDoorTest, AFileRenamedIntoPlaceIsSubmittedOnceAndMovedToAccepted) {
  const auto door = open();
  drop("one.json", "{}");
  drop("two.xml");
  looks(*door);
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THAT(names("accepted"), ElementsAre("one.json", "two.xml"));
  EXPECT_THAT(types, UnorderedElementsAre("application/fhir+json", "application/fhir+xml"));
  EXPECT_EQ(ledger.keys().size(), 2U);
  EXPECT_THAT(notices, ElementsAre("accepted", "accepted"));
  EXPECT_EQ(door->state().waiting, 0U);
  EXPECT_EQ(test::read_file(in / "accepted/one.json"), "{}");
  EXPECT_THAT(names("refused"), IsEmpty()) << "no mark of what was being taken is left";
}

TEST_F(FileDoorTest, ItIsTakenOnlyWhenItStayedTheSame) {
  const auto door = open();
  std::ofstream growing(in / "growing.json");
  for (int i = 0; i < 4; ++i) {
    growing << "x" << std::flush;
    door->look();
    now += 400ms;  // less than a file must have stayed the same
  }
  EXPECT_THAT(types, IsEmpty());
  EXPECT_THAT(names(), ElementsAre("growing.json"));
  EXPECT_EQ(door->state().waiting, 1U);
  now += 200ms;
  door->look();
  EXPECT_THAT(names("accepted"), ElementsAre("growing.json"));
}

TEST_F(FileDoorTest, TemporaryNamesAndFoldersAreNotLookedAt) {
  const auto door = open();
  for (const char* name : {".hidden.json", "a.json.tmp", "a.part", "a.filepart", "a.json~"}) {
    std::ofstream(in / name) << "{}";
  }
  fs::create_directory(in / "folder.json");
  looks(*door);
  EXPECT_THAT(types, IsEmpty());
  EXPECT_EQ(names().size(), 5U);
  EXPECT_TRUE(fs::is_directory(in / "folder.json"));
}

TEST_F(FileDoorTest, ARefusedFileIsMovedWithItsOutcomeBesideIt) {
  const auto door = open();
  fails = make_error(ErrorCode::invalid, "Bundle.type is missing");
  drop("bad.json");
  looks(*door);
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THAT(names("refused"), ElementsAre("bad.json", "bad.json.outcome.json"));
  EXPECT_EQ(test::read_file(in / "refused/bad.json.outcome.json"),
            "outcome: Bundle.type is missing");
  EXPECT_THAT(notices, ElementsAre("refused invalid"));
}

TEST_F(FileDoorTest, WhatFailsForAWhileStaysAndIsTriedLaterAndLater) {
  const auto door = open();
  fails = make_error(ErrorCode::transient, "busy");
  drop("one.json");
  looks(*door);
  EXPECT_EQ(types.size(), 1U);
  now += 900ms;
  door->look();
  EXPECT_EQ(types.size(), 1U) << "not before a second has passed";
  now += 200ms;
  door->look();
  EXPECT_EQ(types.size(), 2U);
  now += 1500ms;
  door->look();
  EXPECT_EQ(types.size(), 2U) << "the second wait is twice as long";
  now += 600ms;
  fails.reset();
  door->look();
  EXPECT_EQ(types.size(), 3U);
  EXPECT_THAT(names("accepted"), ElementsAre("one.json"));
  EXPECT_THAT(notices, ElementsAre("retried transient", "retried transient", "accepted"));
}

TEST_F(FileDoorTest, AFailureOfTheStoreSparesTheOtherFilesTheAttempt) {
  const auto door = open();
  fails = make_error(ErrorCode::transient, "busy");
  for (int i = 0; i < 5; ++i) drop("f" + std::to_string(i) + ".json");
  looks(*door);
  EXPECT_EQ(types.size(), 1U);
  EXPECT_EQ(door->state().waiting, 5U);
  fails.reset();
  now += 5s;
  door->look();
  EXPECT_EQ(names("accepted").size(), 5U);
}

TEST_F(FileDoorTest, NothingIsTakenWhilePressureSaysNo) {
  bool open_to_work = false;
  Parts with = parts();
  with.may_take = [&] { return open_to_work; };
  const auto door = open(std::move(with), settings());
  drop("one.json");
  looks(*door);
  EXPECT_THAT(types, IsEmpty());
  EXPECT_EQ(door->state().waiting, 1U);
  ASSERT_TRUE(door->state().oldest.has_value());
  open_to_work = true;
  door->look();
  EXPECT_EQ(types.size(), 1U);
}

TEST_F(FileDoorTest, LinksPipesAndTheLikeAreRefusedUnopened) {
  const auto door = open();
  std::ofstream(folder.path() / "secret.json") << "{}";
  fs::create_symlink(folder.path() / "secret.json", in / "link.json");
  ASSERT_EQ(::mkfifo((in / "pipe.json").c_str(), 0600), 0);
  looks(*door);
  EXPECT_THAT(types, IsEmpty());
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_TRUE(fs::is_symlink(in / "refused/link.json"));
  EXPECT_TRUE(fs::exists(folder.path() / "secret.json"));
  EXPECT_THAT(notices, ElementsAre("refused forbidden", "refused forbidden"));
}

TEST_F(FileDoorTest, WhatIsTooLongBadlyNamedOrOfAnotherEndingIsRefused) {
  const auto door = open();
  drop("long.json", std::string(1001, ' '));
  drop("message.hl7");
  drop("new\nline.json");
  drop(std::string(201, 'a') + ".json");
  drop("open.json");
  fs::permissions(in / "open.json", fs::perms::others_write, fs::perm_options::add);
  looks(*door);
  EXPECT_THAT(types, IsEmpty());
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THAT(notices,
              UnorderedElementsAre("refused too_long", "refused unsupported", "refused invalid",
                                   "refused invalid", "refused forbidden"));
  for (const std::string& name : names("refused")) {
    EXPECT_THAT(name, Not(HasSubstr("\n")));
    EXPECT_LE(name.size(), 255U);
  }
}

TEST_F(FileDoorTest, ANameThatIsTakenIsNotOverwritten) {
  const auto door = open();
  for (const char* bytes : {"{\"a\":1}", "{\"a\":2}", "{\"a\":3}"}) {
    drop("same.json", bytes);
    looks(*door);
  }
  EXPECT_THAT(names("accepted"), ElementsAre("same.json", "same.json.2", "same.json.3"));
  EXPECT_EQ(test::read_file(in / "accepted/same.json"), "{\"a\":1}");
  EXPECT_EQ(ledger.keys().size(), 3U) << "other bytes under a name are another message";
  drop("same.json", "{\"a\":1}");
  looks(*door);
  EXPECT_EQ(ledger.keys().size(), 3U);
  EXPECT_THAT(notices.back(), "replayed");
}

TEST_F(FileDoorTest, AFolderOthersMayWriteToOrThatIsNotThereIsRefusedAtStart) {
  fs::permissions(in, fs::perms::others_write, fs::perm_options::add);
  EXPECT_THAT(FileDoor::open(parts(), settings()), FailsWith(ErrorCode::invalid));
  Settings chosen = settings();
  chosen.folder = folder.path() / "nowhere";
  EXPECT_THAT(FileDoor::open(parts(), chosen), FailsWith(ErrorCode::invalid));
  std::ofstream(folder.path() / "file") << "";
  chosen.folder = folder.path() / "file";
  EXPECT_THAT(FileDoor::open(parts(), chosen), FailsWith(ErrorCode::invalid));
}

TEST_F(FileDoorTest, AFolderThatGoesAndComesBackIsToldOnce) {
  const auto door = open();
  fs::rename(in, folder.path() / "away");
  for (int i = 0; i < 3; ++i) door->look();
  EXPECT_FALSE(door->state().folder_usable);
  fs::rename(folder.path() / "away", in);
  for (int i = 0; i < 3; ++i) door->look();
  EXPECT_TRUE(door->state().folder_usable);
  EXPECT_THAT(notices, ElementsAre("folder_lost", "folder_back"));
}

TEST_F(FileDoorTest, AFileAnotherGatewayHasIsLeftToIt) {
  const auto door = open();
  drop("one.json");
  const int other = ::open((in / "one.json").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  looks(*door);
  EXPECT_THAT(types, IsEmpty());
  ::close(other);
  door->look();
  EXPECT_EQ(types.size(), 1U);
}

TEST_F(FileDoorTest, TwoDoorsOnOneFolderTakeEachFileOnce) {
  std::atomic<int> submitted{0};
  std::vector<std::unique_ptr<FileDoor>> doors;
  for (const char* node : {"a", "b", "c"}) {
    Parts with = parts();
    with.clock = [] {
      return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    };
    with.submit = [&](Letter letter) {
      ++submitted;
      std::this_thread::sleep_for(1ms);
      return ledger.submit(letter);
    };
    Settings chosen = settings();
    chosen.node = node;
    chosen.settle = 20ms;
    chosen.poll = 50ms;
    doors.push_back(open(std::move(with), chosen));
  }
  for (const auto& door : doors) door->start();
  for (int i = 0; i < 200; ++i) drop("f" + std::to_string(i) + ".json", std::to_string(i));
  for (int i = 0; i < 400 && names("accepted").size() < 200; ++i) std::this_thread::sleep_for(25ms);
  for (const auto& door : doors) door->stop();
  EXPECT_EQ(names("accepted").size(), 200U);
  EXPECT_EQ(submitted, 200);
  EXPECT_EQ(ledger.keys().size(), 200U);
}

TEST_F(FileDoorTest, ARenameIsHeardOfBeforeTheNextPoll) {
  Parts with = parts();
  with.clock = [] {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  };
  Settings chosen = settings();
  chosen.poll = 60s;
  chosen.settle = 10ms;
  const auto door = open(std::move(with), chosen);
  door->start();
  std::this_thread::sleep_for(100ms);
  drop("one.json");
  for (int i = 0; i < 400 && names("accepted").empty(); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_THAT(names("accepted"), ElementsAre("one.json"));
  door->stop();
}

// ---- ends of the process ----

/// Runs a door in a process that ends at the nth step of a name; true when it ended there.
class FileDoorKilled : public FileDoorTest, public testing::WithParamInterface<const char*> {
 protected:
  bool run(std::string_view at) {
    const pid_t child = ::fork();
    if (child == 0) {
      Parts with = parts();
      with.on_step = [at](std::string_view step) {
        if (step == at) ::kill(::getpid(), SIGKILL);
      };
      auto door = FileDoor::open(std::move(with), settings());
      if (!door) ::_exit(2);
      looks(**door);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
  }
};

TEST_P(FileDoorKilled, NothingIsLostOrCommittedTwice) {
  const std::string_view step = GetParam();
  const bool of_refusal = step == "write outcome" || step == "name outcome";
  if (of_refusal) fails = make_error(ErrorCode::invalid, "Bundle.type is missing");
  drop("one.json");
  EXPECT_TRUE(run(step)) << "the step was not reached";
  const bool gone = step == "sync";
  EXPECT_EQ(names().empty(), gone);
  EXPECT_FALSE(run(""));
  EXPECT_THAT(names(), IsEmpty());
  if (of_refusal) {
    EXPECT_THAT(names("refused"), ElementsAre("one.json", "one.json.outcome.json"));
    EXPECT_THAT(ledger.keys(), IsEmpty());
  } else {
    EXPECT_THAT(names("accepted"), ElementsAre("one.json"));
    EXPECT_EQ(ledger.keys().size(), 1U);
    EXPECT_THAT(names("refused"), IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(Steps, FileDoorKilled,
                         testing::Values("mark", "submit", "unmark", "move", "sync",
                                         "write outcome", "name outcome"));

TEST_F(FileDoorTest, AMessageThatEndsTheProcessIsRefusedAfterThreeEndsAndTheOthersGoOn) {
  drop("crash.json", "crash");
  drop("good.json", "good");
  const auto crashing = [this](Parts& with) {
    with.submit = [this](Letter letter) {
      if (letter.bytes == "crash") ::kill(::getpid(), SIGKILL);
      return ledger.submit(letter);
    };
  };
  int ended = 0;
  for (int life = 0; life < 6; ++life) {
    const pid_t child = ::fork();
    if (child == 0) {
      Parts with = parts();
      crashing(with);
      auto door = FileDoor::open(std::move(with), settings());
      looks(**door);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ended += WIFSIGNALED(status) ? 1 : 0;
  }
  EXPECT_EQ(ended, 3);
  EXPECT_THAT(names("accepted"), ElementsAre("good.json"));
  EXPECT_THAT(names("refused"), ElementsAre("crash.json", "crash.json.outcome.json"));
  EXPECT_THAT(test::read_file(in / "refused/crash.json.outcome.json"), HasSubstr("3 times"));
}

TEST_F(FileDoorTest, ASuspectThatPassesItsTrialIsTaken) {
  drop("one.json");
  const auto door = open();
  // As three lives left it.
  Letter seen;
  {
    Parts with = parts();
    with.submit = [&](Letter letter) -> Result<Taken> {
      seen = letter;
      return make_error(ErrorCode::transient, "busy");
    };
    const auto first = open(std::move(with), settings());
    looks(*first);
  }
  std::ofstream(in / "refused/.concord-a.taking") << seen.key << " 3\n";
  int trials = 0;
  Parts with = parts();
  with.trial = [&](const Letter& letter) -> Result<void> {
    ++trials;
    EXPECT_EQ(letter.key, seen.key);
    return {};
  };
  const auto again = open(std::move(with), settings());
  looks(*again);
  EXPECT_EQ(trials, 1);
  EXPECT_THAT(names("accepted"), ElementsAre("one.json"));

  drop("one.json");
  std::ofstream(in / "refused/.concord-a.taking") << seen.key << " 4\n";
  Parts more = parts();
  more.trial = [&](const Letter&) -> Result<void> {
    ++trials;
    return {};
  };
  const auto last = open(std::move(more), settings());
  looks(*last);
  EXPECT_EQ(trials, 1) << "it ended the process once more all the same";
  EXPECT_THAT(names("refused"), ElementsAre("one.json", "one.json.outcome.json"));
}

}  // namespace
}  // namespace concord::doors::files
