// What HL7 asks of the resources it publishes (switches for-publication and
// no-experimental-content). Source: HL7 publication requirements; extension structuredefinition-wg.

#include <algorithm>

#include "fhir/validate/reach.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Type;
using tree::Node;

constexpr std::string_view kWorkGroup =
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-wg";

void check(const void*, const Node& node, Context& context) {
  if (context.options().no_experimental_content &&
      text_of(&node, "experimental", context) == "true") {
    context.error("VALIDATION_NO_EXPERIMENTAL_CONTENT", "business-rule", node,
                  "experimental content is not allowed here");
  }
  const std::string_view url = text_of(&node, "url", context);
  if (!url.starts_with("http://hl7.org/fhir/")) return;
  std::size_t groups = 0;
  for (const Node* at : children_of(&node, "extension", context)) {
    groups += text_of(at, "url", context) == kWorkGroup;
  }
  if (groups > 1) {
    context.error("VALIDATION_HL7_PUBLISHER_MULTIPLE_WGS", "business-rule", node,
                  "only one owning committee may be named");
  }
  if (groups == 0 && context.options().for_publication && !is_contained(node, context) &&
      url.find("http://hl7.org/fhir/sid") == std::string_view::npos) {
    context.error("VALIDATION_HL7_WG_NEEDED", "business-rule", node,
                  "what HL7 publishes names its owning committee by the extension "
                  "structuredefinition-wg");
  }
}

class Publication final : public Rule {
 public:
  std::string_view id() const override { return "publication"; }
  void compile(const Type& type, Plan& plan) override {
    if (!type.is_resource() || type.is_abstract()) return;
    const auto has = [&](std::string_view name) {
      return std::any_of(type.elements().begin(), type.elements().end(), [&](const auto& element) {
        return element.path.ends_with(name) &&
               element.path.size() == type.text().size() + name.size();
      });
    };
    if (has(".url") && has(".publisher")) plan.on_node(&check);
  }
};

}  // namespace

void register_publication(rules::Table& table) { table.add(std::make_unique<Publication>()); }

}  // namespace concord::validate
