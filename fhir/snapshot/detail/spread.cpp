// What a differential says of a sliced element in general is said of each of its slices.
#include <algorithm>
#include <array>
#include <deque>

#include "fhir/snapshot/detail/run.h"

namespace concord::snapshot {

namespace {

/// A slicing of the differential with what belongs to it.
struct Sliced {
  Sliced* parent = nullptr;
  Element* slicer = nullptr;
  List general;  ///< between the slicing and its first slice
  List slices;
  bool closed = false;

  void add(Element& element) {
    for (Sliced* at = this; at != nullptr; at = at->parent) {
      if (at->slices.empty()) at->general.push_back(&element);
    }
  }
  void add_slice(Element& element) {
    slices.push_back(&element);
    if (parent != nullptr) parent->add(element);
  }
};

bool is_extension_slicing(const Element& element) {
  const Slicing& slicing = *element.slicing;
  return is_extension_path(element.path) && slicing.rules == "open" && slicing.ordered == "false" &&
         slicing.discriminators.size() == 1 &&
         slicing.discriminators.front() == Discriminator{"value", "url"};
}

bool same_choice(std::string_view choice, std::string_view path) {
  return is_choice(choice) && path.starts_with(without_choice(choice)) &&
         path.substr(choice.size() - 3).find('.') == std::string_view::npos;
}

bool same_element(const Element& a, const Element& b) {
  return (a.path == b.path || same_choice(a.path, b.path) || same_choice(b.path, a.path)) &&
         a.slice_name == b.slice_name;
}

/// What the slice leaves open is taken from the general element.
void complete(Element& element, const Element& general) {
  constexpr std::array kFields{Field::label,
                               Field::code,
                               Field::short_text,
                               Field::definition,
                               Field::comment,
                               Field::requirements,
                               Field::alias,
                               Field::min,
                               Field::max,
                               Field::default_value,
                               Field::meaning_when_missing,
                               Field::order_meaning,
                               Field::fixed,
                               Field::pattern,
                               Field::example,
                               Field::min_value,
                               Field::max_value,
                               Field::max_length,
                               Field::constraint,
                               Field::must_have_value,
                               Field::value_alternatives,
                               Field::must_support,
                               Field::is_modifier,
                               Field::is_modifier_reason,
                               Field::is_summary,
                               Field::binding};
  for (const Field field : kFields) {
    if (!element.has(field)) element.take(field, general);
  }
  if (element.types.empty()) element.types = general.types;
}

class Spreader {
 public:
  explicit Spreader(Run& run) : run_(run), list_(run.differential) {}

  Result<void> all() {
    gather();
    for (const Sliced& at : slicings_) {
      if (at.general.empty() || at.slices.empty()) continue;
      for (const Element* element : at.general) {
        if (element->is_sliced() && !is_extension_slicing(*element)) {
          run_.report(Severity::warning, "UNSUPPORTED_SLICING_COMPLEXITY",
                      "What is said of all slices of " + std::string(at.slicer->path) +
                          " is sliced itself at " + std::string(element->path) +
                          "; it is not taken into the slices",
                      element);
          return {};
        }
      }
    }
    for (auto at = slicings_.rbegin(); at != slicings_.rend(); ++at) {
      if (at->general.empty()) continue;
      for (Element* slice : at->slices) {
        CONCORD_TRY(run_.count(at->general.size() * 8));
        CONCORD_TRY(spread(at->general, *slice, *at->slicer));
      }
    }
    return {};
  }

 private:
  Sliced* slicing_of(const Element& element) {
    for (auto at = slicings_.rbegin(); at != slicings_.rend(); ++at) {
      if (at->closed) continue;
      const std::string_view path = at->slicer->path;
      if (path.size() > element.path.size()) {
        at->closed = true;
      } else if (element.path == path || is_below(element.path, path)) {
        return &*at;
      }
    }
    return nullptr;
  }

  void gather() {
    for (Element* element : list_) {
      Sliced* open = slicing_of(*element);
      const bool slicing = element->is_sliced() && !is_extension_slicing(*element);
      if (open != nullptr && element->has_slice_name() && element->path == open->slicer->path) {
        open->add_slice(*element);
      } else if (slicing) {
        if (open != nullptr) open->add(*element);
        Sliced made;
        made.parent = open;
        made.slicer = element;
        slicings_.push_back(std::move(made));
      } else if (open != nullptr) {
        open->add(*element);
      }
    }
  }

