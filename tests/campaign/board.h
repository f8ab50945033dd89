#pragma once
/// What clients, faults and the stage share while a campaign runs. Safe from any thread.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fhir/core/instant.h"
#include "tests/campaign/check/history.h"
#include "tests/campaign/plan.h"

namespace concord::campaign {

struct Board {
  Board(const Plan& of, HistoryWriter& to) : plan(of), history(to) {}

  const Plan& plan;
  HistoryWriter& history;
  std::vector<std::uint16_t> ports;        ///< of the gateways; fixed before clients start
  std::atomic<std::uint64_t> next{0};      ///< number of the next message
  std::atomic<std::uint64_t> given{0};     ///< faults that were caused
  std::atomic<bool> all_given{false};      ///< no further one comes
  std::atomic<std::uint64_t> accepted{0};  ///< messages settled with success
  std::atomic<std::uint64_t> waiting{0};   ///< requests without an answer at this moment
  std::atomic<std::uint64_t> settled{0};   ///< requests with an answer that settles them
  std::atomic<std::uint64_t> working{0};   ///< clients that are not done
  std::atomic<bool> over{false};           ///< give up: nothing moves any more

  /// The number of the next message. Clients go on until all messages were sent and all faults were
  /// caused, so that each of them meets requests; then, or when nothing moves, there is none.
  std::optional<std::uint64_t> take() {
    if (over) return std::nullopt;
    const std::uint64_t number = next++;
    if (number >= plan.messages && all_given) return std::nullopt;
    return number;
  }

  /// Whether more was sent than the faults so far have a share in: time to send slowly.
  bool is_ahead() const {
    return !all_given && plan.faults != 0 && next * plan.faults > plan.messages * (given + 1);
  }

  /// Microseconds since the campaign began.
  std::int64_t now() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                 began_)
        .count();
  }

  /// The same of an instant by the clock on the wall.
  std::int64_t at(Instant instant) const {
    return instant.time_since_epoch().count() * 1000 - wall_began_;
  }

  /// Something that is wrong beside what the checker sees (a client refused, a gateway that ended
  /// by itself).
  void trouble(std::string text) {
    const std::scoped_lock guard(lock_);
    if (troubles_.size() < 50) troubles_.push_back(std::move(text));
  }
  std::vector<std::string> troubles() const {
    const std::scoped_lock guard(lock_);
    return troubles_;
  }

  /// What has to be looked up in the end: keys of messages sent, places of resources named.
  void sent(const std::string& key) {
    const std::scoped_lock guard(lock_);
    keys_.insert(key);
  }
  void named(const std::string& place) {
    const std::scoped_lock guard(lock_);
    places_.insert(place);
  }
  std::set<std::string> keys() const {
    const std::scoped_lock guard(lock_);
    return keys_;
  }
  std::set<std::string> places() const {
    const std::scoped_lock guard(lock_);
    return places_;
  }

 private:
  std::int64_t wall_began_ = system_clock()().time_since_epoch().count() * 1000;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  mutable std::mutex lock_;
  std::vector<std::string> troubles_;
  std::set<std::string> keys_, places_;
};

}  // namespace concord::campaign
