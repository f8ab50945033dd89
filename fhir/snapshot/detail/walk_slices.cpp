// The base is sliced already.
#include <algorithm>

#include "fhir/snapshot/detail/extensions.h"
#include "fhir/snapshot/detail/merge.h"
#include "fhir/snapshot/detail/walk.h"

namespace concord::snapshot {

namespace {

/// `element` is a slice of, or the same as, the element at `path`.
bool same_element(const Element& element, std::string_view path) {
  if (element.path == path) return true;
  return is_choice(path) && element.path.starts_with(without_choice(path)) &&
         element.path.substr(path.size() - 3).find('.') == std::string_view::npos;
}

/// Discriminators of the base in their order, new ones after them.
bool discriminators_agree(const Slicing& stated, const Slicing& base) {
  if (stated.discriminators.empty() || base.discriminators.empty()) return true;
  return stated.discriminators.size() >= base.discriminators.size() &&
         std::equal(base.discriminators.begin(), base.discriminators.end(),
                    stated.discriminators.begin());
}

/// Rules may only get tighter.
bool rules_agree(std::string_view stated, std::string_view base) {
  return stated.empty() || base.empty() || stated == base || base == "open" ||
         (stated == "openAtEnd" && base == "closed");
}

}  // namespace

Result<void> Walk::check_against_base_slicing(const Slicing& stated, const Slicing& base,
                                              const Place& place, bool choice) {
  const auto differs = [&](std::string_view id, std::string_view what) {
    return run_.fail(id,
                     "The slicing of " + std::string(place.base.path) +
                         " does not fit that of the base: " + std::string(what),
                     place.matches.front());
  };
  if (!stated.ordered.empty() && !base.ordered.empty() && stated.ordered != base.ordered) {
    return differs("Slicing_rules_on_differential__do_not_match_those_on_base___order___",
                   "ordered");
  }
  if (!discriminators_agree(stated, base)) {
    return differs("Slicing_rules_on_differential__do_not_match_those_on_base___disciminator___",
                   "discriminator");
  }
  if (!choice && !rules_agree(stated.rules, base.rules)) {
    return differs("Slicing_rules_on_differential__do_not_match_those_on_base___rule___", "rules");
  }
  return {};
}

Result<void> Walk::copy_subtree(const Scope& scope, const Cursor& cursor, std::size_t from,
                                std::size_t to) {
  Cursor root = cursor;
  for (std::size_t i = from; i < to; ++i) {
    const Element& base = *(*cursor.base)[i];
    Element& made = copied(scope, base, base);
    CONCORD_TRY(append(root, made));
  }
  return {};
}

Result<void> Walk::copy_slices(const Scope& scope, Cursor& cursor, const Place& place) {
  const List& list = *cursor.base;
  const auto at = static_cast<std::size_t>(cursor.at);
  if (!goes_deeper(place.path, cursor.diff, scope.diff_limit, true)) {
    // Nothing is said: the element, its children and all its slices as they are.
    std::size_t end = at + 1;
    while (end < list.size() && static_cast<Index>(end) <= scope.base_limit &&
           (is_below(list[end]->path, place.base.path) ||
            (list[end]->path == place.base.path && list[end]->has_slice_name()))) {
      ++end;
    }
    CONCORD_TRY(copy_subtree(scope, cursor, at, end));
    cursor.at = static_cast<Index>(end);
    return {};
  }
  Element& made = copied(scope, place.base, place.base);
  CONCORD_TRY(append(cursor, made));
  const std::size_t end = end_of(list, at);
  if (end > at + 1) {
    Scope inner = scope;
    inner.sliced = false;
    inner.slicer = nullptr;
    inner.sliced_path = {};
    inner.base_limit = static_cast<Index>(end) - 1;
    Cursor children = cursor;
    children.at = cursor.at + 1;
    CONCORD_TRY(walk(inner, children, nullptr));
    cursor.diff = children.diff;
  } else {
    Index from = cursor.diff;
    if (const Element* next = diff_at(from); next != nullptr && next->path == place.path) ++from;
    cursor.diff = skip_below(from, place.path);
    if (cursor.diff > from) {
      List first{diff_at(from)};
      CONCORD_ASSIGN(Definition* const type,
                     single_type(made, Place{place.base, place.path, first}));
      CONCORD_TRY(into_type(scope, cursor, *type, made, place.path, from, cursor.diff - 1, true));
    }
  }
  cursor.at = static_cast<Index>(end);
  return {};
}

Result<void> Walk::merge_slices(const Scope& scope, Cursor& cursor, const Place& place) {
  const List& list = *cursor.base;
  const Element& base = place.base;
  List& matches = place.matches;
  Element& first = *matches.front();
  const auto base_at = static_cast<std::size_t>(cursor.at);
  const bool closed = base.slicing->rules == "closed";
  const bool choice = is_choice(base.path) || base.types.size() > 1;
  if (first.is_sliced()) {
    CONCORD_TRY(check_against_base_slicing(*first.slicing, *base.slicing, place, choice));
  }
  Element& made = copied(scope, base, base);
  if (first.is_sliced() || !first.has_slice_name()) {
    if (first.is_sliced()) {
      Slicing merged = *base.slicing;
      if (!first.slicing->ordered.empty()) merged.ordered = first.slicing->ordered;
      if (!first.slicing->rules.empty()) merged.rules = first.slicing->rules;
      for (const Discriminator& at : first.slicing->discriminators) {
        if (std::find(merged.discriminators.begin(), merged.discriminators.end(), at) ==
            merged.discriminators.end()) {
          merged.discriminators.push_back(at);
        }
      }
      made.slicing = &run_.derived.slicings.emplace_back(std::move(merged));
    }
    CONCORD_TRY(merge_into(run_, made, first, *scope.source, false));
  } else {
    made.auto_slicing = true;
  }
  CONCORD_TRY(append(cursor, made));
  std::size_t next_diff = first.has_slice_name() ? 0 : 1;

  // Children of the slicing element itself.
  const std::size_t base_end = end_of(list, base_at);
  if (goes_deeper(place.path, cursor.diff, scope.diff_limit, false)) {
    const Index from = diff_index(&first) + (first.has_slice_name() ? 0 : 1);
    const Index to = diff_end(diff_index(&first));
    if (base_end == base_at + 1) {
      if (made.types.size() != 1) {
        return run_.fail(
            "Differential_walks_into____but_the_base_does_not_and_there_is_not_a_"
            "single_fixed_type_The_type_is__This_is_not_handled_yet",
            "The differential goes into " + std::string(place.path) +
                ", which has no single type (" + list_types(made.types) + ")",
            &first);
      }
      Definition* type = run_.definition_of(made.types.front());
      if (type == nullptr) {
        return run_.fail(
            "Unknown_type__at_",
            "The type " + list_types(made.types) + " at " + std::string(first.path) + " is unknown",
            &first);
      }
      cursor.diff = skip_below(cursor.diff, place.path);
      CONCORD_TRY(into_type(scope, cursor, *type, made, place.path, from, to, true));
    } else {
      Scope inner = scope;
      inner.sliced = false;
      inner.slicer = nullptr;
      inner.sliced_path = {};
      inner.base_limit = static_cast<Index>(base_end) - 1;
      inner.diff_limit = to;
      Cursor children = cursor;
      children.at = cursor.at + 1;
      children.diff = from;
      CONCORD_TRY(walk(inner, children, nullptr));
    }
  } else {
    CONCORD_TRY(copy_subtree(scope, cursor, base_at + 1, base_end));
  }

  // The slices of the base in their order, merged with those of the same name.
  std::size_t at = base_end;
  List known;
  while (at < list.size() && list[at]->path.size() >= base.path.size() - (choice ? 3 : 0) &&
         same_element(*list[at], base.path) && list[at]->has_slice_name()) {
    const std::size_t end = end_of(list, at);
    known.push_back(list[at]);
    if (next_diff < matches.size() && matches[next_diff]->has_slice_name() &&
        matches[next_diff]->slice_name == list[at]->slice_name) {
      Scope inner = scope;
      inner.base_limit = static_cast<Index>(end) - 1;
      Cursor from = cursor;
      from.at = static_cast<Index>(at);
      from.diff = diff_index(matches[next_diff]);
      inner.diff_limit = diff_end(from.diff);
      inner.sliced = true;
      inner.slicer = nullptr;
      inner.sliced_path = {};
      CONCORD_TRY(walk(inner, from, nullptr));
      cursor.diff = inner.diff_limit + 1;
      ++next_diff;
    } else {
      Element& kept = copied(scope, *list[at], *list[at]);
      kept.slicing = list[at]->slicing;
      CONCORD_TRY(append(cursor, kept));
      CONCORD_TRY(copy_subtree(scope, cursor, at + 1, end));
    }
    at = end;
  }

  // New ones at the end.
  if (closed && next_diff < matches.size() && !choice) {
    return run_.fail(
        "The_base_snapshot_marks_a_slicing_as_closed_but_the_differential_tries_to_"
        "extend_it_in__at__",
        "The slicing of " + std::string(base.path) + " is closed in the base; the slice " +
            in_quotes(matches[next_diff]->slice_name) + " cannot be added",
        matches[next_diff]);
  }
  for (; next_diff < matches.size(); ++next_diff) {
    Element& diff = *matches[next_diff];
    const bool there = std::any_of(known.begin(), known.end(), [&](const Element* slice) {
      return slice->slice_name == diff.slice_name;
    });
    if (there) {
      return run_.fail("Named_items_are_out_of_order_in_the_slice",
                       "The slice " + in_quotes(diff.slice_name) + " of " + std::string(base.path) +
                           " stands in another order than in the base",
                       &diff);
    }
    CONCORD_TRY(new_slice(scope, cursor, place, diff));
  }
  cursor.at = static_cast<Index>(at);
  return {};
}

Result<void> Walk::new_slice(const Scope& scope, Cursor& cursor, const Place& place,
                             Element& diff) {
  const Element* from = &place.base;
  if (const std::string_view last = tail(diff.id); last.find('/') != std::string_view::npos) {
    assign_ids(run_, result_);
    Element* parent = with_id(diff.id.substr(0, diff.id.size() - last.size() + last.rfind('/')));
    if (parent != nullptr) from = parent;
  }
  Element& made = copied(scope, *from, place.base);
  made.slicing = nullptr;
  made.slice_name = diff.slice_name;
  made.set_text(Field::min, "0");  // a slice is optional unless it says otherwise
  CONCORD_TRY(append(cursor, made));
  CONCORD_TRY(merge_into(run_, made, diff, *scope.source, false));
  if (made.types.size() == 1 && made.types.front().count("profile") == 1) {
    const Definition* profile =
        run_.store.prepared(run_.store.find(made.types.front().first("profile"), &run_.derived));
    if (profile != nullptr) {
      const Element& root = *profile->snapshot.front();
      if (root.min() > 0 && made.min() == 0) made.take(Field::min, root);
      if (root.max_count() <= 1 && made.max_count() > 1) made.take(Field::max, root);
    }
  }
  cursor.diff = diff_index(&diff) + 1;
  const Index from_diff = cursor.diff;
  const bool deeper = diff_at(from_diff) != nullptr &&
                      begins_with(diff_at(from_diff)->path, std::string(diff.path) + ".");
  if (!deeper || made.types.empty()) return {};
  if (made.types.size() > 1 &&
      std::any_of(made.types.begin(), made.types.end(),
                  [](const TypeRef& type) { return type.working != "Reference"; })) {
    return run_.fail("_has_children__and_multiple_types__in_profile_",
                     std::string(diff.path) +
                         " has children in the differential and several types (" +
                         list_types(made.types) + ")",
                     &diff);
  }
  cursor.diff = skip_below(from_diff, diff.path);
  const auto base_at = index_of(*cursor.base, &place.base);
  const std::size_t base_end = end_of(*cursor.base, base_at);
  const std::string_view type_name = made.types.front().working;
  if (base_end > base_at + 1 &&
      (type_name == "BackboneElement" || type_name == "Element" || type_name == "Base")) {
    Scope inner = scope;
    inner.base_limit = static_cast<Index>(base_end) - 1;
    inner.diff_limit = cursor.diff - 1;
    inner.sliced = false;
    inner.slicer = nullptr;
    inner.sliced_path = {};
    Cursor children = cursor;
    children.at = static_cast<Index>(base_at) + 1;
    children.diff = from_diff;
    CONCORD_TRY(walk(inner, children, nullptr));
    return {};
  }
  Definition* type = run_.definition_of(made.types.front());
  if (type == nullptr) {
    return run_.fail("_has_children__for_type__in_profile__but_cant_find_type",
                     std::string(diff.path) + " has children, but its type " +
                         list_types(made.types) + " is unknown",
                     &diff);
  }
  return into_type(scope, cursor, *type, made, diff.path, from_diff, cursor.diff - 1, false);
}

}  // namespace concord::snapshot
