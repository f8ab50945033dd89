#pragma once
/// From an operation of a script to an HTTP request. One thread.

#include <span>
#include <string_view>

#include "conformance/runner/session.h"

namespace concord::runner {

/// How a code of operation.type is asked for.
/// Source: hl7.org/fhir/R4/valueset-testscript-operation-codes.html (all 45).
struct OperationRow {
  std::string_view code;
  std::string_view method;
  enum class Shape {
    type,      ///< Type, with params as a query
    instance,  ///< Type/id
    version,   ///< Type/id/_history/vid
    history,   ///< [Type[/id]/]_history
    system,    ///< the base itself
    metadata,
    operation,  ///< [Type[/id]/]$code
  } shape;
  std::string_view interaction;  ///< R4 restful interaction; empty for named operations
};

std::span<const OperationRow> operation_rows();
/// The row of a code; of unknown codes that of a named operation, whose `code` is empty.
const OperationRow& operation_row(std::string_view code);

/// An operation made ready: request, and what it is about.
struct Prepared {
  Request request;
  std::string type;         ///< resource type it is about; empty: the system
  std::string interaction;  ///< "read", "search-type", "$validate" …
  std::string fixture;      ///< source fixture, for what the server makes of it
  int destination = 1;
};

/// Derives method and address from type, resource, targetId, params and sourceId, unless url and
/// method are given. `params` behind a `url` without query are added to it.
///
/// Errors: not_found (no such destination, fixture, response or variable), invalid (what the
/// operation needs is not there: no resource type, no id), forbidden (an address outside of the
/// servers).
Result<Prepared> prepare(const Operation& operation, Session& session);

/// Whole MIME type of "json", "xml", "ttl"; "none" is empty; anything else stays.
std::string mime_type(std::string_view code);

/// Percent-encodes what may not stand in an address; "%XX" and delimiters stay.
std::string encode_url(std::string_view url);

}  // namespace concord::runner
