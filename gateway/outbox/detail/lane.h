#pragma once
/// One destination inside the outbox.

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "gateway/outbox/outbox.h"
#include "gateway/outbox/rate.h"

namespace concord::outbox {

namespace detail {
/// Time kept between the end of an attempt and the end of its lease, to record the result.
inline constexpr std::chrono::milliseconds kRecordingTime{5'000};
/// Items leased ahead for each attempt that may run, at most.
inline constexpr std::size_t kMostAhead = 4;
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

  /// Items that shall wait here for the next attempts: as many as may begin in a second, so that
  /// one transaction leases for many, and leases of a slow destination do not wait long.
  std::size_t ahead() const {
    const double each = std::max(std::chrono::duration<double>(took).count(), 0.001);
    const double turns = std::clamp(1 / each, 1.0, static_cast<double>(detail::kMostAhead));
    return static_cast<std::size_t>(turns * static_cast<double>(settings.concurrency));
  }
  /// Whether few enough of them are left to lease again.
  bool is_low() const { return leased.size() <= ahead() / 2; }
  /// An attempt ended.
  void count(std::chrono::milliseconds attempt) {
    took = (7 * took + std::chrono::duration_cast<std::chrono::microseconds>(attempt)) / 8;
  }

  DestinationSettings settings;
  Circuit circuit;
  TokenBucket bucket;
  Opening opening;                    ///< always open without a window
  std::optional<Instant> held_until;  ///< no attempt begins before
  std::optional<store::Pause> pause;
  std::deque<Work> leased;
  std::size_t running = 0;
  std::chrono::microseconds took{1'000'000};  ///< by the last attempts; a second to begin with
  bool more_due = false;                      ///< the last lease took as many as it asked for
  bool passing = false;  ///< from Parts::more: goes when it is not named any more
};

/// An attempt that came to its end, until its result is recorded.
struct Outbox::Outcome {
  Work work;  ///< its lane may be gone
  channels::Receipt receipt;
  Instant started{};
  Instant ended{};
  int conflicts = 0;  ///< with other writers of the Task
  /// What is to be recorded; nothing: to be judged, again when the store did not take it.
  std::optional<store::Settlement> settlement;
  Notice notice;  ///< points into this
};

}  // namespace concord::outbox
