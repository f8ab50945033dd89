// The system of an Identifier is an absolute uri; one of urn:ietf:rfc:3986 says that the value is
// an uri itself. Source: hl7.org/fhir/R4/datatypes.html#identifier.

#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Type;
using tree::Node;
using tree::Symbol;

/// Whether an uri begins with a scheme.
bool has_scheme(std::string_view uri) {
  const std::size_t end = uri.find_first_of(":/?#");
  return end != std::string_view::npos && end > 0 && uri[end] == ':';
}

class IdentifierForm final : public Rule {
 public:
  std::string_view id() const override { return "identifier-form"; }

  void prepare(const definitions::Definitions& definitions) override {
    system_ = definitions.symbols().find("system");
    value_ = definitions.symbols().find("value");
  }

  void compile(const Type& type, Plan& plan) override {
    if (type.text() == "Identifier") plan.on_node(&check, this);
  }

 private:
  static void check(const void* data, const Node& node, Context& context) {
    const auto& rule = *static_cast<const IdentifierForm*>(data);
    const Node* system = node.child(rule.system_);
    if (system == nullptr || !system->has_value() || system->text().empty()) return;
    if (!has_scheme(system->text())) {
      context.error("Type_Specific_Checks_DT_Identifier_System", "code-invalid", node,
                    "Identifier.system must be an absolute reference, not a local reference");
    }
    if (system->text() != "urn:ietf:rfc:3986") return;
    const Node* value = node.child(rule.value_);
    if (value == nullptr || !value->has_value() || has_scheme(value->text())) return;
    context.error(
        "TYPE_SPECIFIC_CHECKS_DT_IDENTIFIER_IETF_SYSTEM_VALUE", "code-invalid", node,
        "if identifier.system is 'urn:ietf:rfc:3986', then the identifier.value must be a "
        "full URI (e.g. start with a scheme)");
  }

  Symbol system_, value_;
};

}  // namespace

void register_identifier_form(rules::Table& table) {
  table.add(std::make_unique<IdentifierForm>());
}

}  // namespace concord::validate
