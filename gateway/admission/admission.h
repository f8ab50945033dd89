#pragma once
/// Refuses work before it is accepted, never after. Measures by itself, beside the calls.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "fhir/core/result.h"
#include "gateway/admission/pressure.h"

namespace concord::admission {

/// Where readings come from. Each is called from a thread of its own, one call at a time; an empty
/// one is not looked at.
struct Sources {
  /// Does a write that changes nothing and waits its turn as every write does; how long that takes,
  /// and how long one has not come back, is the store's wait.
  std::function<void()> write_nothing;
  std::function<std::chrono::milliseconds()> queue_lag;
  std::function<std::optional<double>()> disk_free;
  std::function<std::optional<double>()> memory_used;
  /// Told once for each change of the verdict, from a thread of this class.
  std::function<void(const Verdict&, const Readings&)> observe;
};

/// Safe from any thread.
class Admission {
 public:
  Admission(Limits limits, Sources sources,
            std::chrono::milliseconds every = std::chrono::milliseconds{250});
  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  /// Begins to measure; until then everything may come in.
  void start();
  /// Ends measuring; waits for a write under way.
  void stop();

  /// Whether work of a kind may come in now. Costs a few loads.
  /// Errors: throttled (bulk), transient (the others); both are worth trying again later.
  Result<void> admit(Kind kind) const;

  Verdict verdict() const;
  Readings readings() const;
  const Limits& limits() const { return limits_; }
  /// How often work of a kind was let in so far.
  std::uint64_t admitted(Kind kind) const;
  /// How often it was refused, and for what.
  std::uint64_t refused(Kind kind, Reason reason) const;

 private:
  void measure_store(const std::stop_token& stop);
  void measure_rest(const std::stop_token& stop);
  bool wait(const std::stop_token& stop);

  const Limits limits_;
  const Sources sources_;
  const std::chrono::milliseconds every_;
  std::atomic<std::int64_t> store_wait_{0};    ///< milliseconds
  std::atomic<std::int64_t> write_began_{0};   ///< steady milliseconds; 0: none is under way
  std::atomic<std::int64_t> queue_lag_{0};     ///< milliseconds
  std::atomic<std::int64_t> disk_free_{-1};    ///< millionths; -1: not known
  std::atomic<std::int64_t> memory_used_{-1};  ///< millionths; -1: not known
  mutable std::array<std::atomic<std::uint64_t>, kKinds> admitted_{};
  mutable std::array<std::atomic<std::uint64_t>, kKinds * kReasons> refused_{};
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread store_thread_;
  std::jthread rest_thread_;
};

}  // namespace concord::admission
