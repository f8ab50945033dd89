#pragma once
/// Whether a document keeps the rules of R4. Compiled once, then read by any number of threads.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/tree/document.h"
#include "fhir/validate/report.h"

namespace concord::validate {

/// What becomes of a finding: an error, a warning, or nothing.
enum class Policy : std::uint8_t { refuse, warn, accept };

/// "refuse", "warn" or "accept"; nothing for any other text.
std::optional<Policy> policy_from(std::string_view text);

/// Identifiers whose check digit or form is wrong, for one sender: published examples break some of
/// these rules, so each is a setting. Refusing is the default.
struct IdentifierPolicy {
  Policy nhs_number = Policy::refuse;       ///< https://fhir.nhs.uk/Id/nhs-number
  Policy ods_code = Policy::refuse;         ///< https://fhir.nhs.uk/Id/ods-organization-code
  Policy snomed_code = Policy::refuse;      ///< codes of http://snomed.info/sct
  Policy prescription_id = Policy::refuse;  ///< https://fhir.nhs.uk/Id/prescription-order-number

  static constexpr IdentifierPolicy all(Policy policy) { return {policy, policy, policy, policy}; }
};

struct Options {
  IdentifierPolicy identifiers;
  Policy bindings = Policy::refuse;    ///< codes outside a required value set we can enumerate
  Policy references = Policy::refuse;  ///< references that should resolve inside their Bundle
  std::size_t max_issues = 100;        ///< kept in the report, not counting the line on the rest

  /// Nothing that published examples break is refused: for demonstrations and trials.
  static constexpr Options lenient() {
    return {IdentifierPolicy::all(Policy::warn), Policy::warn, Policy::warn, 100};
  }
};

/// Runs the rules of `rules/` over a document in one walk. Source: hl7.org/fhir/R4/validation.html.
class Validator {
 public:
  /// Compiles every rule for every type of R4. `definitions` must outlive the validator; models
  /// added to it later are not seen.
  static Validator compile(const definitions::Definitions& definitions);

  Validator(Validator&&) noexcept;
  Validator& operator=(Validator&&) noexcept;
  ~Validator();

  /// Checks a document that definitions::annotate() has been over. Never fails: whatever is wrong
  /// is in the report. Time and memory are bounded by the nodes of the document.
  Report validate(const tree::Document& document, const Options& options = {}) const;

 private:
  struct Compiled;
  explicit Validator(std::unique_ptr<const Compiled> compiled);
  std::unique_ptr<const Compiled> compiled_;
};

/// Reads FHIR JSON or XML (told apart by the first character), annotates and validates it: what
/// `concord validate` does for one file. What cannot be read gives a report with the reader's
/// issues as errors.
Report validate_text(std::string text, const Validator& validator,
                     const definitions::Definitions& definitions, const Options& options = {},
                     const tree::Limits& limits = {});

}  // namespace concord::validate
