#include <algorithm>

#include "fhir/mapping/execution.h"

namespace concord::mapping::detail {

/// Runs over the items of source `index`, then of those after it; all bound, the rule's body.
bool Execution::sources(const RuleOp& op, std::size_t index, Frame frame) {
  const auto inner = [&] {
    return index + 1 == op.sources.size() ? body(op, frame) : sources(op, index + 1, frame);
  };
  const SourceOp& source = op.sources[index];
  const path::Value* outer = item_;
  if (source.way == SourceOp::Way::simple) {
    const path::Collection& context = frame[source.context];
    if (context.empty() || !context.front().is_node()) {
      skipped(Skip::source_empty);
      return true;
    }
    const tree::Document& document = context.front().document();
    const tree::Node* at = context.front().node().child(source.name);
    if (at == nullptr) skipped(Skip::source_empty);
    for (; at != nullptr; at = at->next_same()) {
      if (!step()) return false;
      frame[source.variable].assign(path::Value::of(document, *at));
      const path::Value& item = frame[source.variable].front();
      reading(source, item);
      if (index == 0) item_ = &item;
      if (!inner()) return false;
    }
    item_ = outer;
    return true;
  }
  if (source.way == SourceOp::Way::plain && frame[source.context].size() == 1) {
    if (!step()) return false;
    if (source.variable != source.context) {
      frame[source.variable].assign(frame[source.context].front());
    }
    const path::Value& item = frame[source.variable].front();
    reading(source, item);
    if (index == 0) item_ = &item;
    const bool done = inner();
    if (done) item_ = outer;
    return done;
  }
  if (source.way == SourceOp::Way::tested && follow_ == nullptr) {
    const Alone run = alone(op, index, frame);
    if (run != Alone::open) return run == Alone::done;
  }
  const std::size_t from = items_.size();
  if (!collect(source, frame)) return false;
  if (items_.size() == from) skipped(nothing_);
  item_ = outer;
  for (std::size_t i = from; i < items_.size(); ++i) {
    if (!step()) return false;
    frame[source.variable].assign(items_[i]);
    const path::Value& item = frame[source.variable].front();
    reading(source, item);
    if (index == 0) item_ = &item;
    if (!inner()) return false;
  }
  items_.resize(from);
  item_ = outer;
  return true;
}

/// A source that may have tests and has at most one item. Open: it has several, or the number is
/// wrong; nothing has been done then.
Execution::Alone Execution::alone(const RuleOp& op, std::size_t index, Frame frame) {
  const SourceOp& source = op.sources[index];
  const path::Collection& context = frame[source.context];
  const auto none = [&] { return source.counted ? Alone::open : Alone::done; };
  if (context.empty()) return none();
  path::Value item = context.front();
  if (source.from == SourceOp::From::variable) {
    if (context.size() > 1) return Alone::open;
  } else {
    const tree::Node* child = item.is_node() ? item.node().child(source.name) : nullptr;
    if (child == nullptr) return none();
    if (child->next_same() != nullptr) return Alone::open;
    item = path::Value::of(item.document(), *child);
  }
  if (!step()) return Alone::stopped;
  if (source.type.type != nullptr && !is_of(source.type, item)) return none();
  if (source.counted && (source.min > 1 || source.max < 1)) return Alone::open;
  const path::Value* outer = item_;
  path::Collection& variable = frame[source.variable];
  variable.assign(item);
  item_ = &variable.front();  // where an error of the expressions is told
  if (source.where != nullptr) {
    bool wanted = false;
    if (!holds(*source.where, frame, variable, wanted)) return Alone::stopped;
    if (!wanted) {
      item_ = outer;
      return none();
    }
  }
  if (source.check != nullptr) {
    bool good = false;
    if (!holds(*source.check, frame, variable, good)) return Alone::stopped;
    if (!good) {
      refuse("INVALID_VALUE", "the check of the rule " + info_->name + " does not hold", item_);
      return Alone::stopped;
    }
  }
  if (index != 0) item_ = outer;
  reading(source, item);
  const bool last = index + 1 == op.sources.size();
  if (!(last ? body(op, frame) : sources(op, index + 1, frame))) return Alone::stopped;
  item_ = outer;
  return Alone::done;
}

/// Puts the items of a source on top of `items_`.
bool Execution::collect(const SourceOp& op, Frame frame) {
  const std::size_t from = items_.size();
  nothing_ = Skip::source_empty;
  const path::Collection none;
  const path::Collection& context = op.context == kNoSlot ? none : frame[op.context];
  const bool node = !context.empty() && context.front().is_node();
  switch (op.from) {
    case SourceOp::From::variable:
      for (const path::Value& item : context) items_.push_back(item);
      break;
    case SourceOp::From::child:
      if (!node) break;
      for (const tree::Node* at = context.front().node().child(op.name); at != nullptr;
           at = at->next_same()) {
        items_.push_back(path::Value::of(context.front().document(), *at));
      }
      break;
    case SourceOp::From::choice:
      if (!node) break;
      for (const tree::Node& child : context.front().node().children()) {
        if (std::binary_search(op.names.begin(), op.names.end(), child.name())) {
          items_.push_back(path::Value::of(context.front().document(), child));
        }
      }
      break;
    case SourceOp::From::text:
      if (node && context.front().node().has_value()) {
        read_text(context.front());
        items_.push_back(path::Value::of(context.front().node().text()));
      }
      break;
    case SourceOp::From::expression: {
      const Slot focus = op.expression->focus;
      path::Collection found;
      if (!evaluate(*op.expression, frame, focus == kNoSlot ? none : frame[focus], found)) {
        return false;
      }
      for (const path::Value& item : found) items_.push_back(item);
      break;
    }
  }
  if (items_.size() == from && op.fallback.kind != ValueOp::Kind::none) {
    path::Collection stand_in;
    if (!value(op.fallback, frame, stand_in)) return false;
    items_.insert(items_.end(), stand_in.begin(), stand_in.end());
  }
  if (!keep_those(op, from, frame) || !count(op, from, frame) || !check(op, from, frame)) {
    return false;
  }
  pick(op, from);
  return true;
}

/// Drops items of another type and those for which `where` does not hold.
bool Execution::keep_those(const SourceOp& op, std::size_t from, Frame frame) {
  if (op.type.type == nullptr && op.where == nullptr) return true;
  std::size_t kept = from;
  if (items_.size() > from) nothing_ = Skip::other_type;
  for (std::size_t i = from; i < items_.size(); ++i) {
    if (!step()) return false;
    bool wanted = op.type.type == nullptr || is_of(op.type, items_[i]);
    if (wanted && op.where != nullptr) {
      nothing_ = Skip::where_false;
      frame[op.variable].assign(items_[i]);
      item_ = &frame[op.variable].front();  // where an error of the expression is told
      if (!holds(*op.where, frame, frame[op.variable], wanted)) return false;
    }
    if (wanted) items_[kept++] = items_[i];
  }
  items_.resize(kept);
  return true;
}

bool Execution::count(const SourceOp& op, std::size_t from, Frame frame) {
  if (!op.counted) return true;
  const std::size_t found = items_.size() - from;
  if (found >= op.min && found <= op.max) return true;
  if (found > op.max) {
    const path::Value surplus = items_[from + op.max];
    return refuse("TOO_MANY_VALUES_SUBMITTED",
                  "allows at most " + std::to_string(op.max) + " of " + std::string(op.element),
                  &surplus);
  }
  const Slot slot = op.from == SourceOp::From::expression ? op.expression->focus : op.context;
  const bool around = slot != kNoSlot && !frame[slot].empty();
  const bool named = op.from == SourceOp::From::child || op.from == SourceOp::From::choice;
  return refuse("TOO_FEW_VALUES_SUBMITTED",
                "needs at least " + std::to_string(op.min) + " of " + std::string(op.element),
                around ? &frame[slot].front() : nullptr, named ? op.element : std::string_view());
}

bool Execution::check(const SourceOp& op, std::size_t from, Frame frame) {
  if (op.check == nullptr && op.log == nullptr) return true;
  for (std::size_t i = from; i < items_.size(); ++i) {
    frame[op.variable].assign(items_[i]);
    item_ = &frame[op.variable].front();
    if (op.check != nullptr) {
      bool good = false;
      if (!holds(*op.check, frame, frame[op.variable], good)) return false;
      if (!good) {
        return refuse("INVALID_VALUE", "the check of the rule " + info_->name + " does not hold",
                      item_);
      }
    }
    if (op.log != nullptr && options_.trace != nullptr) {
      path::Collection said;
      if (!evaluate(*op.log, frame, frame[op.variable], said)) return false;
      TargetWrite place{info_->map, info_->group, info_->name, info_->file, info_->at, info_->id};
      if (item_->is_node()) {
        place.source_document = &item_->document();
        place.source = &item_->node();
      }
      for (const path::Value& one : said) {
        options_.trace->log(place, context_.text_of(one).value_or(std::string_view()));
      }
    }
  }
  return true;
}

void Execution::pick(const SourceOp& op, std::size_t from) {
  if (items_.size() == from) return;
  nothing_ = Skip::not_picked;
  const auto begin = items_.begin() + static_cast<std::ptrdiff_t>(from);
  switch (op.pick) {
    case ast::Pick::all:
    case ast::Pick::only_one:
      break;
    case ast::Pick::first:
      items_.resize(from + 1);
      break;
    case ast::Pick::last:
      items_.erase(begin, items_.end() - 1);
      break;
    case ast::Pick::not_first:
      items_.erase(begin);
      break;
    case ast::Pick::not_last:
      items_.pop_back();
      break;
  }
}

bool Execution::is_of(const TypeTest& test, const path::Value& value) const {
  if (!value.is_node()) {
    return test.type->text() == fhir_name_of_system(system_name_of(value.tag()));
  }
  const tree::Symbol type = value.node().type();
  if (type == test.type->name()) return true;
  if (test.exact) return false;
  const definitions::Type* known = type_of(value);
  return known != nullptr && is_a(*known, *test.type);
}

void Execution::read_all(const tree::Node& node) {
  // Up by the parents: no stack for the depth of the message.
  const tree::Node* at = &node;
  for (;;) {
    read(*at);
    if (at->first_child() != nullptr) {
      at = at->first_child();
      continue;
    }
    while (at != &node && at->next_sibling() == nullptr) at = at->parent();
    if (at == &node) return;
    at = at->next_sibling();
  }
}

}  // namespace concord::mapping::detail
