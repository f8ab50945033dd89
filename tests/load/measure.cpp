#include "tests/load/measure.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace concord::load {
namespace {

using Clock = std::chrono::steady_clock;

double at_share(const std::vector<float>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return static_cast<double>(sorted[at]);
}

/// 43120 → "43,120".
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

}  // namespace

Figures measure(const Load& load, const Request& request) {
  struct Seen {
    std::vector<float> took;
    std::uint64_t wrong = 0;
  };
  std::vector<Seen> seen(load.clients);
  std::atomic<std::uint64_t> turn{0};
  const Clock::time_point began = Clock::now();
  const Clock::time_point counts_from = load.turns == 0 ? began + load.length / 10 : began;
  const Clock::time_point ends = began + load.length;
  {
    std::vector<std::jthread> clients;
    clients.reserve(load.clients);
    for (std::size_t i = 0; i < seen.size(); ++i) {
      clients.emplace_back([&, &own = seen[i], port = load.ports[i % load.ports.size()]] {
        test::HttpClient client(port);
        for (;;) {
          const std::uint64_t mine = turn.fetch_add(1, std::memory_order_relaxed);
          if (load.turns != 0 && mine >= load.turns) return;
          const Clock::time_point sent = Clock::now();
          if (sent >= ends) return;
          const bool right = request(client, mine);
          const Clock::time_point now = Clock::now();
          if (sent < counts_from) continue;
          own.took.push_back(std::chrono::duration<float, std::milli>(now - sent).count());
          own.wrong += right ? 0 : 1;
        }
      });
    }
  }
  Figures figures;
  figures.seconds = std::chrono::duration<double>(Clock::now() - counts_from).count();
  std::vector<float> all;
  for (const Seen& own : seen) {
    all.insert(all.end(), own.took.begin(), own.took.end());
    figures.wrong += own.wrong;
  }
  std::sort(all.begin(), all.end());
  figures.answers = all.size();
  figures.median_ms = at_share(all, 0.5);
  figures.p99_ms = at_share(all, 0.99);
  figures.worst_ms = at_share(all, 1);
  return figures;
}

std::string to_line(const std::string& name, const Figures& figures) {
  return fmt::format(
      "{:<44} {:>9}/s  p50 {:>7.2f} ms  p99 {:>7.2f} ms  worst {:>7.1f} ms  {} answers, {} wrong",
      name, grouped(static_cast<std::uint64_t>(figures.rate())), figures.median_ms, figures.p99_ms,
      figures.worst_ms, grouped(figures.answers), figures.wrong);
}

IdleConnections::IdleConnections(std::uint16_t port, std::size_t count) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (std::size_t i = 0; i < count; ++i) {
    const int one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (one < 0) return;
    if (::connect(one, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
      ::close(one);
      return;
    }
    sockets_.push_back(one);
  }
}

IdleConnections::~IdleConnections() {
  for (const int one : sockets_) ::close(one);
}

}  // namespace concord::load
