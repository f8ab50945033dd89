#pragma once
/// The hash chain of state changes: what a record is and how links are made. Pure functions over
/// plain values, safe from any thread. Records hold ids, public codes and hashes, never content.
/// The grammar is in README.md of this room.

#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/core/digest.h"
#include "fhir/core/instant.h"
#include "fhir/core/result.h"

namespace concord::audit {

/// What happened. Append only: the names are stored and hashed.
enum class Event : std::uint8_t {
  exchange_accepted,  ///< a message became ours; digest of the bytes as received
  decision_recorded,  ///< digest of the decision record
  item_queued,        ///< digest of the translated bytes
  item_delivered,     ///< digest of the answer
  item_retried,       ///< an attempt failed and there will be another
  item_rejected,      ///< the other side said no; digest of the answer
  item_dead,          ///< given up until a person acts
  item_replayed,      ///< a person put a dead item back into the queue
  item_cancelled,     ///< a person took a dead item out of the queue
  task_changed,       ///< digest of the new body
  answer_unmatched,   ///< an acknowledgement that belongs to nothing we know; digest of the bytes
  store_migrated,     ///< the schema changed; detail names the version
  statuses_recorded,  ///< statuses of prescription items; digest of the bytes as received
  resource_created,   ///< detail is type/id/version; digest of the body
  resource_updated,   ///< the same
  resource_deleted,   ///< detail is type/id/version
  acknowledgement_overdue,  ///< a step of escalation; detail is layer and step
  counts_differ,            ///< promise P4; detail is the difference, 0 when it is whole again
  destination_paused,       ///< detail is its name; digest of the reason
  destination_resumed,      ///< the same
};

/// The stored name of an event ("exchange.accepted").
std::string_view event_name(Event event);

/// One state change, before it is part of the chain.
struct Record {
  Event event = Event::exchange_accepted;
  Instant at{};
  std::string exchange;  ///< exchange id, or ""
  std::string item;      ///< outbox item id, or ""
  std::string actor;     ///< organisation code or node name that caused it
  std::string digest;    ///< lower-case hex SHA-256 of what the record is about, or ""
  std::string detail;    ///< public code, version or counter ("transient 503"), or ""
};

/// A record as it stands in the chain.
struct Link {
  std::int64_t sequence = 0;  ///< 1, 2, 3, … without gaps
  std::string body;           ///< canonical text of the record
  Sha256 hash{};              ///< chain_hash(hash of the link before, body)
};

/// The hash before the first link.
Sha256 genesis();

/// The canonical text of a record at its place: same arguments, same bytes, always.
std::string canonical(const Record& record, std::int64_t sequence);

/// SHA-256 over the previous link's hash (32 bytes) and the canonical text.
Sha256 chain_hash(const Sha256& previous, std::string_view body);

/// The link that follows `previous` (the genesis hash for sequence 1).
Link make_link(const Record& record, std::int64_t sequence, const Sha256& previous);

/// The sequence a canonical text says it has. Errors: malformed.
Result<std::int64_t> sequence_of(std::string_view body);

}  // namespace concord::audit
