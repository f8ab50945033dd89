#pragma once
/// Many clients at once, each on a connection of its own, and what they saw.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/http_client.h"

namespace concord::load {

/// What a run came to.
struct Figures {
  std::uint64_t answers = 0;
  std::uint64_t wrong = 0;  ///< no answer, or not the status that was expected
  double seconds = 0;
  double median_ms = 0;
  double p99_ms = 0;
  double worst_ms = 0;
  double rate() const { return seconds > 0 ? static_cast<double>(answers) / seconds : 0; }
};

/// One request of one client; `turn` counts over all clients. False: it went wrong.
using Request = std::function<bool(test::HttpClient& client, std::uint64_t turn)>;

struct Load {
  std::vector<std::uint16_t> ports;  ///< of the gateways; clients are dealt out over them
  std::size_t clients = 64;
  std::chrono::milliseconds length{10'000};
  std::uint64_t turns = 0;  ///< ends after so many, whatever the time; 0: time alone counts
};

/// Runs until the time or the turns are over. The first tenth of the time is not counted.
Figures measure(const Load& load, const Request& request);

/// One line: "creates       4,312/s   p50 12.1 ms   p99 31.0 ms   worst 55 ms   43,120 answers, 0
/// wrong".
std::string to_line(const std::string& name, const Figures& figures);

/// Connections that are opened and then say nothing, until the object goes.
class IdleConnections {
 public:
  /// Opens as many as the server takes.
  IdleConnections(std::uint16_t port, std::size_t count);
  ~IdleConnections();
  IdleConnections(const IdleConnections&) = delete;
  IdleConnections& operator=(const IdleConnections&) = delete;
  std::size_t count() const { return sockets_.size(); }

 private:
  std::vector<int> sockets_;
};

}  // namespace concord::load
