#include "mappers/eps/codec.h"

#include <utility>
#include <vector>

#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "mappers/eps/published_error.h"

namespace concord::eps {

Result<void> embed_signatures(tree::Builder& builder, tree::Node& root) {
  const tree::Symbol name = builder.document().find("signatureText");
  if (name == tree::Symbol::kNone) return {};
  std::vector<tree::Node*> open{&root};
  while (!open.empty()) {
    tree::Node& node = *open.back();
    open.pop_back();
    if (node.name() != name) {
      for (const tree::Node& child : node.children()) {
        if (child.first_child() != nullptr || child.name() == name) {
          open.push_back(&tree::Builder::mutable_node(child));
        }
      }
      continue;
    }
    if (!node.has_value() || node.text().empty()) continue;
    const std::string_view xml = node.text();
    builder.clear_text(node);
    auto read = xml::read_fragment_into(builder, node, xml, xml::WhiteSpace::drop);
    if (read) continue;
    if (read.error().code == ErrorCode::too_long) return std::move(read).error();
    Error error = invalid_value("Signature.data does not hold well-formed XML");
    error.log_detail = to_string(read.error());
    return error;
  }
  return {};
}

Result<std::string> write_message(const tree::Document& message) {
  auto written = xml::write(message);
  if (written || written.error().code != ErrorCode::invalid) return written;
  Error error = invalid_value("holds a character that XML cannot carry");
  error.log_detail = to_string(written.error());
  return error;
}

}  // namespace concord::eps
