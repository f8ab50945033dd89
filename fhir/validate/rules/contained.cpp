// Contained resources have an id of their own within their container, contain nothing themselves
// (dom-2) and carry no version, time or security labels (dom-4, dom-5).
// Source: hl7.org/fhir/R4/domainresource.html.

#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Element;
using definitions::Type;
using tree::Node;

constexpr std::string_view kId = "contained";

class Contained final : public Rule {
 public:
  std::string_view id() const override { return kId; }
  Runs runs() const override { return Runs::intake; }

  void prepare(const definitions::Definitions& definitions) override {
    const auto& symbols = definitions.symbols();
    contained_ = symbols.find("contained");
    id_ = symbols.find("id");
    meta_ = symbols.find("meta");
    version_ = symbols.find("versionId");
    updated_ = symbols.find("lastUpdated");
    security_ = symbols.find("security");
  }

  void compile(const Type& type, Plan& plan) override {
    if (!type.is_resource()) return;
    if (const auto found = type.child(contained_)) plan.on_element(*found.element, &check, this);
  }

 private:
  static void check(const void* data, const Node& node, Context& context) {
    static_cast<const Contained*>(data)->check(node, context);
  }

  void check(const Node& node, Context& context) const {
    if (const Node* inner = node.child(contained_)) {
      context.error(kId, "invariant", *inner,
                    "a contained resource may not contain others (dom-2)");
    }
    if (const Node* meta = node.child(meta_)) {
      if (meta->child(version_) != nullptr || meta->child(updated_) != nullptr) {
        context.error(kId, "invariant", *meta,
                      "a contained resource has no version of its own (dom-4)");
      }
      if (meta->child(security_) != nullptr) {
        context.error(kId, "invariant", *meta,
                      "a contained resource has no security labels (dom-5)");
      }
    }
    const Node* id = node.child(id_);
    if (id == nullptr) {
      context.error(kId, "required", node, "a contained resource needs an id", "id");
      return;
    }
    // Containers hold few resources; the bound keeps a hostile one from costing its square.
    constexpr int kMostCompared = 64;
    int compared = 0;
    for (const Node* at = node.parent()->child(contained_);
         at != nullptr && at != &node && compared < kMostCompared; at = at->next_same()) {
      ++compared;
      const Node* other = at->child(id_);
      if (other == nullptr || other->text() != id->text()) continue;
      context.error(kId, "duplicate", *id, "another contained resource has this id");
      return;
    }
  }

  tree::Symbol contained_, id_, meta_, version_, updated_, security_;
};

}  // namespace

void register_contained(rules::Table& table) { table.add(std::make_unique<Contained>()); }

}  // namespace concord::validate
