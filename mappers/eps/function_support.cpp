#include "mappers/eps/functions/registry.h"

namespace concord::eps::functions {

std::string expression_of(const path::Value& item) {
  return item.is_node() ? item.document().path(item.node()) : std::string();
}

Error at(Error error, const path::Value& item) {
  for (Issue& issue : error.issues) {
    if (!issue.expression.empty()) continue;
    issue.expression = expression_of(item);
    if (item.is_node()) issue.position = item.document().position(item.node());
  }
  return error;
}

void mark_read(tree::NodeSet& reads, const tree::Node& element) {
  const tree::Node* at = &element;
  while (true) {
    reads.insert(*at);
    if (at->first_child() != nullptr) {
      at = at->first_child();
      continue;
    }
    while (at != &element && at->next_sibling() == nullptr) at = at->parent();
    if (at == &element) return;
    at = at->next_sibling();
  }
}

}  // namespace concord::eps::functions
