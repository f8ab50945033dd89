#pragma once
/// What must outlive the process: exchanges, idempotency keys, the outbox, tasks, the audit chain.
/// Bytes, ids, index values and times; the store knows no FHIR.
///
/// Every changing call is one transaction and returns only after it is durable. Calls of many
/// threads may share one transaction and one sync (group commit), each still all or nothing.
/// An implementation is safe from any thread.
///
/// Errors of every call: transient (busy, no space, input/output error, shutting down: nothing of
/// the call is stored, the same call may work later), internal (damaged store). Further ones are
/// named at the call. Source: reliability.md sections 1 and 2.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/digest.h"
#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "gateway/audit/record.h"
#include "gateway/audit/verify.h"
#include "gateway/store/resources.h"
#include "gateway/store/watch.h"

namespace concord::store {

class Exchanges;

/// An identity a sender gave a message: (scope, party, value) names at most one exchange.
struct Key {
  std::string scope;  ///< "request-id", "message-id"
  std::string party;  ///< who the value is unique for
  std::string value;
};

/// Where an outbox item stands. The numbers are stored: append only.
enum class ItemState : std::uint8_t {
  pending = 0,               ///< to be sent, or being sent under a lease
  acked_transport = 1,       ///< the other side has the bytes
  acked_infrastructure = 2,  ///< … and could read them
  acked_business = 3,        ///< … and accepted what they mean
  nacked = 4,                ///< the other side refused
  dead = 5,                  ///< given up until a person acts; holds later items of its subject
  cancelled = 6,             ///< a person took it out
};

/// Something to deliver: identity and bytes are fixed here, so that every resend is the same.
struct NewItem {
  std::string id;            ///< unique; also the transport's request id on every attempt
  std::string destination;   ///< name of the configured destination
  std::string channel;       ///< transport by name
  std::string format;        ///< format by name: who can read the answer
  std::string purpose;       ///< unique with (exchange, destination): "request", "notify", …
  std::string subject;       ///< order is kept per (destination, subject); a hash, not a name
  std::string message_id;    ///< identity of the message in its format
  std::string interaction;   ///< name of the message in its format
  std::string content_type;  ///< of `bytes`
  std::string bytes;
  Sha256 digest{};     ///< SHA-256 of `bytes`
  Instant deadline{};  ///< no attempt begins after this
  /// The store gives it the next number of its destination: 1, 2, 3, … without gaps, in the order
  /// of commits.
  bool numbered = false;
};

/// The Task of an exchange. It is a resource like any other: read, searched and kept in versions as
/// those of resources.h.
struct TaskRow {
  std::string id;
  std::string exchange;
  std::int64_t version = 1;
  std::string status;  ///< index value
  std::string body;    ///< FHIR JSON
  Instant updated_at{};
  search::IndexValues index{};  ///< what it is found by; not filled when read
};

/// Bytes that many exchanges name by their digest and that are kept once.
struct SharedBytes {
  Sha256 digest{};
  std::shared_ptr<const std::string> bytes;
};

/// Everything one accepted message brings, committed together or not at all.
struct NewExchange {
  std::string id;
  std::string door;          ///< which door it came through: "http"
  std::string sender;        ///< organisation of the authenticated caller
  std::string request_id;    ///< as given by the sender or made at the door
  std::string message_kind;  ///< index value
  std::string subject;       ///< index value, a hash
  std::string content_type;
  std::string payload;  ///< bytes as received
  Sha256 digest{};      ///< SHA-256 of `payload`
  Instant received_at{};
  Instant accepted_at{};
  std::vector<Key> keys;                    ///< none empty; all lead to this exchange
  Instant keys_until{};                     ///< end of the idempotency window
  std::string answer;                       ///< what a repeated message is answered with; opaque
  std::string decision;                     ///< decision record; opaque
  std::string lineage;                      ///< which rule wrote what; opaque; empty: none is kept
  std::vector<SharedBytes> lineage_tables;  ///< what `lineage` names; opaque
  TaskRow task;  ///< with an empty id: the exchange has none (a notification)
  std::vector<NewItem> items;
  std::vector<audit::Record> audit;
  /// Messages the making of the Task brings: subscriptions. Exchanges without a Task, keys, lineage
  /// and notices of their own; stored with this one, not when it was there before.
  std::vector<NewExchange> notices{};
};

/// What was already known under a key.
struct Earlier {
  std::string exchange;
  std::string answer;
};

/// What commit() did.
struct Committed {
  bool replayed = false;  ///< the same message was there before: nothing was stored
  std::string exchange;   ///< the new exchange, or the earlier one
  std::string answer;     ///< the new answer, or the earlier one
};

/// An exchange as stored.
struct ExchangeRow {
  std::string id;
  std::string door;
  std::string sender;
  std::string request_id;
  std::string message_kind;
  std::string content_type;
  std::string payload;
  Sha256 digest{};
  Instant received_at{};
  Instant accepted_at{};
  std::string decision;
};

/// The lineage of an exchange with the tables it names.
struct LineageRow {
  std::string lineage;
  std::vector<std::string> tables;
};

/// An outbox item with what a worker or a reader needs.
struct Item {
  std::string id;
  std::string exchange;
  std::string task;
  std::string destination;
  std::string channel;
  std::string format;
  std::string purpose;
  std::string subject;
  std::string message_id;
  std::string interaction;
  std::string content_type;
  std::string bytes;
  Sha256 digest{};
  ItemState state = ItemState::pending;
  std::int32_t attempt = 0;  ///< attempts whose result was recorded
  std::int64_t fence = 0;    ///< grows with each lease; completions with an older one are refused
  Instant created_at{};
  Instant deadline{};
  std::int64_t number = 0;  ///< of a numbered item; else 0
  /// Ends of a process with this item under way since an attempt last came to its end; see
  /// recover().
  std::int32_t crashes = 0;
};

/// A numbered item, for who wants to know what was to be sent to a destination.
struct NumberedItem {
  std::int64_t number = 0;
  std::string id;
  ItemState state = ItemState::pending;
  std::string bytes;
  Instant created_at{};
};

struct LeaseRequest {
  std::string destination;
  std::string node;  ///< who takes the lease
  std::size_t limit = 1;
  Instant now{};
  Instant until{};  ///< when others may take the items again
};

/// Nothing is sent to a destination until somebody resumes it: by no gateway of this store.
struct Pause {
  std::string destination;
  std::string reason;  ///< public text
  std::string by;      ///< who said so
  Instant since{};
};

/// The end of a pause.
struct Resume {
  std::string destination;
  std::string reason;  ///< public text
  std::string by;      ///< who said so
  Instant at{};
};

/// One attempt, as it is kept.
struct Attempt {
  Instant started_at{};
  Instant ended_at{};
  std::string result;          ///< "answered", "transient", "unknown", "permanent"
  std::int32_t peer_code = 0;  ///< status of the transport, 0 when there was none
  std::string answer;          ///< bytes that came back
  std::string answer_type;     ///< their content type
};

/// A new body for a Task that is at `expected_version`.
struct TaskChange {
  std::string id;
  std::int64_t expected_version = 1;
  std::string status;
  std::string body;
  search::IndexValues index{};
  std::vector<NewExchange> notices{};  ///< messages the change brings; as those of NewExchange
};

/// Why an item was given up, and who looks after it.
struct DeadLetter {
  std::string reason_class;  ///< "permanent", "exhausted", …
  std::string reason;        ///< public text, nothing of the message
  std::string owner;         ///< organisation that must act
  Instant due_at{};          ///< by when
};

/// An acknowledgement still to come.
struct Expectation {
  std::string layer;  ///< "infrastructure", "business"
  Instant due_at{};
};

/// The result of one attempt, recorded together or not at all.
struct Settlement {
  std::string item;
  std::int64_t fence = 0;
  Instant now{};
  std::optional<Attempt> attempt;
  ItemState state = ItemState::pending;  ///< pending: try again at `next_at`
  Instant next_at{};
  std::optional<TaskChange> task;
  std::optional<DeadLetter> dead;
  std::optional<Expectation> expect;
  std::vector<audit::Record> audit;
};

/// A later acknowledgement for an item whose bytes were already accepted.
struct Acknowledged {
  std::string item;
  std::string effect;  ///< name of the effect; a second one of the same name changes nothing
  Instant now{};
  ItemState state = ItemState::acked_business;
  std::optional<TaskChange> task;
  std::vector<audit::Record> audit;
};

/// An answer that belongs to nothing we know: kept for a person.
struct Unmatched {
  std::string destination;
  std::string item;       ///< the item it came back for, or ""
  std::string refers_to;  ///< the message id it names, or ""
  std::string reason;     ///< public text
  std::string content_type;
  std::string bytes;
  Instant at{};
  audit::Record audit;
};

/// Promise P4: accepted = delivered + pending + dead + rejected + cancelled, counted in items.
struct Counts {
  std::int64_t accepted = 0;  ///< promised at commit, counted from the exchanges
  std::int64_t delivered = 0;
  std::int64_t pending = 0;
  std::int64_t dead = 0;
  std::int64_t rejected = 0;
  std::int64_t cancelled = 0;
  std::int64_t unmatched = 0;  ///< not part of the sum: answers waiting for a person
  /// Zero, or something vanished.
  std::int64_t difference() const {
    return accepted - (delivered + pending + dead + rejected + cancelled);
  }
};

/// The queue of one destination.
struct Backlog {
  std::string destination;
  std::int64_t pending = 0;
  std::int64_t dead = 0;
  std::optional<Instant> oldest;  ///< when the oldest pending item was accepted
};

/// A status somebody gave one item of a prescription. (prescription, task) is unique.
struct StatusRow {
  std::string prescription;
  std::string item;
  std::string task;
  std::string patient;
  std::string organisation;
  std::string status;
  std::string terminal;
  std::optional<std::int32_t> repeat;
  Instant effective_at{};   ///< a later one takes the place of an earlier one of the same item
  bool post_dated = false;  ///< does not count before `effective_at`
  std::string application;
  std::string request_id;
  Instant received_at{};
};

/// What record_statuses() did.
struct StatusesRecorded {
  std::size_t stored = 0;  ///< 0 with no duplicates: the same request was there before
  /// Rows whose (prescription, task) is known, or stands in the same call twice, but for the same
  /// row of the same request. When there is one, nothing is stored.
  std::vector<std::size_t> duplicates;
};

/// Whose statuses are asked for; an empty text stands for all, but not in both of the first two.
struct StatusQuery {
  std::string prescription;
  std::string patient;
  std::string organisation;
  std::size_t limit = 1000;
};

class Store {
 public:
  virtual ~Store() = default;

