// What is the same in every run is put together once: the content that comes with elements of
// logical models, and the constants that follow one another in the targets of a rule.
#include <algorithm>
#include <optional>

#include "fhir/mapping/program.h"

namespace concord::mapping::detail {
namespace {

using definitions::Child;
using definitions::Type;

tree::Image::Part part_of(const Template::Item& item) {
  tree::Image::Part part;
  part.name = item.name;
  part.type = item.type;
  part.space = item.space;
  part.own_space = item.attribute || item.space != tree::Symbol::kNone;
  part.kind = item.kind;
  part.attribute = item.attribute;
  part.in_array = item.in_array;
  return part;
}

void prepare(Template& made) {
  std::vector<std::uint32_t> numbers;  // of the parts the items became
  for (const Template::Item& item : made.items) {
    const std::uint32_t parent = item.parent == 0 ? tree::Image::kBelow : numbers[item.parent - 1];
    if (item.on_parent) {
      numbers.push_back(parent);
      if (parent == tree::Image::kBelow) {
        made.own_text = item.text;
        made.has_own_text = true;
      } else {
        made.image.set_text(parent, item.text);
      }
      continue;
    }
    tree::Image::Part part = part_of(item);
    part.parent = parent;
    numbers.push_back(made.image.add(part));
    if (item.has_text) made.image.set_text(numbers.back(), item.text);
  }
}

/// Follows the targets of a rule as the executor would, as long as what they come to is known.
class Draft {
 public:
  /// How many targets from `first` on make one subtree; 0 or 1: nothing to gain.
  std::uint32_t follow(const std::vector<TargetOp>& targets, std::uint32_t first) {
    if (!head(targets[first])) return 0;
    std::uint32_t count = 1;
    while (first + count < targets.size() && next(targets[first + count])) ++count;
    return count;
  }

  /// The subtree, children in the order of their definition.
  Subtree finish(std::uint32_t first, std::uint32_t count) {
    Subtree made;
    made.first = first;
    made.count = count;
    made.fhir = fhir_;
    std::vector<std::uint32_t> numbers(nodes_.size());
    std::vector<std::uint32_t> open{0};
    while (!open.empty()) {
      const std::uint32_t at = open.back();
      open.pop_back();
      Node& node = nodes_[at];
      if (at != 0) node.part.parent = numbers[node.parent];
      numbers[at] = made.image.add(node.part);
      if (node.text) made.image.set_text(numbers[at], *node.text);
      std::stable_sort(
          node.children.begin(), node.children.end(),
          [&](std::uint32_t a, std::uint32_t b) { return nodes_[a].order < nodes_[b].order; });
      open.insert(open.end(), node.children.rbegin(), node.children.rend());
    }
    for (const auto& [slot, node] : variables_) made.variables.emplace_back(slot, numbers[node]);
    for (const std::uint32_t node : written_) made.written.push_back(numbers[node]);
    return made;
  }

 private:
  struct Node {
    tree::Image::Part part;
    std::uint32_t parent = 0;
    std::uint32_t order = 0;  ///< among its siblings, by the definition
    std::optional<std::string_view> text;
    std::vector<std::uint32_t> children;
  };

  static bool makes(const TargetOp& op) {
    return op.kind == TargetOp::Kind::make && op.place == ast::Place::add && op.share == kNoSlot &&
           op.into.element != nullptr && op.into.type != nullptr && !op.into.attribute &&
           !op.into.on_parent;
  }

  bool head(const TargetOp& op) {
    if (!makes(op)) return false;
    add(op, 0);
    nodes_.front().part.parent = tree::Image::kBelow;
    done(op, 0);
    return true;
  }

  bool next(const TargetOp& op) {
    const auto context =
        std::find_if(variables_.rbegin(), variables_.rend(),
                     [&](const auto& known) { return known.first == op.into.context; });
    if (context == variables_.rend() || op.into.element == nullptr || op.into.element->is_choice) {
      return false;
    }
    const std::uint32_t parent = context->second;
    if (makes(op)) {
      const auto there = op.into.repeats ? std::nullopt : existing(op, parent);
      if (there &&
          (nodes_[*there].part.type != op.into.type->name() || !nodes_[*there].children.empty())) {
        return false;  // another type is an error; what has content already is left to the executor
      }
      if (there) {
        variables_.emplace_back(op.variable, *there);
      } else {
        done(op, add(op, parent));
      }
      return true;
    }
    if (op.kind != TargetOp::Kind::write || op.share != kNoSlot || op.reference ||
        op.into.on_parent || op.into.type == nullptr || !op.into.type->is_primitive() ||
        op.value.kind != ValueOp::Kind::literal || op.value.fit != Fit::yes ||
        op.value.literal.size() != 1 || op.value.literal.front().tag() != path::Tag::string) {
      return false;
    }
    const std::string_view text = op.value.literal.front().text();
    if (text.empty() && !op.into.model) return false;
    const auto there = op.into.repeats ? std::nullopt : existing(op, parent);
    if (there && nodes_[*there].text) {
      if (*nodes_[*there].text != text) return false;  // an error, when it is run
      if (op.variable != kNoSlot) variables_.emplace_back(op.variable, *there);
      return true;
    }
    const std::uint32_t node = there ? *there : add(op, parent);
    nodes_[node].text = text;
    done(op, node);
    return true;
  }

