// Contained resources are referred to from their container or from each other, or refer to their
// container ("#"): rule dom-3, whose published expression no engine can evaluate.
// Source: hl7.org/fhir/R4/domainresource.html (dom-3), hl7.org/fhir/R4/references.html#contained.

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Type;
using tree::Node;

/// What "#…" values of one resource name, without the "#".
using Names = std::unordered_set<std::string_view>;

class ContainedOrphan final : public Rule {
 public:
  std::string_view id() const override { return "contained-orphan"; }

  void prepare(const definitions::Definitions& definitions) override {
    definitions_ = &definitions;
    uri_ = definitions.type("uri");
    reference_ = definitions.type("Reference");
    xhtml_ = definitions.type("xhtml");
    const auto& symbols = definitions.symbols();
    contained_ = symbols.find("contained");
    id_ = symbols.find("id");
    reference_name_ = symbols.find("reference");
  }

  void compile(const Type& type, Plan& plan) override {
    if (type.is_resource() && type.child(contained_)) plan.on_node(&check, this);
  }

 private:
  static void check(const void* data, const Node& node, Context& context) {
    const auto& rule = *static_cast<const ContainedOrphan*>(data);
    if (node.child(rule.contained_) != nullptr) rule.check(node, context);
  }

  void check(const Node& container, Context& context) const {
    struct Inner {
      const Node* node;
      std::string_view id;
      bool has_id;
      Names names;
      bool reached = false;
    };
    std::vector<Inner> inner;
    for (const Node* at = container.child(contained_); at != nullptr; at = at->next_same()) {
      const Type* type = definitions_->type(at->type());
      if (type == nullptr || !type->is_resource()) return;  // not looked into, so nothing is known
      const Node* own = at->child(id_);
      const bool has_id = own != nullptr && own->has_value();
      inner.push_back(
          {at, has_id ? own->text() : std::string_view(), has_id, names_in(*at), false});
    }
    std::unordered_multimap<std::string_view, Inner*> by_id;
    for (Inner& one : inner) {
      if (one.has_id) by_id.emplace(one.id, &one);
    }
    const auto each_named = [&](const Names& names, auto&& then) {
      for (const std::string_view name : names) {
        const auto [first, last] = by_id.equal_range(name);
        for (auto at = first; at != last; ++at) then(*at->second);
      }
    };
    // A resource somebody else refers to is part of the container for the reference validator: what
    // it names counts as named there, so that circles hold.
    Names outer = names_in(container);
    std::unordered_set<const Inner*> referred;
    each_named(outer, [&](Inner& one) { referred.insert(&one); });
    for (const Inner& from : inner) {
      each_named(from.names, [&](Inner& one) {
        if (&one != &from) referred.insert(&one);
      });
    }
    for (const Inner* one : referred) outer.insert(one->names.begin(), one->names.end());
    // Those the container names or that name it, then whatever they name.
    std::vector<const Inner*> open;
    const auto reach = [&](Inner& one) {
      if (one.reached) return;
      one.reached = true;
      open.push_back(&one);
    };
    for (Inner& one : inner) {
      if ((one.has_id && outer.contains(one.id)) || one.names.contains("")) reach(one);
    }
    while (!open.empty()) {
      const Inner* from = open.back();
      open.pop_back();
      each_named(from->names, reach);
    }
    for (const Inner& one : inner) {
      if (one.reached) continue;
      context.error("CONTAINED_ORPHAN_DOM3", "invalid", *one.node,
                    "the contained resource is not referred to from elsewhere in the resource and "
                    "does not refer to it (dom-3)");
    }
  }

  /// The names of one resource; of what it contains not. Follows the links of the tree.
  Names names_in(const Node& resource) const {
    Names names;
    const Node* at = resource.first_child();
    while (at != nullptr) {
      const bool inside = at->parent() == &resource && at->name() == contained_;
      if (!inside && at->has_value()) add(*at, names);
      if (!inside && at->first_child() != nullptr) {
        at = at->first_child();
        continue;
      }
      while (at != &resource && at->next_sibling() == nullptr) at = at->parent();
      at = at == &resource ? nullptr : at->next_sibling();
    }
    return names;
  }

  void add(const Node& node, Names& names) const {
    const std::string_view text = node.text();
    if (text.starts_with('#')) {
      const Type* type = definitions_->type(node.type());
      const Type* around =
          node.parent() == nullptr ? nullptr : definitions_->type(node.parent()->type());
      const bool is_reference =
          node.name() == reference_name_ && around != nullptr && around->is(*reference_);
      if (is_reference || (type != nullptr && type->is(*uri_))) names.insert(text.substr(1));
    } else if (xhtml_ != nullptr && node.type() == xhtml_->name()) {
      add_links(text, names);
    }
  }

  /// href="#…" and src="#…" of a narrative.
  static void add_links(std::string_view text, Names& names) {
    for (const std::string_view attribute : {std::string_view("href="), std::string_view("src=")}) {
      for (std::size_t at = text.find(attribute); at != std::string_view::npos;
           at = text.find(attribute, at + 1)) {
        const std::size_t quote = at + attribute.size();
        if (quote + 1 >= text.size() || (text[quote] != '"' && text[quote] != '\'') ||
            text[quote + 1] != '#') {
          continue;
        }
        const std::size_t end = text.find(text[quote], quote + 2);
        if (end == std::string_view::npos) break;
        if (end > quote + 2) names.insert(text.substr(quote + 2, end - quote - 2));
      }
    }
  }

  const definitions::Definitions* definitions_ = nullptr;
  const Type* uri_ = nullptr;
  const Type* reference_ = nullptr;
  const Type* xhtml_ = nullptr;
  tree::Symbol contained_ = tree::Symbol::kNone;
  tree::Symbol id_ = tree::Symbol::kNone;
  tree::Symbol reference_name_ = tree::Symbol::kNone;
};

}  // namespace

void register_contained_orphan(rules::Table& table) {
  table.add(std::make_unique<ContainedOrphan>());
}

}  // namespace concord::validate
