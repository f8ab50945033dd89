#pragma once
/// Exchanges as people look for them: which there are, and the whole journey of one. Part of a
/// Store, reading only; safe from any thread. Never holds bytes of a message: ids, codes, hashes,
/// public texts and times.
///
/// Every call is bounded: it begins at an index, and looks at a fixed number of rows at most.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/digest.h"
#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "gateway/store/store.h"

namespace concord::store {

/// What has become of an exchange, by any of its items.
enum class ExchangeState : std::uint8_t {
  open,       ///< waits, or is being sent
  delivered,  ///< with the other side, acknowledged to some degree
  dead,       ///< given up until a person acts
  rejected,   ///< refused by the other side
  cancelled,  ///< taken out
};

ExchangeState exchange_state(ItemState state);
/// "open", "delivered", …
std::string_view exchange_state_name(ExchangeState state);
/// Nothing when there is no state of that name.
std::optional<ExchangeState> exchange_state_named(std::string_view name);

/// Which exchanges; an empty text, list or time asks nothing. What is given holds all at once.
struct ExchangeSearch {
  static constexpr std::size_t kMostLimit = 200;

  std::vector<ExchangeState>
      states{};                ///< an item is in one of them; with `destination`: that item
  std::string sender{};        ///< organisation
  std::string destination{};   ///< by name
  std::string message_kind{};  ///< "prescription-order"
  std::string subject{};       ///< hash of the workflow
  std::string task{};          ///< id of the Task
  /// As the sender gave it; found as long as it is an idempotency key.
  std::string request_id{};
  /// The sender's identity of the message ("system|value", or the bare value of a UUID), or the
  /// one it has in its format. The sender's is found as long as it is an idempotency key.
  std::string message_id{};
  std::optional<Instant> since{};   ///< accepted at or after it
  std::optional<Instant> before{};  ///< accepted before it
  std::size_t limit = 50;           ///< 1 … kMostLimit
  std::string cursor{};             ///< as a page before said; empty: the newest
};

/// A dead letter and when it became one.
struct DeadItem {
  DeadLetter letter;
  Instant at{};
};

/// An item of a found exchange.
struct FoundItem {
  std::string id;
  std::string task;
  std::string destination;
  std::string message_id;
  ItemState state = ItemState::pending;
  std::int32_t attempts = 0;
  /// When it is tried next, or its lease ends; nothing: it is finished, dead or waits behind
  /// another of its subject.
  std::optional<Instant> due_at;
  std::string leased_by;  ///< node that sends it now, or ""
  Instant created_at{};
  Instant deadline{};
  std::optional<Instant> finished_at;
  std::optional<DeadItem> dead;
};

struct FoundExchange {
  std::string id;
  std::string door;
  std::string sender;
  std::string request_id;
  std::string message_kind;
  std::string subject;
  Instant received_at{};
  Instant accepted_at{};
  std::vector<FoundItem> items;
};

struct ExchangePage {
  std::vector<FoundExchange> exchanges;  ///< newest first
  std::string next;                      ///< cursor of the page behind; empty: there is none
  /// The page ended at the bound of rows looked at, not at its limit: nothing else fits that was
  /// accepted after this.
  std::optional<Instant> looked_back_to;
};

/// One attempt, without the bytes of its answer.
struct AttemptMade {
  std::int32_t n = 0;
  Instant started_at{};
  Instant ended_at{};
  std::string result;  ///< "answered", "transient", "unknown", "permanent"
  std::int32_t peer_code = 0;
  std::optional<Sha256> answer;  ///< of the bytes that came back
};

struct AwaitedAcknowledgement {
  std::string layer;  ///< "infrastructure", "business"
  Instant due_at{};
  std::int32_t step = 0;  ///< how often it was chased
};

/// An answer kept for a person.
struct UnmatchedAnswer {
  Instant at{};
  std::string destination;
  std::string item;       ///< item it came back for, or ""
  std::string refers_to;  ///< message id it names, or ""
  std::string reason;
};

struct ItemJourney {
  FoundItem item;
  std::string channel;
  std::string format;
  std::string purpose;
  std::string interaction;
  std::string content_type;
  std::string subject;
  Sha256 digest{};  ///< of the bytes to be sent
  std::int64_t fence = 0;
  std::int64_t number = 0;
  std::vector<AttemptMade> attempts;  ///< oldest first
  std::vector<AwaitedAcknowledgement> awaited;
  std::string waits_for;      ///< exchange whose item goes first, or ""
  std::string superseded_by;  ///< of a dead item: later exchange of its workflow that was
                              ///< delivered, or ""
  std::vector<UnmatchedAnswer> unmatched;
};

/// A state change that counts once.
struct EffectMade {
  std::string kind;  ///< "settled", "understood", "acknowledged"
  std::string target;
  Instant at{};
};

struct TaskVersion {
  std::int64_t version = 0;
  Instant at{};
};

struct ExchangeJourney {
  FoundExchange exchange;  ///< without its items
  std::string content_type;
  Sha256 digest{};       ///< of the bytes received
  std::string decision;  ///< decision record; opaque
  bool has_lineage = false;
  std::vector<ItemJourney> items;
  std::vector<EffectMade> effects;  ///< oldest first
  std::string task;                 ///< id, or ""
  std::string task_status;
  std::vector<TaskVersion> task_versions;  ///< oldest first
  bool cut = false;  ///< of a list, only the latest (of items the first) are here
};

class Exchanges {
 public:
  virtual ~Exchanges() = default;

  /// Errors: those of a store; invalid (a cursor that is not one of these, a limit out of bounds).
  virtual Result<ExchangePage> search(const ExchangeSearch& search) = 0;

  /// Nothing when there is no such exchange. All of it is of one moment.
  virtual Result<std::optional<ExchangeJourney>> journey(std::string_view id) = 0;

 protected:
  Exchanges() = default;
  Exchanges(const Exchanges&) = delete;
  Exchanges& operator=(const Exchanges&) = delete;
};

}  // namespace concord::store
