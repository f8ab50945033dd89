#pragma once
/// A code system as value sets, look-ups and the validator see it, whatever stands behind: a table
/// in memory, a grammar (MIME types, UCUM), or a memory-mapped index.
/// Source: hl7.org/fhir/R4/codesystem.html, terminology-service.html.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/terminology/concept_set.h"

namespace concord::terminology {

/// How much of its codes a system carries.
enum class Content : std::uint8_t {
  complete,     ///< a code that is not there does not exist
  grammar,      ///< complete, but told by syntax: cannot be listed
  fragment,     ///< some codes; others exist
  example,      ///< a few codes for illustration; others exist
  not_present,  ///< none
  supplement,   ///< names and properties for another system; never a system of its own
};

/// Another name of a concept. Views live as long as the system.
struct Designation {
  std::string_view language;  ///< BCP 47, empty when not said
  std::string_view use_system, use_code, use_display;
  std::string_view value;
};

/// A property of a concept. Views live as long as the system.
struct Property {
  std::string_view code;  ///< "parent", "notSelectable"
  std::string_view
      type;  ///< "code", "Coding", "string", "integer", "boolean", "dateTime", "decimal"
  std::string_view value;  ///< as written; of a Coding its code
};

/// One condition of ValueSet.compose.include.filter.
struct Filter {
  std::string_view property;
  std::string_view op;
  std::string_view value;
};

/// Read-only once made; safe from any thread. What it hands out lives as long as it does.
class CodeSystem {
 public:
  virtual ~CodeSystem() = default;

  virtual std::string_view url() const noexcept = 0;
  virtual std::string_view version() const noexcept = 0;  ///< empty when not said
  virtual std::string_view name() const noexcept { return {}; }
  virtual std::string_view title() const noexcept { return {}; }
  virtual std::string_view status() const noexcept { return {}; }  ///< "draft", "retired" …
  /// Extension structuredefinition-standards-status: "deprecated", "withdrawn" …
  virtual std::string_view standards_status() const noexcept { return {}; }
  virtual bool is_experimental() const noexcept { return false; }
  virtual std::string_view language() const noexcept { return {}; }  ///< of its displays
  virtual Content content() const noexcept = 0;
  virtual bool is_case_sensitive() const noexcept { return true; }

  /// Concepts are numbered 0 … size() - 1; 0 for grammars.
  virtual std::size_t size() const noexcept = 0;
  /// The concept of a code, or kNoConcept. Constant time. Always kNoConcept in grammars.
  virtual Concept find(std::string_view code) const noexcept = 0;
  /// Whether it is a code of the system. Differs from find() for grammars only.
  virtual bool has(std::string_view code) const noexcept { return find(code) != kNoConcept; }

  virtual std::string_view code(Concept at) const noexcept = 0;
  virtual std::string_view display(Concept at) const noexcept = 0;  ///< empty when it has none
  virtual std::string_view definition(Concept) const noexcept { return {}; }
  virtual bool is_inactive(Concept) const noexcept { return false; }
  virtual bool is_abstract(Concept) const noexcept { return false; }  ///< not for use in instances
  virtual void designations(Concept, const std::function<void(const Designation&)>&) const {}
  virtual void properties(Concept, const std::function<void(const Property&)>&) const {}

  /// Direct ones, in the order of the system.
  virtual std::vector<Concept> parents(Concept) const { return {}; }
  virtual std::vector<Concept> children(Concept) const { return {}; }
  /// Whether `at` is `ancestor` or stands below it.
  virtual bool is_a(Concept at, Concept ancestor) const = 0;

  /// The concepts that meet a filter; done once when a value set is compiled.
  /// Errors: invalid (a pattern that is none, a property or code the system does not have),
  /// unsupported (an operator it cannot answer), too_costly.
  virtual Result<ConceptSet> select(const Filter& filter) const = 0;
  /// For grammars, whose codes have no number: whether a code meets a filter; nothing when the
  /// system cannot say.
  virtual std::optional<bool> meets(std::string_view code, const Filter& filter) const;
};

/// A system too large to carry in tables: SNOMED CT, dm+d, LOINC. An index mapped into memory
/// answers; value sets over it compile to ConceptSets (ranges or bit maps of its numbers).
class LargeCodeSystem : public CodeSystem {
 public:
  Content content() const noexcept override { return Content::complete; }
  /// Everything below a concept, without it: ranges when the index numbers concepts in preorder.
  virtual ConceptSet descendants(Concept at) const = 0;
  /// The concepts that meet a constraint in the system's own language (SNOMED CT: ECL).
  /// Errors: unsupported (the system has none), malformed, too_costly.
  virtual Result<ConceptSet> constrained(std::string_view expression) const;
};

}  // namespace concord::terminology