  // ---- accepting ----

  /// What is already known under one of `keys`.
  /// Errors: conflict (a key is known with other content).
  virtual Result<std::optional<Earlier>> earlier(const std::vector<Key>& keys,
                                                 const Sha256& digest) = 0;

  /// Stores an exchange, or finds the earlier one with the same keys and content. Two calls racing
  /// with the same key: one stores, the other sees it as earlier.
  /// Errors: conflict (a key is known with other content; nothing is stored).
  virtual Result<Committed> commit(NewExchange exchange) = 0;

  virtual Result<std::optional<ExchangeRow>> exchange(std::string_view id) = 0;
  virtual Result<std::optional<TaskRow>> task(std::string_view id) = 0;
  /// Nothing when there is no such exchange, or none was kept for it.
  virtual Result<std::optional<LineageRow>> lineage(std::string_view exchange) = 0;

  /// Forgets idempotency keys whose window ended, at most `limit`. Returns how many.
  virtual Result<std::size_t> forget_keys(Instant now, std::size_t limit) = 0;

  // ---- delivering ----

  /// Leases due items of a destination, the oldest due first, at most one per subject and never one
  /// that stands behind an unfinished item of its subject. An expired lease counts as due, and as
  /// in recover(). None of a paused destination.
  virtual Result<std::vector<Item>> lease(const LeaseRequest& request) = 0;

