// What is done and checked once the walk has made all elements.
#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "fhir/snapshot/detail/extensions.h"
#include "fhir/snapshot/detail/merge.h"
#include "fhir/snapshot/detail/run.h"

namespace concord::snapshot {

/// A specialization adds elements after those of its base.
Result<void> Run::append_new_elements() {
  List& list = derived.snapshot;
  for (std::size_t i = 0; i < differential.size(); ++i) {
    Element& diff = *differential[i];
    if (diff.result != nullptr || diff.path.find('.') == std::string_view::npos) continue;
    CONCORD_TRY(count(list.size()));
    const auto existing = std::find_if(list.rbegin(), list.rend(), [&](const Element* element) {
      return element->path == diff.path;
    });
    if (existing != list.rend()) {
      CONCORD_TRY(merge_into(*this, **existing, diff, *base, false));
      continue;
    }
    const std::string_view parent = head(diff.path);
    const auto found = std::find_if(
        list.begin(), list.end(), [&](const Element* element) { return element->path == parent; });
    if (found == list.end()) {
      return fail("", "The element " + std::string(diff.path) + " stands before its parent", &diff);
    }
    Element& made = make(diff);
    made.id = {};
    diff.result = &made;
    if (list.size() >= store.limits().max_elements) return add(made);
    auto at = list.begin() + static_cast<std::ptrdiff_t>(
                                 end_of(list, static_cast<std::size_t>(found - list.begin())));
    at = list.insert(at, &made) + 1;
    const bool walked_into =
        i + 1 < differential.size() && is_below(differential[i + 1]->path, diff.path);
    if (!walked_into) continue;
    if (made.types.size() > 1) {
      return fail("",
                  "The new element " + std::string(diff.path) + " has children and several types",
                  &diff);
    }
    if (made.types.empty()) continue;
    const Definition* type = store.prepared(store.type(made.types.front().working));
    if (type == nullptr) continue;
    for (const Element* inherited : type->snapshot) {
      if (inherited->path.find('.') == std::string_view::npos) {
        for (const Part& part : inherited->parts) {
          if (part.field == Field::constraint) made.add(part);
        }
        continue;
      }
      Element& child = make(*inherited);
      child.path = store.keep(std::string(made.path) +
                              std::string(inherited->path.substr(inherited->path.find('.'))));
      child.id = {};
      at = list.insert(at, &child) + 1;
    }
  }
  return {};
}

/// A choice does not keep the types whose slices may not occur.
void Run::drop_prohibited_types() {
  List& list = derived.snapshot;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Element& element = *list[i];
    if (element.types.size() < 2) continue;
    const std::string_view root = without_choice(element.path);
    std::set<std::string_view> prohibited, seen;
    for (std::size_t j = i + 1; j < list.size() && list[j]->path.starts_with(root); ++j) {
      const Element& slice = *list[j];
      const bool same = slice.path == element.path ||
                        (is_choice(element.path) && slice.path.size() > root.size() &&
                         slice.path.find('.', root.size()) == std::string_view::npos);
      if (!same || slice.types.size() != 1) continue;
      const std::string_view type = slice.types.front().working;
      if (seen.insert(type).second && slice.is_prohibited()) prohibited.insert(type);
    }
    if (prohibited.empty()) continue;
    std::erase_if(element.types,
                  [&](const TypeRef& type) { return prohibited.contains(type.working); });
  }
}

namespace {

/// The names of "(a | b | c).count() = 1" or "<= 1"; empty for any other expression.
std::vector<std::string_view> choice_group(std::string_view expression) {
  std::vector<std::string_view> names;
  const std::size_t close = expression.find(')');
  if (!expression.starts_with('(') || close == std::string_view::npos) return names;
  std::string rest;
  for (const char c : expression.substr(close + 1)) {
    if (c != ' ') rest += c;
  }
  if (rest != ".count()=1" && rest != ".count()<=1") return names;
  std::string_view list = expression.substr(1, close - 1);
  while (!list.empty()) {
    const std::size_t bar = list.find('|');
    std::string_view name = list.substr(0, bar);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
    if (!plain) return {};
    names.push_back(name);
    list = bar == std::string_view::npos ? std::string_view{} : list.substr(bar + 1);
  }
  return names;
}

}  // namespace

