#include "fhir/path/detail/evaluator.h"

#include <array>
#include <utility>

#include "fhir/definitions/definitions.h"
#include "fhir/path/detail/operators.h"

namespace concord::path::detail {

namespace {

/// Follows name steps from one node to all their ends, depth first: no intermediate collections.
/// Depth is the number of steps of a walk, which the compiler keeps small.
template <bool kLocalNames>
class Walker {
 public:
  Walker(Evaluator& evaluator, EvalContext& context, const Program& program,
         const tree::Document& document, const WalkStep* end, const tree::Symbol* local_names,
         const WalkStep* first, Collection* out)
      : evaluator_(evaluator),
        context_(context),
        program_(program),
        document_(document),
        end_(end),
        first_(first),
        local_names_(local_names),
        out_(out) {}

  bool run(const tree::Node& node, const WalkStep* step) {
    if (step == end_) {
      if (out_ != nullptr) return out_->add(context_, Value::of(document_, node));
      found_ = true;
      return false;
    }
    switch (step->kind) {
      case StepKind::of_type: {
        const TypeTest& test = program_.type_tests[step->set];
        const bool exactly = test.is_fhir && node.type() == test.exact;
        return !(exactly || evaluator_.matches(Value::of(document_, node), test, true)) ||
               run(node, step + 1);
      }
      case StepKind::self_or_child:
        if (evaluator_.matches(Value::of(document_, node), program_.type_tests[step->set], false)) {
          return run(node, step + 1);
        }
        return each(node, step, [&](tree::Symbol name) { return name == step->name; });
      case StepKind::child:
        return each(node, step,
                    [wanted = step->name](tree::Symbol name) { return name == wanted; });
      case StepKind::child_in: {
        const SymbolSet& set = program_.name_sets[step->set];
        return each(node, step, [&](tree::Symbol name) { return set.contains(name); });
      }
    }
    return true;
  }

  std::uint64_t visited() const { return visited_; }
  bool found() const { return found_; }

 private:
  template <typename Wanted>
  bool each(const tree::Node& node, const WalkStep* step, Wanted&& wanted) {
    for (const tree::Node* child = node.first_child(); child != nullptr;
         child = child->next_sibling()) {
      ++visited_;
      bool found = wanted(child->name());
      if constexpr (kLocalNames) {
        found = found || (tree::is_local(child->name()) && is_wanted_local(child->name(), step));
      }
      if (found && !run(*child, step + 1)) return false;
    }
    return true;
  }

  /// A name that became shared after this document was read.
  bool is_wanted_local(tree::Symbol name, const WalkStep* step) const {
    if (name == local_names_[step - first_]) return true;
    if (step->kind != StepKind::child_in) return false;
    const std::string_view text = document_.text(name);
    for (const std::string& wanted : program_.name_set_texts[step->set]) {
      if (wanted == text) return true;
    }
    return false;
  }