  /// When the next item of a destination becomes due; nothing when none waits or it is paused.
  virtual Result<std::optional<Instant>> next_due(std::string_view destination) = 0;

  /// Ends every lease of a node without a result: its items are due at `now`. For the stop of that
  /// node. Returns how many.
  virtual Result<std::size_t> release(std::string_view node, Instant now) = 0;

  /// As release(), of what a node holds without knowing: the answer to its lease was lost, or it
  /// could not be given back. `held` are the ids of all items the node works on; it takes no lease
  /// meanwhile.
  virtual Result<std::size_t> release_unheld(std::string_view node,
                                             const std::vector<std::string>& held, Instant now) = 0;

  /// As release(), for the start of a node whose former life ended without stop(): what it had
  /// leased may be what ended it. An item gets its first crash by having been leased, every further
  /// one only when begin() said that an attempt was under way. Returns how many items there were.
  virtual Result<std::size_t> recover(std::string_view node, Instant now) = 0;

  /// Says that an attempt at a leased item begins. Needed only for one with crashes: a first crash
  /// counts by the lease alone.
  /// Errors: conflict (the fence is not the item's own any more).
  virtual Result<void> begin(std::string_view item, std::int64_t fence) = 0;

  /// Records what became of an attempt, or, without one, gives the item back. A finished item (not
  /// pending, not dead) makes the next one of its subject due. One whose attempt came to an end has
  /// no crashes.
  /// Errors: conflict (the fence is not the item's own any more, or the Task is at another
  /// version).
  virtual Result<void> settle(Settlement settlement) = 0;

