#pragma once
/// Whether a document keeps the rules of R4. Compiled once, then read by any number of threads.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "fhir/definitions/definitions.h"
#include "fhir/tree/document.h"
#include "fhir/validate/context.h"
#include "fhir/validate/options.h"
#include "fhir/validate/parts.h"
#include "fhir/validate/report.h"

namespace concord::validate {

/// Runs the rules of `rules/` over a document in one walk. Source: hl7.org/fhir/R4/validation.html.
class Validator {
 public:
  /// Compiles every rule for every type of R4. What `parts` points to must outlive the validator;
  /// models added to the definitions later are not seen. Profiles are compiled at their first use.
  static Validator compile(const Parts& parts);
  /// The same with definitions alone: enough for depth intake.
  static Validator compile(const definitions::Definitions& definitions) {
    return compile(Parts{&definitions, nullptr, nullptr, nullptr});
  }

  Validator(Validator&&) noexcept;
  Validator& operator=(Validator&&) noexcept;
  ~Validator();

  /// Checks a document that definitions::annotate() has been over. Never fails: whatever is wrong
  /// is in the report. Time and memory are bounded by the nodes of the document.
  Report validate(const tree::Document& document, const Options& options = {}) const;

  /// The same with profiles the caller asks for (canonical urls) and resources that references may
  /// lead to, in depth full. A profile that is not known is an error in the report.
  struct Request {
    std::span<const std::string> profiles = {};
    const Neighbours* neighbours = nullptr;
  };
  Report validate(const tree::Document& document, const Options& options,
                  const Request& request) const;

  const Parts& parts() const noexcept;

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
                     const tree::Limits& limits = {}, const Validator::Request& request = {});

}  // namespace concord::validate
