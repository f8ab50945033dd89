#pragma once
/// Terminology without a server: code systems, value sets and concept maps of the definitions and
/// packages that are loaded. Source: hl7.org/fhir/R4/terminology-service.html.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/terminology/code_system.h"
#include "fhir/terminology/results.h"
#include "fhir/terminology/value_set.h"
#include "fhir/tree/document.h"

namespace concord::definitions::pack {
struct ConceptMap;
struct ValueSet;
}  // namespace concord::definitions::pack

namespace concord::packages {
class Registry;
struct Entry;
}  // namespace concord::packages

namespace concord::terminology {

/// Bounds on what is compiled. Past one of them: Gap::too_costly, or the error too_costly.
struct Limits {
  std::size_t max_listed = 1'000'000;  ///< codes a value set lists itself
  std::size_t max_depth = 32;          ///< value sets that import one another
  std::size_t max_parts = 20'000;      ///< includes and excludes of one value set, imports included
};

/// Thread-safe. Code systems and value sets are compiled at first use and kept; after that a test
/// takes no lock when the caller holds the ValueSet. The registry must outlive it and not grow any
/// more.
class Terminology {
 public:
  explicit Terminology(const packages::Registry& registry, Limits limits = {});
  ~Terminology();
  Terminology(const Terminology&) = delete;
  Terminology& operator=(const Terminology&) = delete;

  /// Adds a large code system, in place of whatever has its url. Before first use only.
  void plug(std::unique_ptr<LargeCodeSystem> system);

  const packages::Registry& registry() const noexcept;

  // ---- for the validator ---------------------------------------------------------------------

  /// A value set by canonical url (with |version or without); null when it is not loaded. One that
  /// cannot be resolved whole comes with gaps().
  std::shared_ptr<const ValueSet> value_set(std::string_view canonical,
                                            const packages::Entry* asked_from = nullptr) const;
  /// A value set of a document: contained, or given to an operation. `resource` is a ValueSet.
  /// Errors: invalid (no ValueSet, without url, unreadable).
  Result<std::shared_ptr<const ValueSet>> compile(
      const tree::Document& document, const tree::Node& resource,
      const packages::Entry* asked_from = nullptr) const;
  /// A code system by canonical url; null when it is neither loaded nor built in. Supplements that
  /// are loaded are merged into it.
  const CodeSystem* code_system(std::string_view canonical,
                                const packages::Entry* asked_from = nullptr) const;

  /// How a code stands in its own system. `language`: of the display, as Accept-Language has it;
  /// empty: any.
  CodeCheck check(const Code& code, std::string_view language = {},
                  const packages::Entry* asked_from = nullptr) const;
  /// Whether a code is in a value set, and how it stands in its own system. A code without system
  /// is looked for in every system of the set.
  Membership contains(std::string_view value_set_canonical, const Code& code,
                      std::string_view language = {},
                      const packages::Entry* asked_from = nullptr) const;
  Membership contains(std::shared_ptr<const ValueSet> value_set, const Code& code,
                      std::string_view language = {},
                      const packages::Entry* asked_from = nullptr) const;
  /// Whether an url belongs to a system that is known but comes as a release of its own (SNOMED CT,
  /// LOINC, dm+d, ICD …).
  static bool needs_release(std::string_view system) noexcept;

  // ---- operations ----------------------------------------------------------------------------

  /// Errors: not_found (no such value set), invalid (a gap: what it draws on is not loaded, a
  /// filter that is none), too_costly (more codes than `max_codes`, or it cannot be listed).
  Result<Expansion> expand(std::string_view value_set_canonical,
                           const ExpandOptions& options = {}) const;
  Result<Expansion> expand(std::shared_ptr<const ValueSet> value_set,
                           const ExpandOptions& options = {}) const;
  /// Errors: not_found (no such system or code), invalid (no system or no code given).
  Result<Lookup> lookup(const Code& code, std::string_view language = {}) const;
  /// Errors: not_found (no such system or code), unsupported (a system without hierarchy).
  Result<Subsumption> subsumes(std::string_view system, std::string_view version,
                               std::string_view code_a, std::string_view code_b) const;
  /// Errors: not_found (no such map), invalid (neither map nor value sets nor target given).
  Result<Translation> translate(std::span<const Code> codes, const TranslateOptions& options) const;
  /// The same with one map of a pack.
  Result<Translation> translate(std::span<const Code> codes, const TranslateOptions& options,
                                const definitions::pack::ConceptMap& map) const;

  struct State;  // of this room; not for use

 private:
  std::unique_ptr<State> state_;
};

}  // namespace concord::terminology
