#include "fhir/mapping/record.h"

#include <algorithm>
#include <unordered_map>

#include "fhir/mapping/map_set.h"

namespace concord::mapping {
namespace {

using Numbers = std::unordered_map<const tree::Node*, std::uint32_t>;

/// Every element of a document with its path; linear in its size, whatever its shape.
void list(const tree::Document& document, std::vector<RecordedElement>& to, Numbers& numbers) {
  const tree::Node* at = &document.root();
  std::string path{document.text(at->is(tree::Flag::resource) ? at->type() : at->name())};
  struct Level {
    std::size_t path = 0;  ///< length of its path
    std::string resource;  ///< prefix of in_resource, and how much of the path it stands for
    std::size_t resource_at = 0;
    std::unordered_map<std::uint16_t, std::uint32_t> counts;  ///< of its children so far
  };
  std::vector<Level> levels;
  const auto add = [&](const tree::Node& node) {
    Level level;
    level.path = path.size();
    if (node.is(tree::Flag::resource)) {
      level.resource = document.text(node.type());
      level.resource_at = path.size();
    } else if (!levels.empty()) {
      level.resource = levels.back().resource;
      level.resource_at = levels.back().resource_at;
    }
    RecordedElement element;
    element.path = path;
    if (!level.resource.empty())
      element.in_resource = level.resource + path.substr(level.resource_at);
    element.offset = node.source_offset();
    element.has_value = node.has_value();
    element.value = node.text();
    numbers.emplace(&node, static_cast<std::uint32_t>(to.size()));
    to.push_back(std::move(element));
    levels.push_back(std::move(level));
  };
  add(*at);
  const tree::Node* next = at->first_child();
  while (!levels.empty()) {
    if (next == nullptr) {
      levels.pop_back();
      next = at->next_sibling();
      at = at->parent();
      continue;
    }
    path.resize(levels.back().path);
    if (!path.empty()) path += '.';
    path += next->kind() == tree::Kind::text ? std::string_view("text()") : document.name(*next);
    const std::uint32_t index = levels.back().counts[tree::number(next->name())]++;
    if (index > 0 || next->is(tree::Flag::in_array) || next->next_same() != nullptr) {
      path += '[' + std::to_string(index) + ']';
    }
    add(*next);
    at = next;
    next = at->first_child();
  }
}

}  // namespace

struct RunRecorder::Open {
  struct Write {
    RecordedWrite write;
    const tree::Node* source;
    const tree::Node* target;
  };
  struct Read {
    RecordedRead read;
    const tree::Node* node;
  };
  RunRecord run;
  std::vector<std::uint32_t> stack;      ///< steps that are running
  std::vector<const tree::Node*> items;  ///< of the steps
  std::vector<Write> writes;
  std::vector<Read> reads;
  std::vector<const tree::Document*> documents;  ///< read from, in order of first use
  const tree::Document* target = nullptr;

  std::uint32_t top() const { return stack.empty() ? RecordedStep::kNone : stack.back(); }
  void from(const tree::Document* document) {
    if (document == nullptr ||
        std::find(documents.begin(), documents.end(), document) != documents.end()) {
      return;
    }
    documents.push_back(document);
  }
  std::uint32_t step(std::uint32_t rule, const tree::Node* item) {
    RecordedStep step;
    step.rule = rule;
    step.parent = top();
    run.steps.push_back(std::move(step));
    items.push_back(item);
    return static_cast<std::uint32_t>(run.steps.size() - 1);
  }
};

RunRecorder::RunRecorder() = default;
RunRecorder::~RunRecorder() = default;

void RunRecorder::started(const MapSet& maps, const Entry& entry) {
  open_ = std::make_unique<Open>();
  open_->run.maps = &maps;
  open_->run.entry = entry;
}

void RunRecorder::write(const TargetWrite& write) {
  RecordedWrite made;
  made.step = open_->top();
  made.rule = write.rule_id;
  open_->target = write.target_document;
  const bool read = write.source_document != write.target_document;
  if (read) open_->from(write.source_document);
  open_->writes.push_back({made, read ? write.source : nullptr, write.target});
}

void RunRecorder::entered(std::uint32_t rule, const tree::Document* document,
                          const tree::Node* item) {
  open_->from(document);
  const std::uint32_t step = open_->step(rule, item);
  open_->run.steps[step].ran = true;
  open_->stack.push_back(step);
}

void RunRecorder::left(std::uint32_t) {
  open_->run.steps[open_->stack.back()].left = true;
  open_->stack.pop_back();
}

void RunRecorder::skipped(std::uint32_t rule, Skip why) {
  open_->run.steps[open_->step(rule, nullptr)].why = why;
}

void RunRecorder::came_to_nothing(std::uint32_t, Skip why, std::uint32_t part) {
  if (!open_->stack.empty()) open_->run.steps[open_->stack.back()].nothing.push_back({part, why});
}

void RunRecorder::read(std::uint32_t rule, const tree::Node& node) {
  RecordedRead read;
  read.rule = rule;
  const std::uint32_t top = open_->top();
  if (top != RecordedStep::kNone && open_->run.steps[top].rule == rule) read.step = top;
  open_->reads.push_back({read, &node});
}

void RunRecorder::finished() {
  RunRecord& run = open_->run;
  Numbers sources, targets;
  for (const tree::Document* document : open_->documents) {
    if (document != open_->target) list(*document, run.sources, sources);
  }
  if (open_->target != nullptr) list(*open_->target, run.targets, targets);
  const auto number = [](const Numbers& numbers, const tree::Node* node) {
    const auto at = numbers.find(node);
    return at == numbers.end() ? RecordedStep::kNone : at->second;
  };
  for (std::size_t i = 0; i < run.steps.size(); ++i)
    run.steps[i].item = number(sources, open_->items[i]);
  for (const Open::Write& one : open_->writes) {
    RecordedWrite write = one.write;
    write.source = number(sources, one.source);
    write.target = number(targets, one.target);
    if (write.target != RecordedStep::kNone) run.writes.push_back(write);
  }
  for (const Open::Read& one : open_->reads) {
    RecordedRead read = one.read;
    read.source = number(sources, one.node);
    if (read.source != RecordedStep::kNone) run.reads.push_back(read);
  }
  runs_.push_back(std::move(run));
  open_.reset();
}

std::string without_indices(std::string_view path) {
  std::string plain;
  plain.reserve(path.size());
  bool inside = false;
  for (const char c : path) {
    if (c == '[') inside = true;
    if (!inside) plain += c;
    if (c == ']') inside = false;
  }
  return plain;
}

}  // namespace concord::mapping
