#pragma once
/// Searches of Task put to the prescription tracker. Source: eps.md section 15.

#include <memory>

#include "mappers/core/search.h"

namespace concord::eps {

/// The searches of Task by `focus:identifier` or `identifier` (short form prescription id),
/// `patient:identifier` (NHS number), `business-status` and `authored-on`. Asks for details of one
/// prescription or the summary of a patient's. `mapper` reads the answers and must outlive it.
std::unique_ptr<mappers::Search> make_tracker_search(const mappers::Mapper& mapper);

}  // namespace concord::eps
