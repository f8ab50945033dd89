#pragma once
/// The query of an address, and the links of pages. Pure functions, safe from any thread.
/// Source: RFC 3986 sections 2 and 3.4; hl7.org/fhir/R4/http.html#paging.

#include <string>
#include <string_view>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/search/parameters.h"

namespace concord::resources::detail {

/// "a=b&c=d" into names and values, decoded, "+" read as space; parts without a value are passed
/// over, as forms leave fields empty. Errors: malformed (a '%' without two hex digits, a control
/// character), too_long (more than 200 parameters).
Result<search::QueryParameters> read_query(std::string_view text);

/// The other way: only what an address may hold.
std::string write_query(const search::QueryParameters& parameters);

/// `path` with a query, when there is one: "Patient?name=x".
std::string with_query(std::string_view path, const search::QueryParameters& parameters);

/// Takes every value of a name out and gives the last; nothing when there is none.
std::optional<std::string> take(search::QueryParameters& parameters, std::string_view name);

/// Where a page begins: what a store said, which way to go, until when the link leads somewhere.
struct PageCursor {
  bool backwards = false;
  std::string cursor;
};
std::string write_cursor(const PageCursor& cursor, Instant until);
/// Errors: malformed (none of ours), gone (its time is over).
Result<PageCursor> read_cursor(std::string_view text, Instant now);

/// An error about a query, as callers hear it: what is invalid or not supported in an address is a
/// bad request (400), not an unprocessable resource. Source: hl7.org/fhir/R4/search.html#errors.
Error of_query(Error error);

}  // namespace concord::resources::detail
