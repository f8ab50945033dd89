#pragma once
/// What the gateway watches over in its store beside the messages themselves: whether the counts
/// add up (promise P4), acknowledgements that are late, how large it has grown.
///
/// Safe from any thread; changing calls are transactions as those of store.h, and errors of every
/// call are those named there. Source: reliability.md sections 1 (P4), 2.1 (DEL-09) and 2.3.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "gateway/audit/record.h"

namespace concord::store {

struct TaskChange;

/// An acknowledgement whose time for the next step of escalation has come.
struct Overdue {
  std::string item;
  std::string layer;      ///< "infrastructure", "business"
  Instant due_at{};       ///< when it should have been there
  Instant next_at{};      ///< when this step was to be taken
  std::int32_t step = 0;  ///< steps taken so far
};

/// One step of escalation, with what it changes, together or not at all.
struct Escalation {
  std::string item;
  std::string layer;
  std::int32_t expected_step = 0;  ///< as read: of two gateways one takes the step
  Instant now{};
  std::optional<Instant> next_at;    ///< of the step after; nothing: this was the last
  const TaskChange* task = nullptr;  ///< may be null; read during the call only
  std::vector<audit::Record> audit;
};

/// Acknowledgements of one destination that are still to come.
struct Awaited {
  std::string destination;
  std::int64_t expected = 0;  ///< in time or late
  std::int64_t overdue = 0;   ///< of these, with at least one step of escalation
};

/// Bytes on disk.
struct Size {
  std::int64_t bytes = 0;           ///< tables and indexes
  std::optional<std::int64_t> wal;  ///< the log beside them; nothing where the store cannot tell
};

class Watch {
 public:
  virtual ~Watch() = default;

  // ---- counts ----

  /// Counters behind Store::counts() and Store::backlog() that are not what counting every row
  /// gives. Reads the whole store: for a check by a person, not for a timer. 0 when all is well.
  virtual Result<std::int64_t> wrong_counters() = 0;

  /// Keeps counting cheap: sums up what was counted since the last call. Any gateway may call it at
  /// any time; the counts are right without it, only slower to read.
  virtual Result<void> sum_up() = 0;

  /// Remembers the difference of promise P4. When it is another than the one remembered, `record`
  /// is appended and true returned: of several gateways, and after a restart, one tells.
  virtual Result<bool> note_difference(std::int64_t difference, const audit::Record& record) = 0;

  // ---- acknowledgements that are late ----

  /// Those whose next step is due at `now`, the longest due first, at most `limit`.
  virtual Result<std::vector<Overdue>> overdue(Instant now, std::size_t limit) = 0;

  /// Takes a step. False when it was taken already, or the acknowledgement has come: nothing is
  /// stored then. Errors: conflict (the Task is at another version).
  virtual Result<bool> escalate(const Escalation& escalation) = 0;

  /// By destination; destinations that nothing is expected of are left out.
  virtual Result<std::vector<Awaited>> awaited() = 0;

  // ---- the store itself ----

  virtual Result<Size> size() = 0;

 protected:
  Watch() = default;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
};

}  // namespace concord::store
