#pragma once
// A profile compiled for the walk: what it says beyond R4's own definitions, which the base pass
// has checked already. Built once by PlanCompiler, then read by any number of threads.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/tree/document.h"
#include "fhir/validate/binding.h"
#include "fhir/validate/detail/invariants.h"
#include "fhir/validate/narrative_control.h"

namespace concord::definitions::pack {
struct Element;
}

namespace concord::validate::detail {

namespace pack = definitions::pack;
using definitions::Type;
using tree::Symbol;

struct ElementPlan;
struct ProfilePlan;

/// One type an element may have.
struct TypePlan {
  std::string_view code;
  const Type* type = nullptr;  ///< null: none of R4
  std::vector<std::string_view> profiles;
  std::vector<std::string_view> target_profiles;
};

/// What a Reference may lead to.
struct TargetRule {
  std::vector<std::string_view> profiles;  ///< none: anything
  std::vector<const Type*> types;          ///< the same, when all are R4's own types
  bool aggregates = false;                 ///< says how the target must be at hand
  bool contained = false, bundled = false, referenced = false;
  const packages::Entry* asked_from = nullptr;
};

/// A fixed or pattern value as a tree: the value is the only child of the root, or the root's text.
struct Exemplar {
  bool pattern = false;
  const Type* type = nullptr;
  std::optional<tree::Document> document;  ///< of a complex value
  std::string_view text;                   ///< of a primitive
};

/// Bounds on a primitive beyond those of its type.
struct ValueRule {
  std::uint32_t max_length = 0, min_length = 0;
  int max_decimal_places = -1;
  std::string_view min_value, max_value, min_type, max_type;
  std::string_view regex, max_size;
};

/// One step of a discriminator.
struct Step {
  enum class Kind : std::uint8_t { child, extension, resolve, of_type } kind = Kind::child;
  std::string text;             ///< name, url or type as written
  Symbol name = Symbol::kNone;  ///< of a child
  const Type* type = nullptr;   ///< of ofType
};

/// One discriminator as one slice fills it.
struct Condition {
  enum class Kind : std::uint8_t {
    fixed,
    pattern,
    member,
    exists,
    absent,
    type,
    profile,
    position
  };
  Kind kind = Kind::exists;
  const std::vector<Step>* path = nullptr;
  const Exemplar* exemplar = nullptr;
  std::string_view value_set;
  const packages::Entry* asked_from = nullptr;
  std::vector<const Type*> types;
  std::vector<std::string_view> profiles;
  std::size_t first = 0, end = 0;  ///< positions
};

struct Discriminator {
  std::string_view type;
  std::vector<Step> path;
  bool broken = false;  ///< a path that is none
};

struct Slice {
  std::unique_ptr<ElementPlan> plan;
  std::vector<Condition> conditions;  ///< all must hold
  bool broken = false;                ///< cannot be told apart: a mistake of the profile
  bool otherwise = false;             ///< @default
  std::size_t parent = kNone;         ///< of a slice within a slice
  static constexpr std::size_t kNone = SIZE_MAX;
};

/// The children of one name: their definition and its slices.
struct Group {
  std::unique_ptr<ElementPlan> plan;
  std::vector<Slice> slices;
  std::vector<Discriminator> discriminators;
  std::size_t first_count = 0;  ///< where its counts begin: its own, then one for each slice
  bool sliced = false, ordered = false, closed = false, open_at_end = false;
};

/// The children a definition lists.
struct Children {
  std::vector<Group> groups;                              ///< in the order of the definition
  std::vector<std::pair<Symbol, std::uint16_t>> by_name;  ///< sorted; choices under every name
  std::size_t count_total = 0;                            ///< counts of all groups and slices

  /// The group of a name, or -1.
  int find(Symbol name) const noexcept;
};

struct ElementPlan {
  const pack::Element* element = nullptr;
  const ProfilePlan* profile = nullptr;
  std::string_view id, path, slice_name, content_reference;
  std::string name;  ///< "value[x]" as in messages
  std::uint32_t min = 0, max = 1;
  bool is_choice = false;  ///< value[x]
  bool modifier = false;
  bool xhtml = false;
  std::vector<TypePlan> types;
  bool narrows_types = false;  ///< allows fewer types than R4
  std::vector<Exemplar> exemplars;
  std::optional<BoundElement> binding;
  std::vector<const CompiledInvariant*> invariants;
  std::optional<TargetRule> targets;
  std::optional<ValueRule> value;
  std::unique_ptr<Children> children;
  const ElementPlan* content = nullptr;  ///< whose children apply: contentReference
  bool visit = false;                    ///< a node must be looked at
};

/// The element of that id at or below `plan`; null when there is none.
const ElementPlan* element_named(const ElementPlan& plan, std::string_view id);

/// A StructureDefinition.
struct ProfilePlan {
  const pack::StructureDefinition* definition = nullptr;
  const pack::Pack* pack = nullptr;
  const packages::Entry* entry = nullptr;
  std::string_view url, name, type_name;
  std::string label;           ///< "url|version"
  const Type* type = nullptr;  ///< of the instances; null: none of R4
  std::unique_ptr<ElementPlan> root;
  std::vector<std::string_view> imposed;
  NarrativeControl narrative;
  bool synthetic = false;  ///< made up for an extension of another FHIR version
};

}  // namespace concord::validate::detail