  Evaluator& evaluator_;
  EvalContext& context_;
  const Program& program_;
  const tree::Document& document_;
  const WalkStep* end_;
  const WalkStep* first_;
  const tree::Symbol* local_names_;
  Collection* out_;
  std::uint64_t visited_ = 1;
  bool found_ = false;
};

}  // namespace

bool Evaluator::fail(ErrorCode code, std::uint32_t offset, std::string what) {
  if (!state_.error) state_.error = program_.fail(code, offset, std::move(what));
  return false;
}

bool Evaluator::truth(const Collection& items, std::uint32_t offset, std::optional<bool>& out) {
  if (items.empty()) {
    out = std::nullopt;
    return true;
  }
  if (items.size() > 1)
    return fail(ErrorCode::invalid, offset, "several items where one boolean is needed");
  const Value& item = items.front();
  if (item.tag() == Tag::boolean) {
    out = item.boolean();
    return true;
  }
  const auto value = context_.system_value(item);
  out = !value || value->tag() != Tag::boolean || value->boolean();
  return true;
}

bool Evaluator::matches(const Value& item, const TypeTest& test, bool exact) {
  if (!item.is_node()) return test.is_system && item.tag() == test.system;
  if (!test.is_fhir) return false;
  tree::Symbol type = item.node().type();
  if (type == test.exact) return true;
  if (type == tree::Symbol::kNone) {
    type = context_.type_of(item);
    if (type == test.exact) return true;
  }
  if (exact && test.is_primitive) return false;
  return test.fhir.contains(type);
}

bool Evaluator::evaluate(OpIndex at, const Frame& frame, Collection& out) {
  if (!state_.spend(1, context_.hooks)) return false;
  const Op& op = program_.ops[at];
  switch (op.code) {
    case Code::constant:
      out = program_.constants[op.a];
      return true;
    case Code::focus:
      out = frame.focus;
      return true;
    case Code::index:
      out = Collection::of(Value::of(static_cast<std::int64_t>(frame.index)));
      return true;
    case Code::total:
      out = state_.total;
      return true;
    case Code::context:
      out = state_.context;
      return true;
    case Code::resource:
      return resource(false, frame, out);
    case Code::root_resource:
      return resource(true, frame, out);
    case Code::bound:
      out = context_.bound(op.a);
      return true;
    case Code::local:
      out = state_.locals[op.a];
      return true;
    case Code::chain:
      return chain(op, frame, out);
    case Code::logical_and:
    case Code::logical_or:
    case Code::logical_xor:
    case Code::implies: {
      std::optional<bool> truth;
      if (!logical(op, frame, truth)) return false;
      out = truth ? Collection::of(*truth) : Collection();
      return true;
    }
    case Code::equal:
    case Code::not_equal:
    case Code::in: {
      std::optional<bool> truth;
      if (op.c != kOnTexts || !compare_texts(op, frame, truth)) return binary(op, frame, out);
      out = truth ? Collection::of(*truth) : Collection();
      return true;
    }
    case Code::is_type:
    case Code::as_type:
      return evaluate(op.a, frame, out) &&
             cast(program_.type_tests[op.b],
                  op.code == Code::is_type ? SegmentKind::is_type : SegmentKind::as_type, op.offset,
                  out);
    default:
      return binary(op, frame, out);
  }
}

const Collection* Evaluator::standing(const Op& op, const Frame& frame) const {
  if (op.code == Code::focus) return &frame.focus;
  return op.code == Code::bound && op.a < state_.bound.size() ? &state_.bound[op.a] : nullptr;
}

bool Evaluator::chain(const Op& op, const Frame& frame, Collection& out) {
  const Segment* at = program_.segments.data() + op.b;
  const Segment* const end = at + op.c;
  const Collection* base = standing(program_.ops[op.a], frame);
  if (base != nullptr && at != end && at->kind == SegmentKind::walk) {
    out = Collection();
    if (!walk(*at++, *base, &out, nullptr)) return false;
  } else if (!evaluate(op.a, frame, out)) {
    return false;
  }
  for (; at != end; ++at) {
    if (!segment(*at, frame, out)) return false;
  }
  return true;
}

bool Evaluator::segment(const Segment& segment, const Frame& frame, Collection& current) {
  switch (segment.kind) {
    case SegmentKind::walk: {
      if (current.empty()) return true;
      Collection next;
      if (!walk(segment, current, &next, nullptr)) return false;
      current = next;
      return true;
    }
    case SegmentKind::walk_any:
    case SegmentKind::walk_none: {
      bool found = false;
      if (!current.empty() && !walk(segment, current, nullptr, &found)) return false;
      current.assign(Value::of(found == (segment.kind == SegmentKind::walk_any)));
      return true;
    }
    case SegmentKind::index:
      return index(segment, frame, current);
    case SegmentKind::call:
      return call(segment, frame, current);
    case SegmentKind::where:
      return where(segment, frame, current);
    case SegmentKind::iif:
      return iif(segment, frame, current);
    case SegmentKind::of_type:
    case SegmentKind::is_type:
    case SegmentKind::as_type:
      return cast(program_.type_tests[segment.a], segment.kind, segment.offset, current);
    case SegmentKind::define: {
      Collection value = current;
      if (segment.b != kNoOp) {
        const Frame inner{current, frame.index};
        if (!evaluate(segment.b, inner, value)) return false;
      }
      state_.locals[segment.a] = value;
      return true;
    }
  }
  return true;
}

bool Evaluator::walk(const Segment& segment, const Collection& input, Collection* out,
                     bool* found) {
  const WalkStep* first = &program_.steps[segment.a];
  const WalkStep* end = first + segment.b;
  if (segment.b == 1 && first->kind == StepKind::child && out != nullptr && input.size() == 1 &&
      input.front().is_node() && !input.front().document().has_local_names()) {
    const Value from = input.front();  // `out` may be where the input stands
    std::uint64_t visited = 1;
    for (const tree::Node* child = from.node().first_child(); child != nullptr;
         child = child->next_sibling(), ++visited) {
      if (child->name() != first->name) continue;
      if (!out->add(context_, Value::of(from.document(), *child))) return false;
    }
    return state_.spend(visited, context_.hooks);
  }
  for (const Value& item : input) {
    if (!item.is_node()) {
      Collection own;
      if (!system_step(item, first, end, out != nullptr ? *out : own)) return false;
      if (out == nullptr && !own.empty()) {
        *found = true;
        return true;
      }
      continue;
    }
    const tree::Document& document = item.document();
    std::uint64_t visited = 0;
    bool done = false;
    bool stopped = false;
    if (!document.has_local_names()) [[likely]] {
      Walker<false> walker(*this, context_, program_, document, end, nullptr, first, out);
      done = walker.run(item.node(), first);
      visited = walker.visited();
      stopped = walker.found();
    } else {
      std::array<tree::Symbol, 16> local_names{};
      for (std::uint32_t i = 0; i < segment.b; ++i) {
        local_names[i] = document.find_local(program_.step_names[segment.a + i]);
      }
      Walker<true> walker(*this, context_, program_, document, end, local_names.data(), first, out);
      done = walker.run(item.node(), first);
      visited = walker.visited();
      stopped = walker.found();
    }
    if (stopped) {
      *found = true;
      return state_.spend(visited, context_.hooks);
    }
    if (!done || !state_.spend(visited, context_.hooks)) return false;
  }
  return true;
}

bool Evaluator::system_step(const Value& item, const WalkStep* step, const WalkStep* end,
                            Collection& out) {
  if (step->kind == StepKind::of_type) {
    if (!matches(item, program_.type_tests[step->set], true)) return true;
    return step + 1 == end ? out.add(context_, item) : system_step(item, step + 1, end, out);
  }
  if (step + 1 != end) return true;  // what these have has no children
  const std::string_view name =
      program_.step_names[static_cast<std::size_t>(step - program_.steps.data())];
  if (item.tag() == Tag::type_info) {
    if (name == "namespace") return out.add(context_, Value::of(item.type_info().space));
    if (name == "name") return out.add(context_, Value::of(item.type_info().name));
  } else if (item.tag() == Tag::quantity) {
    if (name == "value") return out.add(context_, Value::of(*item.quantity().value));
    if (name == "unit" || name == "code") {
      return out.add(context_, Value::of(item.quantity().unit));
    }
  }
  return true;
}

bool Evaluator::index(const Segment& segment, const Frame& frame, Collection& current) {
  Collection wanted;
  if (!evaluate(segment.a, frame, wanted)) return false;
  auto number = context_.one_integer(wanted, "an index");
  if (!number) return fail(ErrorCode::invalid, segment.offset, "an index must be a single integer");
  const auto at = *number;
  if (!at || *at < 0 || static_cast<std::uint64_t>(*at) >= current.size()) {
    current = Collection();
  } else {
    current = Collection::of(current[static_cast<std::size_t>(*at)]);
  }
  return true;
}

bool Evaluator::cast(const TypeTest& test, SegmentKind kind, std::uint32_t offset,
                     Collection& current) {
  if (kind == SegmentKind::of_type) {
    Collection kept;
    for (const Value& item : current) {
      if (matches(item, test, true) && !kept.add(context_, item)) return false;
    }
    current = kept;
    return state_.spend(current.size() + 1, context_.hooks);
  }
  if (current.empty()) return true;
  if (current.size() > 1) {
    return fail(ErrorCode::invalid, offset, "several items where \"is\" and \"as\" take one");
  }
  if (kind == SegmentKind::is_type) {
    current = Collection::of(matches(current.front(), test, false));
  } else if (!matches(current.front(), test, true)) {
    current = Collection();
  }
  return true;
}

bool Evaluator::call(const Segment& segment, const Frame& frame, Collection& current) {
  const Call& call = program_.calls[segment.a];
  const auto finish = [&](Result<Collection>&& result) {
    if (result) [[likely]] {
      current = *result;
      return !state_.error.has_value();
    }
    if (!state_.error) {
      Error error = std::move(result).error();
      if (error.issues.size() == 1 && error.issues.front().position == Position{}) {
        error = program_.fail(error.code, segment.offset, error.issues.front().text);
      }
      state_.error = std::move(error);
    }
    return false;
  };
  if (call.row->lazy) {
    // $total and $index stay what they are for the caller, whatever the function binds them to.
    const Collection total = state_.total;
    const std::size_t index = std::exchange(state_.index, frame.index);
    const bool done =
        finish(call.row->handler(context_, current, Args(call.lambdas, call.prepared.get())));
    state_.total = total;
    state_.index = index;
    return done;
  }
  const std::size_t count = call.arguments.size();
  if (!call.constants.empty() || count == 0) {
    return finish(call.row->handler(context_, current, Args(call.constants, call.prepared.get())));
  }
  std::array<Collection, 4> few;
  Collection* values = few.data();
  if (count > few.size()) {
    values = static_cast<Collection*>(
        state_.scratch.allocate(count * sizeof(Collection), alignof(Collection)));
    if (values == nullptr) return state_.out_of_memory();
  }
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = Collection();
    if (!evaluate(call.arguments[i], frame, values[i])) return false;
  }
  return finish(
      call.row->handler(context_, current, Args(std::span(values, count), call.prepared.get())));
}

