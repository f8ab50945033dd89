#pragma once
/// FHIR → format → FHIR: every element that is lost or changed on the way, and the rule it happened
/// at. For reports to people; no part of traffic.

#include <cstdint>
#include <string>
#include <vector>

#include "fhir/core/result.h"
#include "mappers/core/mapper.h"

namespace concord::mappers {

/// What became of one value.
struct RoundTripChange {
  enum class Kind : std::uint8_t {
    lost,     ///< it is not in what came back
    changed,  ///< the same element has another value
    added,    ///< only in what came back
  };
  Kind kind = Kind::lost;
  std::string path;  ///< FHIRPath with indices, in the message; of what came back when added
  std::string came_back_at;  ///< of a changed one
  std::string forward;  ///< rule that read it on the way out: `group "rule" (file:line:col)`; or ""
  std::string written_to;     ///< where that rule wrote in the format; or ""
  std::string backward;       ///< rule that read it, or wrote it, on the way back; or ""
  std::string reason;         ///< one clause, no values of the message
  std::string before, after;  ///< the values; show them only to who owns the message
};

struct RoundTrip {
  std::string message_kind, interaction;
  std::size_t kept = 0, changed = 0, lost = 0, added = 0;  ///< values
  std::vector<RoundTripChange> changes;                    ///< in document order, added ones last
};

/// Translates there and back and compares the values of both resources. Values are paired by
/// resource type and element, whatever their order: equal ones first. The ids and full urls of
/// entries are made anew and do not count, references count as the type of what they lead to.
/// `fhir` must be annotated.
/// Errors: those of encode() and decode(); the way back of a format that cannot be read is
/// unsupported.
Result<RoundTrip> round_trip(const tree::Document& fhir, const Mapper& mapper,
                             const Parameters& parameters);

/// One line a change and a summary; with `values`, the values as well.
std::string round_trip_text(const RoundTrip& report, bool values = false);

/// The same as JSON lines, the summary last.
std::string round_trip_json_lines(const RoundTrip& report, bool values = false);

}  // namespace concord::mappers
