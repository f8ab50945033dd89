// One entry of the differential for one element of the base.
#include <algorithm>
#include <set>

#include "fhir/snapshot/detail/extensions.h"
#include "fhir/snapshot/detail/merge.h"
#include "fhir/snapshot/detail/walk.h"

namespace concord::snapshot {

Element* Walk::with_id(std::string_view id) {
  for (Element* element : result_) {
    if (element->id == id) return element;
  }
  return nullptr;
}

/// What the new element starts from when it is not the base element: the slice that is sliced
/// again, or the first element of the profile its type names. Null: the base element.
Result<Element*> Walk::template_of(const Place& place) {
  const Element& diff = *place.matches.front();
  const Element& base = place.base;
  if (const std::string_view last = tail(diff.id); last.find('/') != std::string_view::npos) {
    assign_ids(run_, result_);
    const std::string_view parent =
        diff.id.substr(0, diff.id.size() - last.size() + last.rfind('/'));
    Element* found = with_id(parent);
    return found == nullptr ? nullptr : &run_.make(*found);
  }
  if (diff.types.size() != 1) return nullptr;
  const TypeRef& type = diff.types.front();
  const std::string_view canonical = type.first("profile");
  if (canonical.empty() || type.working == "Reference") return nullptr;
  if (!base.types.empty() && base.types.front().first("profile") == canonical) return nullptr;
  Definition* profile = run_.store.prepared(run_.store.find_or_make(canonical, &run_.derived));
  if (profile == nullptr) return nullptr;  // merging says that it is unknown

  const tree::Node* stated = type.node->child(type.document->find("profile"));
  const tree::Node* inner =
      extension_value(*type.document, extension_of(*type.document, stated, kProfileElement));
  if (profile->state != Definition::State::generating &&
      !profile_fits(run_, *profile, diff.types,
                    inner == nullptr ? std::string_view{} : inner->text())) {
    return run_.fail("Validation_VAL_Profile_WrongType2",
                     "The profile " + std::string(canonical) + " at " + std::string(diff.path) +
                         " is for the type " + std::string(profile->type) +
                         ", but the element has the type " + list_types(diff.types),
                     &diff);
  }
  const bool open_type = base.types.size() == 1 && (base.types.front().working == "Extension" ||
                                                    base.types.front().working == "Resource");
  const Element* from = profile->snapshot.front();
  if (inner != nullptr) {
    from = profile->by_id(inner->text());
    if (from == nullptr && open_type && profile->state != Definition::State::generating) {
      return run_.fail(
          "Unable_to_find_element__in_",
          "The profile " + std::string(canonical) + " has no element " + std::string(inner->text()),
          &diff);
    }
  }
  if (!open_type || from == nullptr) return nullptr;
  Element& made = run_.make(*from);
  if (inner == nullptr && profile->kind == "resource") {
    // %resource means something else where the root of a resource stands within another; who
    // checks the profile checks its constraints.
    made.clear(Field::constraint);
  }
  made.path = base.path;
  made.slice_name = {};
  made.slicing = nullptr;
  if (type.code != "Extension") {
    made.take(Field::min, base);
    made.take(Field::max, base);
  }
  // What it says of itself goes before the element it stands for, also where tables left a "false"
  // out.
  if (!made.has(Field::is_modifier)) made.set_text(Field::is_modifier, "false");
  if (profile->kind == "resource" && !made.has(Field::is_summary)) {
    made.set_text(Field::is_summary, "false");
  }
  complete_from(made, base);
  return &made;
}

Result<Element*> Walk::merge(const Scope& scope, Cursor& cursor, const Place& place,
                             const Element* slicer) {
  Element& diff = *place.matches.front();
  const Element& base = place.base;
  if (!diff.types.empty() && diff.types.front().working == "Reference" &&
      std::none_of(base.types.begin(), base.types.end(), [&](const TypeRef& type) {
        return type.code == diff.types.front().code || type.working == diff.types.front().code;
      })) {
    return run_.fail("VALIDATION_VAL_ILLEGAL_TYPE_CONSTRAINT",
                     std::string(diff.path) +
                         " cannot be constrained to Reference; its types are " +
                         list_types(base.types),
                     &diff);
  }
  CONCORD_ASSIGN(Element* const from, template_of(place));
  Element& made = copied(scope, from == nullptr ? base : *from, base);
  if (diff.has_slice_name()) {
    Element& slicing = copied(scope, base, base);
    CONCORD_TRY(ensure_slicing(diff, slicing));
    made.slice_name = diff.slice_name;
    if (!diff.has(Field::min)) {
      const bool closed = scope.slicer != nullptr && scope.slicer->is_sliced() &&
                          scope.slicer->slicing->rules == "closed";
      // A slice is optional unless it says otherwise. (Extension.value[x] is what published
      // definitions rely on.)
      if (!closed && !base.has_slice_name()) {
        if (!place.path.ends_with("xtension.value[x]")) made.set_text(Field::min, "0");
      } else if (closed && scope.slices > 1) {
        made.set_text(Field::min, "0");
      }
    }
  }
  CONCORD_TRY(merge_into(run_, made, diff, *scope.source, slicer != nullptr));
  if (slicer != nullptr && run_.store.complete_slicing() &&
      made.max_count() > slicer->max_count()) {
    made.take(Field::max, *slicer);
  }
  made.slicing = nullptr;
  CONCORD_TRY(append(cursor, made));
  ++cursor.at;
  cursor.diff = diff_index(&diff) + 1;
  CONCORD_TRY(merge_children(scope, cursor, place, made));
  return &made;
}

Result<void> Walk::merge_children(const Scope& scope, Cursor& cursor, const Place& place,
                                  Element& made) {
  const Element& diff = *place.matches.front();
  const Element* next = diff_at(cursor.diff);
  if (next == nullptr || cursor.diff > scope.diff_limit ||
      made.path.find('.') == std::string_view::npos ||
      !begins_with(next->path, std::string(diff.path) + ".") ||
      has_children(*cursor.base, cursor.at - 1)) {
    return {};
  }
  const bool any_resource =
      std::any_of(made.types.begin(), made.types.end(),
                  [](const TypeRef& type) { return type.working == "Resource"; });
  if (!made.has_content_reference() && (made.types.empty() || any_resource)) return {};
  if (made.types.size() > 1 && is_choice(made.path) && !is_choice(diff.path)) {
    // The name tells the type.
    const std::string_view name = tail(diff.path);
    std::string wanted(name.substr(tail(made.path).size() - 3));
    if (is_primitive_type(run_.store, uncapitalized(wanted))) wanted = uncapitalized(wanted);
    std::erase_if(made.types, [&](const TypeRef& type) { return type.working != wanted; });
    if (made.types.empty()) {
      const std::string_view kept = run_.store.keep(wanted);
      made.types.push_back({nullptr, nullptr, kept, kept});
    }
  }
  const Index from = cursor.diff;
  cursor.diff = std::min(skip_below(from, diff.path), scope.diff_limit + 1);
  if (made.has_content_reference()) {
    return into_reference(scope, cursor, made, place.path, from, cursor.diff - 1);
  }
  std::set<std::string_view> codes;
  for (const TypeRef& type : made.types) codes.insert(type.working);
  Definition* type = nullptr;
  if (codes.size() > 1) {
    type = run_.store.prepared(run_.store.type("Element"));
  } else if (made.types.front().count("profile") > 1) {
    type = run_.store.prepared(run_.store.type(made.types.front().working));
  } else {
    type = run_.definition_of(made.types.front());
  }
  if (type == nullptr) {
    return run_.fail("_has_children__for_type__in_profile__but_cant_find_type",
                     std::string(diff.path) + " has children, but its type " +
                         list_types(made.types) + " is unknown",
                     &diff);
  }
  return into_type(scope, cursor, *type, made, diff.path, from, cursor.diff - 1, false);
}

/// A slice whose slicing nobody stated: for extensions and types the slicing is implied, and put
/// before it.
Result<void> Walk::ensure_slicing(const Element& diff, Element& slicing) {
  const auto same_name = [](std::string_view a, std::string_view b) {
    return a == b || (is_choice(a) && b.starts_with(without_choice(a))) ||
           (is_choice(b) && a.starts_with(without_choice(b)));
  };
  const auto same_place = [&](std::string_view a, std::string_view b) {
    while (true) {
      const std::size_t x = a.find('.'), y = b.find('.');
      if ((x == std::string_view::npos) != (y == std::string_view::npos)) return false;
      if (!same_name(a.substr(0, x), b.substr(0, y))) return false;
      if (x == std::string_view::npos) return true;
      a.remove_prefix(x + 1);
      b.remove_prefix(y + 1);
    }
  };
  for (auto at = result_.rbegin(); at != result_.rend(); ++at) {
    const Element& seen = **at;
    if (same_place(seen.path, diff.path) &&
        (seen.is_sliced() || seen.has_slice_name() || is_choice(seen.path))) {
      return {};
    }
    if (seen.path.size() < diff.path.size()) break;
  }
  if (slicing.path.ends_with(".extension")) {
    if (slicing.slicing == nullptr) slicing.slicing = extension_slicing(run_);
    slicing.auto_slicing = true;
    return run_.add(slicing);
  }
  if (run_.store.complete_slicing() && is_choice(slicing.path) && !slicing.has_slice_name() &&
      !slicing.is_sliced() && !diff.types.empty()) {
    slicing.slicing = type_slicing("closed");
    return run_.add(slicing);
  }
  return {};
}

}  // namespace concord::snapshot
