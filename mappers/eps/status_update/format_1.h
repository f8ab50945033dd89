#pragma once
/// The legacy JSON of status updates ("format 1") as a transaction Bundle of Tasks.
/// Pure functions, safe from any thread. Source: eps.md section 16, last paragraph.

#include <string>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::eps {

/// Reads `{"prescriptionUUID": …, "items": [{"itemID": …, "status": …}]}`. Each item becomes a Task
/// but for those that need none (a completed dispensing that ended as expired, not dispensed or
/// cancelled). The Task's id is a version 4 UUID of the MD5 of what identifies the change
/// (prescription, item, status, time, and its place among equal ones): the same message gives the
/// same ids. What the Tasks say is not checked here: read_status_updates() does.
///
/// Errors: malformed (not JSON), invalid (no items, a status or way of delivery nobody knows, a
/// time that is none; the place as a path), too_long.
Result<tree::Document> read_format_1(std::string json, const tree::Symbols& symbols,
                                     const tree::Limits& limits = {});

}  // namespace concord::eps
