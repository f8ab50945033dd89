// Codes are in the value set an element is bound to as required, where that set can be listed from
// the definitions. Source: hl7.org/fhir/R4/terminologies.html#required.

#include <deque>

#include "fhir/validate/code_list.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::BindingStrength;
using definitions::Element;
using definitions::Type;
using tree::Node;
using tree::Symbol;

constexpr std::string_view kId = "required-binding";

struct Bound {
  const Element* element;
  const CodeList* codes;
  Symbol system, code, coding;
};

void wrong(const Bound& bound, const Node& node, Context& context) {
  context.apply(
      context.options().bindings, kId, "code-invalid", node,
      "is not in the required value set " + std::string(bound.element->binding.value_set));
}

void check_code(const void* data, const Node& node, Context& context) {
  const Bound& bound = *static_cast<const Bound*>(data);
  if (node.has_value() && !bound.codes->has(node.text())) wrong(bound, node, context);
}

bool is_in(const Bound& bound, const Node& coding) {
  const Node* system = coding.child(bound.system);
  const Node* code = coding.child(bound.code);
  return system != nullptr && code != nullptr && bound.codes->has(system->text(), code->text());
}

void check_coding(const void* data, const Node& node, Context& context) {
  const Bound& bound = *static_cast<const Bound*>(data);
  if (node.child(bound.code) != nullptr && !is_in(bound, node)) wrong(bound, node, context);
}

void check_concept(const void* data, const Node& node, Context& context) {
  const Bound& bound = *static_cast<const Bound*>(data);
  const Node* coding = node.child(bound.coding);
  if (coding == nullptr) return;
  for (; coding != nullptr; coding = coding->next_same()) {
    if (is_in(bound, *coding)) return;
  }
  wrong(bound, node, context);
}

class RequiredBinding final : public Rule {
 public:
  std::string_view id() const override { return kId; }
  Runs runs() const override { return Runs::intake; }

  void prepare(const definitions::Definitions& definitions) override {
    lists_ = std::make_unique<CodeLists>(definitions);
    system_ = definitions.symbols().find("system");
    code_ = definitions.symbols().find("code");
    coding_ = definitions.symbols().find("coding");
  }

  void compile(const Type& type, Plan& plan) override {
    for (const Element& element : type.elements()) {
      if (element.binding.strength != BindingStrength::required || element.types.size() != 1) {
        continue;
      }
      const std::string_view bound_type = element.types[0].type->text();
      const NodeCheck check = bound_type == "code"              ? &check_code
                              : bound_type == "Coding"          ? &check_coding
                              : bound_type == "CodeableConcept" ? &check_concept
                                                                : nullptr;
      if (check == nullptr) continue;
      const CodeList& codes = lists_->list(element.binding.value_set);
      if (!codes.is_known()) continue;
      plan.on_element(element, check,
                      &bound_.emplace_back(Bound{&element, &codes, system_, code_, coding_}));
    }
  }

 private:
  std::unique_ptr<CodeLists> lists_;
  std::deque<Bound> bound_;
  Symbol system_ = Symbol::kNone, code_ = Symbol::kNone, coding_ = Symbol::kNone;
};

}  // namespace

void register_required_binding(rules::Table& table) {
  table.add(std::make_unique<RequiredBinding>());
}

}  // namespace concord::validate
