#include <utility>

#include "mappers/eps/functions/registry.h"
#include "mappers/eps/published_error.h"

// Elements EPS cannot do without. Source: eps.md section 2, "Selection helpers": a list that is
// absent is an InvalidValue, one without a match is a TooFewValues (cardinality in the maps).

namespace concord::eps {
namespace {

/// Whether the element says anything: a value, or a child that is neither id nor extension.
bool says_something(const path::Value& owner, const tree::Node& node) {
  if (!node.text().empty()) return true;
  for (const tree::Node& child : node.children()) {
    const std::string_view name = owner.document().name(child);
    if (name != "id" && name != "extension") return true;
  }
  return false;
}

/// A child of that name, or of that choice ("medication" also means "medicationReference").
const tree::Node* child_of(const path::Value& item, std::string_view name) {
  const tree::Symbol symbol = item.document().find(name);
  if (symbol != tree::Symbol::kNone) {
    if (const tree::Node* child = item.node().child(symbol)) return child;
  }
  for (const tree::Node& child : item.node().children()) {
    const std::string_view written = item.document().name(child);
    if (written.size() > name.size() && written.starts_with(name) && written[name.size()] >= 'A' &&
        written[name.size()] <= 'Z') {
      return &child;
    }
  }
  return nullptr;
}

Error missing(const path::Value& item, std::string_view name) {
  const std::string_view owner = item.document().text(item.node().type());
  std::string text(owner);
  if (!owner.empty()) text += '.';
  text += name;
  text += " is missing";
  return invalid_value(std::move(text), functions::expression_of(item) + "." + std::string(name),
                       item.document().position(item.node()));
}

/// present(name, …) : Boolean. True, or the error INVALID_VALUE at the first element that is
/// missing.
Result<path::Collection> fn_present(path::EvalContext& context, const path::Collection& input,
                                    path::Args args) {
  for (std::size_t at = 0; at < args.size(); ++at) {
    CONCORD_ASSIGN(const auto name, context.one_string(args[at], "argument of present()"));
    if (!name) continue;
    for (const path::Value& item : input) {
      if (!item.is_node()) continue;
      const tree::Node* child = child_of(item, *name);
      if (child == nullptr || !says_something(item, *child)) return missing(item, *name);
    }
  }
  return path::Collection::of(true);
}

constexpr path::FunctionRow kRows[] = {
    {.name = "present",
     .min = 1,
     .max = 16,
     .handler = &fn_present,
     .returns = path::Returns::boolean,
     .accepts = path::Accepts::node,
     .documentation = "true, or the error INVALID_VALUE when an element is missing"},
};

}  // namespace

void register_present(functions::Table& table) { table.add(kRows); }

}  // namespace concord::eps
