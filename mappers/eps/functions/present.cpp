#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

/// The names of one call, hashed when it was compiled.
struct Names {
  struct Name {
    std::string text;
    std::uint32_t hash = 0;
  };
  std::vector<Name> all;
};

Result<std::shared_ptr<const void>> prepare_names(
    std::span<const path::Collection* const> arguments) {
  auto names = std::make_shared<Names>();
  for (const path::Collection* argument : arguments) {
    if (argument == nullptr || argument->size() != 1 ||
        argument->front().tag() != path::Tag::string) {
      return std::shared_ptr<const void>();
    }
    const std::string_view text = argument->front().text();
    names->all.push_back({std::string(text), tree::hash_name(text)});
  }
  return std::shared_ptr<const void>(std::move(names));
}

/// A child of that name, or of that choice ("medication" also means "medicationReference").
const tree::Node* child_of(const path::Value& item, std::string_view name, std::uint32_t hash) {
  tree::Symbol symbol = item.document().symbols().find(name, hash);
  if (symbol == tree::Symbol::kNone) symbol = item.document().find_local(name);
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

/// Nothing when every item has a child of that name that says something.
std::optional<Error> absent(const path::Collection& input, std::string_view name,
                            std::uint32_t hash) {
  for (const path::Value& item : input) {
    if (!item.is_node()) continue;
    const tree::Node* child = child_of(item, name, hash);
    if (child == nullptr || !says_something(item, *child)) return missing(item, name);
  }
  return std::nullopt;
}

/// present(name, …) : Boolean. True, or the error INVALID_VALUE at the first element that is
/// missing.
Result<path::Collection> fn_present(path::EvalContext& context, const path::Collection& input,
                                    path::Args args) {
  if (const auto* names = static_cast<const Names*>(args.prepared())) {
    for (const auto& [name, hash] : names->all) {
      if (auto error = absent(input, name, hash)) return *std::move(error);
    }
    return path::Collection::of(true);
  }
  for (std::size_t at = 0; at < args.size(); ++at) {
    CONCORD_ASSIGN(const auto name, context.one_string(args[at], "argument of present()"));
    if (!name) continue;
    if (auto error = absent(input, *name, tree::hash_name(*name))) return *std::move(error);
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
     .prepare = &prepare_names,
     .documentation = "true, or the error INVALID_VALUE when an element is missing"},
};

}  // namespace

void register_present(functions::Table& table) { table.add(kRows); }

}  // namespace concord::eps
