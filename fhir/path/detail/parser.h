#pragma once
/// FHIRPath text to a syntax tree. Source: hl7.org/fhirpath/N1, appendix B and section 6.8
/// (precedence).

#include <string_view>

#include "fhir/core/result.h"
#include "fhir/path/detail/ast.h"

namespace concord::path::detail {

struct ParseOptions {
  std::size_t max_depth = 128;
  bool double_quoted_names = false;  ///< "div" is a name, as before FHIRPath 1.0
};

/// Errors: malformed (syntax), too_long (nested deeper than `max_depth`, or more than four times as
/// many operators in a row). `failed_at` is then the byte offset of the fault.
Result<Ast> parse(std::string_view text, const ParseOptions& options, std::uint32_t& failed_at);

/// Whether a word is a calendar unit ("day", "days") and its singular; empty when not.
std::string_view calendar_unit(std::string_view word) noexcept;

}  // namespace concord::path::detail
