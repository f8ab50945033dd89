// The children of an element, wherever they are defined.
#include <algorithm>

#include "fhir/snapshot/detail/run.h"

namespace concord::snapshot {

namespace {

List direct_children(const List& list, std::size_t at) {
  List found;
  const std::string_view path = list[at]->path;
  for (std::size_t i = at + 1; i < list.size() && is_below(list[i]->path, path); ++i) {
    if (list[i]->path.find('.', path.size() + 1) == std::string_view::npos) {
      found.push_back(list[i]);
    }
  }
  return found;
}

}  // namespace

Result<Children> children_of(Run& run, Definition& definition, const Element& element,
                             bool follow_types, std::string_view type) {
  Definition* at = &definition;
  const Element* focus = &element;
  // A content reference may lead to an element that is one itself; a few steps are enough.
  for (int steps = 0; steps < 8; ++steps) {
    const List& list = at->snapshot;
    const std::size_t index = index_of(list, focus);
    const bool walks_in = index + 1 < list.size() && is_below(list[index + 1]->path, focus->path);
    if (walks_in) return Children{at, direct_children(list, index)};
    if (!focus->has_content_reference()) break;
    const std::string_view reference = focus->content_reference;
    const std::size_t hash = reference.find('#');
    if (hash == std::string_view::npos) break;
    if (hash > 0 && reference.substr(0, hash) != at->url) {
      at = run.store.prepared(run.store.find(reference.substr(0, hash), at));
    }
    focus = at == nullptr ? nullptr : at->by_id(reference.substr(hash + 1));
    if (focus == nullptr) {
      return run.fail("Unable_to_resolve_name_reference__at_path_",
                      "The content reference " + std::string(reference) + " of " +
                          std::string(element.path) + " leads nowhere",
                      &element);
    }
  }
  if (!follow_types) return Children{at, {}};
  Definition* source = nullptr;
  if (!type.empty()) {
    source = run.store.prepared(run.store.type(type));
  } else if (focus->types.size() > 1) {
    source = run.store.prepared(run.store.type("Element"));
  } else if (!focus->types.empty()) {
    source = run.definition_of(focus->types.front());
  }
  if (source == nullptr) {
    return run.fail(
        "Unknown_type__at_",
        "The type " + list_types(focus->types) + " at " + std::string(focus->path) + " is unknown",
        &element);
  }
  return Children{source, direct_children(source->snapshot, 0)};
}

}  // namespace concord::snapshot
