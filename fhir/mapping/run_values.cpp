#include "fhir/mapping/execution.h"

namespace concord::mapping::detail {

void Execution::bind(const Expr& expr, Frame frame) {
  for (std::size_t i = 0; i < expr.binds.size(); ++i) {
    const Expr::Bind& from = expr.binds[i];
    switch (from.from) {
      case Expr::From::frame:
        context_.bind(i, frame[from.index]);
        break;
      case Expr::From::parameter:
        context_.bind(i, parameters_[from.index]);
        break;
      case Expr::From::let:
        context_.bind(i, lets_[from.index]);
        break;
    }
  }
}

/// Hands on what an expression looked at; while a sink follows, expressions note it apart.
void Execution::follow_reads() {
  looked_at_.for_each([this](const tree::Node& node) { read(node); });
  looked_at_.clear();
}

bool Execution::evaluate(const Expr& expr, Frame frame, const path::Collection& focus,
                         path::Collection& result) {
  bind(expr, frame);
  auto evaluated = expr.expression.evaluate(context_, focus);
  if (follow_ != nullptr) [[unlikely]]
    follow_reads();
  if (!evaluated) return fail(std::move(evaluated).error());
  result = *evaluated;
  return true;
}

bool Execution::holds(const Expr& expr, Frame frame, const path::Collection& focus, bool& result) {
  bind(expr, frame);
  auto tested = expr.expression.test(context_, focus);
  if (follow_ != nullptr) [[unlikely]]
    follow_reads();
  if (!tested) return fail(std::move(tested).error());
  result = *tested;
  return true;
}

bool Execution::value(const ValueOp& op, Frame frame, path::Collection& result) {
  switch (op.kind) {
    case ValueOp::Kind::none:
      result = path::Collection();
      return true;
    case ValueOp::Kind::literal:
      result = op.literal;
      return true;
    case ValueOp::Kind::slot:
      result = frame[op.slot];
      return true;
    case ValueOp::Kind::expr: {
      const path::Collection focus =
          op.expr->focus == kNoSlot ? path::Collection() : frame[op.expr->focus];
      return evaluate(*op.expr, frame, focus, result);
    }
    case ValueOp::Kind::transform: {
      std::vector<path::Collection> arguments(op.arguments.size());
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (!value(op.arguments[i], frame, arguments[i])) return false;
        for (const path::Value& item : arguments[i]) read_text(item);
      }
      auto made = op.row->value(*this, arguments, op.concepts);
      if (!made) return fail(std::move(made).error());
      result = *made;
      return true;
    }
  }
  return true;
}

/// The text of a value, as it is written to a primitive.
std::optional<std::string_view> Execution::text(const path::Value& value) {
  if (value.is_node()) {
    if (!value.node().has_value()) return std::nullopt;
    read_text(value);
    return value.node().text();
  }
  if (value.tag() == path::Tag::string) return value.text();
  return context_.text_of(value);
}

}  // namespace concord::mapping::detail