  Result<void> spread(const List& general, Element& slice, const Element& slicer) {
    const std::size_t start = index_of(list_, &slice) + 1;
    std::size_t end = start;
    while (end < list_.size() && is_below(list_[end]->path, slice.path)) ++end;
    CONCORD_TRY(run_.count(general.size() * (end - start + 1)));
    List missing;
    for (Element* element : general) {
      bool found = false;
      for (std::size_t i = start; i < end; ++i) {
        if (same_element(*list_[i], *element)) {
          complete(*list_[i], *element);
          found = true;
        }
      }
      if (!found) missing.push_back(element);
    }
    for (const Element* element : missing) {
      if (list_.size() >= run_.store.limits().max_elements) {
        return run_.fail("", "the differential has too many elements", element,
                         ErrorCode::too_costly);
      }
      std::string id(element->id);
      if (const std::size_t at = id.find(slicer.id); at != std::string::npos) {
        id.replace(at, slicer.id.size(), slice.id);
      }
      CONCORD_ASSIGN(const auto steps, steps_of(*element));
      const std::size_t at = place_for(start, end, id, steps);
      Element& copy = run_.make(*element);
      copy.id = run_.store.keep(id);
      list_.insert(list_.begin() + static_cast<std::ptrdiff_t>(at), &copy);
      ++end;
    }
    return {};
  }

  /// The children of each element the path runs through, in the order of their definition.
  Result<std::vector<Children>> steps_of(const Element& element) {
    std::vector<Children> steps;
    std::string_view rest = element.path;
    const Element* focus = nullptr;
    Definition* definition = nullptr;
    std::string type;
    while (!rest.empty()) {
      const std::size_t dot = rest.find('.');
      const std::string_view name = rest.substr(0, dot);
      rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
      if (definition == nullptr) {
        definition =
            run_.derived.kind == "logical" ? run_.base : run_.store.prepared(run_.store.type(name));
        if (definition == nullptr) {
          return run_.fail("Unknown_type__at_", "The type " + std::string(name) + " is unknown",
                           &element);
        }
        focus = definition->snapshot.front();
        continue;
      }
      CONCORD_ASSIGN(Children children, children_of(run_, *definition, *focus, true, type));
      type.clear();
      focus = nullptr;
      for (const Element* child : children.list) {
        const std::string_view known = tail(child->path);
        if (known == name) {
          focus = child;
          break;
        }
        if (same_choice(known, name)) {
          focus = child;
          type = name.substr(without_choice(known).size());
          if (is_primitive_type(run_.store, uncapitalized(type))) type = uncapitalized(type);
          break;
        }
      }
      if (focus == nullptr) {
        return run_.fail("UNKNOWN_PROPERTY",
                         "The path " + std::string(element.path) +
                             " has a name nobody defines: " + std::string(name),
                         &element);
      }
      definition = children.definition;
      steps.push_back(std::move(children));
    }
    return steps;
  }

  static std::size_t rank(const Children& children, std::string_view name) {
    name = name.substr(0, name.find(':'));
    for (std::size_t i = 0; i < children.list.size(); ++i) {
      const std::string_view known = tail(children.list[i]->path);
      if (known == name || same_choice(known, name)) return i + 1;
    }
    return 0;
  }

  /// Whether an element with that id stands before `other`.
  static bool before(std::string_view id, const std::vector<Children>& steps,
                     const Element& other) {
    std::string_view a = id, b = other.id;
    for (std::size_t i = 0;; ++i) {
      const std::size_t x = a.find('.'), y = b.find('.');
      const std::string_view left = a.substr(0, x), right = b.substr(0, y);
      if (left != right && i > 0 && i - 1 < steps.size()) {
        const std::size_t ranks[] = {rank(steps[i - 1], left), rank(steps[i - 1], right)};
        if (ranks[0] == ranks[1]) {
          // The slicing stands before its slices.
          return left.find(':') == std::string_view::npos &&
                 right.find(':') != std::string_view::npos;
        }
        return ranks[0] < ranks[1];
      }
      if (x == std::string_view::npos || y == std::string_view::npos) {
        return x == std::string_view::npos && y != std::string_view::npos;
      }
      a.remove_prefix(x + 1);
      b.remove_prefix(y + 1);
    }
  }

  /// Beside what the slice has of the same parent, in the order of definition.
  std::size_t place_for(std::size_t start, std::size_t end, std::string_view id,
                        const std::vector<Children>& steps) const {
    for (std::string_view parent = id; parent.find('.') != std::string_view::npos;
         parent = head(parent)) {
      std::size_t last = end;
      for (std::size_t i = start; i < end; ++i) {
        if (!list_[i]->id.starts_with(parent)) continue;
        if (before(id, steps, *list_[i])) return i;
        last = i;
      }
      if (last != end) return last + 1;
    }
    return end;
  }

  Run& run_;
  List& list_;
  std::deque<Sliced> slicings_;
};

}  // namespace

Result<void> spread_over_slices(Run& run) { return Spreader(run).all(); }

}  // namespace concord::snapshot