  std::optional<std::uint32_t> existing(const TargetOp& op, std::uint32_t parent) const {
    for (const std::uint32_t child : nodes_[parent].children) {
      const tree::Image::Part& part = nodes_[child].part;
      if (part.name == op.into.name && part.attribute == op.into.attribute) return child;
    }
    return std::nullopt;
  }

  /// The element of a target with what comes with it.
  std::uint32_t add(const TargetOp& op, std::uint32_t parent) {
    const Destination& into = op.into;
    tree::Image::Part part;
    part.name = into.name;
    part.type = into.type->name();
    part.space = into.element->xml_namespace;
    part.own_space = into.attribute || part.space != tree::Symbol::kNone;
    part.kind = into.kind;
    part.attribute = into.attribute;
    part.in_array = into.repeats;
    part.resource = into.type->is_resource();
    const std::uint32_t node = add(part, parent, into.element->order);
    if (into.fixed != nullptr) add(*into.fixed, *into.type, node);
    fhir_ = fhir_ || !into.model;
    return node;
  }

  /// Templates are in order; of their nodes only `node` gets other children besides.
  void add(const Template& fixed, const Type& type, std::uint32_t node) {
    std::vector<std::uint32_t> numbers;
    for (const Template::Item& item : fixed.items) {
      const std::uint32_t parent = item.parent == 0 ? node : numbers[item.parent - 1];
      if (item.on_parent) {
        numbers.push_back(parent);
        nodes_[parent].text = item.text;
        continue;
      }
      const Child known = item.parent == 0 ? type.child(item.name) : Child{};
      numbers.push_back(add(part_of(item), parent, known ? known.element->order : 0u));
      if (item.has_text) nodes_[numbers.back()].text = item.text;
    }
  }

  std::uint32_t add(const tree::Image::Part& part, std::uint32_t parent, std::uint32_t order) {
    const auto number = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({part, parent, order, std::nullopt, {}});
    if (number != 0) nodes_[parent].children.push_back(number);
    return number;
  }

  void done(const TargetOp& op, std::uint32_t node) {
    if (op.variable != kNoSlot) variables_.emplace_back(op.variable, node);
    written_.push_back(node);
  }

  std::vector<Node> nodes_;
  std::vector<std::pair<Slot, std::uint32_t>> variables_;
  std::vector<std::uint32_t> written_;
  bool fhir_ = false;
};

void prepare(SourceOp& op) {
  if (op.context == kNoSlot || op.fallback.kind != ValueOp::Kind::none || op.log != nullptr) return;
  if (op.from != SourceOp::From::variable && op.from != SourceOp::From::child) return;
  const bool all = op.pick == ast::Pick::all || op.pick == ast::Pick::first ||
                   op.pick == ast::Pick::last || op.pick == ast::Pick::only_one;
  if (!all) return;
  op.way = SourceOp::Way::tested;
  if (op.type.type != nullptr || op.counted || op.where != nullptr || op.check != nullptr ||
      op.pick != ast::Pick::all) {
    return;
  }
  op.way = op.from == SourceOp::From::variable ? SourceOp::Way::plain : SourceOp::Way::simple;
}

void prepare(Block& block) {
  for (RuleOp& rule : block.rules) {
    for (SourceOp& source : rule.sources) prepare(source);
    for (std::uint32_t at = 0; at < rule.targets.size();) {
      Draft draft;
      const std::uint32_t count = draft.follow(rule.targets, at);
      if (count > 1) {
        rule.subtrees.push_back(draft.finish(at, count));
      } else {
        rule.subtrees.emplace_back().first = at;
      }
      at += std::max(count, 1u);
    }
    if (rule.nested != nullptr) prepare(*rule.nested);
  }
}

}  // namespace

void prepare(Program& program) {
  for (Template& made : program.templates) prepare(made);
  for (Instance& instance : program.instances) prepare(instance.body);
}

}  // namespace concord::mapping::detail