  /// Records several results, each as settle() does: each is whole or not there, and has an answer
  /// of its own, in the order given. They share transactions as far as they can.
  virtual std::vector<Result<void>> settle_all(std::vector<Settlement> settlements) = 0;

  /// Records a later acknowledgement. True when it changed something, false for a repeated one.
  /// Errors: not_found (no such item), conflict (the Task is at another version).
  virtual Result<bool> acknowledge(Acknowledged acknowledged) = 0;

  virtual Result<std::optional<Item>> item(std::string_view id) = 0;
  /// The items of an exchange, in order of their making.
  virtual Result<std::vector<Item>> items(std::string_view exchange) = 0;
  /// The item sent to a destination under a message id, the latest if there are several.
  virtual Result<std::optional<Item>> item_by_message(std::string_view destination,
                                                      std::string_view message_id) = 0;
  virtual Result<std::vector<Attempt>> attempts(std::string_view item) = 0;

  /// The last number an item of a destination was given; 0: none has one.
  virtual Result<std::int64_t> last_number(std::string_view destination) = 0;
  /// The items of a destination numbered `from` to `until`, in order, at most `limit`.
  virtual Result<std::vector<NumberedItem>> numbered_items(std::string_view destination,
                                                           std::int64_t from, std::int64_t until,
                                                           std::size_t limit) = 0;

  virtual Result<void> keep_unmatched(Unmatched unmatched) = 0;

  /// A person's word on a dead item: back into the queue with its ids and bytes, or out of it.
  /// Errors: not_found, conflict (not dead, or the Task is at another version).
  virtual Result<void> replay(std::string_view item, Instant now, Instant deadline,
                              std::optional<TaskChange> task, std::vector<audit::Record> audit) = 0;
  virtual Result<void> cancel(std::string_view item, Instant now, std::optional<TaskChange> task,
                              std::vector<audit::Record> audit) = 0;

  // ---- destinations ----

  /// The pauses in force, by destination.
  virtual Result<std::vector<Pause>> pauses() = 0;
  /// Pauses a destination; what is leased of it may still be under way. False when it was paused
  /// already: its reason stays. Audited. Every pause is kept, with its end.
  virtual Result<bool> pause(Pause pause) = 0;
  /// False when it was not paused. Audited.
  virtual Result<bool> resume(Resume resume) = 0;

  // ---- resources ----

  /// The FHIR resources of this store, Tasks of exchanges among them. Lives as long as the store.
  virtual Resources& resources() = 0;

  // ---- looking after exchanges ----

  /// Exchanges as people look for them (exchanges.h). Lives as long as the store.
  virtual Exchanges& exchanges() = 0;

  // ---- statuses of prescription items ----

  /// Stores all rows, or none of them. `audit` is appended when something was stored.
  virtual Result<StatusesRecorded> record_statuses(const std::vector<StatusRow>& rows,
                                                   std::vector<audit::Record> audit) = 0;
  /// The status each item has at `now`, latest first.
  virtual Result<std::vector<StatusRow>> current_statuses(const StatusQuery& query,
                                                          Instant now) = 0;

  // ---- proving ----

  /// From counters kept in the transactions that change the rows: costs the same however many there
  /// are.
  virtual Result<Counts> counts() = 0;
  /// Likewise; destinations with nothing waiting and nothing dead are left out.
  virtual Result<std::vector<Backlog>> backlog() = 0;
  /// Lives as long as the store.
  virtual Watch& watch() = 0;

  /// Links with a sequence greater than `after`, in order, at most `limit`.
  virtual Result<std::vector<audit::Link>> audit_links(std::int64_t after, std::size_t limit) = 0;
  /// The recorded end of the chain.
  virtual Result<audit::Head> audit_head() = 0;

  /// Whether the store answers and can be written.
  virtual Result<void> check() = 0;

 protected:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
};

/// What the chain says of a pause and its end: the destination, who, and the digest of the reason.
audit::Record pause_record(const Pause& pause);
audit::Record resume_record(const Resume& resume);

/// Walks the whole chain of a store. Errors: those of the store.
Result<audit::Verdict> verify_audit(Store& store);

}  // namespace concord::store
