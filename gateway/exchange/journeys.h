#pragma once
/// Exchanges for people: which there are, what became of one, and a person's word on those that
/// were given up. Knows no HTTP. Safe from any thread. Holds ids, codes, hashes, public texts and
/// times; never content of a message.
/// Source: reliability.md section 2.4, "Replay".

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/tree/symbols.h"
#include "gateway/outbox/rate.h"
#include "gateway/store/exchanges.h"

namespace concord::exchange {

class Settler;

using store::ExchangeJourney;
using store::ExchangePage;
using store::ExchangeSearch;
using store::ExchangeState;
using store::FoundExchange;
using store::FoundItem;
using store::ItemJourney;

/// How a destination is treated now, by this gateway.
struct DestinationView {
  bool paused = false;        ///< by a person
  bool circuit_open = false;  ///< it failed too often: probed only
};

/// A decision record in words.
struct DecisionView {
  std::string outcome;             ///< "permit", "warn", …; empty: the record cannot be read
  std::vector<std::string> words;  ///< one line for each agreement that spoke, 50 at most
};

/// One exchange, all that is known of it.
struct JourneyView {
  ExchangeJourney journey;
  DecisionView decision;
  std::map<std::string, DestinationView> destinations;  ///< those that are known here
  Instant seen_at{};
};

/// A step of a journey.
struct Hop {
  Instant at{};
  std::optional<Instant> until;
  std::string hop;   ///< "receive", "commit", "deliver", "dead", "acknowledge", "unmatched"
  std::string item;  ///< id, or ""
  std::string text;
};

/// One layer of the acknowledgement of an item. Source: reliability.md section 2.3.
struct LayerView {
  std::string_view layer;  ///< "transport", "infrastructure", "business"
  /// "given", "refused", "awaited" (until `due_at`), "open" (may still come), "none".
  std::string_view status;
  std::optional<Instant> at;
  std::optional<Instant> due_at;
};

/// The steps of a journey by time.
std::vector<Hop> hops_of(const ExchangeJourney& journey);
/// The three layers of an item, in their order.
std::vector<LayerView> layers_of(const ExchangeJourney& journey, const ItemJourney& item);

/// Who wants something, and why. It becomes part of the audit chain.
struct PersonsWord {
  std::string by;               ///< 2 to 64 printable characters
  std::string why;              ///< 3 to 200; nothing that could be an NHS number
  std::string second_approver;  ///< "" or another person than `by`
};

/// What became of one item under a person's word.
struct HandledItem {
  enum class End : std::uint8_t { done, would_be, refused };
  std::string exchange;
  std::string item;
  std::string task;
  std::string destination;
  std::string message_id;
  Instant accepted_at{};
  End end = End::refused;
  std::string reason;  ///< of a refusal, or of a second approver being needed
};

struct Handled {
  bool dry_run = false;
  std::vector<HandledItem> items;
  /// Cursor to go on with; empty: that was all.
  std::string next;
  /// Not zero: the pace was reached. Go on after this with `next`, also with an empty one.
  std::chrono::seconds wait{0};
};

class Journeys {
 public:
  struct Parts {
    store::Store* store = nullptr;
    Settler* settler = nullptr;  ///< null: for reading only
    const tree::Symbols* symbols = nullptr;
    Clock clock;
    /// How a destination is treated now; nothing for one that is not known. May be empty.
    std::function<std::optional<DestinationView>(std::string_view)> destination;
    /// Told after a replay or cancellation that something may be due. May be empty.
    std::function<void()> wake;
  };
  struct Settings {
    /// An older message is replayed with a second approver only.
    std::chrono::hours alone{7 * 24};
    std::int32_t burst = 100;      ///< replays at once
    std::int32_t per_second = 10;  ///< and after that
  };

  explicit Journeys(Parts parts) : Journeys(std::move(parts), Settings{}) {}
  Journeys(Parts parts, Settings settings);

  /// Errors: those of store::Exchanges::search().
  Result<ExchangePage> search(const ExchangeSearch& search) const;

  /// By the id of the exchange, or of its Task. Nothing when there is no such exchange.
  /// Errors: those of the store.
  Result<std::optional<JourneyView>> journey(std::string_view id) const;

  // A dry run says what would be done, changes nothing and needs no word.

  /// Puts the dead items of an exchange back into the queue, with their ids and bytes. Refused, all
  /// of them or nothing: older than a week, or superseded, without a second approver.
  ///
  /// Errors: not_found, conflict (no dead item; refused; changed meanwhile), invalid (the word),
  /// throttled (the pace), forbidden (reading only); those of the store.
  Result<Handled> replay(std::string_view id, const PersonsWord& word, bool dry_run);

  /// The same for the dead items of every exchange found, a page at a time; those that are refused
  /// are in the answer. Asks of the search: something besides the state.
  /// Errors: invalid (the word, the search), forbidden; those of the store.
  Result<Handled> replay_found(ExchangeSearch search, const PersonsWord& word, bool dry_run);

  /// Takes the dead items of an exchange out of the queue; what waits behind them goes on.
  /// Errors: not_found, conflict (no dead item; changed meanwhile), invalid (the word), forbidden;
  /// those of the store.
  Result<Handled> cancel(std::string_view id, const PersonsWord& word, bool dry_run);

 private:
  Result<ExchangeJourney> wanted(std::string_view id) const;
  Result<std::optional<ExchangeJourney>> find(std::string_view id) const;
  std::string against_replay(const ExchangeJourney& journey, const ItemJourney& item,
                             Instant now) const;
  Result<void> ready(const PersonsWord& word) const;
  /// Whether another replay may begin now.
  bool take_turn(Instant now);

  Parts parts_;
  Settings settings_;
  std::mutex mutex_;           ///< guards the next
  outbox::TokenBucket turns_;  ///< a token for each replay that may begin
};

}  // namespace concord::exchange
