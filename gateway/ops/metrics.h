#pragma once
/// Counters, gauges and histograms for Prometheus. Safe from any thread.
///
/// Names follow prometheus.io/docs/practices/naming: base units in the name (seconds, bytes),
/// "_total" for what only grows. Labels come from closed sets: hops, outcomes, error codes, route
/// templates, configured destinations. Never an id, and never a value out of a message. A family
/// that would grow beyond 1,000 series puts what is new under the label value "other".

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/ops/process.h"

namespace concord::ops {

/// One destination, as its queue stands.
struct DestinationSnapshot {
  std::string name;
  std::int64_t pending = 0;
  std::int64_t dead = 0;
  double oldest_seconds = 0;  ///< age of the oldest pending message; 0: none waits
  bool circuit_open = false;  ///< as this gateway sees it
  std::int64_t awaited = 0;   ///< acknowledgements still to come
  std::int64_t overdue = 0;   ///< of these, past their time
  /// What this gateway's outbox says of it; nothing of a destination it does not deliver to now.
  std::optional<std::int64_t> in_flight;  ///< attempts running
  std::optional<std::int64_t> hung;       ///< of them, whose channel should have returned
  std::optional<std::int64_t> leased;     ///< messages taken for the next attempts
  std::optional<bool> paused;             ///< by a person
};

/// One folder messages are taken from.
struct DoorSnapshot {
  std::string name;
  std::int64_t waiting = 0;   ///< files
  double oldest_seconds = 0;  ///< age of the oldest; 0: none waits
  bool usable = true;         ///< its folder can be read and written
};

/// What became of one kind of work at the entrance.
struct AdmissionSnapshot {
  std::string kind;     ///< "bulk", "read", …
  std::string outcome;  ///< "accepted", "refused"
  std::string reason;   ///< "store_wait", …; "" when accepted
  std::int64_t count = 0;
};

/// How hard one reading presses: 1 is where refusing begins.
struct PressureSnapshot {
  std::string reading;
  double share = 0;
};

/// What is counted only when somebody asks: read from the store and the server at each scrape.
struct MetricsSnapshot {
  std::string version;
  bool ready = false;
  bool store_answers = true;  ///< false: what is read from the store is left out
  std::int64_t accepted = 0;  ///< messages ever committed
  std::int64_t delivered = 0;
  std::int64_t pending = 0;  ///< in the outbox: waiting, leased, or sent and not acknowledged
  std::int64_t dead = 0;
  std::int64_t rejected = 0;
  std::int64_t cancelled = 0;
  std::int64_t unmatched = 0;  ///< answers that wait for a person
  std::int64_t audit_records = 0;
  std::int64_t store_bytes = 0;
  std::optional<std::int64_t> wal_bytes;
  std::vector<DestinationSnapshot> destinations;
  std::vector<DoorSnapshot> doors;
  std::vector<AdmissionSnapshot> admissions;
  std::vector<PressureSnapshot> pressures;
  std::int64_t connections = 0;
  std::int64_t in_flight = 0;
  std::int64_t connections_refused = 0;
  std::int64_t connections_evicted = 0;
  std::int64_t log_lines_dropped = 0;
  ProcessFigures process;

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
  /// A request that became an exchange: from its first byte in to the last of its answer out.
  void accepted(std::chrono::microseconds took);
  /// @param end  "" when the hop went on, else the error code's name
  void hop(std::string_view hop, std::chrono::microseconds took, std::string_view end);
  /// One transaction of the store: how many calls shared it.
  void commit_group(std::size_t calls, std::chrono::microseconds took);
  /// @param outcome  "delivered", "rejected", "retried", "dead", …
  void delivery(std::string_view destination, std::string_view outcome,
                std::chrono::microseconds took);
  /// @param outcome  of a file: "accepted", "replayed", "refused", "retried"
  void door(std::string_view door, std::string_view outcome);
  /// A step of escalation of an acknowledgement that is late.
  void escalation(std::string_view destination, std::int32_t step);
  /// @param outcome  "balanced", "different", "failed"
  /// @param difference  what was found; nothing when counting failed
  void reconciliation(std::string_view outcome, std::optional<std::int64_t> difference);
  /// How much later than planned a timer did its work.
  void timer(std::string_view name, std::chrono::milliseconds late);

  /// Text exposition format 0.0.4 of everything, `snapshot` included.
  std::string text(const MetricsSnapshot& snapshot);
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace concord::ops