/// Where an invariant allows one of several elements and one is required, the others are gone.
void Run::apply_choice_groups() {
  List& list = derived.snapshot;
  std::set<const Element*> removed;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Element& element = *list[i];
    if (removed.contains(&element) || element.is_sliced() || element.is_prohibited()) continue;
    for (const Part& part : element.parts) {
      if (part.field != Field::constraint) continue;
      const auto names = choice_group(part.child_text("expression"));
      if (names.size() < 2) continue;
      std::vector<std::size_t> members;
      const Element* required = nullptr;
      for (std::size_t j = i + 1; j < list.size() && is_below(list[j]->path, element.path); ++j) {
        const Element& child = *list[j];
        const std::string_view name = child.path.substr(element.path.size() + 1);
        if (child.has_slice_name() || name.find('.') != std::string_view::npos ||
            std::find(names.begin(), names.end(), name) == names.end()) {
          continue;
        }
        members.push_back(j);
        if (child.min() == 1 && required == nullptr) required = &child;
      }
      if (required == nullptr || members.size() != names.size()) continue;
      for (const std::size_t member : members) {
        Element& child = *list[member];
        if (&child == required || child.min() > 0) continue;
        child.set_text(Field::max, "0");
        for (std::size_t j = member + 1; j < end_of(list, member); ++j) removed.insert(list[j]);
      }
    }
  }
  if (removed.empty()) return;
  std::erase_if(list, [&](const Element* element) { return removed.contains(element); });
}

Result<void> Run::check_matched() {
  for (const Element* element : differential) {
    if (element->result != nullptr) continue;
    report(Severity::error, "",
           "No match found for " + std::string(element->id.empty() ? element->path : element->id) +
               " in the generated snapshot: its path or definition is wrong, or it is out of order",
           element);
  }
  return {};
}

void Run::complete_elements() {
  const bool specialization = !derived.is_constraint();
  for (Element* element : derived.snapshot) {
    if (specialization && element->base.path.empty()) {
      element->base = {element->path, element->text(Field::min), element->max()};
    }
  }
}

