#include "fhir/validate/code_list.h"

#include <algorithm>

#include "fhir/definitions/r4_generated.h"

namespace concord::validate {

namespace {

namespace pack = definitions::pack;
constexpr int kMostImports = 8;  // sets of sets, one inside the other

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}

/// Whether `index` is the concept `ancestor` or stands below it.
bool is_below(const pack::CodeSystem& system, flatbuffers::uoffset_t index,
              std::string_view ancestor, bool itself) {
  for (bool first = true;; first = false) {
    const pack::Concept& row = *system.concepts()->Get(index);
    if (view(row.code()) == ancestor && (itself || !first)) return true;
    if (row.parent() == definitions::Element::kUnbounded) return false;
    index = row.parent();
  }
}

}  // namespace

bool CodeList::has(std::string_view code) const noexcept {
  const auto at =
      std::lower_bound(rows_.begin(), rows_.end(), code,
                       [](const Row& row, std::string_view c) { return row.first < c; });
  return at != rows_.end() && at->first == code;
}

bool CodeList::has(std::string_view system, std::string_view code) const noexcept {
  return std::binary_search(rows_.begin(), rows_.end(), Row{code, system});
}

const CodeList& CodeLists::list(std::string_view url) {
  if (const auto at = lists_.find(url); at != lists_.end()) return at->second;
  CodeList& list = lists_[std::string(url)];
  read(list, url, 0);
  std::sort(list.rows_.begin(), list.rows_.end());
  list.known_ = list.known_ && !list.rows_.empty();
  return list;
}

void CodeLists::read(CodeList& list, std::string_view url, int depth) {
  const pack::ValueSet* set = definitions_.value_set(url);
  if (set == nullptr || set->include() == nullptr || depth > kMostImports) {
    list.known_ = false;
    return;
  }
  for (const pack::Include* part : *set->include()) {
    const std::string_view system = view(part->system());
    if (part->value_sets() != nullptr) {
      // Several sets, or a set beside a system, mean what they have in common.
      if (part->value_sets()->size() > 1 || !system.empty()) {
        list.known_ = false;
      } else {
        read(list, view(part->value_sets()->Get(0)), depth + 1);
      }
      continue;
    }
    if (part->concepts() != nullptr) {
      for (const auto* row : *part->concepts()) list.rows_.emplace_back(view(row->code()), system);
      continue;
    }
    const pack::CodeSystem* from = definitions_.code_system(system);
    if (from == nullptr || from->concepts() == nullptr || view(from->content()) != "complete") {
      list.known_ = false;
      continue;
    }
    std::string_view ancestor;
    bool itself = true;
    if (part->filters() != nullptr) {
      const pack::Filter& filter = *part->filters()->Get(0);
      itself = view(filter.op()) == "is-a";
      ancestor = view(filter.value());
      if (part->filters()->size() > 1 || view(filter.property()) != "concept" ||
          !(itself || view(filter.op()) == "descendent-of")) {
        list.known_ = false;
        continue;
      }
    }
    const auto& concepts = *from->concepts();
    for (flatbuffers::uoffset_t i = 0; i < concepts.size(); ++i) {
      if (!ancestor.empty() && !is_below(*from, i, ancestor, itself)) continue;
      list.rows_.emplace_back(view(concepts.Get(i)->code()), system);
    }
  }
  if (set->exclude() == nullptr) return;
  for (const pack::Include* part : *set->exclude()) {
    if (part->concepts() == nullptr) {
      list.known_ = false;
      continue;
    }
    for (const auto* row : *part->concepts()) {
      std::erase(list.rows_, CodeList::Row{view(row->code()), view(part->system())});
    }
  }
}

}  // namespace concord::validate
