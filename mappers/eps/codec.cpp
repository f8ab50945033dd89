#include "mappers/eps/codec.h"

#include <utility>

#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "mappers/eps/published_error.h"

namespace concord::eps {

namespace {

/// The first element of that name in document order, at or below `top`; null when there is none.
tree::Node* find(tree::Node& top, tree::Symbol name) {
  const tree::Node* at = &top;
  while (at->name() != name) {
    if (at->first_child() != nullptr) {
      at = at->first_child();
      continue;
    }
    while (at != &top && at->next_sibling() == nullptr) at = at->parent();
    if (at == &top) return nullptr;
    at = at->next_sibling();
  }
  return &tree::Builder::mutable_node(*at);
}

/// Elements without a namespace are written, and so read again, in their parent's.
void settle_namespaces(tree::Builder& builder, tree::Node& parent) {
  for (const tree::Node& child : parent.children()) {
    if (child.is(tree::Flag::attribute) || child.kind() == tree::Kind::text) continue;
    tree::Node& own = tree::Builder::mutable_node(child);
    if (own.xml_namespace() == tree::Symbol::kNone) {
      builder.set_namespace(own, parent.xml_namespace());
    }
    settle_namespaces(builder, own);
  }
}

}  // namespace

Result<void> embed_signature(tree::Builder& builder, tree::Node& root) {
  const tree::Symbol name = builder.document().find("signatureText");
  tree::Node* node = name == tree::Symbol::kNone ? nullptr : find(root, name);
  if (node == nullptr || node->text().empty()) return {};
  const std::string_view xml = node->text();
  builder.clear_text(*node);
  auto read = xml::read_fragment_into(builder, *node, xml, xml::WhiteSpace::drop);
  if (read) {
    settle_namespaces(builder, *node);
    return {};
  }
  if (read.error().code == ErrorCode::too_long) return std::move(read).error();
  Error error = invalid_value("Signature.data does not hold well-formed XML");
  error.log_detail = to_string(read.error());
  return error;
}

Result<std::string> write_message(const tree::Document& message) {
  auto written = xml::write(message);
  if (written || written.error().code != ErrorCode::invalid) return written;
  Error error = invalid_value("holds a character that XML cannot carry");
  error.log_detail = to_string(written.error());
  return error;
}

}  // namespace concord::eps