Result<void> Run::check_slices() {
  // The slicings the current element lies in.
  struct Open {
    Element* slicer;
    std::size_t index;
    std::uint64_t min = 0;
    std::uint64_t max = 0;
    std::set<std::string_view> names;
  };
  std::map<std::string_view, Open> open;
  const std::string type(derived.type_name());
  const auto close = [&](Open& at) {
    const Element& slicer = *at.slicer;
    const bool repeats = slicer.base.max != "1";  // slices of a choice exclude one another
    const std::string where =
        "StructureDefinition.snapshot.element[" + std::to_string(at.index) + "]";
    if (at.min > slicer.min() && repeats) {
      if (slicer.auto_slicing && store.complete_slicing()) {
        at.slicer->set_text(Field::min, store.keep(std::to_string(at.min)));
      } else if (!slicer.auto_slicing) {
        report_at(Severity::information, "",
                  "The slicing " + std::string(slicer.id) + " has min " +
                      std::to_string(slicer.min()) + ", but its slices add up to " +
                      std::to_string(at.min),
                  where);
      }
    }
    if (at.max > slicer.max_count() && repeats) {
      report_at(Severity::information, "",
                "The slicing " + std::string(slicer.id) + " has max " + std::string(slicer.max()) +
                    ", but its slices add up to " +
                    (at.max == kMany ? std::string("*") : std::to_string(at.max)),
                where);
    }
    if (at.min > at.max) {
      report_at(Severity::warning, "",
                "The slices of " + std::string(slicer.id) + " have less max than min", where);
    }
  };
  for (std::size_t i = 0; i < derived.snapshot.size(); ++i) {
    Element& element = *derived.snapshot[i];
    CONCORD_TRY(count(1 + open.size()));
    const std::string where = "StructureDefinition.snapshot.element[" + std::to_string(i) + "]";
    if (element.is_sliced() && !element.has_slice_name()) {
      open.insert_or_assign(element.path, Open{&element, i, 0, 0, {}});
    } else {
      for (auto at = open.begin(); at != open.end();) {
        if (at->first != element.path && depth_of(at->first) >= depth_of(element.path) &&
            !is_below(element.path, at->first)) {
          close(at->second);
          at = open.erase(at);
        } else {
          ++at;
        }
      }
    }
    if (element.path.find('.') != std::string_view::npos && !is_below(element.path, type)) {
      return fail("", "The element " + std::string(element.id) + " does not begin with " + type,
                  &element);
    }
    if (!element.has_slice_name()) continue;
    auto slicing = open.find(element.path);
    if (slicing == open.end()) {
      // An older way to write slices of choices: "Observation.valueQuantity".
      slicing = std::find_if(open.begin(), open.end(), [&](const auto& at) {
        return is_choice(at.first) && depth_of(at.first) == depth_of(element.path) &&
               element.path.starts_with(without_choice(at.first));
      });
    }
    if (slicing == open.end()) {
      report_at(Severity::warning, "",
                "The slice " + std::string(element.id) + " has no slicing before it", where);
      continue;
    }
    Open& at = slicing->second;
    // What slices a slice again is counted with it.
    const std::size_t slash = element.slice_name.rfind('/');
    const bool counted = slash != std::string_view::npos &&
                         at.names.contains(element.slice_name.substr(0, slash));
    if (!counted) {
      at.min += element.min();
      at.max = at.max == kMany || element.max() == "*" ? kMany : at.max + element.max_count();
    }
    if (!at.names.insert(element.slice_name).second) {
      report_at(Severity::error, "",
                "The slice name " + std::string(element.slice_name) + " stands twice at " +
                    std::string(element.path),
                where);
    }
  }
  for (auto& [path, at] : open) close(at);
  return {};
}

/// Types' profiles: known, and of the type they stand for.
void Run::check_profiles() {
  constexpr std::size_t kLongestChain = 64;
  const auto compatible = [&](std::string_view type, const Definition& profile) {
    const Definition* wanted = store.type(type);
    if (wanted == nullptr || wanted->type == profile.type) return true;
    const Definition* at = store.type(profile.type);
    for (std::size_t depth = 0; at != nullptr && depth < kLongestChain; ++depth) {
      if (at->type == wanted->type || at->url == wanted->url) return true;
      at = at->base.empty() ? nullptr : store.find(at->base, at);
    }
    return false;
  };
  for (std::size_t i = 0; i < derived.snapshot.size(); ++i) {
    const Element& element = *derived.snapshot[i];
    for (const TypeRef& type : element.types) {
      if (type.node == nullptr) continue;
      for (const tree::Node* at = type.node->child(type.document->find("profile")); at != nullptr;
           at = at->next_same()) {
        const std::string_view url = at->text();
        const std::string where = "StructureDefinition.snapshot.element[" + std::to_string(i) + "]";
        const Definition* profile = store.find_or_make(url, &derived);
        if (profile == nullptr) {
          report_at(Severity::warning, "",
                    "The profile " + std::string(url) + " of the type of " +
                        std::string(element.id) + " is not known",
                    where);
          continue;
        }
        if (extension_of(*type.document, at, kProfileElement) != nullptr) continue;
        const std::string_view wanted = element.path == "Bundle.entry.response.outcome"
                                            ? std::string_view("OperationOutcome")
                                            : type.working;
        if (profile->type != wanted && !compatible(wanted, *profile)) {
          report_at(Severity::error, "",
                    "The profile " + std::string(url) + " is for " + std::string(profile->type) +
                        ", not for " + std::string(wanted) + ", the type of " +
                        std::string(element.id),
                    where);
        }
      }
    }
  }
}

}  // namespace concord::snapshot
