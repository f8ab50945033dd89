// The differential slices an element that the base does not slice.
#include <algorithm>

#include "fhir/snapshot/detail/extensions.h"
#include "fhir/snapshot/detail/merge.h"
#include "fhir/snapshot/detail/walk.h"

namespace concord::snapshot {

namespace {

bool is_type_slicing(const Slicing* slicing) {
  return slicing != nullptr && slicing->discriminators.size() == 1 &&
         slicing->discriminators.front() == Discriminator{"type", "$this"};
}

std::string summary(const Slicing& slicing) {
  std::string text(slicing.rules);
  if (slicing.ordered == "true") text += ", ordered";
  for (const Discriminator& at : slicing.discriminators) {
    text += text.empty() ? "" : ", ";
    text += std::string(at.type) + ":" + std::string(at.path);
  }
  return text;
}

bool agrees(const Slicing& first, const Slicing& again) {
  return (again.ordered.empty() || again.ordered == first.ordered) &&
         (again.rules.empty() || again.rules == first.rules) &&
         again.discriminators == first.discriminators;
}

}  // namespace

Result<Definition*> Walk::single_type(const Element& made, const Place& place) {
  const Element& diff = *place.matches.front();
  if (made.types.empty()) {
    if (made.has_content_reference()) {
      return run_.fail("UNABLE_TO_RESOLVE_CONTENT_REFERENCE_IN_THIS_CONTEXT",
                       "The content reference " + std::string(made.content_reference) + " of " +
                           std::string(made.path) + " cannot be followed here",
                       &diff);
    }
    return run_.fail("_has_no_children__and_no_types_in_profile_",
                     std::string(diff.path) +
                         " has neither children nor types, yet the "
                         "differential goes into it",
                     &diff);
  }
  if (made.types.size() > 1 &&
      std::any_of(made.types.begin(), made.types.end(),
                  [](const TypeRef& type) { return type.working != "Reference"; })) {
    return run_.fail("_has_children__and_multiple_types__in_profile_",
                     std::string(diff.path) +
                         " has children in the differential and several types (" +
                         list_types(made.types) + ")",
                     &diff);
  }
  Definition* type = run_.definition_of(made.types.front());
  if (type == nullptr) {
    return run_.fail(
        "Unknown_type__at_",
        "The type " + list_types(made.types) + " at " + std::string(diff.path) + " is unknown",
        &diff);
  }
  return type;
}

Result<void> Walk::slice(const Scope& scope, Cursor& cursor, const Place& place) {
  const Element& base = place.base;
  List& matches = place.matches;
  Element& diff = *matches.front();
  const bool repeats = base.max() != "1" && base.max() != "0" && base.has(Field::max);
  if (!repeats && !(diff.is_sliced() && diff.max() == "1") && !is_type_slicing(diff.slicing)) {
    return run_.fail("Attempt_to_a_slice_an_element_that_does_not_repeat__from__in_",
                     std::string(base.path) + " does not repeat and cannot be sliced", &diff);
  }
  if (!diff.is_sliced() && !is_extension_path(base.path)) {
    return run_.fail("Differential_does_not_have_a_slice__b_of_____in_profile_",
                     std::string(place.path) +
                         " stands in the differential several times or with a slice name, but "
                         "nothing says how it is sliced",
                     &diff);
  }
  const Index base_end =
      static_cast<Index>(end_of(*cursor.base, static_cast<std::size_t>(cursor.at))) - 1;
  Element* slicer = nullptr;
  std::size_t first_slice = 0;
  const bool stands_apart =
      matches.size() > 1 && diff.is_sliced() &&
      (base_end > cursor.at || diff_index(matches[1]) > diff_index(&diff) + 1);
  if (stands_apart) {
    // What holds for all slices, children included, comes before the slices.
    Scope inner = scope;
    inner.base_limit = base_end;
    inner.diff_limit = diff_end(diff_index(&diff));
    inner.sliced = true;
    inner.slicer = nullptr;
    inner.sliced_path = {};
    Cursor from = cursor;
    from.diff = diff_index(&diff);
    CONCORD_ASSIGN(slicer, walk(inner, from, nullptr));
    if (slicer == nullptr) {
      return run_.fail("Did_not_find_single_slice_",
                       "Nothing was made of the slicing at " + std::string(diff.path), &diff);
    }
    slicer->slicing = diff.slicing;
    first_slice = 1;
  } else {
    Element& made = copied(scope, base, base);
    slicer = &made;
    if (!diff.is_sliced()) {
      made.slicing = extension_slicing(run_);
      made.auto_slicing = true;
    } else {
      made.slicing = diff.slicing;
      for (std::size_t i = 1; i < matches.size(); ++i) {
        if (matches[i]->is_sliced() && !matches[i]->has_slice_name() &&
            !agrees(*diff.slicing, *matches[i]->slicing)) {
          run_.report(Severity::error, "ATTEMPT_TO_CHANGE_SLICING",
                      "The slicing of " + std::string(diff.path) + " (" + summary(*diff.slicing) +
                          ") is stated again, differently (" + summary(*matches[i]->slicing) + ")",
                      matches[i]);
        }
      }
    }
    CONCORD_TRY(append(cursor, made));
    if (diff.has_slice_name()) {
      simplify_extension(run_, made);
    } else {
      first_slice = 1;
      CONCORD_TRY(merge_into(run_, made, diff, *scope.source, false));
      if (!made.has_content_reference() && made.types.empty() &&
          made.path.find('.') != std::string_view::npos) {
        return run_.fail("Not_done_yet", std::string(made.path) + " is sliced and has no type",
                         &diff);
      }
      if (goes_deeper(place.path, cursor.diff, scope.diff_limit, false)) {
        if (has_children(*cursor.base, cursor.at)) {
          return run_.fail(
              "", std::string(base.path) + " is sliced, has children in its base, and no slice",
              &diff);
        }
        CONCORD_ASSIGN(Definition* const type, single_type(made, place));
        const Index from = cursor.diff + 1;
        cursor.diff = skip_below(from, place.path) - 1;
        CONCORD_TRY(into_type(scope, cursor, *type, made, place.path, from, cursor.diff, true));
      }
    }
  }
  Index diff_limit = cursor.diff;
  for (std::size_t i = first_slice; i < matches.size(); ++i) {
    Scope inner = scope;
    inner.base_limit = base_end;
    Cursor from = cursor;
    from.diff = diff_index(matches[i]);
    diff_limit = inner.diff_limit = diff_end(from.diff);
    inner.sliced = true;
    inner.slicer = slicer;
    inner.sliced_path = {};
    inner.slices = matches.size() - 1;
    CONCORD_TRY(walk(inner, from, slicer));
  }
  cursor.at = base_end + 1;
  cursor.diff = diff_limit + 1;
  return {};
}

}  // namespace concord::snapshot
