#include "mappers/eps/answer_losses.h"

#include <algorithm>

#include "fhir/mapping/map_set.h"

namespace concord::eps {
namespace {

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t\r") - start + 1);
}

}  // namespace

Result<AnswerLosses> AnswerLosses::read(std::string_view text,
                                        const definitions::Definitions& definitions) {
  AnswerLosses losses;
  losses.definitions_ = &definitions;
  std::uint32_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with("#")) continue;
    const auto wrong = [&](std::string_view what) {
      return make_error(ErrorCode::internal, "not_read.txt: " + std::string(what), "not_read.txt",
                        Position{number, 1});
    };
    const std::string_view element = take_word(line);
    const std::string_view fate = take_word(line);
    const std::size_t dot = element.rfind('.');
    if (dot == std::string_view::npos) return wrong("an element is written Type.element");
    if (fate != "implied" && fate != "dropped") {
      return wrong("the second word must be implied or dropped");
    }
    if (trimmed(line).empty()) return wrong("a reason is missing");
    std::string owner(element.substr(0, dot));
    if (owner == "*") owner.clear();
    losses.rows_.insert_or_assign({std::move(owner), std::string(element.substr(dot + 1))},
                                  Row{fate == "implied", std::string(trimmed(line))});
  }
  return losses;
}

const AnswerLosses::Row* AnswerLosses::find(const tree::Document& message,
                                            const tree::Node& node) const {
  const std::string name(message.name(node));
  if (node.parent() != nullptr) {
    if (const definitions::Type* owner = definitions_->type(node.parent()->type())) {
      const auto row = rows_.find(std::pair(std::string(owner->label()), name));
      if (row != rows_.end()) return &row->second;
    }
  }
  const auto row = rows_.find(std::pair(std::string(), name));
  return row == rows_.end() ? nullptr : &row->second;
}

namespace {

/// The topmost elements of which nothing was read. Returns whether anything of `node` was. Depth is
/// bounded by the document's limits.
bool collect(const tree::Node& node, const tree::NodeSet& reads,
             std::vector<const tree::Node*>& unread) {
  bool any = reads.contains(node);
  const std::size_t before = unread.size();
  for (const tree::Node& child : node.children()) {
    const bool read =
        child.first_child() == nullptr ? reads.contains(child) : collect(child, reads, unread);
    any = any || read;
    if (!read) unread.push_back(&child);
  }
  if (!any) unread.resize(before);
  return any;
}

/// Whether all an element says is what its model says anyway: attributes with the value the model
/// fixes, and elements of nothing else. Depth is bounded by the document's limits.
bool is_fixed(const definitions::Definitions& definitions, const tree::Node& node) {
  if (node.has_value()) {
    if (node.parent() == nullptr) return false;
    const definitions::Type* owner = definitions.type(node.parent()->type());
    const auto child = owner == nullptr ? definitions::Child{} : owner->child(node.name());
    return child && child.element->fixed.rule == definitions::FixedValue::Rule::fixed &&
           child.element->fixed.value == node.text();
  }
  if (node.first_child() == nullptr) return false;
  for (const tree::Node& child : node.children()) {
    if (!is_fixed(definitions, child)) return false;
  }
  return true;
}

}  // namespace

std::vector<Issue> AnswerLosses::judge(const tree::Document& message, const tree::Node& from,
                                       const tree::NodeSet& reads) const {
  std::vector<const tree::Node*> unread;
  collect(from, reads, unread);
  std::vector<Issue> losses;
  for (const tree::Node* node : unread) {
    const Row* row = find(message, *node);
    if (row != nullptr ? row->implied : is_fixed(*definitions_, *node)) continue;
    Issue issue;
    issue.severity = Severity::warning;
    issue.expression = message.path(*node);
    issue.position = message.position(*node);
    issue.code = "not-supported";
    issue.detail_code = row != nullptr ? "not-carried" : "not-carried-unexpected";
    issue.text = std::string(message.name(*node)) + " is not carried: " +
                 (row != nullptr ? row->reason : "its FHIR form has no place for it");
    losses.push_back(std::move(issue));
  }
  return losses;
}

}  // namespace concord::eps
