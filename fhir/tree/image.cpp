#include "fhir/tree/image.h"

namespace concord::tree {

bool Image::put(Builder& builder, Node& below, std::vector<Node*>& made) const {
  Document& document = builder.document();
  made.clear();
  if (document.limits().max_nodes - document.node_count() < parts_.size()) return false;
  const char* const texts = document.arena().copy(texts_).data();
  for (const Part& part : parts_) {
    Node& parent = part.parent == kBelow ? below : *made[part.parent];
    Node& node = *builder.append(parent, part.name, part.kind);
    builder.set_type(node, part.type);
    builder.set_namespace(node, part.own_space ? part.space : parent.xml_namespace());
    if (part.attribute) builder.set_flag(node, Flag::attribute);
    if (part.in_array) builder.set_flag(node, Flag::in_array);
    if (part.resource) builder.set_flag(node, Flag::resource);
    if (part.has_text) builder.set_text(node, {texts + part.text_at, part.text_size});
    made.push_back(&node);
  }
  return true;
}

}  // namespace concord::tree
