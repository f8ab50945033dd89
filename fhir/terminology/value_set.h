#pragma once
/// A value set compiled into one membership test per code system.
/// Source: hl7.org/fhir/R4/valueset.html#compositions.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/terminology/code_system.h"

namespace concord::terminology {

/// `unknown`: cannot be told with what is loaded.
enum class Answer : std::uint8_t { no, yes, unknown };

/// Why part of a value set cannot be told.
enum class Gap : std::uint8_t {
  none,
  unknown_system,     ///< no such code system is loaded
  unknown_version,    ///< the system is here, in another version
  incomplete_system,  ///< a fragment, an example, or published without its codes
  needs_release,  ///< a system of its own licence and size (SNOMED CT, dm+d, LOINC), not plugged
  unknown_value_set,  ///< an imported value set is not loaded
  cycle,              ///< it imports itself
  bad_filter,         ///< a filter no system can answer as written
  too_costly,         ///< past a bound of size or depth
};

/// One such part.
struct GapNote {
  Gap gap = Gap::none;
  std::string subject;  ///< url of the system or value set, with |version where one was asked for
  std::string text;     ///< for people: which filter, what bound
};

/// A code found, or not, in a value set.
struct Hit {
  Answer answer = Answer::no;
  std::string_view system;         ///< of the code; found by the code when it came without
  const CodeSystem* in = nullptr;  ///< null: listed by the value set, its system is not here
  Concept number = kNoConcept;     ///< in `in`
  Gap gap = Gap::none;             ///< for `unknown`: why
  std::string_view subject;        ///< and of which system or value set
  explicit operator bool() const noexcept { return answer == Answer::yes; }
};

/// Immutable, safe from any thread. A test is one hash look-up, no lock, no memory.
class ValueSet {
 public:
  ~ValueSet();
  ValueSet(const ValueSet&) = delete;
  ValueSet& operator=(const ValueSet&) = delete;

  std::string_view url() const noexcept;
  std::string_view version() const noexcept;  ///< empty when not said
  /// The name for people: title, else name, else url.
  std::string_view title() const noexcept;
  std::string_view status() const noexcept;
  bool is_experimental() const noexcept;
  std::string_view standards_status() const noexcept;

  /// Whether a code of that system is in the set. `version` as in Coding.version; empty: any.
  Hit find(std::string_view system, std::string_view code, std::string_view version = {}) const;
  Answer contains(std::string_view system, std::string_view code) const {
    return find(system, code).answer;
  }
  /// A code without system, as the type `code` has it: in any system of the set.
  Hit infer(std::string_view code) const;

  /// What could not be resolved; empty: every answer is yes or no.
  std::span<const GapNote> gaps() const noexcept;
  /// The display the value set itself gives a listed code; empty when it gives none.
  std::string_view own_display(std::string_view system, std::string_view code) const;

  struct Compiled;  // of this room; not for use
  explicit ValueSet(std::unique_ptr<const Compiled> compiled);
  const Compiled& compiled() const noexcept { return *compiled_; }

 private:
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace concord::terminology
