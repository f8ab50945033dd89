#include "fhir/path/expression.h"

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

/// Puts the program of the running expression into the state, and back what was there.
class Running {
 public:
  Running(EvalContext::State& state, const detail::Program& program, const Collection& focus)
      : state_(state),
        outer_program_(state.program),
        outer_context_(state.context),
        outer_total_(state.total) {
    state.program = &program;
    state.definitions = program.definitions;
    state.names = program.names;
    if (state.tags.built_for() != program.definitions) state.tags.build(program.definitions);
    state.context = focus;
    state.total = {};
    if (outer_program_ == nullptr) {
      state.error.reset();
      state.steps_left = state.limits.max_steps;
      state.next_poll = state.steps_left;  // asks at once
    }
    // An expression inside an expression keeps its variables apart.
    outer_locals_.swap(state.locals);
    state.locals.resize(program.local_count);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    state_.program = outer_program_;
    state_.context = outer_context_;
    state_.total = outer_total_;
    outer_locals_.swap(state_.locals);
  }

 private:
  EvalContext::State& state_;
  const detail::Program* outer_program_;
  Collection outer_context_;
  Collection outer_total_;
  std::vector<Collection> outer_locals_;
};

}  // namespace

Result<Collection> Expression::evaluate(EvalContext& context, const Collection& focus) const {
  const Running running(context.state(), *program_, focus);
  detail::Evaluator evaluator(context, *program_);
  Collection out;
  if (!evaluator.evaluate(program_->root, {focus, 0}, out)) return context.failure();
  return out;
}

Result<bool> Expression::test(EvalContext& context, const Collection& focus) const {
  const Running running(context.state(), *program_, focus);
  detail::Evaluator evaluator(context, *program_);
  const auto mark = context.state().scratch.mark();
  Collection out;
  std::optional<bool> truth;
  if (!evaluator.evaluate(program_->root, {focus, 0}, out) ||
      !evaluator.truth(out, program_->ops[program_->root].offset, truth)) {
    return context.failure();
  }
  context.state().scratch.rewind(mark);
  return truth.value_or(false);
}

const ResultType& Expression::result_type() const noexcept { return program_->result; }
std::string_view Expression::text() const noexcept { return program_->text; }

}  // namespace concord::path
