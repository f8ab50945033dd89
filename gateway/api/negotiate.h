#pragma once
/// Which format a caller sends and wants. Pure functions, safe from any thread.
/// Source: hl7.org/fhir/R4/http.html#mime-type; RFC 9110 section 12.5.1.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/core/result.h"
#include "gateway/http/message.h"

namespace concord::api {

enum class Format : std::uint8_t { json, xml };

/// How an answer is written.
struct Answering {
  Format format = Format::json;
  bool pretty = false;
  bool browser = false;  ///< what is written as JSON goes out as a page for people
};

/// "application/fhir+json; charset=utf-8".
std::string_view content_type(Format format) noexcept;

/// A media type with its parameters, lower case but for parameter values.
struct MediaType {
  std::string type;  ///< "application/fhir+json"
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string_view parameter(std::string_view name) const noexcept;
};

/// Errors: malformed (no type/subtype, an unfinished parameter).
Result<MediaType> parse_media_type(std::string_view text);

/// The format of a body from its Content-Type.
/// Errors: unsupported (none given, another type, a charset but UTF-8, a fhirVersion but 4.0, a
/// Content-Encoding): the caller answers 415.
Result<Format> body_format(const http::Request& request);

/// What the body of a PATCH is, from its Content-Type.
/// Errors: as body_format().
enum class PatchFormat : std::uint8_t { json_patch, fhir_json, fhir_xml };
Result<PatchFormat> patch_format(const http::Request& request);
/// Errors: unsupported (another type than application/x-www-form-urlencoded, a charset but UTF-8).
Result<void> check_form(const http::Request& request);

/// The format asked for: `_format` if given, else the best of Accept that we write; JSON when all
/// are equal. A page for people when text/html is named with more weight than every FHIR format
/// named, or first with as much. `query` are the decoded parameters; `_pretty=true` asks for line
/// feeds.
/// Errors: unsupported (nothing acceptable): the caller answers 406; malformed (`_pretty` is
/// neither true nor false): 400.
Result<Answering> answer_format(const http::Request& request,
                                const std::vector<std::pair<std::string, std::string>>& query);

}  // namespace concord::api
