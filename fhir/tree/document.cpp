#include "fhir/tree/document.h"

#include <algorithm>

namespace concord::tree {

Document::Document(const Symbols& symbols, Limits limits)
    : symbols_(&symbols),
      limits_(limits),
      arena_(std::make_unique<Arena>()),
      source_(std::make_unique<std::string>()),
      root_(arena_->make<Node>()) {}

Symbol Document::find(std::string_view name) const noexcept {
  if (const Symbol shared = symbols_->find(name); shared != Symbol::kNone) return shared;
  return find_local(name);
}

Symbol Document::find_local(std::string_view name) const noexcept {
  const std::size_t local = local_names_.find(name, seed());
  return local == LocalNames::kAbsent ? Symbol::kNone
                                      : static_cast<Symbol>(number(Symbol::kFirstLocal) + local);
}

Position Document::position(const Node& node) const noexcept {
  return node.source_offset() == Node::kNoOffset ? Position{} : position(node.source_offset());
}

Position Document::position(std::size_t offset) const noexcept {
  return source_->empty() ? Position{} : position_in(*source_, offset);
}

std::string Document::path(const Node& node) const {
  std::vector<const Node*> steps;
  steps.reserve(16);
  for (const Node* at = &node; at != nullptr; at = at->parent()) steps.push_back(at);
  const Node& top = *steps.back();
  std::string path{text(top.is(Flag::resource) ? top.type() : top.name())};
  for (auto at = steps.rbegin() + 1; at != steps.rend(); ++at) {
    const Node& step = **at;
    if (!path.empty()) path += '.';
    path += step.kind() == Kind::text ? std::string_view("text()") : name(step);
    std::size_t index = 0;
    for (const Node& sibling : step.parent()->children()) {
      if (&sibling == &step) break;
      index += sibling.name() == step.name();
    }
    if (index > 0 || step.is(Flag::in_array) || step.next_same() != nullptr) {
      path += '[' + std::to_string(index) + ']';
    }
  }
  return path;
}

Position position_in(std::string_view source, std::size_t offset) noexcept {
  offset = std::min(offset, source.size());
  const std::string_view before = source.substr(0, offset);
  const auto line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1);
  const std::size_t start = before.rfind('\n');
  const std::size_t column = start == std::string_view::npos ? offset + 1 : offset - start;
  return {line, static_cast<std::uint32_t>(column)};
}

}  // namespace concord::tree
