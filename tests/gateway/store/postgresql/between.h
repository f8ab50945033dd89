#pragma once
/// A network between a store and its server that does as it is told.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "tests/support/files.h"

namespace concord::test {

/// Stands between a store and the server. Told to, it swallows the next answer and cuts the
/// connection it was for, or lets it wait; what the store says still arrives.
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
  void delay_next_answer(std::chrono::milliseconds time) { delay_ = time.count(); }
  bool delayed() const { return delayed_; }

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
          if (const auto time = delay_.exchange(0); time > 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(time));
            delayed_ = true;
          }
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
  std::atomic<std::int64_t> delay_ = 0;
  std::atomic<bool> delayed_ = false;
  std::jthread accepting_;
};

}  // namespace concord::test
