#include "gateway/api/summary_line.h"

#include <string_view>

namespace concord::api {
namespace {

using tree::Document;
using tree::Kind;
using tree::Node;

constexpr std::size_t kMostBytes = 160;

const Node* child(const Document& document, const Node& node, std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
}

std::string_view text_of(const Document& document, const Node& node, std::string_view name) {
  const Node* at = child(document, node, name);
  return at == nullptr ? std::string_view{} : at->text();
}

/// HumanName: its text, else given names and family.
std::string human_name(const Document& document, const Node& name) {
  const std::string_view text = text_of(document, name, "text");
  if (!text.empty()) return std::string(text);
  std::string whole;
  for (const Node* at = child(document, name, "given"); at != nullptr; at = at->next_same()) {
    whole += at->text();
    whole += ' ';
  }
  whole += text_of(document, name, "family");
  return whole;
}

/// What a value says to a person, whatever its type: text, display, code, period, amount.
std::string said_by(const Document& document, const Node& node) {
  if (node.kind() != Kind::element) return std::string(node.text());
  if (child(document, node, "family") != nullptr || child(document, node, "given") != nullptr) {
    return human_name(document, node);
  }
  for (const std::string_view name : {"text", "display"}) {
    const std::string_view text = text_of(document, node, name);
    if (!text.empty()) return std::string(text);
  }
  if (const Node* coding = child(document, node, "coding")) {
    const std::string_view display = text_of(document, *coding, "display");
    return std::string(display.empty() ? text_of(document, *coding, "code") : display);
  }
  if (const Node* value = child(document, node, "value")) {
    std::string amount(value->text());
    const std::string_view unit = text_of(document, node, "unit");
    if (!unit.empty()) amount.append(" ").append(unit);
    return amount;
  }
  for (const std::string_view name : {"code", "reference", "start"}) {
    const std::string_view text = text_of(document, node, name);
    if (!text.empty()) return std::string(text);
  }
  return {};
}

/// In the order of the line. Of names that mean the same only the first that is there counts.
constexpr std::string_view kFirst[] = {
    "title",       "name", "code", "medicationCodeableConcept", "medicationReference",
    "vaccineCode", "type"};
constexpr std::string_view kMore[] = {"valueQuantity",
                                      "valueCodeableConcept",
                                      "valueString",
                                      "gender",
                                      "birthDate",
                                      "status",
                                      "effectiveDateTime",
                                      "authoredOn",
                                      "recordedDate",
                                      "occurrenceDateTime",
                                      "issued",
                                      "recorded",
                                      "date",
                                      "period",
                                      "subject",
                                      "patient",
                                      "url"};

void add(std::string& line, std::string text) {
  if (text.empty() || line.size() >= kMostBytes) return;
  if (!line.empty()) line += " · ";
  line += text;
}

}  // namespace

std::string summary_line(const Document& document, const Node& resource) {
  std::string line;
  for (const std::string_view name : kFirst) {
    const Node* at = child(document, resource, name);
    if (at == nullptr) continue;
    add(line, said_by(document, *at));
    if (!line.empty()) break;
  }
  if (const Node* issue = child(document, resource, "issue")) {
    add(line, std::string(text_of(document, *issue, "severity")));
    if (const Node* details = child(document, *issue, "details")) {
      add(line, said_by(document, *details));
    }
  }
  for (const std::string_view name : kMore) {
    if (const Node* at = child(document, resource, name)) add(line, said_by(document, *at));
  }
  if (line.size() > kMostBytes) {
    std::size_t end = kMostBytes;
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
    line.resize(end);
    line += "…";
  }
  return line;
}

}  // namespace concord::api
