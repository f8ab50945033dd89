// How often an element may stand. Source: hl7.org/fhir/R4/conformance-rules.html#cardinality

#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Element;
using definitions::Type;

constexpr std::string_view kId = "cardinality";

class Cardinality final : public Rule {
 public:
  std::string_view id() const override { return kId; }

  void compile(const Type& type, Plan& plan) override {
    for (const Element& element : type.elements()) {
      if (element.min > 0 || element.max != Element::kUnbounded) {
        plan.on_children(&check, &type);
        return;
      }
    }
  }

 private:
  static void check(const void* data, const tree::Node& node, std::span<const std::uint32_t> counts,
                    Context& context) {
    const Type& type = *static_cast<const Type*>(data);
    const Element* element = type.elements().data();
    for (const std::uint32_t count : counts) {
      if (count < element->min || count > element->max) [[unlikely]] {
        wrong(*element, count, node, context);
      }
      ++element;
    }
  }

  static void wrong(const Element& element, std::uint32_t count, const tree::Node& node,
                    Context& context) {
    const std::string_view name = context.definitions().symbols().text(element.name);
    if (count < element.min) {
      context.error(kId, "required", node, "needs at least " + std::to_string(element.min), name);
    } else if (element.is_choice) {
      context.error(kId, "structure", node, "may stand with one of its types only", name);
    } else if (!node.child(element.name)->is(tree::Flag::in_array)) {  // else said by structure
      context.error(kId, "structure", node, "allows at most " + std::to_string(element.max), name);
    }
  }
};

}  // namespace

void register_cardinality(rules::Table& table) { table.add(std::make_unique<Cardinality>()); }

}  // namespace concord::validate
