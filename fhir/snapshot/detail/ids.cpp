// Ids of elements: http://hl7.org/fhir/R4/elementdefinition.html#id
#include <unordered_set>

#include "fhir/snapshot/detail/run.h"

namespace concord::snapshot {

void assign_ids(Run& run, const List& list) {
  // The slices the current element lies in, outermost first.
  struct Open {
    std::string_view path;
    std::string_view slice;
  };
  std::vector<Open> open;
  std::unordered_set<std::string_view> known;
  const Definition& derived = run.derived;
  const std::string reference_start =
      derived.kind == "logical"
          ? std::string(run.base == nullptr ? derived.url : run.base->url)
          : std::string("http://hl7.org/fhir/StructureDefinition/").append(derived.type);
  std::string id;
  for (Element* element : list) {
    const std::string_view path = element->path;
    std::erase_if(open,
                  [&](const Open& at) { return at.path == path || at.path.size() > path.size(); });
    if (element->has_slice_name()) open.push_back({path, element->slice_name});
    id.clear();
    for (std::size_t start = 0; start <= path.size();) {
      const std::size_t end = std::min(path.find('.', start), path.size());
      if (start != 0) id += '.';
      const std::size_t from = id.size();
      id += path.substr(start, end - start);
      if (start != 0) {
        for (std::size_t i = from; i < id.size(); ++i) {
          if (id[i] == '_') id[i] = '-';
        }
        for (const Open& at : open) {
          if (at.path == path.substr(0, end)) (id += ':') += at.slice;
        }
      }
      start = end + 1;
    }
    element->id = run.store.keep(id);
    if (!known.insert(element->id).second && &list == &run.derived.snapshot) {
      run.report_at(Severity::error, "Same_id_on_multiple_elements__in_",
                    "Two elements have the id " + in_quotes(element->id), std::string(element->id));
    }
    if (element->content_reference.starts_with('#')) {
      element->content_reference =
          run.store.keep(reference_start + std::string(element->content_reference));
    }
  }
}

}  // namespace concord::snapshot
