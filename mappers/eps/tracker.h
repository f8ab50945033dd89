#pragma once
/// Answers of the prescription tracker. Pure functions, safe from any thread.
/// Source: eps.md section 15.

#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::eps {

/// Whether the bytes are a JSON object, by their first character.
bool is_json(std::string_view bytes);

/// The tracker's JSON as the logical model TrackerResponse has it: members named by a prescription
/// or an item become lists with `id`. Detail answers hold the prescription beside version, reason
/// and statusCode, summaries below `prescriptions`.
/// Errors: unsupported (another JSON object), malformed, invalid (a name twice), too_long.
Result<tree::Document> read_tracker(std::string_view json, const tree::Symbols& symbols);

/// Whether an element of that name holds a prescription as a document: answers to
/// GET_PRESCRIPTION_DOCUMENT_INUK01.
bool is_tracker_document(std::string_view element);

/// The XML of the prescription inside such an element: its `content` (text or `value`), base64 of a
/// zlib stream.
/// Errors: invalid (no content, not base64, not zlib), unsupported (a document of another type),
/// too_long (over the limit of answers once unpacked).
Result<std::string> unpack_tracker_document(const tree::Document& document,
                                            const tree::Node& element);

}  // namespace concord::eps
