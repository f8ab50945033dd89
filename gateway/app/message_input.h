#pragma once
/// What commands that take one message have in common: reading it, and the parameters it is
/// translated with.

#include <string>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"
#include "mappers/core/mapper.h"

namespace concord::app {

/// FHIR as JSON or XML, by the first character that is not white space. Empty arrays are passed
/// over with a warning each. Errors: of the readers.
Result<tree::Document> read_fhir_text(std::string text, const tree::Symbols& symbols,
                                      const tree::Limits& limits, std::vector<Issue>& warnings);

/// Whether a text is XML by its first character that is not white space.
bool is_xml_text(std::string_view text) noexcept;

/// `now` as a FHIR instant, the system's clock when empty; `set` as name=value each.
/// Errors: invalid.
Result<mappers::Parameters> make_parameters(const std::string& now,
                                            const std::vector<std::string>& set);

}  // namespace concord::app
