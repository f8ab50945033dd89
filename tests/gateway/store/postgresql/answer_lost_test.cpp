// The server commits and its answer never arrives. Source: DEL-04 of reliability.md.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/gateway/store/postgresql/fixture.h"
#include "tests/support/files.h"

namespace concord::test {
namespace {

/// Stands between a store and the server. Told to, it swallows the next answer and cuts the
/// connection it was for; what the store says still arrives.
class Between {
 public:
  explicit Between(const std::filesystem::path& server) : server_(server / kName) {
    listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un here = address(folder_.path() / kName);
    EXPECT_EQ(::bind(listening_, reinterpret_cast<const sockaddr*>(&here), sizeof here), 0);
    EXPECT_EQ(::listen(listening_, 16), 0);
    accepting_ = std::jthread([this](const std::stop_token& stop) {
      std::vector<std::jthread> pairs;
      while (!stop.stop_requested()) {
        if (!readable(listening_)) continue;
        const int client = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client >= 0) {
          pairs.emplace_back([this, client](const std::stop_token& end) { carry(client, end); });
        }
      }
    });
  }
  ~Between() {
    accepting_ = {};
    ::close(listening_);
  }
  Between(const Between&) = delete;
  Between& operator=(const Between&) = delete;

  std::string host() const { return folder_.path().string(); }
  void swallow_next_answer() { armed_ = true; }
  bool swallowed() const { return swallowed_; }

 private:
  static constexpr const char* kName = ".s.PGSQL.5432";

  static sockaddr_un address(const std::filesystem::path& path) {
    sockaddr_un made{};
    made.sun_family = AF_UNIX;
    path.string().copy(made.sun_path, sizeof made.sun_path - 1);
    return made;
  }
  static bool readable(int socket) {
    pollfd one{socket, POLLIN, 0};
    return ::poll(&one, 1, 20) > 0;
  }
  /// False at the end of the stream.
  static bool pass(int from, int to) {
    char bytes[16384];
    const ssize_t got = ::recv(from, bytes, sizeof bytes, 0);
    for (ssize_t sent = 0; sent < got;) {
      const ssize_t now =
          ::send(to, bytes + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
      if (now <= 0) return false;
      sent += now;
    }
    return got > 0;
  }

  void carry(int client, const std::stop_token& end) {
    const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un there = address(server_);
    bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0;
    while (open && !end.stop_requested()) {
      pollfd both[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
      if (::poll(both, 2, 20) <= 0) continue;
      if (both[0].revents != 0) open = pass(client, server);
      if (open && both[1].revents != 0) {
        if (armed_.exchange(false)) {
          swallowed_ = true;
          open = false;
        } else {
          open = pass(server, client);
        }
      }
    }
    ::close(client);
    ::close(server);
  }

  TemporaryFolder folder_;
  std::filesystem::path server_;
  int listening_ = -1;
  std::atomic<bool> armed_ = false;
  std::atomic<bool> swallowed_ = false;
  std::jthread accepting_;
};

class AnswerLost : public PostgresqlStoreTest {
 protected:
  void SetUp() override {
    PostgresqlStoreTest::SetUp();
    if (cluster_ == nullptr) return;
    between_ = std::make_unique<Between>(cluster_->folder());
    auto with = options();
    const std::string database = database_.substr(database_.rfind(' '));
    with.connection = "host=" + between_->host() + " port=5432 user=concord" + database;
    with.on_step = [this](std::string_view step) {
      if (step == "commit" && armed_.exchange(false)) between_->swallow_next_answer();
    };
    store_ = open(with);
  }
  void TearDown() override { store_.reset(); }

  std::unique_ptr<Between> between_;
  std::unique_ptr<store::Store> store_;
  std::atomic<bool> armed_ = false;
};

TEST_F(AnswerLost, OfAnExchangeIsFoundOutAndItIsStoredOnce) {
  ASSERT_THAT(store_->commit(sample_exchange("warm")), IsOk());
  armed_ = true;
  const auto committed = store_->commit(sample_exchange("a"));
  EXPECT_TRUE(between_->swallowed());
  ASSERT_THAT(committed, IsOk());
  EXPECT_FALSE(committed->replayed);
  EXPECT_EQ(committed->answer, "answer of a");
  EXPECT_EQ(number("SELECT count(*) FROM inbox"), 2);
  expect_whole(*store_);
}

TEST_F(AnswerLost, OfASettlementIsFoundOutAndItIsRecordedOnce) {
  ASSERT_THAT(store_->commit(sample_exchange("a")), IsOk());
  const auto items = store_->lease(sample_lease("spine", at(1)));
  ASSERT_THAT(items, IsOk());
  ASSERT_EQ(items->size(), 1u);
  armed_ = true;
  EXPECT_THAT(
      store_->settle(sample_settlement((*items)[0], store::ItemState::acked_business, at(2))),
      IsOk());
  EXPECT_TRUE(between_->swallowed());
  EXPECT_EQ(number("SELECT count(*) FROM attempt"), 1);
  expect_whole(*store_);
}

TEST_F(AnswerLost, OfAResourceIsFoundOutAndThereIsOneVersion) {
  store::ResourceWrite write;
  write.type = "Patient";
  write.id = "p";
  write.updated_at = at(1);
  write.body = "{}";
  store::ResourceChanges changes;
  changes.writes.push_back(write);
  armed_ = true;
  const auto written = store_->resources().write(changes);
  EXPECT_TRUE(between_->swallowed());
  ASSERT_THAT(written, IsOk());
  EXPECT_EQ(written->end, store::ResourcesWritten::End::done);
  EXPECT_EQ(number("SELECT max(version) FROM resource"), 1);
}

}  // namespace
}  // namespace concord::test
