#include <algorithm>

#include "fhir/mapping/execution.h"

namespace concord::mapping::detail {

void FrameStack::next(std::size_t slots) {
  constexpr std::size_t kUsual = 256;
  if (!chunks_.empty() && chunk_ + 1 < chunks_.size() && chunks_[chunk_ + 1].size >= slots) {
    ++chunk_;
  } else {
    const std::size_t size = std::max(kUsual, slots);
    chunks_.resize(chunks_.empty() ? 0 : chunk_ + 1);
    chunks_.push_back({std::make_unique<path::Collection[]>(size), size});
    chunk_ = chunks_.size() - 1;
  }
  used_ = 0;
}

Execution::Execution(const Program& program, tree::Document& target, const RunOptions& options,
                     path::EvalContext& context)
    : program_(program),
      target_release_(program.definitions),
      target_(target),
      options_(options),
      context_(context),
      follow_(options.trace != nullptr && options.trace->follows() ? options.trace : nullptr),
      reads_(options.reads != nullptr || follow_ != nullptr),
      builder_(target),
      parameters_(program.parameters.size()),
      lets_(program.lets.size()) {
  for (std::size_t i = 0; options.parameters != nullptr && i < program.parameters.size(); ++i) {
    const auto given = options.parameters->find(program.parameters[i]);
    if (given == options.parameters->end()) continue;
    parameters_[i] = path::Collection::of(path::Value::of(std::string_view(given->second)));
  }
}

const definitions::Definitions& Execution::release_of(const tree::Document& document) const {
  if (&document == &target_) return *target_release_;
  for (const auto& [known, release] : foreign_) {
    if (known == &document) return *release;
  }
  return *program_.definitions;
}

const definitions::Type* Execution::type_of(const path::Value& value) const {
  return value.is_node() ? release_of(value.document()).type(value.node().type()) : nullptr;
}

bool Execution::start(const Instance& instance, std::span<const path::Collection> arguments) {
  if (program_.releases.size() > 1) {
    target_release_ = &program_.home(*instance.shapes.back().type);
    for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
      const definitions::Definitions& release = program_.home(*instance.shapes[i].type);
      if (&release != program_.definitions) {
        foreign_.emplace_back(&arguments[i].front().document(), &release);
      }
    }
  }
  for (std::size_t i = 0; i < program_.lets.size(); ++i) {
    const path::Collection focus = arguments.empty() ? path::Collection() : arguments.front();
    if (!evaluate(*program_.lets[i].expr, nullptr, focus, lets_[i])) return false;
  }
  return call(instance, arguments);
}

bool Execution::call(const Instance& instance, std::span<const path::Collection> arguments) {
  if (depth_ >= options_.max_depth) {
    return fail(ErrorCode::too_costly, "groups call one another too deep");
  }
  ++depth_;
  const FrameStack::Mark mark = frames_.mark();
  const Frame frame = frames_.take(instance.slots);
  std::copy(arguments.begin(), arguments.end(), frame);
  bool done = true;
  if (instance.base.group != nullptr) done = call(*instance.base.group, arguments);
  done = done && block(instance.body, frame);
  frames_.release(mark);
  --depth_;
  return done;
}

bool Execution::call(const CallOp& op, Frame frame) {
  constexpr std::size_t kFew = 8;
  path::Collection few[kFew];
  std::vector<path::Collection> many(op.arguments.size() > kFew ? op.arguments.size() : 0);
  const std::span<path::Collection> arguments(many.empty() ? few : many.data(),
                                              op.arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!value(op.arguments[i], frame, arguments[i])) return false;
    if (arguments[i].empty()) {  // nothing to map, or nowhere to map it to
      came_to_nothing(Skip::argument_empty);
      return true;
    }
    if (op.tests[i].type == nullptr) continue;
    for (const path::Value& item : arguments[i]) {
      if (is_of(op.tests[i], item)) continue;
      return refuse("INVALID_VALUE",
                    "expected a " + std::string(op.tests[i].type->label()) + " here", &item);
    }
  }
  return call(*op.group, arguments);
}

bool Execution::block(const Block& block, Frame frame) {
  if (depth_ >= options_.max_depth) {
    return fail(ErrorCode::too_costly, "rules and groups are nested too deep");
  }
  ++depth_;
  for (const Slot share : block.shares) frame[share] = path::Collection();
  bool done = true;
  for (const RuleOp& op : block.rules) {
    done = rule(op, frame);
    if (!done) break;
  }
  --depth_;
  return done;
}

