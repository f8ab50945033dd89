#include "tests/support/trees.h"

namespace concord::test {

std::string outline(const tree::Document& document, const tree::Node& node, int depth) {
  constexpr const char* kKinds[] = {"element", "string", "number", "boolean", "text"};
  std::string text(static_cast<std::size_t>(depth) * 2, ' ');
  text += document.name(node);
  text += ' ';
  text += kKinds[static_cast<std::size_t>(node.kind())];
  if (node.type() != tree::Symbol::kNone) (text += " : ") += document.text(node.type());
  if (node.xml_namespace() != tree::Symbol::kNone) {
    ((text += " {") += document.text(node.xml_namespace())) += '}';
  }
  if (node.is(tree::Flag::attribute)) text += " @";
  if (node.is(tree::Flag::in_array)) text += " []";
  if (node.is(tree::Flag::resource)) text += " resource";
  if (node.has_value()) ((text += " = '") += node.text()) += '\'';
  text += '\n';
  for (const tree::Node& child : node.children()) text += outline(document, child, depth + 1);
  return text;
}

}  // namespace concord::test
