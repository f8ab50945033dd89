#include "gateway/channels/files/file_channel.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::channels::files {
namespace {

using std::chrono::milliseconds;
using test::TemporaryFolder;
using testing::ElementsAre;

class FileChannelTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directory(drop()); }

  std::filesystem::path drop() const { return folder_.path() / "drop"; }
  std::unique_ptr<Channel> channel(StepHook on_step = {}) {
    auto made = make_channel({{"pharmacy", {drop(), ".xml"}}}, std::move(on_step));
    EXPECT_THAT(made, IsOk());
    return std::move(*made);
  }
  static Receipt deliver(Channel& channel, std::string_view bytes = "<message/>",
                         std::string_view item = "item-1", std::string_view message = "MESSAGE-1") {
    Delivery delivery;
    delivery.destination = "pharmacy";
    delivery.item = item;
    delivery.message_id = message;
    delivery.bytes = bytes;
    return channel.deliver(delivery, milliseconds(1000), {});
  }
  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(drop())) {
      all.insert(entry.path().filename());
    }
    return all;
  }
  std::string bytes_of(const std::string& name) const {
    std::ifstream in(drop() / name, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  TemporaryFolder folder_;
};

TEST_F(FileChannelTest, LeavesOneWholeFileNamedByItemAndMessage) {
  const auto files = channel();
  const Receipt receipt = deliver(*files);
  EXPECT_EQ(receipt.carried, Carried::answered);
  EXPECT_EQ(receipt.reason, "");
  EXPECT_THAT(names(), ElementsAre("item-1_MESSAGE-1.xml"));
  EXPECT_EQ(bytes_of("item-1_MESSAGE-1.xml"), "<message/>");
}

TEST_F(FileChannelTest, TheSameAgainIsDeliveredAndChangesNothing) {
  const auto files = channel();
  ASSERT_EQ(deliver(*files).carried, Carried::answered);
  struct stat before {};
  ASSERT_EQ(::stat((drop() / "item-1_MESSAGE-1.xml").c_str(), &before), 0);
  EXPECT_EQ(deliver(*files).carried, Carried::answered);
  struct stat after {};
  ASSERT_EQ(::stat((drop() / "item-1_MESSAGE-1.xml").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(names().size(), 1u);
}

TEST_F(FileChannelTest, OtherBytesUnderTheNameAreNeverOverwritten) {
  const auto files = channel();
  std::ofstream(drop() / "item-1_MESSAGE-1.xml") << "<massage/>";
  Receipt receipt = deliver(*files);
  EXPECT_EQ(receipt.carried, Carried::turned_away);
  EXPECT_EQ(receipt.reason, "a file of that name holds something else");
  EXPECT_EQ(bytes_of("item-1_MESSAGE-1.xml"), "<massage/>");
  EXPECT_EQ(names().size(), 1u) << "nothing unfinished stays";
  std::ofstream(drop() / "item-1_MESSAGE-1.xml") << "<message/>longer";
  EXPECT_EQ(deliver(*files).carried, Carried::turned_away);
}

TEST_F(FileChannelTest, ALinkUnderTheNameIsNotFollowed) {
  const auto files = channel();
  std::ofstream(folder_.path() / "elsewhere") << "<message/>";
  std::filesystem::create_symlink(folder_.path() / "elsewhere", drop() / "item-1_MESSAGE-1.xml");
  EXPECT_EQ(deliver(*files).carried, Carried::turned_away);
  std::filesystem::create_symlink(folder_.path() / "elsewhere",
                                  drop() / ".item-2_MESSAGE-1.xml.tmp");
  EXPECT_EQ(deliver(*files, "<other/>", "item-2").carried, Carried::answered);
  std::ifstream in(folder_.path() / "elsewhere");
  std::string text;
  in >> text;
  EXPECT_EQ(text, "<message/>");
}

TEST_F(FileChannelTest, IdsCannotLeadOutOfTheFolderOrHideAFile) {
  const auto files = channel();
  EXPECT_EQ(deliver(*files, "x", "../../etc/passwd", "a/b\n.c").carried, Carried::answered);
  EXPECT_EQ(deliver(*files, "x", ".hidden", std::string(5000, 'm')).carried, Carried::answered);
  for (const std::string& name : names()) {
    EXPECT_EQ(name.find_first_of("/.\n"), name.size() - 4) << name;
    EXPECT_LE(name.size(), 210u);
  }
  EXPECT_EQ(names().size(), 2u);
}

TEST_F(FileChannelTest, AFolderThatIsNotThereOrMayNotBeWrittenToIsTriedAgain) {
  const auto files = channel();
  std::filesystem::remove(drop());
  Receipt receipt = deliver(*files);
  EXPECT_EQ(receipt.carried, Carried::not_sent);
  EXPECT_EQ(receipt.reason, "the folder of the destination is not there");
  std::ofstream(drop()) << "a file where the folder should be";
  EXPECT_EQ(deliver(*files).carried, Carried::not_sent);
  std::filesystem::remove(drop());
  std::filesystem::create_directory(drop());
  EXPECT_EQ(deliver(*files).carried, Carried::answered);
}

TEST_F(FileChannelTest, AFullDiskLeavesNothingBehind) {
  const auto files = channel();
  const pid_t pid = ::fork();
  if (pid == 0) {
    // A limit on the size of files stands in for the disk: write() fails in the middle.
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100'000, 100'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const Receipt receipt = deliver(*files, std::string(300'000, 'x'));
    ::_exit(receipt.carried == Carried::not_sent ? 0 : 1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(names().empty());
}

TEST_F(FileChannelTest, NobodyEverSeesHalfAFile) {
  const auto files = channel();
  const std::string bytes(2'000'000, 'x');
  std::atomic<bool> done = false;
  std::jthread reader([&] {
    while (!done) {
      for (const std::string& name : names()) {
        if (name.starts_with('.')) continue;
        EXPECT_EQ(bytes_of(name).size(), bytes.size());
      }
    }
  });
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(deliver(*files, bytes, "item-" + std::to_string(i)).carried, Carried::answered);
  }
  done = true;
}

TEST_F(FileChannelTest, KilledAtAnyStepTheNextAttemptEndsWithOneWholeFile) {
  const std::string bytes(300'000, 'x');
  int steps = 0;
  for (bool survived = false; !survived; ++steps) {
    ASSERT_LT(steps, 20);
    const std::string item = "item-" + std::to_string(steps);
    const pid_t pid = ::fork();
    if (pid == 0) {
      int seen = 0;
      const auto files = channel([&](std::string_view) {
        if (seen++ == steps) ::kill(::getpid(), SIGKILL);
      });
      ::_exit(deliver(*files, bytes, item).carried == Carried::answered ? 0 : 1);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    survived = WIFEXITED(status);
    EXPECT_TRUE(!survived || WEXITSTATUS(status) == 0);
    for (const std::string& name : names()) {
      if (name.starts_with('.')) continue;
      EXPECT_EQ(bytes_of(name), bytes) << name << " after " << steps;
    }
    const auto files = channel();
    EXPECT_EQ(deliver(*files, bytes, item).carried, Carried::answered) << steps;
    EXPECT_EQ(bytes_of(item + "_MESSAGE-1.xml"), bytes);
    EXPECT_FALSE(names().contains("." + item + "_MESSAGE-1.xml.tmp"));
  }
  EXPECT_EQ(steps, 7) << "six steps and a run that comes through";
}

TEST_F(FileChannelTest, ManyAtOnceEachLeaveTheirOwn) {
  const auto files = channel();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        for (int n = 0; n < 20; ++n) {
          const std::string item = std::to_string(i) + "-" + std::to_string(n);
          EXPECT_EQ(deliver(*files, "<m>" + item + "</m>", item).carried, Carried::answered);
        }
      });
    }
  }
  EXPECT_EQ(names().size(), 160u);
  EXPECT_EQ(bytes_of("3-7_MESSAGE-1.xml"), "<m>3-7</m>");
}

TEST_F(FileChannelTest, AnUnknownDestinationIsTurnedAwayAndAQuestionToo) {
  const auto files = channel();
  EXPECT_TRUE(files->knows("pharmacy"));
  EXPECT_FALSE(files->knows("spine"));
  Delivery delivery;
  delivery.destination = "spine";
  EXPECT_EQ(files->deliver(delivery, milliseconds(1), {}).carried, Carried::turned_away);
  EXPECT_EQ(files->ask({"pharmacy", "/", "", {}}, milliseconds(1), {}).carried,
            Carried::turned_away);
}

TEST_F(FileChannelTest, AConfigurationThatCannotWorkIsRefused) {
  EXPECT_THAT(make_channel({{"a", {"", ".xml"}}}), FailsWith(ErrorCode::invalid));
  for (const char* suffix : {"", "xml", "./x", ".tmp", ".averyveryverylongone"}) {
    EXPECT_THAT(make_channel({{"a", {drop(), suffix}}}), FailsWith(ErrorCode::invalid));
  }
}

}  // namespace
}  // namespace concord::channels::files
