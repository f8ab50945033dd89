#pragma once
/// Agreements compiled at load, and the decision they give. An AgreementSet is immutable: many
/// threads may decide with it at once. It keeps no clock, no facts and no history.
///
/// Source: agreements.md sections 0 (a signed prescription is never blocked), 3.2 and 3.3.

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/path/function_table.h"
#include "fhir/tree/document.h"
#include "gateway/agreements/decision.h"
#include "gateway/agreements/facts.h"

namespace concord::agreements {

/// A YAML text and the name its messages carry.
struct Source {
  std::string name;
  std::string text;
};

/// One agreement, for listing.
struct AgreementSummary {
  std::string id;
  std::uint32_t version;
  Enforcement enforcement;
  std::size_t rules;
};

class AgreementSet {
 public:
  /// No agreements: every decision is an empty permit.
  AgreementSet();
  AgreementSet(AgreementSet&&) noexcept;
  AgreementSet& operator=(AgreementSet&&) noexcept;
  ~AgreementSet();

  /// Compiles agreements and the calendars their clocks count by. The shipped calendars are always
  /// there; one of the same id replaces them. `definitions` and `functions` must outlive the set.
  ///
  /// Errors: invalid, with one issue for each fault of every file ("file:line:column" in the text,
  /// and `position`): no YAML, unknown or missing key, bad FHIRPath, unknown fact or variable,
  /// duplicate ids, a route that would choose the patient's pharmacy, a clock without calendar, a
  /// valid period that ends before it starts, a platform-wide agreement with a rule below tier 2.
  static Result<AgreementSet> compile(const std::vector<Source>& agreements,
                                      const std::vector<Source>& calendars,
                                      const definitions::Definitions& definitions,
                                      const path::FunctionTable& functions);

  /// Compiles every *.yaml directly in `folder`, in order of name, with the calendars of
  /// `folder`/calendars when there is such a folder.
  /// Errors: not_found (no such folder), transient (a file cannot be read), else as compile().
  static Result<AgreementSet> load(const std::filesystem::path& folder,
                                   const definitions::Definitions& definitions,
                                   const path::FunctionTable& functions);

  /// The agreements carried inside the program, for the demo and as a start for one's own.
  static std::vector<Source> starter();

  std::vector<AgreementSummary> agreements() const;

  struct Compiled;
  const Compiled& compiled() const { return *compiled_; }

 private:
  std::unique_ptr<const Compiled> compiled_;
};

/// What the agreements in force at `now` between the message's orderer and performer say.
///
/// Pure: the same bundle, facts, set and `now` give the same decisions. Never fails and never
/// passes silently: a rule that cannot be evaluated (data missing, wrong cardinality, step budget)
/// is recorded as indeterminate with its reason.
///
/// Within an agreement, rules are tried in order for each MedicationRequest; the first that fires
/// decides for that item (a rule with `focus: Bundle` decides for all). Between agreements effects
/// combine by severity. For a prescription-order `reject` and `hold` come to `warn` and `route` to
/// `annotate`, with the reason recorded.
///
/// `bundle` is a FHIR Bundle whose tree carries types (definitions::annotate).
Decisions decide(const tree::Document& bundle, const Facts& facts, const AgreementSet& set,
                 Instant now);

}  // namespace concord::agreements
