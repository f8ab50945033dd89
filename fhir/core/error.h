#pragma once
/// Why a step stopped, and how the outside hears of it. Plain values, safe from any thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace concord {

/// Why a step could not go on. Append only: the numbers are stored in the audit log.
enum class ErrorCode : std::uint8_t {
  malformed,     ///< the bytes are not the format they claim to be
  invalid,       ///< well formed, but breaks a rule of its standard or profile
  unsupported,   ///< a format, version, interaction or content we do not carry
  login,         ///< the caller is not known
  forbidden,     ///< the caller is known and may not
  not_found,     ///< what was named does not exist
  conflict,      ///< the same identity with other content, or a version clash
  denied,        ///< an agreement or business rule says no
  too_long,      ///< over a limit of size, depth or count
  too_costly,    ///< over a limit of steps or time of evaluation
  throttled,     ///< too many requests; come back later
  transient,     ///< a part we need is not there right now; the same call may work later
  timeout,       ///< the deadline of the request passed
  internal,      ///< our fault
  gone,          ///< what was named was there once
  precondition,  ///< the caller's condition does not hold: If-Match, several matches
};

/// How the outside hears a code; nothing else in the tree knows HTTP or HL7 v2 numbers.
/// Source: hl7.org/fhir/R4/valueset-issue-type.html; HL7 v2 table 0008 (MSA-1).
struct ErrorRow {
  ErrorCode code;
  std::string_view name;
  std::string_view issue_type;
  int http_status;
  std::string_view ack_code;
  bool retryable;
};

inline constexpr std::array kErrorTable{
    ErrorRow{ErrorCode::malformed, "malformed", "structure", 400, "AR", false},
    ErrorRow{ErrorCode::invalid, "invalid", "invalid", 422, "AE", false},
    ErrorRow{ErrorCode::unsupported, "unsupported", "not-supported", 422, "AR", false},
    ErrorRow{ErrorCode::login, "login", "login", 401, "AR", false},
    ErrorRow{ErrorCode::forbidden, "forbidden", "forbidden", 403, "AR", false},
    ErrorRow{ErrorCode::not_found, "not_found", "not-found", 404, "AE", false},
    ErrorRow{ErrorCode::conflict, "conflict", "conflict", 409, "AE", false},
    ErrorRow{ErrorCode::denied, "denied", "business-rule", 422, "AE", false},
    ErrorRow{ErrorCode::too_long, "too_long", "too-long", 413, "AR", false},
    ErrorRow{ErrorCode::too_costly, "too_costly", "too-costly", 422, "AR", false},
    ErrorRow{ErrorCode::throttled, "throttled", "throttled", 429, "AR", true},
    ErrorRow{ErrorCode::transient, "transient", "transient", 503, "AE", true},
    ErrorRow{ErrorCode::timeout, "timeout", "timeout", 504, "AE", true},
    ErrorRow{ErrorCode::internal, "internal", "exception", 500, "AE", false},
    ErrorRow{ErrorCode::gone, "gone", "deleted", 410, "AE", false},
    ErrorRow{ErrorCode::precondition, "precondition", "conflict", 412, "AE", false},
};

namespace detail {
constexpr bool error_rows_follow_the_enum() {
  for (std::size_t i = 0; i < kErrorTable.size(); ++i) {
    if (static_cast<std::size_t>(kErrorTable[i].code) != i) return false;
  }
  return kErrorTable.size() == static_cast<std::size_t>(ErrorCode::precondition) + 1;
}
}  // namespace detail
static_assert(detail::error_rows_follow_the_enum());

/// The row of a code.
constexpr const ErrorRow& error_row(ErrorCode code) {
  return kErrorTable[static_cast<std::size_t>(code)];
}

/// `error`: the message is wrong. `fatal`: we could not finish. `warning` never stops a message.
/// Source: hl7.org/fhir/R4/valueset-issue-severity.html.
enum class Severity : std::uint8_t { fatal, error, warning, information };

/// The FHIR code of a severity ("error").
constexpr std::string_view severity_name(Severity severity) {
  constexpr std::array<std::string_view, 4> kNames{"fatal", "error", "warning", "information"};
  return kNames[static_cast<std::size_t>(severity)];
}

/// A place in the text as received: both count from 1, columns in bytes; 0 means unknown.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

/// Where an OperationOutcome says the text of an issue. A national service publishes its findings
/// word for word; what is `diagnostics` or `display` there stands in the same place here.
enum class Wording : std::uint8_t {
  details,      ///< details.text: as this gateway words its own findings
  diagnostics,  ///< diagnostics: a published finding
  display,      ///< details.coding.display: a published error code and its meaning
};

/// One finding. `expression` is FHIRPath with indices:
/// "Bundle.entry[1].resource.dosageInstruction[0].timing". `text` names elements and public codes,
/// never a value of the message.
struct Issue {
  Severity severity = Severity::error;
  std::string expression;
  std::string text;
  Position position{};
  std::string code;         ///< FHIR issue-type when it differs from the error's own; else empty
  std::string detail_code;  ///< rule or published error code for details.coding; else empty
  /// Code system of `detail_code`. Empty: the gateway's own for Wording::details, else none.
  std::string detail_system{};
  Wording wording = Wording::details;
  friend bool operator==(const Issue&, const Issue&) = default;
};

/// A step that stopped. `issues` go to the caller; `log_detail` stays inside (no patient data).
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::vector<Issue> issues;
  std::string log_detail;
};

/// An error with one issue.
inline Error make_error(ErrorCode code, std::string text, std::string expression = {},
                        Position position = {}) {
  Error error;
  error.code = code;
  error.issues.push_back(
      Issue{Severity::error, std::move(expression), std::move(text), position, {}, {}});
  return error;
}

/// A code and its issues on one line for command lines and tests: "invalid: text (expression)
/// 3:14".
std::string to_string(const Error& error);

}  // namespace concord
