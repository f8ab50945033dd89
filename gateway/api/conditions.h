#pragma once
/// What a caller asks of an interaction in its header fields: conditions and preferences. Pure
/// functions, safe from any thread. Source: hl7.org/fhir/R4/http.html#concurrency, #cond-update,
/// #cread, #ops; RFC 7240; RFC 9110 section 13.

#include <cstdint>
#include <optional>
#include <string>

#include "fhir/core/result.h"
#include "fhir/search/parameters.h"
#include "gateway/http/message.h"
#include "gateway/resources/service.h"

namespace concord::api {

/// If-Match, If-None-Match and If-None-Exist of a change.
/// Errors: malformed (no version tag, several, If-None-Match other than *, an empty If-None-Exist),
/// precondition (a version tag that is none of this server's: no version has it).
Result<resources::Conditions> read_conditions(const http::Request& request);

/// What the body of an answer to a change is to be.
enum class Wanted : std::uint8_t { representation, minimal, outcome };

struct Preferences {
  Wanted wanted = Wanted::representation;
  std::optional<search::Handling> handling;
  /// `return` as said, for the entries of a batch; "" when nothing was said.
  std::string_view returns;
};

/// Prefer: return=… and handling=…; others are passed over.
/// Errors: malformed (a value that neither the standard nor RFC 7240 has).
Result<Preferences> read_preferences(const http::Request& request);

/// "W/\"3\"".
std::string etag(std::int64_t version);

/// Whether the caller has this version already: If-None-Match, else If-Modified-Since. Versions of
/// the same second count as one for the latter, as HTTP dates have no smaller unit.
bool not_modified(const http::Request& request, std::int64_t version, Instant updated_at);

}  // namespace concord::api
