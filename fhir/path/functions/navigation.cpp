// FHIRPath chapter 5.8, Tree navigation: http://hl7.org/fhirpath/N1/#tree-navigation
#include "fhir/path/context.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

bool is_element(const tree::Node& node) { return node.kind() != tree::Kind::text; }

Result<Collection> fn_children(EvalContext& context, const Collection& input, Args) {
  Collection all;
  for (const Value& item : input) {
    if (!item.is_node()) continue;
    for (const tree::Node& child : item.node().children()) {
      if (is_element(child) && !all.add(context, Value::of(item.document(), child))) {
        return context.failure();
      }
    }
  }
  if (!context.spend(all.size())) return context.failure();
  return all;
}

/// All below, in the order of the document. Follows the links of the tree: no recursion.
Result<Collection> fn_descendants(EvalContext& context, const Collection& input, Args) {
  Collection all;
  for (const Value& item : input) {
    if (!item.is_node()) continue;
    const tree::Node* top = &item.node();
    const tree::Node* at = top->first_child();
    while (at != nullptr) {
      if (!context.spend()) return context.failure();
      if (is_element(*at) && !all.add(context, Value::of(item.document(), *at))) {
        return context.failure();
      }
      if (at->first_child() != nullptr) {
        at = at->first_child();
        continue;
      }
      while (at != top && at->next_sibling() == nullptr) at = at->parent();
      at = at == top ? nullptr : at->next_sibling();
    }
  }
  return all;
}

constexpr FunctionRow kRows[] = {
    {.name = "children", .handler = &fn_children, .returns = Returns::any_elements},
    {.name = "descendants", .handler = &fn_descendants, .returns = Returns::any_elements},
};

}  // namespace

void register_navigation(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
