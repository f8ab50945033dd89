// Conditions: comparisons of texts and logic, and the functions that ask for them.
#include "fhir/path/detail/evaluator.h"

namespace concord::path::detail {

/// where(criteria): frees what the criteria allocated.
bool Evaluator::where(const Segment& segment, const Frame& frame, Collection& current) {
  static_cast<void>(frame);
  const OpIndex criteria = program_.calls[segment.a].arguments.front();
  const std::uint32_t offset = program_.ops[criteria].offset;
  Collection kept;
  Frame inner;
  for (const Value& item : current) {
    inner.focus.assign(item);
    const auto mark = state_.scratch.mark();
    std::optional<bool> truth;
    if (!condition(criteria, inner, offset, truth)) return false;
    ++inner.index;
    state_.scratch.rewind(mark);
    if (truth == true && !kept.add(context_, item)) return false;
  }
  current = kept;
  return true;
}

/// iif(criteria, when true, [otherwise]): only the branch taken is evaluated.
bool Evaluator::iif(const Segment& segment, const Frame& frame, Collection& current) {
  const Call& call = program_.calls[segment.a];
  if (current.size() > 1) {
    return fail(ErrorCode::invalid, segment.offset, "iif() on several items");
  }
  const Frame inner{current, frame.index};
  Collection criteria;
  if (!evaluate(call.arguments[0], inner, criteria)) return false;
  if (criteria.size() > 1) {
    return fail(ErrorCode::invalid, segment.offset, "the criteria of iif() must be a single item");
  }
  std::optional<bool> met;
  if (!truth(criteria, segment.offset, met)) return false;
  current = Collection();
  if (met == true) return evaluate(call.arguments[1], inner, current);
  return call.arguments.size() < 3 || evaluate(call.arguments[2], inner, current);
}

/// Down a walk for as long as there is one way only.
Evaluator::One Evaluator::descend(const Segment& walk, Value& item) {
  if (!item.is_node() || item.document().has_local_names()) return One::open;
  const tree::Node* at = &item.node();
  const WalkStep* step = &program_.steps[walk.a];
  for (const WalkStep* const end = step + walk.b; step != end; ++step) {
    const tree::Node* found = nullptr;
    if (step->kind == StepKind::child) {
      found = at->child(step->name);
      if (found == nullptr) return One::none;
      if (found->next_same() != nullptr) return One::open;
    } else if (step->kind == StepKind::child_in) {
      const SymbolSet& names = program_.name_sets[step->set];
      for (const tree::Node& child : at->children()) {
        if (!names.contains(child.name())) continue;
        if (found != nullptr) return One::open;
        found = &child;
      }
      if (found == nullptr) return One::none;
    } else {
      return One::open;
    }
    at = found;
  }
  item = Value::of(item.document(), *at);
  return One::one;
}

Evaluator::One Evaluator::one_item(OpIndex at, const Frame& frame, Value& out) {
  const Op& op = program_.ops[at];
  const bool walks = op.code == Code::chain;
  if (walks && (op.c != 1 || program_.segments[op.b].kind != SegmentKind::walk)) return One::open;
  const Collection* base = standing(walks ? program_.ops[op.a] : op, frame);
  if (base == nullptr || base->size() > 1) return One::open;
  if (base->empty()) return One::none;
  out = base->front();
  return walks ? descend(program_.segments[op.b], out) : One::one;
}

std::optional<std::string_view> Evaluator::string_of(const Value& value) const {
  if (value.tag() == Tag::string) return value.text();
  if (!value.is_node() || !value.node().has_value()) return std::nullopt;
  const tree::Node& node = value.node();
  if (state_.tags.of(node.type()) != static_cast<std::uint8_t>(Tag::string)) return std::nullopt;
  return node.text();
}

bool Evaluator::compare_texts(const Op& op, const Frame& frame, std::optional<bool>& out) {
  Value item;
  switch (one_item(op.a, frame, item)) {
    case One::open:
      return false;
    case One::none:
      out = std::nullopt;
      return true;
    case One::one:
      break;
  }
  const auto text = string_of(item);
  if (!text) return false;
  if (context_.reads != nullptr && item.is_node()) context_.reads->insert(item.node());
  bool found = false;
  for (const Value& wanted : program_.constants[program_.ops[op.b].a]) {
    found = wanted.text() == *text;
    if (found) break;
  }
  out = found != (op.code == Code::not_equal);
  return true;
}

bool Evaluator::condition(OpIndex at, const Frame& frame, std::uint32_t offset,
                          std::optional<bool>& out) {
  const Op& op = program_.ops[at];
  switch (op.code) {
    case Code::logical_and:
    case Code::logical_or:
    case Code::logical_xor:
    case Code::implies:
      return state_.spend(1, context_.hooks) && logical(op, frame, out);
    case Code::equal:
    case Code::not_equal:
    case Code::in:
      if (op.c == kOnTexts && compare_texts(op, frame, out)) {
        return state_.spend(4, context_.hooks);
      }
      break;
    default:
      break;
  }
  Collection items;
  return evaluate(at, frame, items) && truth(items, offset, out);
}

bool Evaluator::logical(const Op& op, const Frame& frame, std::optional<bool>& result) {
  std::optional<bool> a;
  std::optional<bool> b;
  result = std::nullopt;
  if (!condition(op.a, frame, op.offset, a)) return false;
  // The other side cannot change these; it is not evaluated.
  if ((op.code == Code::logical_and && a == false) || (op.code == Code::implies && a == false)) {
    result = op.code == Code::implies;
    return true;
  }
  if (op.code == Code::logical_or && a == true) {
    result = true;
    return true;
  }
  if (!condition(op.b, frame, op.offset, b)) return false;
  switch (op.code) {
    case Code::logical_and:
      if (b == false) {
        result = false;
      } else if (a && b) {
        result = true;
      }
      break;
    case Code::logical_or:
      if (b == true) {
        result = true;
      } else if (a && b) {
        result = false;
      }
      break;
    case Code::logical_xor:
      if (a && b) result = *a != *b;
      break;
    default:  // implies; a is true or not known
      if (b == true) {
        result = true;
      } else if (a && b) {
        result = false;
      }
      break;
  }
  return true;
}

}  // namespace concord::path::detail
