#include "fhir/snapshot/detail/run.h"

#include <algorithm>
#include <set>

#include "fhir/snapshot/detail/extensions.h"
#include "fhir/snapshot/detail/merge.h"
#include "fhir/snapshot/detail/walk.h"

namespace concord::snapshot {

Error Run::fail(std::string_view id, std::string text, const Element* at, ErrorCode code) const {
  Error error;
  error.code = code;
  Issue issue;
  issue.text = std::move(text);
  issue.expression = at == nullptr ? "StructureDefinition" : location_of(*at);
  issue.detail_code = id;
  error.issues.push_back(std::move(issue));
  return error;
}

void Run::report(Severity severity, std::string_view id, std::string text, const Element* at) {
  report_at(severity, id, std::move(text),
            at == nullptr ? std::string("StructureDefinition") : location_of(*at));
}

void Run::report_at(Severity severity, std::string_view id, std::string text,
                    std::string location) {
  constexpr std::size_t kMost = 1000;
  if (derived.messages.size() >= kMost) return;
  Issue issue;
  issue.severity = severity;
  issue.text = std::move(text);
  issue.expression = std::move(location);
  issue.detail_code = id;
  if (std::find(derived.messages.begin(), derived.messages.end(), issue) ==
      derived.messages.end()) {
    derived.messages.push_back(std::move(issue));
  }
}

std::string Run::location_of(const Element& element) const {
  if (std::find(differential.begin(), differential.end(), &element) != differential.end() &&
      !element.injected) {
    return "StructureDefinition.differential.element[" + std::to_string(element.position) + "]";
  }
  return std::string(element.id.empty() ? element.path : element.id);
}

Result<void> Run::count(std::size_t steps) {
  steps_ += steps;
  if (steps_ <= store.limits().max_steps) return {};
  return fail(
      "", "the differential takes more than " + std::to_string(store.limits().max_steps) + " steps",
      nullptr, ErrorCode::too_costly);
}

Element& Run::make(const Element& like) {
  Element& made = derived.make(like);
  made.result = nullptr;
  made.auto_slicing = false;
  made.injected = true;
  return made;
}

Result<void> Run::add(Element& element) {
  if (derived.snapshot.size() >= store.limits().max_elements) {
    return fail(
        "",
        "the snapshot has more than " + std::to_string(store.limits().max_elements) + " elements",
        nullptr, ErrorCode::too_costly);
  }
  derived.snapshot.push_back(&element);
  return {};
}

Definition* Run::definition_of(const TypeRef& type) {
  const std::string_view profile = type.first("profile");
  if (!profile.empty()) {
    Definition* found = store.prepared(store.find_or_make(profile, &derived));
    if (found != nullptr) return found;
  }
  return store.prepared(store.type(type.working));
}

Result<void> Run::find_base() {
  const std::string url(derived.url);
  if (derived.type.empty()) {
    return fail("Derived_profile__has_no_type", "The definition " + url + " has no type");
  }
  if (derived.derivation.empty()) {
    return fail("Derived_profile__has_no_derivation_value_and_so_cant_be_processed",
                "The definition " + url + " does not say whether it constrains or specializes");
  }
  if (derived.base.empty()) {
    return fail("no_base_profile_provided", "The definition " + url + " names no base definition");
  }
  base = store.find(derived.base, &derived);
  if (base == nullptr) {
    return fail("Unable_to_find_base__for_",
                "The base definition " + std::string(derived.base) + " of " + url + " is unknown",
                nullptr, ErrorCode::not_found);
  }
  if (base->state == Definition::State::generating) {
    return fail(
        "Circular_snapshot_references_detected_cannot_generate_snapshot_stack__",
        "The definitions " + url + " and " + std::string(base->url) + " are based on one another",
        nullptr, ErrorCode::conflict);
  }
  if (auto ready = store.prepare(*base); !ready) {
    Error error = std::move(ready).error();
    error.issues.insert(error.issues.begin(),
                        fail("", "The snapshot of the base definition " + std::string(base->url) +
                                     " cannot be generated")
                            .issues.front());
    return error;
  }
  if (base->type.empty()) {
    return fail("Base_profile__has_no_type",
                "The base definition " + std::string(base->url) + " has no type");
  }
  if (!base->has_snapshot()) {
    return fail("SNAPSHOT_IS_EMPTY",
                "The base definition " + std::string(base->url) + " has no elements");
  }
  if (derived.is_constraint() && base->type != derived.type) {
    return fail("Base__Derived_profiles_have_different_types____vs___",
                "The definition " + url + " constrains the type " + std::string(derived.type) +
                    ", its base " + std::string(base->url) + " the type " +
                    std::string(base->type));
  }
  return {};
}

Result<void> Run::check_differential() const {
  const std::string type(derived.type_name());
  if (derived.differential.size() > store.limits().max_elements) {
    return fail("",
                "the differential has more than " + std::to_string(store.limits().max_elements) +
                    " elements",
                nullptr, ErrorCode::too_costly);
  }
  for (const Element* element : derived.differential) {
    const std::string_view path = element->path;
    const std::string where =
        "StructureDefinition.differential.element[" + std::to_string(element->position) + "]";
    const auto wrong = [&](std::string_view id, std::string_view what) {
      Error error = fail(id, "The path " + in_quotes(path) + " in the differential of " +
                                 std::string(derived.url) + " " + std::string(what));
      error.issues.front().expression = where;
      return error;
    };
    if (path.empty()) {
      Error error =
          fail("No_path_on_element_in_differential_in_",
               "An element in the differential of " + std::string(derived.url) + " has no path");
      error.issues.front().expression = where;
      return error;
    }
    if (!(path == type && element == derived.differential.front()) && !is_below(path, type)) {
      return wrong("Illegal_path__in_differential_in__must_start_with_",
                   "must start with " + type + ".");
    }
    for (std::size_t start = 0; start <= path.size();) {
      const std::size_t end = std::min(path.find('.', start), path.size());
      const std::string_view name = path.substr(start, end - start);
      start = end + 1;
      if (name.empty()) {
        return wrong("Illegal_path__in_differential_in__name_portion_mising_",
                     "has an empty name in it ('..')");
      }
      if (name.size() > 64) {
        return wrong("Illegal_path__in_differential_in__name_portion_exceeds_64_chars_in_length",
                     "has a name of more than 64 characters");
      }
      for (const char c : without_choice(name)) {
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
          return wrong("Illegal_path__in_differential_in__no_unicode_whitespace",
                       "has white space in it");
        }
        constexpr std::string_view kRefused = ",:;'\"/|?!@#$%^&*(){}[]";
        if (c < ' ' || c > 'z' || kRefused.find(c) != std::string_view::npos) {
          return wrong("Illegal_path__in_differential_in__illegal_character_",
                       "has a character in it that names do not have");
        }
      }
    }
  }
  return {};
}

