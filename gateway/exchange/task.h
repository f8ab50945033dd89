#pragma once
/// The Task of an exchange: a FHIR R4 resource that says where a message stands. Pure functions,
/// safe from any thread. Source: hl7.org/fhir/R4/task.html; codes in README.md of this room.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/tree/symbols.h"
#include "gateway/exchange/stages.h"

namespace concord::exchange {

/// A further value the Task hands out: its type as text, and its value.
using TaskOutput = std::pair<std::string, std::string>;

struct NewTask {
  std::string id;
  std::string exchange_id;
  Instant authored_at{};
  Instant deadline{};  ///< when delivery is given up
  std::vector<TaskOutput> outputs;
};

/// The Task of a translated message, status "requested".
/// Errors: internal (cannot be written).
Result<std::string> make_task(const NewTask& task, const Translated& message,
                              const tree::Symbols& symbols);

/// A change of state.
struct TaskUpdate {
  std::int64_t version = 2;  ///< of the changed Task
  Instant at{};
  std::string_view status;          ///< FHIR task-status: "completed"
  std::string_view delivery;        ///< our delivery-status: "acknowledged"
  std::string reason;               ///< public text for people; empty: none
  std::string owner;                ///< organisation that must act now; empty: unchanged
  std::optional<Instant> due_at;    ///< by when; nothing: unchanged
  std::vector<TaskOutput> outputs;  ///< added to those there are
};

/// The Task after a change. What the Task held otherwise stays as it was.
/// Errors: malformed, invalid (`body` is no Task), internal.
Result<std::string> update_task(std::string body, const TaskUpdate& update,
                                const tree::Symbols& symbols);

}  // namespace concord::exchange
