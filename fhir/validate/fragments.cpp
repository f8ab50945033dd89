#include "fhir/validate/fragments.h"

namespace concord::validate {

using tree::Node;

Fragments::Fragments(const tree::Document& document, const definitions::Definitions& definitions)
    : document_(document),
      xhtml_(definitions.symbols().find("xhtml")),
      id_(definitions.symbols().find("id")) {}

std::uint32_t Fragments::count(std::string_view name) {
  if (!built_) build();
  const auto at = names_.find(name);
  return at == names_.end() ? 0 : at->second;
}

void Fragments::build() {
  built_ = true;
  std::vector<const Node*> open{&document_.root()};
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    for (const Node& child : node->children()) {
      if (child.name() == id_ && child.has_value()) ++names_[child.text()];
      if (child.type() == xhtml_ && child.has_value()) add_narrative(child);
      if (child.first_child() != nullptr) open.push_back(&child);
    }
  }
}

void Fragments::add_narrative(const Node& div) {
  if (div.text().find("id=") == std::string_view::npos &&
      div.text().find("name=") == std::string_view::npos) {
    return;
  }
  tree::Limits limits = document_.limits();
  limits.max_nodes = kMostNarrativeNodes;
  auto read = xml::read_xhtml(div.text(), limits);
  if (!read) return;
  const xml::Xhtml& narrative = narratives_.emplace_back(*std::move(read));
  for (const xml::XhtmlNode& node : narrative.nodes()) {
    if (!node.is_element()) continue;
    const auto id = narrative.attribute(node, "id");
    const auto anchor = node.name == "a" ? narrative.attribute(node, "name") : std::string_view{};
    if (id.data() != nullptr) ++names_[id];
    if (anchor.data() != nullptr && anchor != id) ++names_[anchor];
  }
}

}  // namespace concord::validate
