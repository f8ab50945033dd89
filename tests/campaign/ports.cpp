#include "tests/campaign/ports.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace concord::campaign {
namespace {

constexpr std::uint16_t kFirst = 20'000, kLast = 32'000;

bool nobody_listens(std::uint16_t port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  void* address = &at;
  const bool bound = ::bind(probe, static_cast<sockaddr*>(address), sizeof at) == 0;
  ::close(probe);
  return bound;
}

}  // namespace

int lock_number(const char* what, unsigned number) {
  const std::string name = "/tmp/concord-" + std::string(what) + "-" + std::to_string(number);
  const int file = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) return -1;
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) return file;
  ::close(file);
  return -1;
}

Ports::~Ports() {
  for (const int lock : locks_) ::close(lock);
}

std::uint16_t Ports::take() {
  // Runs begin at different places, so that they seldom try each other's.
  static const auto begin = static_cast<std::uint16_t>(::getpid() * 61 % (kLast - kFirst));
  for (std::uint16_t i = 0; i < kLast - kFirst; ++i) {
    const auto port = static_cast<std::uint16_t>(kFirst + (begin + i) % (kLast - kFirst));
    const int lock = lock_number("port", port);
    if (lock < 0) continue;  // somebody's, or one of ours
    if (nobody_listens(port)) {
      locks_.push_back(lock);
      return port;
    }
    ::close(lock);
  }
  return 0;
}

}  // namespace concord::campaign
