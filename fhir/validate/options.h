#pragma once
/// What a validation is asked to do: how deep, and every switch a sender, an operator or the public
/// test manifest may set. Plain values.
/// Source: hl7.org/fhir/R4/validation.html; names of the switches: FHIR/fhir-test-cases:
/// validator/readme.md.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"

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

/// How much is checked.
enum class Depth : std::uint8_t {
  /// Structure, types, primitives, cardinality, references and identifiers by the policies of a
  /// sender: what a gateway asks of every message, in microseconds.
  intake,
  /// Everything the reference validator checks: invariants, bindings, profiles, slicing,
  /// extensions, and the rules of single resource types.
  full,
};

/// What becomes of a reference that leads out of the document (harness switch validateReference).
enum class ReferenceCheck : std::uint8_t {
  ignore,
  check_type_if_exists,
  check_exists,
  check_exists_and_type,
  check_valid,
};

/// What becomes of an invariant that is advice only (switch best-practice).
enum class BestPractice : std::uint8_t { ignore, hint, warning, error };

/// When a relative reference without a matching fullUrl base may be met by an entry of the same
/// type and id (switch r5-bundle-relative-reference-policy).
enum class RelativeInBundle : std::uint8_t { never, strict, always };

/// A profile for some entries of a Bundle (switch bundle-param): `rule` is "Patient", "Patient:0",
/// or "0".
struct BundleRule {
  std::string rule;
  std::string profile;
};

struct Options {
  Depth depth = Depth::intake;
  IdentifierPolicy identifiers;
  Policy bindings = Policy::refuse;    ///< intake: codes outside a required value set we can list
  Policy references = Policy::refuse;  ///< intake: references that should resolve in their Bundle
  std::size_t max_issues = 100;        ///< kept in the report, not counting the line on the rest

  // ---- depth full only: the switches of the reference ----
  ReferenceCheck validate_reference = ReferenceCheck::ignore;
  bool assume_valid_rest_references = false;
  bool security_checks = false;
  bool allow_comments = false;  ///< comments in JSON are accepted
  bool enforce_aggregation_outside_bundles = true;
  bool allow_examples = true;  ///< example.org and the like are accepted urls
  bool no_html_in_markdown = false;
  bool for_publication = false;
  bool no_unicode_bidi_controls = false;
  bool no_experimental_content = false;
  bool show_messages_from_references = false;
  bool anyone_extensions = false;              ///< every unknown extension is accepted
  std::vector<std::string> extension_domains;  ///< unknown extensions with these prefixes are
  BestPractice best_practice = BestPractice::ignore;
  RelativeInBundle relative_in_bundle = RelativeInBundle::never;
  std::vector<BundleRule> bundle_rules;
  std::string language;  ///< of displays, "" is any

  /// Nothing that published examples break is refused: for demonstrations and trials.
  static Options lenient() {
    Options options;
    options.identifiers = IdentifierPolicy::all(Policy::warn);
    options.bindings = options.references = Policy::warn;
    return options;
  }
  /// As the reference validator is set by default: depth full, the identifier checks of the NHS
  /// left to warnings, so that they do not change its verdicts.
  static Options reference() {
    Options options;
    options.depth = Depth::full;
    options.identifiers = IdentifierPolicy::all(Policy::warn);
    options.max_issues = 10'000;
    return options;
  }
};

/// Reads the switches of a JSON object over `options`: names as in the public manifest
/// ("validateReference", "assumeValidRestReferences", "security-checks", "allow-comments",
/// "enforceAggregationOutsideBundles", "examples", "bundle-param", "noHtmlInMarkdown",
/// "for-publication", "r5-bundle-relative-reference-policy", "allowed-extension-domain",
/// "best-practice", "language", "unknown-extensions", …). Every other name is passed over, as the
/// manifest has many that mean nothing to a validator, and added to `unknown` when that is given.
/// Errors: malformed (no JSON object), invalid (a value outside its list).
Result<Options> read_options(std::string json, Options options = Options::reference(),
                             std::vector<std::string>* unknown = nullptr);

}  // namespace concord::validate
