#pragma once
/// The prescription tracker: JSON about prescriptions for whoever asks. Pure functions, safe from
/// any thread. Source: eps.md section 15; published answers of the national service.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/simulators/spine/prescription.h"
#include "fhir/core/instant.h"
#include "fhir/core/result.h"

namespace concord::spine {

/// What was asked: /mm/nhs111itemdetails with an id, or /mm/nhs111itemsummary with an NHS number.
struct TrackerQuery {
  bool summary = false;
  std::string prescription_id;
  int issue = 1;  ///< of details
  std::string nhs_number;
  std::string status;                       ///< text of a state; empty: every
  std::optional<Instant> earliest, latest;  ///< days of issue, both included
};

/// Reads path and query of a request. Errors: not_found (another path), invalid (a parameter that
/// is missing, unknown or of the wrong form).
Result<TrackerQuery> read_tracker_query(std::string_view target);

/// One prescription under its id.
std::string write_details(const Prescription& prescription, const Issue& issue);
/// Every prescription of a patient that the query lets through.
std::string write_summary(const std::vector<const Prescription*>& prescriptions,
                          const TrackerQuery& query);
/// An answer without prescriptions. `status_code` is not "0".
std::string write_tracker_error(std::string_view status_code, std::string_view reason);

}  // namespace concord::spine
