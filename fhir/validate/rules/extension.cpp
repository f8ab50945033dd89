// An extension has a value or extensions, never both (ext-1), and says what it is by an absolute
// url unless it stands inside another. Source: hl7.org/fhir/R4/extensibility.html.

#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Type;
using tree::Node;

constexpr std::string_view kId = "extension";

class Extension final : public Rule {
 public:
  std::string_view id() const override { return kId; }
  Runs runs() const override { return Runs::intake; }

  void prepare(const definitions::Definitions& definitions) override {
    const auto& symbols = definitions.symbols();
    const Type& type = *definitions.type("Extension");
    type_ = type.name();
    url_ = symbols.find("url");
    value_order_ = type.child(symbols.find("value")).element->order;
    extension_order_ = type.child(symbols.find("extension")).element->order;
  }

  void compile(const Type& type, Plan& plan) override {
    if (type.name() == type_) plan.on_children(&check, this);
  }

 private:
  static void check(const void* data, const Node& node, Counts counts, Context& context) {
    const auto& rule = *static_cast<const Extension*>(data);
    const bool value = counts[rule.value_order_] > 0;
    const bool nested = counts[rule.extension_order_] > 0;
    if (value == nested) {
      context.error(kId, "invariant", node,
                    value ? "may not have both a value and extensions (ext-1)"
                          : "needs a value or extensions (ext-1)");
    }
    const Node* url = node.child(rule.url_);
    if (url == nullptr || url->text().find(':') != std::string_view::npos) return;
    if (node.parent() != nullptr && node.parent()->type() == rule.type_) return;
    context.error(kId, "value", *url, "must be an absolute url");
  }

  tree::Symbol type_ = tree::Symbol::kNone;
  tree::Symbol url_ = tree::Symbol::kNone;
  std::size_t value_order_ = 0;
  std::size_t extension_order_ = 0;
};

}  // namespace

void register_extension(rules::Table& table) { table.add(std::make_unique<Extension>()); }

}  // namespace concord::validate