Result<void> Run::take_differential() {
  differential.clear();
  for (const Element* element : derived.differential) {
    Element& copy = derived.make(*element);
    copy.position = element->position;
    copy.injected = false;
    differential.push_back(&copy);
  }
  if (!differential.empty() && differential.front()->path.find('.') == std::string_view::npos &&
      !differential.front()->types.empty()) {
    Element& root = *differential.front();
    if (root.types.size() == 1 && root.types[0].code == base->type) {
      root.types.clear();  // what many tools write; it says nothing new
    } else if (derived.kind != "logical") {
      return fail("type_on_first_differential_element",
                  "The first element of the differential has a type", &root);
    }
  }
  if (std::any_of(differential.begin(), differential.end(),
                  [](const Element* element) { return element->id.empty(); })) {
    assign_ids(*this, differential);
    for (const Element* element : differential) {
      derived.differential[element->position]->id = element->id;
    }
  }
  return {};
}

void Run::take_base() {
  base_elements = base->snapshot;
  if (derived.is_constraint()) return;
  const std::string_view old_name = base->type_name();
  const std::string_view new_name = derived.type_name();
  for (Element*& element : base_elements) {
    Element& renamed = make(*element);
    if (renamed.path == old_name || is_below(renamed.path, old_name)) {
      renamed.path = store.keep(std::string(new_name).append(renamed.path.substr(old_name.size())));
    }
    if (renamed.base.path.empty()) {
      renamed.base = {element->path, element->text(Field::min), element->max()};
    }
    renamed.id = {};
    element = &renamed;
  }
  assign_ids(*this, base_elements);
}

Result<void> Run::generate(bool sort) {
  derived.messages.clear();
  CONCORD_TRY(find_base());
  CONCORD_TRY(check_differential());
  CONCORD_TRY(take_differential());
  take_base();
  if (sort) {
    CONCORD_TRY(sort_differential(*this));
    List sorted;
    for (Element* element : differential) {
      sorted.push_back(derived.differential[element->position]);
      element->position = static_cast<std::uint32_t>(sorted.size() - 1);
    }
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      sorted[i]->position = static_cast<std::uint32_t>(i);
    }
    derived.differential = std::move(sorted);
  }
  CONCORD_TRY(spread_over_slices(*this));
  CONCORD_TRY(Walk(*this).all());
  apply_choice_groups();
  if (!derived.is_constraint()) CONCORD_TRY(append_new_elements());
  drop_prohibited_types();
  if (derived.kind != "logical" && !derived.snapshot.front()->types.empty()) {
    return fail("type_on_first_snapshot_element_for__in__from_",
                "The first element of the snapshot of " + std::string(derived.url) +
                    " has a type, from " + std::string(base->url));
  }
  assign_ids(*this, derived.snapshot);
  CONCORD_TRY(check_matched());
  complete_elements();
  CONCORD_TRY(check_slices());
  check_profiles();
  for (const Element* element : differential) const_cast<Element*>(element)->result = nullptr;
  return {};
}

bool is_extension_path(std::string_view path) {
  return path.ends_with(".extension") || path.ends_with(".modifierExtension");
}

bool begins_with(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) ||
         (prefix.ends_with("[x].") && path.starts_with(prefix.substr(0, prefix.size() - 4)));
}

std::size_t end_of(const List& list, std::size_t at) {
  std::size_t end = at + 1;
  while (end < list.size() && is_below(list[end]->path, list[at]->path)) ++end;
  return end;
}

std::size_t index_of(const List& list, const Element* element) {
  return static_cast<std::size_t>(std::find(list.begin(), list.end(), element) - list.begin());
}

bool is_data_type(Store& store, std::string_view name) {
  const Definition* type = store.type(name);
  return type != nullptr && type->kind == "complex-type" && !type->is_constraint();
}

bool is_constrained_type(Store& store, std::string_view name) {
  const Definition* type = store.type(name);
  return type != nullptr && type->kind == "complex-type" && type->is_constraint();
}

bool is_primitive_type(Store& store, std::string_view name) {
  const Definition* type = store.type(name);
  return type != nullptr && type->kind == "primitive-type";
}

std::string list_types(const std::vector<TypeRef>& types) {
  std::string text;
  for (const TypeRef& type : types) {
    if (!text.empty()) text += ", ";
    text += type.working;
  }
  return text;
}

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

}  // namespace concord::snapshot
