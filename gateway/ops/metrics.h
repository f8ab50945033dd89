#pragma once
/// Counters, gauges and histograms for Prometheus. Safe from any thread.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace concord::ops {

/// What is counted only when somebody asks: read from the store and the server at each scrape.
struct MetricsSnapshot {
  std::int64_t accepted = 0;  ///< messages ever committed
  std::int64_t delivered = 0;
  std::int64_t pending = 0;  ///< in the outbox: waiting, leased, or sent and not acknowledged
  std::int64_t dead = 0;
  std::int64_t rejected = 0;
  std::int64_t cancelled = 0;
  std::int64_t oldest_pending_seconds = 0;
  bool store_answers = true;  ///< false: the figures above could not be read
  std::int64_t connections = 0;
  std::int64_t in_flight = 0;
  std::int64_t connections_refused = 0;
  std::int64_t connections_evicted = 0;
  std::int64_t log_lines_dropped = 0;
  bool ready = false;

  /// What was accepted and is nowhere. Must be 0 at all times: nothing vanishes quietly.
  std::int64_t unaccounted() const {
    return accepted - delivered - pending - dead - rejected - cancelled;
  }
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// @param route  template of the path; @param method one of the known methods
  void request(std::string_view method, std::string_view route, int status,
               std::chrono::microseconds took);
  /// @param end  "" when the hop went on, else the error code's name
  void hop(std::string_view hop, std::chrono::microseconds took, std::string_view end);
  /// @param result  "acknowledged", "retry", "dead"
  void delivery(std::string_view destination, std::string_view result,
                std::chrono::microseconds took);

  /// Text exposition format 0.0.4 of everything, `snapshot` included.
  std::string text(const MetricsSnapshot& snapshot);
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace concord::ops
