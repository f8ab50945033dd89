// Choices sliced by type, in full ("value[x]" with slices) or in short ("valueQuantity").
#include <algorithm>
#include <set>

#include "fhir/snapshot/detail/extensions.h"
#include "fhir/snapshot/detail/merge.h"
#include "fhir/snapshot/detail/walk.h"

namespace concord::snapshot {

namespace {

/// The type a name ends with, "Quantity" or "dateTime"; empty when it is none.
std::string type_in_name(Store& store, std::string_view name) {
  if (is_data_type(store, name)) return std::string(name);
  if (is_constrained_type(store, name)) return std::string(store.type(name)->type_name());
  const std::string small = uncapitalized(name);
  return is_primitive_type(store, small) ? small : std::string();
}

void keep_types(Element& element, const std::set<std::string, std::less<>>& kept) {
  std::erase_if(element.types, [&](const TypeRef& type) { return !kept.contains(type.working); });
}

}  // namespace

const Slicing* Walk::type_slicing(std::string_view rules) {
  Slicing slicing;
  slicing.discriminators.push_back({"type", "$this"});
  slicing.ordered = "false";
  slicing.rules = rules;
  return &run_.derived.slicings.emplace_back(std::move(slicing));
}

bool Walk::by_type(const List& matches, std::string_view path, std::vector<TypeSlice>& slices) {
  if (!is_choice(path)) return false;
  slices.clear();
  const std::string_view root = without_choice(tail(path));
  for (Element* element : matches) {
    const std::string_view name = tail(element->path);
    if (!name.starts_with(root)) return false;
    const std::string_view ending = name.substr(root.size());
    if (element->has_slice_name()) {
      if (element->types.size() == 1) {
        slices.push_back({element, std::string(element->types.front().working)});
      } else if (element->types.empty()) {
        std::string type = type_in_name(run_.store, ending);
        if (type.empty() && element->slice_name.starts_with(root)) {
          type = type_in_name(run_.store, element->slice_name.substr(root.size()));
        }
        if (!type.empty()) slices.push_back({element, std::move(type)});
      }
    } else if (ending == "[x]") {
      slices.push_back({element, {}});
    } else if (std::string type = type_in_name(run_.store, ending); !type.empty()) {
      slices.push_back({element, std::move(type)});
    }
  }
  return true;
}

/// The differential names a typed element at once; what slices the choice is put before it. All
/// types of the base stay allowed: a slice that is not there constrains nothing.
Element& Walk::insert_type_slicing(const Place& place, Index at) {
  Element slicer;
  slicer.path = run_.store.keep(
      std::string(head(place.matches.front()->path)).append(".").append(tail(place.path)));
  slicer.slicing = type_slicing("closed");
  Element& made = run_.make(slicer);
  place.matches.insert(place.matches.begin(), &made);
  run_.differential.insert(run_.differential.begin() + at, &made);
  return made;
}

Result<void> Walk::check_type_slicing(const Scope& scope, const Place& place,
                                      const Slicing* slicing, std::vector<TypeSlice>& slices) {
  const Element& diff = *place.matches.front();
  const std::string where(scope.within_type ? scope.source_path : place.path);
  if (slicing != nullptr) {
    if (slicing->ordered == "true") {
      return run_.fail("Error_at_path__in__Type_slicing_with_slicingordered__true",
                       where + " is sliced by type and cannot be ordered", &diff);
    }
    if (slicing->discriminators.size() > 1) {
      return run_.fail("Error_at_path__in__Type_slicing_with_slicingdiscriminatorcount__1",
                       where + " is sliced by type with more than one discriminator", &diff);
    }
    if (!slicing->discriminators.empty()) {
      if (slicing->discriminators.front().type != "type") {
        return run_.fail("Error_at_path__in__Type_slicing_with_slicingdiscriminatortype__type",
                         where + " is a choice; its discriminator must be of the type 'type'",
                         &diff);
      }
      if (slicing->discriminators.front().path != "$this") {
        return run_.fail("Error_at_path__in__Type_slicing_with_slicingdiscriminatorpath__this",
                         where + " is a choice; its discriminator must have the path '$this'",
                         &diff);
      }
    }
  }
  for (const TypeSlice& slice : slices) {
    if (slice.type.empty()) continue;
    Element& element = *slice.element;
    const std::string name =
        std::string(without_choice(tail(place.path))) + capitalized(slice.type);
    if (!element.has_slice_name() || (run_.store.fix_slice_names() && element.slice_name != name)) {
      element.slice_name = run_.store.keep(name);
    } else if (element.slice_name != name) {
      return run_.fail("Error_at_path__Slice_name_must_be__but_is_",
                       "The slice name at " + where + " must be " + in_quotes(name) + ", not " +
                           in_quotes(element.slice_name),
                       &element);
    }
    if (element.types.empty()) {
      const std::string_view type = run_.store.keep(slice.type);
      element.types.push_back({nullptr, nullptr, type, type});
    } else if (element.types.size() > 1) {
      return run_.fail("Error_at_path__Slice_for_type__has_more_than_one_type_",
                       "The slice " + in_quotes(name) + " at " + where + " has more than one type",
                       &element);
    } else if (element.types.front().working != slice.type) {
      return run_.fail("Error_at_path__Slice_for_type__has_wrong_type_",
                       "The slice " + in_quotes(name) + " at " + where + " has the type " +
                           list_types(element.types),
                       &element);
    }
  }
  return {};
}

/// The one type of a type slice.
Result<std::string> Walk::only_type(const Element& slice) {
  if (slice.types.size() == 1) return std::string(slice.types.front().working);
  if (slice.types.empty() && slice.has_slice_name()) {
    const std::string_view root = without_choice(tail(slice.path));
    std::string type;
    if (slice.slice_name.starts_with(root)) {
      type = type_in_name(run_.store, slice.slice_name.substr(root.size()));
    }
    if (!type.empty()) return type;
    return run_.fail(
        "Unexpected_condition_in_differential_typeslicetypelistsize__10_and_implicit_"
        "slice_name_does_not_contain_a_valid_type__at_",
        "The slice " + in_quotes(slice.slice_name) + " at " + std::string(slice.path) +
            " has no type and its name does not end with one",
        &slice);
  }
  return run_.fail("Unexpected_condition_in_differential_typeslicetypelistsize__1_at_",
                   "The slice at " + std::string(slice.path) + " must have one type", &slice);
}

Result<void> Walk::slice_by_type(const Scope& scope, Cursor& cursor, const Place& place,
                                 std::vector<TypeSlice>& slices) {
  List& matches = place.matches;
  const Index base_end =
      static_cast<Index>(end_of(*cursor.base, static_cast<std::size_t>(cursor.at))) - 1;
  Index diff_from = diff_index(matches.front());
  const bool in_short = !slices.empty() && !slices.front().type.empty();
  const Element* inserted = nullptr;
  if (in_short) {
    inserted = &insert_type_slicing(place, diff_from);
  } else if (tail(place.path) != tail(matches.front()->path)) {
    return run_.fail("ED_PATH_WRONG_TYPE_MATCH",
                     "The path must end with " + in_quotes(tail(place.path)) + ", not " +
                         in_quotes(tail(matches.front()->path)) + ", where no type is chosen",
                     matches.front());
  }
  CONCORD_TRY(check_type_slicing(scope, place, matches.front()->slicing, slices));

  Scope inner = scope;
  inner.base_limit = base_end;
  Index diff_limit = inner.diff_limit = diff_end(diff_from);
  inner.sliced = true;
  inner.slicer = nullptr;
  inner.sliced_path = {};
  Cursor from = cursor;
  from.diff = diff_from;
  CONCORD_ASSIGN(Element* const slicer, walk(inner, from, nullptr));
  if (slicer == nullptr) {
    return run_.fail("Did_not_find_type_root_",
                     "Nothing was made of the choice at " + std::string(matches.front()->path),
                     matches.front());
  }
  // Closed until it shows that types are left over; the differential's word on it says only that
  // it leaves the other types alone.
  slicer->slicing = type_slicing("closed");
  Element bound = *slicer;
  if (bound.types.size() > 1) bound.set_text(Field::min, "0");

  std::string fixed_type;
  for (std::size_t i = 1; i < matches.size(); ++i) {
    if (matches[i]->min() > 0) {
      if (matches.size() > i + 1) {
        return run_.fail(
            "Invalid_slicing__there_is_more_than_one_type_slice_at__but_one_of_them__has_min__1_so_"
            "the_other_slices_cannot_exist",
            "There are several slices by type at " + std::string(matches[i]->path) + ", but " +
                in_quotes(matches[i]->slice_name) + " is required, so that no other can be",
            matches[i]);
      }
      slicer->set_text(Field::min, "1");
      CONCORD_ASSIGN(fixed_type, only_type(*matches[i]));
    }
    from = cursor;
    from.diff = diff_index(matches[i]);
    diff_limit = inner.diff_limit = diff_end(from.diff);
    inner.slicer = slicer;
    inner.slices = matches.size() - 1;
    CONCORD_ASSIGN(Element* const made, walk(inner, from, &bound));
    if (slices.size() > 2 && made != nullptr) made->set_text(Field::min, "0");
  }
  if (inserted != nullptr) {
    run_.differential.erase(run_.differential.begin() + diff_index(inserted));
    --diff_limit;
  }
  if (!fixed_type.empty()) keep_types(*slicer, {fixed_type});
  if (slicer->max() != "0") {
    std::set<std::string, std::less<>> left, sliced;
    for (const TypeRef& type : slicer->types) left.emplace(type.working);
    for (const TypeSlice& slice : slices) {
      if (!slice.type.empty() && left.erase(slice.type) > 0) sliced.insert(slice.type);
    }
    if (!left.empty()) {
      if (place.path.find("xtension.value") != std::string_view::npos && in_short) {
        keep_types(*slicer, sliced);
      } else {
        slicer->slicing = type_slicing("open");
      }
    }
  }
  cursor.at = base_end + 1;
  cursor.diff = diff_limit + 1;
  return {};
}

Result<void> Walk::merge_type_slices(const Scope& scope, Cursor& cursor, const Place& place,
                                     std::vector<TypeSlice>& slices) {
  List& matches = place.matches;
  const List& list = *cursor.base;
  const Index base_end = static_cast<Index>(end_of(list, static_cast<std::size_t>(cursor.at))) - 1;
  const Index diff_from = diff_index(matches.front());
  const Element* inserted = nullptr;
  if ((!slices.empty() && !slices.front().type.empty()) ||
      (matches.front()->has_slice_name() && !matches.front()->is_sliced())) {
    inserted = &insert_type_slicing(place, diff_from);
  }
  CONCORD_TRY(check_type_slicing(scope, place, matches.front()->slicing, slices));

  Scope inner = scope;
  inner.base_limit = base_end;
  Index diff_limit = inner.diff_limit = diff_end(diff_from);
  inner.sliced = true;
  inner.slicer = nullptr;
  inner.sliced_path = place.path;
  Cursor from = cursor;
  from.diff = diff_from;
  CONCORD_ASSIGN(Element* const slicer, walk(inner, from, nullptr));
  if (slicer == nullptr) {
    return run_.fail("Did_not_find_type_root_",
                     "Nothing was made of the choice at " + std::string(matches.front()->path),
                     matches.front());
  }
  slicer->slicing = type_slicing(inserted == nullptr || place.base.slicing->rules.empty()
                                     ? "closed"
                                     : place.base.slicing->rules);

  // The slices of the base, each with its subtree.
  struct BaseSlice {
    Index from;
    Index to;
    std::string_view type;
    bool handled = false;
  };
  std::vector<BaseSlice> known;
  Index next = base_end + 1;
  while (next < static_cast<Index>(list.size())) {
    const Element& element = *list[static_cast<std::size_t>(next)];
    const bool typed_name = is_choice(place.base.path) &&
                            element.path.starts_with(without_choice(place.base.path)) &&
                            depth_of(element.path) == depth_of(place.base.path);
    if (!element.has_slice_name() || !(element.path == place.base.path || typed_name)) break;
    const Index to = static_cast<Index>(end_of(list, static_cast<std::size_t>(next))) - 1;
    known.push_back(
        {next, to, element.types.empty() ? std::string_view{} : element.types.front().working});
    next = to + 1;
  }

  std::string fixed_type;
  for (std::size_t i = 1; i < matches.size(); ++i) {
    CONCORD_ASSIGN(const std::string type, only_type(*matches[i]));
    if (matches[i]->min() > 0) {
      if (matches.size() > i + 1) {
        return run_.fail(
            "Invalid_slicing__there_is_more_than_one_type_slice_at__but_one_of_them__has_min__1_so_"
            "the_other_slices_cannot_exist",
            "There are several slices by type at " + std::string(matches[i]->path) + ", but " +
                in_quotes(matches[i]->slice_name) + " is required, so that no other can be",
            matches[i]);
      }
      fixed_type = type;
    }
    from = cursor;
    from.diff = diff_index(matches[i]);
    diff_limit = inner.diff_limit = diff_end(from.diff);
    inner.base_limit = base_end;
    inner.slicer = slicer;
    const auto base_slice = std::find_if(known.begin(), known.end(),
                                         [&](const BaseSlice& at) { return at.type == type; });
    if (base_slice != known.end()) {
      from.at = base_slice->from;
      inner.base_limit = base_slice->to;
      base_slice->handled = true;
    }
    CONCORD_TRY(walk(inner, from, nullptr));
  }
  if (inserted != nullptr) {
    run_.differential.erase(run_.differential.begin() + diff_index(inserted));
    --diff_limit;
  }
  if (!fixed_type.empty()) keep_types(*slicer, {fixed_type});
  for (const BaseSlice& slice : known) {
    if (!slice.handled) {
      CONCORD_TRY(copy_subtree(scope, cursor, static_cast<std::size_t>(slice.from),
                               static_cast<std::size_t>(slice.to) + 1));
    }
  }
  cursor.at = next;
  cursor.diff = diff_limit + 1;
  return {};
}

}  // namespace concord::snapshot
