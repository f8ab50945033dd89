#pragma once
/// One destination inside the outbox.

#include <deque>
#include <optional>
#include <utility>

#include "gateway/outbox/outbox.h"
#include "gateway/outbox/rate.h"

namespace concord::outbox {

namespace detail {
/// Time kept between the end of an attempt and the end of its lease, to record the result.
inline constexpr std::chrono::milliseconds kRecordingTime{5'000};
}  // namespace detail

/// Its policies, where they stand, the items leased for it, how many are on their way. Everything
/// but the settings is guarded by the outbox's mutex; the settings of a passing lane change with it
/// held, by the dispatcher.
struct Outbox::Lane {
  Lane(DestinationSettings s, CircuitSettings c)
      : settings(std::move(s)), circuit(c), bucket(settings.rate) {}

  /// Whether an attempt may begin, its token aside.
  bool is_open(Instant now) const {
    return !pause && opening.open && (!held_until || now >= *held_until);
  }
  /// Whether there is room for one more attempt.
  bool has_room(Instant now) const {
    return is_open(now) && circuit.allowance(now, running, settings.concurrency) > 0;
  }

  DestinationSettings settings;
  Circuit circuit;
  TokenBucket bucket;
  Opening opening;                    ///< always open without a window
  std::optional<Instant> held_until;  ///< no attempt begins before
  std::optional<store::Pause> pause;
  std::deque<Work> leased;
  std::size_t running = 0;
  bool passing = false;  ///< from Parts::more: goes when it is not named any more
};

}  // namespace concord::outbox
