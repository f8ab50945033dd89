#pragma once
/// Delivers what the store holds: leases items, has channels carry them, records what came of it.
/// At least once, with the same ids and bytes each time; in order within a subject; never silent.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "gateway/channels/channel.h"
#include "gateway/outbox/backoff.h"
#include "gateway/outbox/judge.h"
#include "gateway/store/store.h"

namespace concord::outbox {

/// Whether a destination may be sent to, and until when that surely holds.
struct Opening {
  bool open = true;
  Instant until{};
};

/// How to treat one destination. Limits are those of this node: with several gateways on one store
/// each has its own.
struct DestinationSettings {
  std::string name;
  std::size_t concurrency = 4;                ///< attempts at once, > 0
  std::chrono::milliseconds timeout{30'000};  ///< of one attempt; less than the lease
  double rate = 0;                            ///< attempts that may begin in a second; 0: any
  /// The times of the week at which it may be sent to; empty: always. Called from one thread.
  std::function<Opening(Instant now)> window{};
};

struct Settings {
  std::string node = "concord";  ///< holder of the leases
  std::vector<DestinationSettings> destinations;
  std::chrono::milliseconds lease{60'000};
  std::size_t workers = 16;  ///< attempts at once over all destinations
  /// Results that wait to be recorded; with so many of them no further attempt begins. > 0.
  std::size_t unrecorded = 128;
  /// How long a result waits for others to share a transaction with, while attempts are under way.
  std::chrono::milliseconds gather{10};
  /// Crashes of the process after which an item is tried in a process of its own, then given up;
  /// > 0.
  std::int32_t poison = 3;
  BackoffSettings backoff;
  CircuitSettings circuit;
  std::chrono::milliseconds poll{1'000};  ///< how long at most between looks at the store
};

/// Something that happened, for logs and metrics: ids and public texts only.
struct Notice {
  enum class Kind : std::uint8_t {
    delivered,
    rejected,
    retried,
    dead,
    cancelled,  ///< nobody wants it any more
    unmatched,
    circuit_opened,
    circuit_closed,
    paused,         ///< somebody said so, here or at another gateway
    resumed,        ///< likewise
    window_closed,  ///< its times of the week are over
    window_opened,
    held,          ///< it asked to be left alone for a while
    store_failed,  ///< the result could not be recorded; the item will be sent again
    hung,  ///< its channel has not returned though its time is over: told while that is so, once
  };
  Kind kind = Kind::delivered;
  std::string_view destination;
  std::string_view item;      ///< "" for a circuit
  std::string_view exchange;  ///< "" for a circuit
  std::int32_t attempt = 0;   ///< counts from 1
  std::int32_t peer_code = 0;
  std::chrono::milliseconds took{0};
  std::string_view reason;
};

/// "delivered", "rejected", …
std::string_view notice_name(Notice::Kind kind);

/// Where a destination stands, as this node sees it.
struct DestinationState {
  std::string name;
  std::size_t concurrency = 0;
  double rate = 0;          ///< 0: no limit
  std::size_t running = 0;  ///< attempts under way
  std::size_t leased = 0;   ///< items taken for the next attempts
  std::size_t hung = 0;     ///< of `running`: whose channel has not returned though it should have
  bool circuit_open = false;
  std::optional<Instant> probe_at;  ///< of an open circuit
  bool window_open = true;
  std::optional<Instant> held_until;  ///< as it asked for (Retry-After)
  std::optional<store::Pause> pause;
  /// Whether attempts may begin as far as policies go.
  bool can_send() const { return !circuit_open && window_open && !held_until && !pause; }
};

/// What came of an attempt in a process of its own.
struct Isolated {
  /// False: items of its channel cannot be tried there.
  bool possible = true;
  /// Nothing when that process ended without a word or had to be ended.
  std::optional<channels::Receipt> receipt{};
};

/// What the outbox stands on. Everything must outlive it.
struct Parts {
  store::Store* store = nullptr;
  const channels::Channels* channels = nullptr;
  Judge* judge = nullptr;
  /// Destinations that come and go while the program runs, as they are now; asked at each look at
  /// the store, so it must be quick. May be empty.
  std::function<std::vector<DestinationSettings>()> more;
  /// Makes one attempt in a process of its own and tries there what the answer means. An item for
  /// which there can be none is tried here once more. From worker threads, one at a time. Empty: an
  /// item with too many crashes is given up untried.
  std::function<Isolated(const store::Item& item, std::chrono::milliseconds timeout,
                         std::stop_token stop)>
      isolate;
  Clock clock;
  std::function<double()> random;  ///< in [0, 1), for jitter; one thread at a time
  std::function<void(const Notice&)>
      observe;  ///< from worker threads; must not block; may be empty
};

/// Safe from any thread.
class Outbox {
 public:
  Outbox(Parts parts, Settings settings);
  /// As stop() with no time left.
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Takes back the leases of this node's former life, which may have ended by one of these items,
  /// and begins to deliver.
  /// Errors: those of the store; invalid (a timeout that is not shorter than the lease).
  Result<void> start();

  /// Looks for work now: called after a commit.
  void wake();

  /// Begins no further attempt, lets running ones end within `grace`, then cuts them off; gives
  /// back all leases. An attempt that was cut off is made again with the same ids after the next
  /// start.
  void stop(std::chrono::milliseconds grace);

  /// Whether the circuit of a destination is open.
  bool is_open(std::string_view destination) const;
  /// Attempts running now, and those that ended whose result is not recorded yet.
  std::size_t running() const;
  /// Every destination it delivers to, those of the settings first.
  std::vector<DestinationState> destinations() const;

  /// Reads the pauses of the store anew, so that one made here holds at once: no further attempt
  /// begins after it returns. Without, every gateway hears of it within Settings::poll.
  /// Errors: those of the store.
  Result<void> follow_pauses();

 private:
  struct Lane;
  struct Outcome;
  /// An attempt that a channel has in its hands.
  struct InHand {
    const Lane* lane = nullptr;
    const Outcome* outcome = nullptr;
    Instant due{};  ///< when the channel should surely have returned
    bool told = false;
  };
  using Outcomes = std::vector<std::unique_ptr<Outcome>>;
  struct Work {
    Lane* lane = nullptr;
    store::Item item;
    Instant lease_until{};
    bool foreign_kept = false;
  };

  void dispatch(const std::stop_token& stop);
  void follow_more();
  void follow_windows(Instant now);
  bool fill(Lane& lane, Instant now, Instant& look_again);
  bool is_due(Lane& lane, Instant now, Instant& look_again);
  void give_back(Lane& lane, Instant now);
  void work(const std::stop_token& stop);
  bool take(Work& work, const std::stop_token& stop);
  bool find_work(Work& work, Instant now);
  bool has_work(Instant now) const;
  bool attempt(Outcome& outcome);
  void end(std::unique_ptr<Outcome> outcome, bool has_result);
  bool give_back(const Work& work, Instant now);
  void doubt();
  void give_back_unheld(Instant now);
  channels::Receipt carry(const Outcome& outcome, std::chrono::milliseconds timeout);
  void tell_hung(Instant now);
  void give_up_poison(Work& work, Instant now, bool tried);
  void call_off(Work& work, Instant now);
  void record(const std::stop_token& stop);
  void gather(Outcomes& outcomes, const std::stop_token& stop);
  bool settle(Outcomes& outcomes);
  bool may_try_again(Outcome& outcome, const Error& error) const;
  void pause(std::chrono::milliseconds wait) const;
  void forget(const Outcomes& recorded);
  Result<void> judge(Outcome& outcome);
  Result<void> keep_foreign(Outcome& outcome, const Judgement& judgement, Instant now);
  void count_result(Lane& lane, const channels::Receipt& receipt);
  std::chrono::milliseconds wait_before_next(const store::Item& item,
                                             const channels::Receipt& receipt, Instant now);
  void tell_of(Notice::Kind kind, std::string_view destination, std::string_view reason) const;
  void tell(const Notice& notice) const;
  void tell_lost(const Outcome& outcome, const Error& error) const;

  Parts parts_;
  Settings settings_;
  std::vector<std::unique_ptr<Lane>> lanes_;  ///< changed by the dispatcher only, under the mutex

  mutable std::mutex mutex_;             ///< guards lanes and the flags
  std::condition_variable_any changed_;  ///< for the dispatcher
  std::condition_variable_any ready_;    ///< for workers
  std::condition_variable_any ended_;    ///< for the recorder, and who waits for the last of them
  bool look_ = false;
  bool stopping_ = false;
  std::size_t running_ = 0;     ///< attempts
  std::size_t idle_ = 0;        ///< workers that wait
  Outcomes outcomes_;           ///< for the recorder to take
  std::size_t unrecorded_ = 0;  ///< those, and those it has taken
  std::size_t next_lane_ =
      0;  ///< where the search for work begins, so that every lane has its turn
  bool suspect_running_ = false;           ///< of items that had a crash one is tried at a time
  std::set<std::string> under_way_;        ///< ids of the items workers and the recorder are at
  std::map<std::string, InHand> in_hand_;  ///< of channels, by item
  /// Until then the store may hold leases of this node that nobody here knows of.
  std::optional<Instant> doubt_until_;
  std::optional<Instant> unheld_looked_at_;
  std::optional<Instant> pauses_read_;
  std::mutex pauses_mutex_;  ///< one reading of pauses at a time, in order
  std::mutex random_mutex_;
  std::stop_source cut_off_;
  std::jthread dispatcher_;
  std::vector<std::jthread> workers_;
  std::jthread recorder_;
};

}  // namespace concord::outbox
