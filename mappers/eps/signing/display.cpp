#include "mappers/eps/signing/display.h"

#include <initializer_list>
#include <string_view>

namespace concord::eps::signing {
namespace {

using tree::Node;

const Node* below(const tree::Document& document, const Node* at,
                  std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (at == nullptr) return nullptr;
    const Node* found = nullptr;
    for (const Node& child : at->children()) {
      if (!child.is(tree::Flag::attribute) && document.name(child) == name) {
        found = &child;
        break;
      }
    }
    at = found;
  }
  return at;
}

std::string_view text(const Node* node) {
  return node == nullptr ? std::string_view{} : node->text();
}

std::string_view value(const tree::Document& document, const Node* node, std::string_view name) {
  return node == nullptr ? std::string_view{} : attribute(document, *node, name);
}

/// The texts of an element and of those directly below it, with spaces between.
std::string joined(const Node* node) {
  std::string all(text(node));
  if (node == nullptr) return all;
  for (const Node& child : node->children()) {
    if (child.is(tree::Flag::attribute) || child.text().empty()) continue;
    if (!all.empty()) all += ' ';
    all += child.text();
  }
  return all;
}

class Lines {
 public:
  void add(std::string_view label, std::string_view value) {
    if (value.empty()) return;
    if (!text_.empty()) text_ += '\n';
    text_.append(label).append(": ").append(value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string display_text(const tree::Document& document, const SignedParts& parts) {
  Lines lines;
  lines.add("Prescription", value(document, parts.id, "root"));
  if (const auto at = author_time(document, parts)) lines.add("Written", format_instant(*at));
  lines.add("Prescriber", joined(below(document, parts.agent_person, {"agentPerson", "name"})));
  lines.add("Organisation",
            text(below(document, parts.agent_person, {"representedOrganization", "name"})));
  const Node* patient = below(document, parts.record_target, {"Patient"});
  lines.add("NHS number", value(document, below(document, patient, {"id"}), "extension"));
  lines.add("Patient", joined(below(document, patient, {"patientPerson", "name"})));
  lines.add("Born",
            value(document, below(document, patient, {"patientPerson", "birthTime"}), "value"));
  lines.add("Address", joined(below(document, patient, {"addr"})));
  for (const Node* item : parts.line_items) {
    const Node* material =
        below(document, item,
              {"product", "manufacturedProduct", "manufacturedRequestedMaterial", "code"});
    lines.add("Item", value(document, material, "displayName"));
    const Node* quantity = below(document, item, {"component", "lineItemQuantity", "quantity"});
    const Node* unit = below(document, quantity, {"translation"});
    lines.add("Quantity", std::string(value(document, quantity, "value")) + " " +
                              std::string(value(document, unit, "displayName")));
    lines.add("Issues", value(document, below(document, item, {"repeatNumber", "high"}), "value"));
    lines.add("Dosage",
              text(below(document, item,
                         {"pertinentInformation2", "pertinentDosageInstructions", "value"})));
    lines.add("Instructions",
              text(below(document, item,
                         {"pertinentInformation1", "pertinentAdditionalInstructions", "value"})));
  }
  return lines.take();
}

}  // namespace concord::eps::signing
