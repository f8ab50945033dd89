#include "fhir/path/expression.h"

#include <utility>

#include "fhir/path/detail/compiler.h"
#include "fhir/path/detail/evaluator.h"
#include "fhir/path/detail/parser.h"
#include "fhir/path/detail/state.h"

namespace concord::path {

namespace detail {

Position Program::position(std::uint32_t offset) const noexcept {
  Position at = tree::position_in(text, offset);
  if (at.line == 1) at.column += location.column - 1;
  at.line += location.line - 1;
  return at;
}

Error Program::fail(ErrorCode code, std::uint32_t offset, std::string what) const {
  if (!location.file.empty()) what = location.file + ": " + what;
  return make_error(code, std::move(what), {}, position(offset));
}

}  // namespace detail

Result<Expression> Expression::compile(std::string_view text, const CompileContext& context) {
  auto program =
      std::make_shared<detail::Program>(std::string(text), context.location, context.symbols);
  if (text.size() > context.max_length) {
    return program->fail(ErrorCode::too_long, 0, "the expression is too long");
  }
  std::uint32_t failed_at = 0;
  auto ast =
      detail::parse(program->text, {context.max_depth, context.double_quoted_names}, failed_at);
  if (!ast) {
    const Error& error = ast.error();
    return program->fail(error.code, failed_at, error.issues.front().text);
  }
  program->definitions = context.definitions;
  detail::Compiler compiler(context, *program, *ast);
  CONCORD_TRY(compiler.run());
  return Expression(std::move(program));
}

namespace {

/// Puts the program of the running expression into the state.
void enter(EvalContext::State& state, const detail::Program& program, const Collection& focus) {
  state.program = &program;
  state.definitions = program.definitions;
  state.names = program.names;
  if (state.tags.built_for() != program.definitions) state.tags.build(program.definitions);
  state.context = focus;
  state.total = {};
  if (program.local_count > 0) state.locals.resize(program.local_count);
}

/// The state of an expression around the running one, put back at the end: what is inside keeps its
/// variables apart.
class Outer {
 public:
  explicit Outer(EvalContext::State& state)
      : state_(state),
        program_(state.program),
        context_(state.context),
        total_(state.total),
        locals_(std::move(state.locals)) {
    state.locals.clear();
  }
  Outer(const Outer&) = delete;
  Outer& operator=(const Outer&) = delete;
  ~Outer() {
    state_.program = program_;
    state_.context = context_;
    state_.total = total_;
    state_.locals = std::move(locals_);
  }

 private:
  EvalContext::State& state_;
  const detail::Program* program_;
  Collection context_;
  Collection total_;
  std::vector<Collection> locals_;
};

/// Runs `job(evaluator)` as one evaluation with limits of its own, or inside the one around it.
template <typename Job>
bool run(EvalContext& context, const detail::Program& program, const Collection& focus, Job&& job) {
  EvalContext::State& state = context.state();
  detail::Evaluator evaluator(context, program);
  if (state.program != nullptr) [[unlikely]] {
    const Outer outer(state);
    enter(state, program, focus);
    return job(evaluator);
  }
  enter(state, program, focus);
  state.error.reset();
  state.steps_left = state.limits.max_steps;
  state.next_poll = state.steps_left;  // asks at once
  const bool done = job(evaluator);
  state.program = nullptr;
  if (!state.locals.empty()) state.locals.clear();
  return done;
}

/// No evaluation is under way, and what is asked of types is known: closed forms may be answered
/// straight away. They walk down once and cannot fail, so they count no steps.
bool may_answer(const EvalContext::State& state, const detail::Program& program) {
  return state.program == nullptr && state.tags.built_for() == program.definitions &&
         state.names.value == program.names.value;
}

}  // namespace

Result<Collection> Expression::evaluate(EvalContext& context, const Collection& focus) const {
  const detail::Program& program = *program_;
  if (may_answer(context.state(), program)) {
    Value item;
    switch (detail::Evaluator(context, program).one_item(program.root, {focus, 0}, item)) {
      case detail::Evaluator::One::one:
        return Collection::of(item);
      case detail::Evaluator::One::none:
        return Collection();
      case detail::Evaluator::One::open:
        break;
    }
  }
  Collection out;
  const bool done = run(context, program, focus, [&](detail::Evaluator& evaluator) {
    return evaluator.evaluate(program.root, {focus, 0}, out);
  });
  if (!done) return context.failure();
  return out;
}

Result<bool> Expression::test(EvalContext& context, const Collection& focus) const {
  const detail::Program& program = *program_;
  const detail::Op& root = program.ops[program.root];
  std::optional<bool> truth;
  if (root.c == detail::kOnTexts && root.code != detail::Code::chain &&
      may_answer(context.state(), program) &&
      detail::Evaluator(context, program).compare_texts(root, {focus, 0}, truth)) {
    return truth.value_or(false);
  }
  const auto mark = context.state().scratch.mark();
  const bool done = run(context, program, focus, [&](detail::Evaluator& evaluator) {
    return evaluator.condition(program.root, {focus, 0}, root.offset, truth);
  });
  if (!done) return context.failure();
  context.state().scratch.rewind(mark);
  return truth.value_or(false);
}

const ResultType& Expression::result_type() const noexcept { return program_->result; }
std::string_view Expression::text() const noexcept { return program_->text; }

}  // namespace concord::path
