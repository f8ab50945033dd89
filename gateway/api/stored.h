#pragma once
/// What the interactions with stored resources share: what they are asked with and how their
/// results go back. Functions are safe from any thread.
/// Source: hl7.org/fhir/R4/http.html.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/tree/document.h"
#include "gateway/api/conditions.h"
#include "gateway/api/endpoint.h"
#include "gateway/resources/service.h"

namespace concord::api {

/// The type in the address. Errors: not_found (nothing of that type is kept here).
Result<std::string> type_of(const Call& call, const Services& use);

/// Who asks. Searches end with the request, or after `search_time`.
resources::Caller caller_of(const Call& call, const Services& use);

/// The FHIR base as the caller used it: that of the configuration, else by the Host field.
std::string base_of(const http::Request& request, const Services& use);

/// FHIR id: hl7.org/fhir/R4/datatypes.html#id.
bool is_id(std::string_view text) noexcept;

/// The body as a tree. `type`, when given, is what it must be.
/// Errors: unsupported (Content-Type), those of the readers, malformed (another type).
Result<tree::Document> read_body(Call& call, const Services& use, std::string_view type = {});

/// `_summary` and `_elements` of what reads one resource.
/// Errors: malformed (a value that is none; `count`, which is for searches).
Result<resources::Cut> read_cut(const Call& call);
/// The same parameters of a search, to be refused before anything is done.
Result<void> check_cut(const Call& call);

/// A query without what only says how the answer is written (_format, _pretty): nothing is left
/// of it when there are no criteria. Not decoded.
std::string criteria_of(std::string_view query);

/// Appends a parameter to a query, escaped as an address has it.
void append_parameter(std::string& query, std::string_view name, std::string_view value);
/// The same for a value that is to be searched for as it is: not as a list, a token or a composite.
void append_criterion(std::string& query, std::string_view name, std::string_view value);

/// A mistake in the parameters of a call is the caller's request, not its content: 400, with the
/// issue type of the error as it was.
Error as_bad_request(Error error);
/// The same for searches; one that did not end in the caller's time is 504.
Error search_error(Error error, const resources::Caller& caller, const Services& use);

/// A resource as the answer, in the format asked for. `json` is its text.
/// Errors: internal (the text cannot be read), too_long.
Result<http::Response> text_response(int status, std::string json, const Call& call,
                                     const Services& use);
/// An OperationOutcome of these issues.
Result<http::Response> issues_response(int status, const std::vector<Issue>& issues,
                                       const Call& call, const Services& use);

/// A version that was read: 200, or 304 when the caller has it already; ETag and Last-Modified.
Result<http::Response> version_response(store::ResourceRow row, const resources::Cut& cut,
                                        const Call& call, const Services& use);
/// A version that is a deletion, or a resource that is deleted now: 410 with the ETag of that
/// version. `error` says so.
Result<http::Response> gone_response(const Error& error, std::string_view type, std::string_view id,
                                     std::string_view version, const Call& call,
                                     const Services& use);

/// What a change came to: status, Location, ETag, Last-Modified, and the body the caller wants.
Result<http::Response> change_response(resources::Done done, const Preferences& preferences,
                                       const Call& call, const Services& use);

/// A Bundle of a page.
Result<http::Response> page_response(const resources::Page& page, const Call& call,
                                     const Services& use);

// ---- interactions that also stand behind special addresses ----

Result<http::Response> create_resource(Call& call, const Services& use, std::string_view type);
Result<http::Response> read_resource(Call& call, const Services& use, std::string_view type);
Result<http::Response> search_type(Call& call, const Services& use, std::string_view type);

}  // namespace concord::api