bool Evaluator::resource(bool root, const Frame& frame, Collection& out) {
  const auto given = root ? context_.root_resource() : context_.resource();
  if (given) {
    out = Collection::of(*given);
    return true;
  }
  const Collection& from = state_.context.empty() ? frame.focus : state_.context;
  out = Collection();
  if (from.empty() || !from.front().is_node()) return true;
  const tree::Node* at = &from.front().node();
  while (at != nullptr && !at->is(tree::Flag::resource)) at = at->parent();
  if (root && at != nullptr && at->name() == program_.names.contained) {
    do {
      at = at->parent();
    } while (at != nullptr && !at->is(tree::Flag::resource));
  }
  if (at != nullptr) out.assign(Value::of(from.front().document(), *at));
  return true;
}

bool Evaluator::binary(const Op& op, const Frame& frame, Collection& out) {
  Collection a;
  if (!evaluate(op.a, frame, a)) return false;
  const auto one = [&](const Collection& items, std::optional<Value>& value) {
    if (items.size() > 1) {
      return fail(ErrorCode::invalid, op.offset, "several items where the operator takes one");
    }
    value = items.empty() ? std::nullopt : context_.system_value(items.front());
    if (!items.empty() && !value) {
      return fail(ErrorCode::invalid, op.offset,
                  "the operator has no meaning for an element without value");
    }
    return true;
  };
  const auto computed = [&](Computed result) {
    if (!result.meaningful) {
      return fail(ErrorCode::invalid, op.offset, "the operator has no meaning for these types");
    }
    out = result.value ? Collection::of(*result.value) : Collection();
    return !state_.error.has_value();
  };
  if (op.code == Code::negate || op.code == Code::plus) {
    std::optional<Value> value;
    if (!one(a, value)) return false;
    if (!value) {
      out = Collection();
      return true;
    }
    if (op.code == Code::negate) return computed(negate(context_, *value));
    if (!number_of(*value) && value->tag() != Tag::quantity) return computed({false, {}});
    out = Collection::of(*value);
    return true;
  }

  Collection b;
  if (!evaluate(op.b, frame, b)) return false;
  switch (op.code) {
    case Code::equal:
    case Code::not_equal: {
      if (a.empty() || b.empty()) {
        out = Collection();
        return true;
      }
      const auto result = equal(context_, a, b);
      out = result ? Collection::of(*result == (op.code == Code::equal)) : Collection();
      return !state_.error.has_value();
    }
    case Code::equivalent:
    case Code::not_equivalent:
      out = Collection::of(equivalent(context_, a, b) == (op.code == Code::equivalent));
      return !state_.error.has_value();
    case Code::unite: {
      Collection both = a;
      if (a.size() + b.size() > 1) {
        both = Collection();
        if (!both.add_all(context_, a) || !both.add_all(context_, b)) return false;
        both = distinct(context_, both);
      } else if (a.empty()) {
        both = b;
      }
      out = both;
      return !state_.error.has_value();
    }
    case Code::in:
    case Code::contains: {
      const Collection& item = op.code == Code::in ? a : b;
      const Collection& all = op.code == Code::in ? b : a;
      if (item.size() > 1) {
        return fail(ErrorCode::invalid, op.offset, "several items where the operator takes one");
      }
      out = Collection();
      if (item.empty()) return true;
      bool found = false;
      for (const Value& candidate : all) {
        if (same(context_, candidate, item.front())) {
          found = true;
          break;
        }
      }
      out = Collection::of(found);
      return !state_.error.has_value() && state_.spend(all.size(), context_.hooks);
    }
    default:
      break;
  }

  std::optional<Value> left;
  std::optional<Value> right;
  if (op.code == Code::concatenate) {
    auto x = context_.one_string(a, "&");
    auto y = context_.one_string(b, "&");
    if (!x || !y) {
      return fail(ErrorCode::invalid, op.offset, "& takes single strings");
    }
    const std::string_view head = (*x).value_or("");
    const std::string_view tail = (*y).value_or("");
    auto* at = static_cast<char*>(context_.allocate(head.size() + tail.size() + 1, 1));
    if (at == nullptr) return false;
    head.copy(at, head.size());
    tail.copy(at + head.size(), tail.size());
    out = Collection::of(Value::of(std::string_view(at, head.size() + tail.size())));
    return state_.spend((head.size() + tail.size()) / 64, context_.hooks);
  }
  if (!one(a, left) || !one(b, right)) return false;
  if (!left || !right) {
    out = Collection();
    return true;
  }
  if (op.code >= Code::less && op.code <= Code::greater_equal) {
    const Comparison order = compare_values(*left, *right);
    if (order == Comparison::incomparable) return computed({false, {}});
    if (order == Comparison::unknown) {
      out = Collection();
      return true;
    }
    bool holds = false;
    switch (op.code) {
      case Code::less:
        holds = order == Comparison::less;
        break;
      case Code::less_equal:
        holds = order != Comparison::greater;
        break;
      case Code::greater:
        holds = order == Comparison::greater;
        break;
      default:
        holds = order != Comparison::less;
        break;
    }
    out = Collection::of(holds);
    return true;
  }
  return computed(compute(context_, op.code, *left, *right));
}

}  // namespace concord::path::detail
