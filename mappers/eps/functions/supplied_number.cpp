#include "mappers/eps/functions/supplied_number.h"

#include <algorithm>

#include "fhir/tree/node_set.h"
#include "mappers/eps/functions/registry.h"

namespace concord::eps {
namespace {

const tree::Node* child(const tree::Document& document, const tree::Node& node,
                        std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
}

const tree::Node* number_node(const tree::Document& document, const tree::Node& line) {
  const tree::Node* id = child(document, line, "id");
  return id == nullptr ? nullptr : child(document, *id, "root");
}

std::string number_of(const tree::Document& document, const tree::Node& line) {
  const tree::Node* root = number_node(document, line);
  return root == nullptr ? std::string() : std::string(root->text());
}

/// Every line of the header a line stands in, in document order.
std::vector<const tree::Node*> lines_beside(const tree::Node& line) {
  const tree::Node* relation = line.parent();
  const tree::Node* header = relation == nullptr ? nullptr : relation->parent();
  if (header == nullptr) return {&line};
  std::vector<const tree::Node*> lines;
  for (const tree::Node* at = header->child(relation->name()); at != nullptr;
       at = at->next_same()) {
    if (const tree::Node* held = at->child(line.name())) lines.push_back(held);
  }
  return lines;
}

/// suppliedNumber(listed) : String
Result<path::Collection> fn_supplied_number(path::EvalContext& context,
                                            const path::Collection& input, path::Args args) {
  std::vector<std::string> listed;
  for (const path::Value& item : args[0]) {
    if (const auto text = context.text_of(item)) listed.emplace_back(*text);
  }
  path::Collection made;
  for (const path::Value& item : input) {
    if (!item.is_node()) continue;
    if (!context.spend(listed.size() + 1)) return context.failure();
    const tree::Node* line = item.node().parent();
    const tree::Node* read = line == nullptr ? nullptr : number_node(item.document(), *line);
    if (context.reads != nullptr && read != nullptr) context.reads->insert(*read);
    const std::string number = supplied_number(item.document(), item.node(), listed);
    if (!made.add(context, context.string(number))) return context.failure();
  }
  return made;
}

constexpr path::FunctionRow kRows[] = {
    {.name = "suppliedNumber",
     .min = 1,
     .max = 1,
     .handler = &fn_supplied_number,
     .returns = path::Returns::strings,
     .accepts = path::Accepts::node,
     .documentation = "the dispense item number of a supply, from those of the care record"},
};

}  // namespace

std::string supplied_number(const tree::Document& document, const tree::Node& component,
                            const std::vector<std::string>& listed) {
  const tree::Node* line = component.parent();
  if (line == nullptr) return {};
  const std::string own = number_of(document, *line);
  if (line->child(component.name()) == &component) return own;

  std::vector<std::string> left = listed;
  std::size_t before = 0;  // later supplies of this line and those in front of it, but this one
  bool passed = false;
  for (const tree::Node* other : lines_beside(*line)) {
    const auto taken = std::find(left.begin(), left.end(), number_of(document, *other));
    if (taken != left.end()) left.erase(taken);
    const tree::Node* first = other->child(component.name());
    for (const tree::Node* at = first; at != nullptr && !passed; at = at->next_same()) {
      passed = at == &component;
      before += !passed && at != first ? 1 : 0;
    }
  }
  return before < left.size() ? left[before] : own;
}

void register_supplied_number(functions::Table& table) { table.add(kRows); }

}  // namespace concord::eps
