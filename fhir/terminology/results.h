#pragma once
/// What the operations of a terminology service take and give. Plain values; views in results live
/// as long as the Terminology (and the value set or map that was given).
/// Source: hl7.org/fhir/R4/terminology-service.html and the operation pages it leads to.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/error.h"
#include "fhir/terminology/code_system.h"
#include "fhir/terminology/value_set.h"

namespace concord::terminology {

/// A code as a message has it. Empty: not given.
struct Code {
  std::string_view system;
  std::string_view code;
  std::string_view display;
  std::string_view version;  ///< of the system
};

// ---- membership ------------------------------------------------------------------------------

/// How a code stands in its own system.
enum class Standing : std::uint8_t {
  valid,
  no_system,        ///< came without a system, and none could be found for it
  unknown_code,     ///< the system is here whole, and has no such code
  unknown_system,   ///< no such code system is loaded
  unknown_version,  ///< the system is here, in another version
  not_checked,      ///< the system is not here whole: fragment, example, or a release not plugged
  supplement,       ///< what stands as system is a supplement
  value_set,        ///< what stands as system is a value set
};

/// How a display stands beside its code.
enum class DisplayStanding : std::uint8_t {
  right,
  white_space,       ///< right but for white space
  default_language,  ///< right in the system's own language; it has none in the language asked for
  wrong,
  none_in_language,  ///< wrong, and the system has none in the language asked for
  unknown,           ///< none given, or none known to compare with
};

/// A code in its own system.
struct CodeCheck {
  Standing standing = Standing::unknown_system;
  DisplayStanding display = DisplayStanding::unknown;
  std::vector<std::string_view> displays;  ///< for a wrong one: what it may be
  const CodeSystem* system = nullptr;
  Concept number = kNoConcept;
  Gap gap = Gap::none;
  bool inactive = false;
  bool abstract = false;
  bool other_case = false;  ///< found by another spelling: case does not matter in the system
};

/// A code and a value set.
struct Membership {
  Answer answer = Answer::unknown;
  Gap gap = Gap::none;      ///< for `unknown`: why
  std::string subject;      ///< and of which system or value set
  std::string_view system;  ///< of the code; found by the code when it came without
  CodeCheck code;           ///< in its own system
  std::shared_ptr<const ValueSet> value_set;  ///< null: not loaded
  explicit operator bool() const noexcept { return answer == Answer::yes; }
};

// ---- $expand ---------------------------------------------------------------------------------

struct ExpandOptions {
  std::string filter;  ///< words, each the start of a word of display or code
  std::size_t offset = 0;
  std::optional<std::size_t> count;  ///< a page; none: everything
  bool active_only = false;
  bool exclude_nested = false;      ///< a flat list
  bool exclude_not_for_ui = false;  ///< without abstract codes
  bool include_designations = false;
  std::vector<std::string> designations;     ///< only those: language, or system|code of the use
  std::string display_language;              ///< BCP 47, or an Accept-Language list
  std::vector<std::string> exclude_systems;  ///< canonical, with |version or without
  std::vector<std::string> system_versions;  ///< system|version to use where none is said
  std::vector<std::string> force_system_versions;
  std::vector<std::string> check_system_versions;
  std::size_t max_codes = 50'000;  ///< of one answer; more is too_costly
};

/// One line. Lines stand in the order of the tree, each before what is below it.
struct ExpansionLine {
  static constexpr std::uint32_t kTop = 0xFFFFFFFF;
  std::string_view system, version, code, display;
  bool abstract = false;
  bool inactive = false;
  std::uint32_t parent = kTop;  ///< index of the line it stands below
  std::vector<Designation> designations;
};

struct Expansion {
  std::shared_ptr<const ValueSet> value_set;
  std::vector<ExpansionLine> lines;
  std::size_t total = 0;  ///< before paging
  std::size_t offset = 0;
  bool paged = false;
  /// name → value of ValueSet.expansion.parameter: options used, "version" of each system.
  std::vector<std::pair<std::string, std::string>> parameters;
};

// ---- $lookup, $subsumes ----------------------------------------------------------------------

struct Lookup {
  const CodeSystem* system = nullptr;
  Concept number = kNoConcept;  ///< kNoConcept for codes of grammars
  std::string_view code, display, definition;
  bool inactive = false, abstract = false;
  std::vector<Designation> designations;
  std::vector<Property> properties;  ///< of the system; without parent and child
  std::vector<Concept> parents, children;
};

enum class Subsumption : std::uint8_t { equivalent, subsumes, subsumed_by, not_subsumed };

/// "equivalent", "subsumes", "subsumed-by", "not-subsumed".
std::string_view subsumption_name(Subsumption value) noexcept;

// ---- $translate ------------------------------------------------------------------------------

struct TranslateOptions {
  std::string map;             ///< canonical of the ConceptMap; empty: every map that fits
  std::string source, target;  ///< canonicals of value sets, to choose maps by
  std::string target_system;   ///< only concepts of that system
  bool reverse = false;        ///< from target to source
  /// Other values known of the message, for dependsOn: property → Coding (or plain text in `code`).
  std::vector<std::pair<std::string, Code>> dependencies;
};

struct TranslationMatch {
  std::string_view equivalence;  ///< of the map's words: "equivalent", "wider", "unmatched" …
  std::string_view system, code, display, version;
  std::string_view comment;
  std::string_view map;  ///< url of the ConceptMap it comes from
  struct Product {
    std::string_view property, system, value, display;
  };
  std::vector<Product> products;
};

struct Translation {
  bool result = false;  ///< some match is neither unmatched nor disjoint
  std::string message;
  std::vector<TranslationMatch> matches;
};

}  // namespace concord::terminology
