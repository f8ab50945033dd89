#include "fhir/snapshot/detail/walk.h"

#include <algorithm>

#include "fhir/snapshot/detail/extensions.h"
#include "fhir/snapshot/detail/merge.h"

namespace concord::snapshot {

Result<void> Walk::all() {
  Scope scope;
  scope.base_limit = static_cast<Index>(run_.base_elements.size()) - 1;
  scope.diff_limit = diff_size() - 1;
  scope.source = run_.base;
  Cursor cursor{run_.base, &run_.base_elements, 0, 0, {}};
  CONCORD_TRY(walk(scope, cursor, nullptr));
  return {};
}

Result<Element*> Walk::walk(const Scope& scope, Cursor& cursor, const Element* slicer) {
  struct Level {
    std::size_t& depth;
    ~Level() { --depth; }
  } const level{++depth_};
  if (depth_ > run_.store.limits().max_depth) {
    return run_.fail("",
                     "the differential walks into more than " +
                         std::to_string(run_.store.limits().max_depth) + " types",
                     nullptr, ErrorCode::too_costly);
  }
  Element* made = nullptr;
  bool first = true;
  while (cursor.at <= scope.base_limit && cursor.at < static_cast<Index>(cursor.base->size())) {
    const Element& base = *(*cursor.base)[static_cast<std::size_t>(cursor.at)];
    const std::string_view path = source_path(scope, base.path);
    List matches = matches_of(scope, path, cursor.diff);
    CONCORD_TRY(run_.count(
        1 + static_cast<std::size_t>(std::max<Index>(0, scope.diff_limit - cursor.diff))));
    const Place place{base, path, matches};
    const Index before = cursor.diff;
    const Index base_before = cursor.at;
    if (!base.is_sliced() || path == scope.sliced_path) {
      CONCORD_ASSIGN(Element* const added, plain(scope, cursor, place, first ? slicer : nullptr));
      if (made == nullptr) made = added;
    } else {
      std::vector<TypeSlice> slices;
      if (matches.empty()) {
        CONCORD_TRY(copy_slices(scope, cursor, place));
      } else if (by_type(matches, path, slices)) {
        CONCORD_TRY(merge_type_slices(scope, cursor, place, slices));
      } else {
        CONCORD_TRY(merge_slices(scope, cursor, place));
      }
    }
    // What was matched is used up, whichever way it went.
    if (!matches.empty() && cursor.diff == before) {
      cursor.diff += static_cast<Index>(matches.size());
    }
    if (cursor.at <= base_before) {
      return run_.fail("", "The element " + std::string(base.path) + " cannot be passed", &base,
                       ErrorCode::internal);
    }
    first = false;
  }
  return made;
}

Result<Element*> Walk::plain(const Scope& scope, Cursor& cursor, const Place& place,
                             const Element* slicer) {
  if (place.matches.empty()) {
    CONCORD_TRY(copy(scope, cursor, place));
    return nullptr;
  }
  const Element& diff = *place.matches.front();
  const bool typed_name = is_choice(place.path) && place.path != diff.path &&
                          diff.path.starts_with(without_choice(place.path));
  const bool alone = place.matches.size() == 1 &&
                     (scope.sliced || (!typed_name && !diff.is_sliced() &&
                                       !(is_extension_path(diff.path) && diff.has_slice_name())));
  if (alone) return merge(scope, cursor, place, slicer);
  std::vector<TypeSlice> slices;
  if (by_type(place.matches, place.path, slices)) {
    CONCORD_TRY(slice_by_type(scope, cursor, place, slices));
  } else {
    CONCORD_TRY(slice(scope, cursor, place));
  }
  return nullptr;
}

Result<void> Walk::copy(const Scope& scope, Cursor& cursor, const Place& place) {
  Element& made = copied(scope, place.base, place.base);
  state_constraint_sources(made, scope.source->url);
  drop_not_inherited(run_, made);
  CONCORD_TRY(append(cursor, made));
  const Index base_at = cursor.at;
  ++cursor.at;
  if (!goes_deeper(place.path, cursor.diff, scope.diff_limit, true)) return {};

  if (has_children(*cursor.base, base_at)) {
    const Index end = static_cast<Index>(end_of(*cursor.base, static_cast<std::size_t>(base_at)));
    Scope inner = scope;
    inner.sliced = false;
    inner.slicer = nullptr;
    inner.sliced_path = {};
    inner.base_limit = end - 1;
    Cursor children = cursor;
    CONCORD_TRY(walk(inner, children, nullptr));
    cursor.at = end;
    cursor.diff = children.diff;
    return {};
  }
  if (made.types.empty() && !made.has_content_reference()) {
    return run_.fail("_has_no_children__and_no_types_in_profile_",
                     std::string(place.path) +
                         " has neither children nor types, yet the "
                         "differential goes into it",
                     diff_at(cursor.diff));
  }
  const Element* next = diff_at(cursor.diff);
  if (next != nullptr && !begins_with(next->path, std::string(place.path) + ".")) ++cursor.diff;
  const Index from = cursor.diff;
  cursor.diff = skip_below(from, place.path);
  if (made.has_content_reference()) {
    return into_reference(scope, cursor, made, place.path, from, cursor.diff - 1);
  }
  Definition* type = made.types.size() > 1 ? run_.store.prepared(run_.store.type("Element"))
                                           : run_.definition_of(made.types.front());
  if (type == nullptr) {
    return run_.fail(
        "Unknown_type__at_",
        "The type " + list_types(made.types) + " at " + std::string(place.path) + " is unknown",
        diff_at(from));
  }
  return into_type(scope, cursor, *type, made, place.path, from, cursor.diff - 1, true);
}

Result<void> Walk::into_type(const Scope& scope, const Cursor& cursor, Definition& type,
                             const Element& made, std::string_view path, Index from, Index to,
                             bool keep_redirects) {
  Scope inner;
  inner.base_limit = static_cast<Index>(type.snapshot.size()) - 1;
  inner.diff_limit = to;
  inner.within_type = true;
  inner.source_path = path;
  inner.target_path = made.path;
  if (keep_redirects && !scope.redirected.empty()) {
    inner.redirected = scope.redirected;
    inner.redirected.push_back(path);
  }
  inner.source = scope.source;
  Cursor children{&type, &type.snapshot, 1, from,
                  cursor.root};  // 1: the root is the element itself
  CONCORD_TRY(walk(inner, children, nullptr));
  return {};
}

Result<void> Walk::into_reference(const Scope& scope, const Cursor& cursor, Element& made,
                                  std::string_view path, Index from, Index to) {
  // "#Bundle.link" or "http://hl7.org/fhir/StructureDefinition/Bundle#Bundle.link"
  const std::string_view reference = made.content_reference;
  const std::size_t hash = reference.find('#');
  const std::string_view url = reference.substr(0, hash);
  const std::string_view id =
      hash == std::string_view::npos ? reference : reference.substr(hash + 1);
  Definition* source = scope.source;
  const List* list = cursor.base;
  if (!url.empty() && url != source->url) {
    source = run_.store.prepared(run_.store.find(url, &run_.derived));
    list = source == nullptr ? nullptr : &source->snapshot;
  }
  const auto find_in = [&](const List& elements) -> const Element* {
    const auto found = std::find_if(elements.begin(), elements.end(),
                                    [&](const Element* element) { return element->id == id; });
    return found == elements.end() ? nullptr : *found;
  };
  const Element* target = list == nullptr ? nullptr : find_in(*list);
  if (target == nullptr && source != nullptr && list != &source->snapshot) {
    // The reference stands in a type that was walked into.
    list = &source->snapshot;
    target = find_in(*list);
  }
  if (target == nullptr) {
    return run_.fail("Unable_to_resolve_reference_to_",
                     "The content reference " + std::string(reference) + " leads nowhere",
                     diff_at(from));
  }
  made.content_reference = {};
  made.types = target->types;
  const std::size_t at = index_of(*list, target);
  Scope inner;
  inner.base_limit = static_cast<Index>(end_of(*list, at)) - 1;
  inner.diff_limit = to;
  inner.within_type = true;
  inner.source_path = target->path;
  inner.target_path = made.path;
  inner.redirected = scope.redirected;
  inner.redirected.push_back(path);
  inner.source = source;
  Cursor children{list == cursor.base ? cursor.definition : source, list,
                  static_cast<Index>(at) + 1, from, cursor.root};
  CONCORD_TRY(walk(inner, children, nullptr));
  return {};
}

List Walk::matches_of(const Scope& scope, std::string_view path, Index from) const {
  // Equal part by part, where value[x] and valueQuantity are equal.
  const auto same_part_of_path = [](std::string_view a, std::string_view b) {
    return a == b || (is_choice(a) && b.starts_with(without_choice(a))) ||
           (is_choice(b) && a.starts_with(without_choice(b)));
  };
  const auto matches = [&](std::string_view stated) {
    std::string_view left = path, right = stated;
    while (true) {
      const std::size_t a = left.find('.'), b = right.find('.');
      if ((a == std::string_view::npos) != (b == std::string_view::npos) ||
          !same_part_of_path(left.substr(0, a), right.substr(0, b))) {
        return false;
      }
      if (a == std::string_view::npos) return true;
      left.remove_prefix(a + 1);
      right.remove_prefix(b + 1);
    }
  };
  List found;
  for (Index i = std::max<Index>(0, from); i <= scope.diff_limit && i < diff_size(); ++i) {
    Element* stated = diff_at(i);
    if (matches(stated->path)) found.push_back(stated);
  }
  return found;
}

bool Walk::goes_deeper(std::string_view path, Index from, Index limit, bool across_slices) const {
  const Index start = std::max<Index>(0, from);
  for (Index i = start; i <= limit && i < diff_size(); ++i) {
    const Element& stated = *diff_at(i);
    if (!across_slices && stated.path == path && stated.has_slice_name()) return false;
    if (is_below(stated.path, path)) return true;
    if (is_choice(path) && stated.path.starts_with(without_choice(path))) return true;
    if (i != start && (!across_slices || !stated.path.starts_with(path))) return false;
  }
  return false;
}

Element& Walk::copied(const Scope& scope, const Element& from, const Element& base) {
  Element& made = run_.make(from);
  made.path = target_path(scope, base.path);
  made.base =
      base.base.path.empty() ? BaseInfo{base.path, base.text(Field::min), base.max()} : base.base;
  return made;
}

Result<void> Walk::append(Cursor& cursor, Element& made) {
  if (cursor.root.empty()) {
    cursor.root = made.path;
  } else if (!made.path.starts_with(cursor.root)) {
    return run_.fail(
        "Adding_wrong_path__outcomegetPath___resultPathBase__",
        "The element " + std::string(made.path) + " does not lie below " + std::string(cursor.root),
        &made);
  }
  return run_.add(made);
}

namespace {

/// What follows the first name, or what follows `context` when the path lies below it.
std::string_view rest_of(std::string_view context, std::string_view path, bool redirected) {
  if (redirected && is_below(path, context)) return path.substr(context.size() + 1);
  return path.substr(path.find('.') + 1);
}

}  // namespace

std::string_view Walk::source_path(const Scope& scope, std::string_view path) {
  if (!scope.within_type) return path;
  const bool redirected = !scope.redirected.empty();
  const std::string_view start = redirected ? scope.redirected.back() : scope.source_path;
  return run_.store.keep(
      std::string(start).append(".").append(rest_of(scope.source_path, path, redirected)));
}

std::string_view Walk::target_path(const Scope& scope, std::string_view path) {
  if (!scope.within_type) return path;
  return run_.store.keep(std::string(scope.target_path)
                             .append(".")
                             .append(rest_of(scope.source_path, path, !scope.redirected.empty())));
}

bool Walk::has_children(const List& list, Index at) {
  const auto next = static_cast<std::size_t>(at) + 1;
  return next < list.size() && is_below(list[next]->path, list[next - 1]->path);
}

Element* Walk::diff_at(Index at) const {
  return at >= 0 && at < diff_size() ? run_.differential[static_cast<std::size_t>(at)] : nullptr;
}

Walk::Index Walk::diff_index(const Element* element) const {
  return static_cast<Index>(index_of(run_.differential, element));
}

Walk::Index Walk::diff_end(Index at) const {
  if (at >= diff_size()) return at;
  return static_cast<Index>(end_of(run_.differential, static_cast<std::size_t>(at))) - 1;
}

Walk::Index Walk::skip_below(Index from, std::string_view path) const {
  const std::string prefix = std::string(path) + ".";
  while (from < diff_size() && begins_with(diff_at(from)->path, prefix)) ++from;
  return from;
}

}  // namespace concord::snapshot
