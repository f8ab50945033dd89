#pragma once
/// When to try again, and when to leave a destination alone. Plain values, one thread at a time.
/// Source: reliability.md section 2.4.

#include <chrono>
#include <cstdint>
#include <optional>

#include "fhir/core/instant.h"

namespace concord::outbox {

struct BackoffSettings {
  std::chrono::milliseconds base{5'000};
  std::chrono::milliseconds cap{15 * 60'000};
};

/// min(cap, base * 2^attempts) * (0.5 + random): the wait after `attempts` failed attempts before
/// this one (0 for the first). `random` is in [0, 1).
std::chrono::milliseconds backoff(const BackoffSettings& settings, std::int32_t attempts,
                                  double random);

struct CircuitSettings {
  int failures = 5;                         ///< consecutive ones that open the circuit, > 0
  std::chrono::milliseconds probe{30'000};  ///< how long it stays open before one probe
};

/// Whether a destination is up, as far as its last attempts tell.
class Circuit {
 public:
  explicit Circuit(CircuitSettings settings) : settings_(settings) {}

  enum class Change : std::uint8_t { none, opened, closed };

  Change succeeded();
  Change failed(Instant now);

  bool is_open() const { return open_until_.has_value(); }
  /// How many more attempts may begin now when `running` do: nothing but one probe while open.
  std::size_t allowance(Instant now, std::size_t running, std::size_t concurrency) const;
  /// When the next probe may go; nothing while closed.
  std::optional<Instant> probe_at() const { return open_until_; }

 private:
  CircuitSettings settings_;
  int failures_ = 0;
  std::optional<Instant> open_until_;
};

}  // namespace concord::outbox
