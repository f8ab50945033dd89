#pragma once
/// Updates of what a pharmacy does with a prescription: a transaction Bundle of Tasks, checked and
/// read. Pure functions, safe from any thread. Nothing of HL7 v3 stands behind them.
/// Source: eps.md section 16.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::eps {

/// The status of one item. Ids and codes are in upper case, but for `task_id` and `status`, which
/// are as written.
struct StatusUpdate {
  std::string task_id;
  std::string prescription_id;  ///< short form
  std::string line_item_id;
  std::string nhs_number;
  std::string ods_code;         ///< of the pharmacy
  std::string status;           ///< business status: "Ready to Collect"
  std::string terminal_status;  ///< "completed" or "in-progress"
  Instant last_modified{};
  bool post_dated = false;  ///< the status holds from `last_modified` on, which may lie ahead
  std::optional<int> repeat_number;
};

/// One entry: an update, or why it is none.
struct StatusEntry {
  std::string full_url;  ///< as written; "" when it is missing or no urn:uuid
  std::optional<StatusUpdate> update;
  std::vector<std::string> faults;  ///< in the words of the national service; empty: none
};

/// More entries than this are too_long.
inline constexpr std::size_t kMostStatusEntries = 1000;

/// Reads and checks each entry of a transaction Bundle; `now` bounds how far ahead times may be.
///
/// Errors: invalid (not a Bundle of type transaction), too_long (more than kMostStatusEntries).
Result<std::vector<StatusEntry>> read_status_updates(const tree::Document& bundle, Instant now);

}  // namespace concord::eps
