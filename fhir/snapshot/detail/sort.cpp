// A differential in the order of its base.
#include <algorithm>

#include "fhir/snapshot/detail/run.h"

namespace concord::snapshot {

namespace {

/// A path of the differential with those below it.
struct Branch {
  Element* element = nullptr;  ///< null: only its children are in the differential
  std::string_view path;
  std::size_t rank = 0;  ///< position in the elements it is sorted by
  std::vector<Branch> children;
};

/// The elements that give the order, and how paths of the differential read in them.
struct Order {
  Definition* definition = nullptr;
  const List* elements = nullptr;
  std::string root;         ///< put before what is left of a path
  std::size_t dropped = 0;  ///< characters of it left out
};

class Sorter {
 public:
  explicit Sorter(Run& run) : run_(run) {}

  Result<void> all() {
    List& list = run_.differential;
    if (list.empty()) return {};
    Branch top;
    std::size_t next = 0;
    if (list.front()->path.find('.') == std::string_view::npos) {
      top.element = list.front();
      top.path = list.front()->path;
      next = 1;
    } else {
      top.path = list.front()->path.substr(0, list.front()->path.find('.'));
    }
    CONCORD_TRY(gather(top, next, 0));
    CONCORD_TRY(sort(top, Order{run_.base, &run_.base_elements, {}, 0}));
    List sorted;
    write(top, sorted);
    if (sorted.size() != list.size()) {
      return run_.fail("", "The differential cannot be sorted: a path does not begin with " +
                               std::string(top.path));
    }
    list = std::move(sorted);
    return {};
  }

 private:
  Result<void> gather(Branch& branch, std::size_t& next, std::size_t depth) {
    const List& list = run_.differential;
    if (depth > run_.store.limits().max_depth) {
      return run_.fail("", "paths of the differential are too deep", nullptr,
                       ErrorCode::too_costly);
    }
    while (next < list.size() && is_below(list[next]->path, branch.path)) {
      const std::string_view path = list[next]->path;
      const std::size_t dot = path.find('.', branch.path.size() + 1);
      Branch child;
      child.path = path.substr(0, dot);
      if (dot == std::string_view::npos) child.element = list[next++];
      CONCORD_TRY(gather(child, next, depth + 1));
      branch.children.push_back(std::move(child));
    }
    return {};
  }

  static void write(const Branch& branch, List& list) {
    if (branch.element != nullptr) list.push_back(branch.element);
    for (const Branch& child : branch.children) write(child, list);
  }

  /// Position of a path of the differential; 0 when it is not there.
  Result<std::size_t> rank_of(const Order& order, std::string_view path) {
    constexpr int kMostReferences = 10;
    std::string wanted = order.root + std::string(path.substr(order.dropped));
    int references = 0;
    for (std::size_t i = 0; i < order.elements->size(); ++i) {
      const Element& known = *(*order.elements)[i];
      CONCORD_TRY(run_.count(1));
      const auto chooses = [](std::string_view choice, std::string_view typed) {
        return is_choice(choice) && !is_choice(typed) &&
               typed.starts_with(without_choice(choice)) &&
               typed.substr(choice.size() - 3).find('.') == std::string_view::npos;
      };
      if (known.path == wanted || chooses(known.path, wanted) || chooses(wanted, known.path)) {
        return i;
      }
      if (known.has_content_reference() && is_below(wanted, known.path)) {
        if (++references > kMostReferences) {
          return run_.fail("", "content references lead in a circle at " + std::string(path));
        }
        const std::string_view target =
            known.content_reference.substr(known.content_reference.find('#') + 1);
        wanted = std::string(target) + wanted.substr(known.path.size());
        i = static_cast<std::size_t>(-1);  // from the start
      }
    }
    return std::size_t{0};
  }

  /// What the children of `child` are sorted by; nothing elements: leave them as they are.
  Result<Order> order_below(const Order& order, const Branch& child) {
    const Element& known = *(*order.elements)[child.rank];
    const std::size_t dropped = child.path.size();
    const auto of_type = [&](std::string_view type) -> Result<Order> {
      Definition* found = run_.store.prepared(run_.store.type(type));
      if (found == nullptr) {
        return run_.fail(
            "Unable_to_resolve_profile__in_element_",
            "The type " + std::string(type) + " at " + std::string(known.path) + " is unknown",
            child.element);
      }
      return Order{found, &found->snapshot, std::string(found->type_name()), dropped};
    };
    const bool in_place = known.types.empty() || known.types.front().working == "BackboneElement" ||
                          known.types.front().working == "Element" ||
                          known.types.front().working == "Resource" ||
                          known.types.front().working == "DomainResource";
    const std::vector<TypeRef>* stated =
        child.element == nullptr || child.element->types.empty() ? nullptr : &child.element->types;
    if (in_place) {
      if (stated == nullptr || known.types.empty() || known.types.front().working != "Resource" ||
          stated->front().count("profile") == 0) {
        return order;
      }
      Definition* profile =
          run_.store.prepared(run_.store.find(stated->front().first("profile"), &run_.derived));
      if (profile == nullptr) return Order{};
      return of_type(profile->type);
    }
    if (known.types.front().working == "Extension" && stated != nullptr && stated->size() == 1 &&
        stated->front().count("profile") > 0) {
      Definition* profile =
          run_.store.prepared(run_.store.find(stated->front().first("profile"), &run_.derived));
      if (profile == nullptr) return Order{};
      return Order{profile, &profile->snapshot, "Extension", dropped};
    }
    if (known.types.size() == 1) return of_type(known.types.front().working);
    if (stated != nullptr && stated->size() == 1) return of_type(stated->front().working);
    if (is_choice(known.path) && !is_choice(child.path)) {
      std::string type(tail(child.path).substr(tail(known.path).size() - 3));
      if (is_primitive_type(run_.store, uncapitalized(type))) type = uncapitalized(type);
      return of_type(type);
    }
    const auto all_references = [](const std::vector<TypeRef>& types) {
      return std::all_of(types.begin(), types.end(),
                         [](const TypeRef& type) { return type.working == "Reference"; });
    };
    if (all_references(stated != nullptr ? *stated : known.types)) return of_type("Reference");
    return of_type("Element");  // only what every type has can be said
  }

  Result<void> sort(Branch& branch, const Order& order) {
    for (Branch& child : branch.children) {
      CONCORD_ASSIGN(child.rank, rank_of(order, child.path));
    }
    std::stable_sort(branch.children.begin(), branch.children.end(),
                     [](const Branch& a, const Branch& b) { return a.rank < b.rank; });
    for (Branch& child : branch.children) {
      if (child.children.empty()) continue;
      CONCORD_ASSIGN(const Order below, order_below(order, child));
      if (below.elements != nullptr) CONCORD_TRY(sort(child, below));
    }
    return {};
  }

  Run& run_;
};

}  // namespace

Result<void> sort_differential(Run& run) { return Sorter(run).all(); }

}  // namespace concord::snapshot
