#pragma once
/// One generation: the state every step of it shares.

#include <string>
#include <string_view>

#include "fhir/snapshot/detail/store.h"

namespace concord::snapshot {

/// Generates the snapshot of one definition into it. The steps, in order: check and prepare the
/// differential, walk base and differential side by side, check what came out.
class Run {
 public:
  Run(Store& store_used, Definition& definition) : store(store_used), derived(definition) {}

  Result<void> generate(bool sort_differential);

  Store& store;
  Definition& derived;
  Definition* base = nullptr;
  List differential;   ///< a copy of derived.differential, completed while walking
  List base_elements;  ///< base->snapshot, under the own name for a specialization

  /// The reason to give up. `id`: message id of the reference.
  Error fail(std::string_view id, std::string text, const Element* at = nullptr,
             ErrorCode code = ErrorCode::invalid) const;
  /// Something wrong that leaves the snapshot usable.
  void report(Severity severity, std::string_view id, std::string text,
              const Element* at = nullptr);
  void report_at(Severity severity, std::string_view id, std::string text, std::string location);
  /// "StructureDefinition.differential.element[3]", or the element's path.
  std::string location_of(const Element& element) const;

  /// Counts work done; too_costly past the limit.
  Result<void> count(std::size_t steps);

  /// An element that lives as long as the definition, in no list yet.
  Element& make(const Element& like);
  Result<void> add(Element& element);  ///< to the snapshot

  /// The definition whose children an element of that type has: of its first profile, else of the
  /// type. Null when unknown.
  Definition* definition_of(const TypeRef& type);

 private:
  Result<void> find_base();
  Result<void> check_differential() const;
  Result<void> take_differential();
  void take_base();
  Result<void> append_new_elements();
  void drop_prohibited_types();
  void apply_choice_groups();
  Result<void> check_matched();
  void complete_elements();
  Result<void> check_slices();
  void check_profiles();
  void inherit_extensions();

  std::size_t steps_ = 0;
};

/// Gives every element its id: the path, with ":slice" wherever it runs through a slice; content
/// references within the definition become absolute. Source:
/// hl7.org/fhir/R4/elementdefinition.html#id
void assign_ids(Run& run, const List& list);

/// Content that a differential states for a sliced element in general, between its slicing and its
/// first slice, is moved into each of its slices.
Result<void> spread_over_slices(Run& run);

/// Puts the differential into the order of the base.
Result<void> sort_differential(Run& run);

/// Where the children of an element are defined.
struct Children {
  Definition* definition = nullptr;
  List list;
};
/// Children listed in place, of the content reference, or of the type (`type` when not empty).
Result<Children> children_of(Run& run, Definition& definition, const Element& element,
                             bool follow_types, std::string_view type = {});

// Kinds of types.
bool is_data_type(Store& store, std::string_view name);
bool is_constrained_type(Store& store, std::string_view name);
bool is_primitive_type(Store& store, std::string_view name);

bool is_extension_path(std::string_view path);  ///< ends with .extension or .modifierExtension
/// `path` begins with `prefix`, which ends in a dot; a choice stands for its typed names too.
bool begins_with(std::string_view path, std::string_view prefix);
/// Index just past the elements below list[at].
std::size_t end_of(const List& list, std::size_t at);
std::size_t index_of(const List& list, const Element* element);

/// "Identifier, Reference{…}" for messages.
std::string list_types(const std::vector<TypeRef>& types);
std::string in_quotes(std::string_view text);

inline constexpr std::string_view kProfileElement =
    "http://hl7.org/fhir/StructureDefinition/elementdefinition-profile-element";

}  // namespace concord::snapshot
