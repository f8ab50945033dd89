// References lead somewhere: "#id" to a contained resource, urn:uuid: and relative ones to an entry
// of their Bundle. Source: hl7.org/fhir/R4/references.html, bundle.html#references.

#include <algorithm>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fhir/validate/formats.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Element;
using definitions::ElementType;
using definitions::Type;
using tree::Flag;
using tree::Node;
using tree::Symbol;

constexpr std::string_view kId = "reference";

/// Resources by the text that refers to them: entries of one Bundle by fullUrl, contained resources
/// of one container by id.
struct Index {
  bool closed = false;  ///< what is referred to should be inside
  bool urns = false;    ///< urn:uuid: must be inside

  void add(std::string_view name, const Node* resource) { targets_.emplace_back(name, resource); }
  void sort() {
    std::stable_sort(targets_.begin(), targets_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  /// The first resource of that name, or null.
  const Node* find(std::string_view name) const {
    const auto at =
        std::lower_bound(targets_.begin(), targets_.end(), name,
                         [](const auto& row, std::string_view n) { return row.first < n; });
    return at == targets_.end() || at->first != name ? nullptr : at->second;
  }

 private:
  std::vector<std::pair<std::string_view, const Node*>> targets_;
};
using Indices = std::unordered_map<const Node*, Index>;

/// What an element may refer to.
struct Targets {
  Symbol reference;                ///< the type Reference
  std::vector<const Type*> types;  ///< none: any
};

/// "https://a/fhir/Patient/1" → "https://a/fhir/"; empty when the url is not of that form.
std::string_view rest_base(std::string_view full_url) {
  if (!full_url.starts_with("http://") && !full_url.starts_with("https://")) return {};
  const std::size_t id = full_url.rfind('/');
  const std::size_t type = id == 0 ? id : full_url.rfind('/', id - 1);
  return type == std::string_view::npos || type < 8 ? std::string_view{}
                                                    : full_url.substr(0, type + 1);
}

bool is_absolute(std::string_view reference) {
  for (const char c : reference) {
    if (c == ':') return true;
    if (c == '/' || c == '?' || c == '#') return false;
  }
  return false;
}

class References final : public Rule {
 public:
  std::string_view id() const override { return kId; }
  Runs runs() const override { return Runs::intake; }

  void prepare(const definitions::Definitions& definitions) override {
    const auto& symbols = definitions.symbols();
    reference_ = symbols.find("reference");
    contained_ = symbols.find("contained");
    entry_ = symbols.find("entry");
    full_url_ = symbols.find("fullUrl");
    resource_ = symbols.find("resource");
    type_ = symbols.find("type");
    id_ = symbols.find("id");
    bundle_ = definitions.type("Bundle");
    definitions_ = &definitions;
  }

  void compile(const Type& type, Plan& plan) override {
    for (const Element& element : type.elements()) {
      for (const ElementType& choice : element.types) {
        if (choice.type->text() != "Reference") continue;
        plan.on_element(element, &note, &targets_.emplace_back(targets_of(choice)));
        break;
      }
    }
  }

  void finish(Context& context) const override {
    if (context.options().references == Policy::accept) return;
    Indices bundles, containers;
    for (const auto& [node, data] : context.references) {
      const Targets& targets = *static_cast<const Targets*>(data);
      const Node* value = node->child(reference_);
      if (value == nullptr || !value->has_value()) continue;
      const std::string_view target = value->text();
      if (has_byte_below(target, '!')) {
        context.error(kId, "value", *value, "a reference may not hold white space");
      } else if (target.starts_with('#')) {
        check_contained(*value, targets, containers, context);
      } else {
        check_in_bundle(*value, targets, bundles, context);
      }
    }
  }

 private:
  /// Choice elements hold other types too: only References are noted.
  static void note(const void* data, const Node& node, Context& context) {
    const auto& targets = *static_cast<const Targets*>(data);
    if (node.type() == targets.reference) context.references.emplace_back(&node, data);
  }

  Targets targets_of(const ElementType& reference) const {
    Targets targets{reference.type->name(), {}};
    for (const std::string_view profile : reference.target_profiles) {
      const Type* type = definitions_->type(profile);
      if (type == nullptr) return {reference.type->name(), {}};  // a profile: not looked at
      targets.types.push_back(type);
    }
    return targets;
  }

  void check_contained(const Node& value, const Targets& targets, Indices& containers,
                       Context& context) const {
    const std::string_view id = value.text().substr(1);
    const Node* container = value.parent();
    while (container != nullptr && !container->is(Flag::resource)) container = container->parent();
    if (container != nullptr && container->name() == contained_ && container->parent() != nullptr) {
      container = container->parent();
    }
    if (id.empty() || container == nullptr) return;  // "#": the container itself
    const auto [known, is_new] = containers.try_emplace(container);
    Index& index = known->second;
    if (is_new) {
      for (const Node* at = container->child(contained_); at != nullptr; at = at->next_same()) {
        if (const Node* own = at->child(id_)) index.add(own->text(), at);
      }
      index.sort();
    }
    if (const Node* found = index.find(id)) return check_target(value, targets, *found, context);
    context.apply(context.options().references, kId, "not-found", value,
                  "no contained resource has this id");
  }

  void check_in_bundle(const Node& value, const Targets& targets, Indices& bundles,
                       Context& context) const {
    const Node* entry = nullptr;
    const Node* bundle = value.parent();
    while (bundle != nullptr && bundle->type() != bundle_->name()) {
      entry = bundle;
      bundle = bundle->parent();
    }
    if (bundle == nullptr || entry == nullptr || entry->name() != entry_) return;
    const Index& index = index_of(*bundle, bundles);
    const std::string_view target = value.text().substr(0, value.text().find('#'));
    if (is_absolute(target)) {
      if (const Node* found = index.find(target)) {
        return check_target(value, targets, *found, context);
      }
      const bool urn = target.starts_with("urn:uuid:") || target.starts_with("urn:oid:");
      if (urn && index.urns) missing(value, context);
      return;
    }
    if (target.find('?') != std::string_view::npos) return;  // conditional, for a server to find
    const Node* full_url = entry->child(full_url_);
    const std::string_view base =
        full_url == nullptr ? std::string_view{} : rest_base(full_url->text());
    if (!base.empty()) {
      std::string absolute(base);
      absolute += target.substr(0, target.find("/_history/"));  // type and id without the version
      if (const Node* found = index.find(absolute)) {
        return check_target(value, targets, *found, context);
      }
    }
    if (index.closed) missing(value, context);
  }

  static void missing(const Node& value, Context& context) {
    context.apply(context.options().references, kId, "not-found", value,
                  "no entry of the Bundle has the fullUrl this refers to");
  }

  const Index& index_of(const Node& bundle, Indices& bundles) const {
    const auto [known, is_new] = bundles.try_emplace(&bundle);
    Index& index = known->second;
    if (!is_new) return index;
    const Node* kind = bundle.child(type_);
    const std::string_view code = kind == nullptr ? std::string_view{} : kind->text();
    index.closed = code == "message" || code == "document";
    index.urns = index.closed || code == "collection" || code == "transaction";
    for (const Node* at = bundle.child(entry_); at != nullptr; at = at->next_same()) {
      const Node* url = at->child(full_url_);
      const Node* resource = at->child(resource_);
      if (url != nullptr && resource != nullptr) index.add(url->text(), resource);
    }
    index.sort();
    return index;
  }

  /// The resource found is of a type the element may refer to.
  static void check_target(const Node& value, const Targets& targets, const Node& resource,
                           Context& context) {
    const Type* type = context.definitions().type(resource.type());
    if (targets.types.empty() || type == nullptr) return;
    for (const Type* allowed : targets.types) {
      if (type->is(*allowed)) return;
    }
    context.apply(context.options().references, kId, "structure", value,
                  "refers to a resource of a type that may not be referred to here: " +
                      std::string(type->text()));
  }

  std::deque<Targets> targets_;
  const definitions::Definitions* definitions_ = nullptr;
  Symbol reference_, contained_, entry_, full_url_, resource_, type_, id_;
  const Type* bundle_ = nullptr;
};

}  // namespace

void register_references(rules::Table& table) { table.add(std::make_unique<References>()); }

}  // namespace concord::validate
