#pragma once
/// What the endpoints of terminology share: their rows, and $validate-code as question and answer.
/// Source: hl7.org/fhir/R4/valueset-operation-validate-code.html,
/// codesystem-operation-validate-code.html.

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "fhir/terminology/terminology.h"
#include "gateway/api/api.h"
#include "gateway/api/parameters.h"
#include "gateway/api/stored_terminology.h"

namespace concord::api {

/// The row of one way to call an operation of terminology.
constexpr Endpoint terminology_operation(std::span<const std::string_view> types,
                                         std::string_view method, std::string_view path,
                                         std::string_view operation, std::string_view definition,
                                         std::string_view documentation) {
  return {.interaction = "operation",
          .resources = types,
          .method = method,
          .path = path,
          .scope = "terminology.read",
          .documentation = documentation,
          .operation = operation,
          .definition = definition};
}

struct CodeQuestion {
  std::vector<terminology::Code> codes;
  bool inferred = false;  ///< a code without system may be of any system of the value set
  bool abstract = true;   ///< abstract codes are right too
  std::string_view language;
};

/// Reads code (with system, display and a version under the name `version`), coding or
/// codeableConcept. `system`: for a code that comes without one. Errors: malformed (none of them
/// given, or more than one).
Result<CodeQuestion> read_question(const Inputs& inputs, std::string_view version,
                                   std::string_view system);

/// The code systems of codes, with the versions they name.
std::vector<CanonicalName> systems_of(const std::vector<terminology::Code>& codes);

/// Parameters with result, message, display, and the code's system. `set` null: the code system
/// alone decides. Errors: those of the writers.
Result<http::Response> answer_code(const CodeQuestion& question,
                                   const std::shared_ptr<const terminology::ValueSet>& set,
                                   const Terms& terms, Call& call, const Services& use);

/// Errors: unsupported (this gateway was made without terminology).
Result<void> terminology_served(const Services& use);

}  // namespace concord::api
