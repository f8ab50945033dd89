#pragma once
/// Hop 10: what the answer of the other side means for an item and its Task. Knows formats through
/// their registry only. Safe from any thread.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/search/parameters.h"
#include "fhir/tree/symbols.h"
#include "gateway/exchange/stages.h"
#include "gateway/exchange/task_watch.h"
#include "gateway/outbox/judge.h"

namespace concord::exchange {

struct SettlerSettings {
  RoutingTable routes;                           ///< for the owner of what cannot be delivered
  std::string node = "concord";                  ///< name of this gateway in audit records
  std::chrono::minutes acknowledgement_due{10};  ///< for an answer that is still to come
  std::chrono::hours dead_letter_due{24};        ///< for a person to act
  /// The first step of escalation is taken when an acknowledgement should have been there, further
  /// ones so long after that; ascending.
  std::vector<std::chrono::minutes> escalation{std::chrono::hours{4}, std::chrono::hours{24}};
  /// For what changed Tasks are found by; null, either: by nothing.
  const search::Parameters* parameters = nullptr;
  const definitions::Definitions* definitions = nullptr;
  TaskWatch watch;  ///< hears of each change of a Task; empty: nobody does
};

/// An acknowledgement that came by itself.
struct LateAcknowledgement {
  std::string destination;  ///< the destination it speaks for
  std::string format;       ///< mapper by name
  std::string content_type;
  std::string bytes;
};

enum class LateResult : std::uint8_t {
  settled,    ///< the Task changed
  repeated,   ///< known already: nothing changed
  unmatched,  ///< belongs to nothing we sent: kept for a person
};

/// A step of escalation that was taken.
struct Escalated {
  std::string item;
  std::string exchange;
  std::string destination;
  std::string layer;  ///< "infrastructure", "business"
  std::int32_t step = 1;
  std::int32_t steps = 1;  ///< there are
  Instant due_at{};        ///< when the acknowledgement should have been there
};

class Settler final : public outbox::Judge {
 public:
  /// `mappers`, `store` and `symbols` must outlive it.
  Settler(const mappers::Mappers& mappers, store::Store& store, const tree::Symbols& symbols,
          SettlerSettings settings);

  Result<outbox::Judgement> judge(const store::Item& item, const channels::Receipt& receipt,
                                  Instant now) override;
  Result<outbox::Handover> hand_over(const store::Item& item, std::string_view reason_class,
                                     std::string_view reason, Instant now) override;

  /// Files an acknowledgement that came later and by another way than the answer to the delivery.
  /// Errors: unsupported, malformed, too_long (not an acknowledgement of that format); transient.
  Result<LateResult> acknowledge(const LateAcknowledgement& late, Instant now);

  /// The next step for an acknowledgement that is late: the Task says so and gets the owner of the
  /// route. Nothing when the step was taken by another gateway, or the acknowledgement has come.
  /// Errors: those of the store; transient (the Task is being changed too often).
  Result<std::optional<Escalated>> escalate(const store::Overdue& overdue, Instant now);

  /// A person's word on a dead item: send it again, with the same ids and bytes, or drop it. `why`
  /// becomes part of the audit record.
  /// Errors: not_found, conflict (not a dead letter, or its Task was changed meanwhile); those of
  /// the store.
  Result<void> replay(std::string_view item, std::string_view actor, Instant now,
                      std::string_view why = {});
  Result<void> cancel(std::string_view item, std::string_view actor, Instant now,
                      std::string_view why = {});

 private:
  Result<void> keep_unmatched(const LateAcknowledgement& late, std::string_view refers_to,
                              Instant now);

  const mappers::Mappers* mappers_;
  store::Store* store_;
  const tree::Symbols* symbols_;
  SettlerSettings settings_;
};

}  // namespace concord::exchange
