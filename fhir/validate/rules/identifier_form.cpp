// The system of an Identifier is an absolute uri; one of urn:ietf:rfc:3986 says that the value is
// an uri itself. Source: hl7.org/fhir/R4/datatypes.html#identifier.

#include <algorithm>
#include <string>

#include "fhir/validate/formats.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Type;
using tree::Node;
using tree::Symbol;

/// Whether an uri begins with a scheme; "file:name" is not taken for one.
bool is_absolute(std::string_view uri) {
  const std::size_t end = uri.find(':');
  if (end == std::string_view::npos || end == 0) return false;
  const std::string_view scheme = uri.substr(0, end);
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (!is_letter(scheme[0]) || !std::all_of(scheme.begin(), scheme.end(), [&](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
      })) {
    return false;
  }
  const std::string_view rest = uri.substr(end + 1);
  return scheme != "file" || rest.starts_with('/') || rest.find(':') != std::string_view::npos;
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
    const std::string_view uri = system->text();
    if (!uri.starts_with("http:") && !uri.starts_with("https:") && !uri.starts_with("urn:") &&
        !uri.starts_with("ldap:")) {
      context.error("Type_Specific_Checks_DT_Identifier_System", "code-invalid", node,
                    "Identifier.system must be an absolute reference, not a local reference");
    }
    const Node* value = node.child(rule.value_);
    if (value == nullptr || !value->has_value()) return;
    if (uri == "urn:ietf:rfc:3986" && !is_absolute(value->text())) {
      context.error("TYPE_SPECIFIC_CHECKS_DT_IDENTIFIER_IETF_SYSTEM_VALUE", "code-invalid", node,
                    "if identifier.system is 'urn:ietf:rfc:3986', then the identifier.value must "
                    "be a full URI (e.g. start with a scheme)");
    }
    if (uri == "https://tools.ietf.org/html/rfc4122") check_uuid(node, value->text(), context);
  }

  /// That system says the value is a UUID, which has a better way to be written.
  static void check_uuid(const Node& node, std::string_view value, Context& context) {
    if (value.starts_with("urn:uuid:")) {
      context.warning("TYPE_SPECIFIC_CHECKS_DT_IDENTIFIER_IETF_SYSTEM_WRONG_3", "code-invalid",
                      node, "a value with urn:uuid: has the system urn:ietf:rfc:3986");
    } else if (is_uuid_uri("urn:uuid:" + std::string(value))) {
      context.warning("TYPE_SPECIFIC_CHECKS_DT_IDENTIFIER_IETF_SYSTEM_WRONG_2", "code-invalid",
                      node,
                      "a UUID has the system urn:ietf:rfc:3986 and urn:uuid: before its "
                      "value");
    } else {
      context.error("TYPE_SPECIFIC_CHECKS_DT_IDENTIFIER_IETF_SYSTEM_WRONG_1", "code-invalid", node,
                    "the system says that the value is a UUID, which it is not");
    }
  }

  Symbol system_, value_;
};

}  // namespace

void register_identifier_form(rules::Table& table) {
  table.add(std::make_unique<IdentifierForm>());
}

}  // namespace concord::validate
