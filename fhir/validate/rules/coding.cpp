// Codes of elements without binding: a CodeableConcept, Coding or Quantity is checked in its own
// code system all the same. Source: hl7.org/fhir/R4/terminologies.html#code.

#include <algorithm>

#include "fhir/validate/coded.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::BindingStrength;
using definitions::Element;
using definitions::Type;
using tree::Node;

void check(const void*, const Node& node, Context& context) {
  const std::string_view type = context.document().text(node.type());
  if (type == "CodeableConcept") return check_concept_alone(node, context);
  if (type != "Coding" && type != "Quantity") return;
  if (type == "Coding") {
    const CodedNode coded = read_coded(node, context);
    if (!coded.code.empty() && coded.system.empty() && context.terminology() != nullptr) {
      context.warning("TERMINOLOGY_TX_SYSTEM_NO_CODE", "code-invalid", node,
                      "a code without a system means nothing and cannot be checked");
    }
  }
  check_coding_alone(node, nullptr, context);
}

class CodingRule final : public Rule {
 public:
  std::string_view id() const override { return "coding"; }

  void compile(const Type& type, Plan& plan) override {
    // The codings of a concept are checked with it.
    if (type.text() == "CodeableConcept") return;
    for (const Element& element : type.elements()) {
      if (element.binding.strength != BindingStrength::none && !element.binding.value_set.empty()) {
        continue;
      }
      const bool coded =
          std::any_of(element.types.begin(), element.types.end(), [](const auto& one) {
            const std::string_view name = one.type->text();
            return name == "CodeableConcept" || name == "Coding" || name == "Quantity";
          });
      if (coded) plan.on_element(element, &check);
    }
  }
};

}  // namespace

void register_coding(rules::Table& table) { table.add(std::make_unique<CodingRule>()); }

}  // namespace concord::validate