bool Execution::rule(const RuleOp& op, Frame frame) {
  const RuleInfo* outer_info = info_;
  const path::Value* outer_item = item_;
  info_ = op.info;
  const bool done = op.sources.empty() ? body(op, frame) : sources(op, 0, frame);
  if (done) {  // else they say where the run stopped
    info_ = outer_info;
    item_ = outer_item;
  }
  return done;
}

/// What a rule does for one combination of items.
bool Execution::body(const RuleOp& op, Frame frame) {
  if (!step()) return false;
  if (follow_ != nullptr) [[unlikely]]
    return followed_body(op, frame);
  if (!op.cases.empty()) return cases(op, frame);
  for (const Subtree& one : op.subtrees) {
    if (!subtree(op, one, frame)) return false;
  }
  for (const CallOp& one : op.calls) {
    if (!call(one, frame)) return false;
  }
  return op.nested == nullptr || block(*op.nested, frame);
}

/// The same, told step by step.
bool Execution::followed_body(const RuleOp& op, Frame frame) {
  const bool node = item_ != nullptr && item_->is_node();
  follow_->entered(op.info->id, node ? &item_->document() : nullptr,
                   node ? &item_->node() : nullptr);
  part_ = 0;
  bool done = op.cases.empty() || cases(op, frame);
  for (std::size_t i = 0; done && op.cases.empty() && i < op.targets.size(); ++i) {
    part_ = static_cast<std::uint32_t>(i);
    done = target(op.targets[i], frame);
  }
  for (std::size_t i = 0; done && i < op.calls.size(); ++i) {
    part_ = static_cast<std::uint32_t>(i);
    done = call(op.calls[i], frame);
  }
  done = done && (op.nested == nullptr || block(*op.nested, frame));
  if (done) follow_->left(op.info->id);  // else it is where the run stopped
  return done;
}

bool Execution::cases(const RuleOp& op, Frame frame) {
  const path::Value& item = frame[op.sources.front().variable].front();
  for (const Case& one : op.cases) {
    if (one.type.type != nullptr && !is_of(one.type, item)) continue;
    if (!target(one.target, frame)) return false;
    if (one.group == nullptr) return true;
    const path::Collection& made = frame[one.target.variable];
    if (made.empty()) return true;
    const path::Collection arguments[] = {path::Collection::of(item), made};
    return call(*one.group, arguments);
  }
  return refuse("INVALID_VALUE", "a type the map has no rule for", &item);
}

bool Execution::too_costly() {
  return fail(ErrorCode::too_costly,
              "the map needs more than " + std::to_string(options_.max_steps) + " steps");
}

bool Execution::fail(ErrorCode code, std::string text) {
  return fail(make_error(code, std::move(text)));
}

/// Adds what an error lacks: the node that was being read, and the rule for the log.
bool Execution::fail(Error error) {
  for (Issue& issue : error.issues) {
    if (issue.detail_code.empty()) issue.position = {};  // of the expression: said in the log
    if (!issue.expression.empty() || item_ == nullptr || !item_->is_node()) continue;
    issue.expression = item_->document().path(item_->node());
    issue.position = item_->document().position(item_->node());
  }
  if (info_ != nullptr) {
    error.log_detail = std::string(info_->file) + ':' + std::to_string(info_->at.line) + ':' +
                       std::to_string(info_->at.column) + " group " + std::string(info_->group) +
                       " rule " + info_->name +
                       (error.log_detail.empty() ? "" : "; " + error.log_detail);
  }
  error_ = std::move(error);
  return false;
}

/// Stops with a documented code at a source node, or at an element that is not there below it.
bool Execution::refuse(std::string_view code, std::string text, const path::Value* at,
                       std::string_view element) {
  Error error = make_error(ErrorCode::invalid, std::move(text));
  Issue& issue = error.issues.front();
  issue.detail_code = std::string(code);
  if (at != nullptr && at->is_node()) {
    issue.expression = at->document().path(at->node());
    if (!element.empty()) {
      issue.expression += '.';
      issue.expression += element;
    }
    issue.position = at->document().position(at->node());
  }
  return fail(std::move(error));
}

}  // namespace concord::mapping::detail
