#include "fhir/path/detail/parser.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fhir/path/detail/lexer.h"

namespace concord::path::detail {

std::string_view calendar_unit(std::string_view word) noexcept {
  constexpr std::array<std::string_view, 8> kUnits{"year", "month",  "week",   "day",
                                                   "hour", "minute", "second", "millisecond"};
  for (const std::string_view unit : kUnits) {
    if (word == unit ||
        (word.size() == unit.size() + 1 && word.starts_with(unit) && word.ends_with('s'))) {
      return unit;
    }
  }
  return {};
}

namespace {

/// Binding strength of binary operators; 0 for everything else.
int strength_of(const Token& token) {
  if (token.kind == TokenKind::symbol) {
    const std::string_view t = token.text;
    if (t == "*" || t == "/") return 11;
    if (t == "+" || t == "-" || t == "&") return 10;
    if (t == "|") return 8;
    if (t == "<" || t == ">" || t == "<=" || t == ">=") return 7;
    if (t == "=" || t == "~" || t == "!=" || t == "!~") return 6;
    return 0;
  }
  if (token.kind != TokenKind::identifier) return 0;
  const std::string_view t = token.text;
  if (t == "div" || t == "mod") return 11;
  if (t == "is" || t == "as") return 9;
  if (t == "in" || t == "contains") return 5;
  if (t == "and") return 4;
  if (t == "or" || t == "xor") return 3;
  if (t == "implies") return 2;
  return 0;
}

class Parser {
 public:
  Parser(std::string_view text, const ParseOptions& options)
      : lexer_(text, options.double_quoted_names), max_depth_(options.max_depth) {}

  Result<Ast> run() {
    CONCORD_TRY(advance());
    if (current_.kind == TokenKind::end) return fail("an expression is needed");
    CONCORD_ASSIGN(ast_.root, expression(1));
    if (current_.kind != TokenKind::end) return fail("an operator or the end is needed");
    return std::move(ast_);
  }

  std::uint32_t failed_at() const { return failed_at_; }

 private:
  Error fail(std::string text, ErrorCode code = ErrorCode::malformed) {
    failed_at_ = current_.offset;
    return make_error(code, std::move(text));
  }

  Result<void> advance() {
    auto next = lexer_.next();
    if (!next) {
      failed_at_ = lexer_.failed_at();
      return std::move(next).error();
    }
    current_ = *std::move(next);
    return {};
  }

  Result<void> expect(std::string_view symbol) {
    if (!current_.is(symbol)) return fail("\"" + std::string(symbol) + "\" is needed");
    return advance();
  }

  AstIndex add(AstKind kind, std::uint32_t offset, std::string text = {},
               std::vector<AstIndex> children = {}) {
    std::uint32_t depth = 0;
    for (const AstIndex child : children) depth = std::max(depth, ast_[child].depth);
    ast_.nodes.push_back(
        {kind, false, depth + 1, offset, std::move(text), {}, std::move(children)});
    deepest_ = std::max(deepest_, depth + 1);
    return static_cast<AstIndex>(ast_.nodes.size() - 1);
  }

  /// Operators of at least that strength; all of them lean to the left.
  Result<AstIndex> expression(int strength) {
    if (++depth_ > max_depth_) return fail("nested too deeply", ErrorCode::too_long);
    CONCORD_ASSIGN(AstIndex left, unary());
    for (int found; (found = strength_of(current_)) >= strength;) {
      if (deepest_ > 4 * max_depth_) {
        return fail("too many operators in a row", ErrorCode::too_long);
      }
      const std::string op = current_.text;
      const std::uint32_t offset = current_.offset;
      CONCORD_TRY(advance());
      if (found == 9) {
        CONCORD_ASSIGN(std::string type, type_name());
        left = add(op == "is" ? AstKind::type_test : AstKind::type_cast, offset, std::move(type),
                   {left});
        continue;
      }
      CONCORD_ASSIGN(const AstIndex right, expression(found + 1));
      left = add(AstKind::binary, offset, op, {left, right});
    }
    --depth_;
    return left;
  }

  Result<AstIndex> unary() {
    if (!current_.is("-") && !current_.is("+")) return postfix();
    if (++depth_ > max_depth_) return fail("nested too deeply", ErrorCode::too_long);
    const std::string sign = current_.text;
    const std::uint32_t offset = current_.offset;
    CONCORD_TRY(advance());
    CONCORD_ASSIGN(const AstIndex operand, unary());
    --depth_;
    return add(AstKind::unary, offset, sign, {operand});
  }

  Result<std::string> type_name() {
    std::string name;
    for (;;) {
      if (current_.kind != TokenKind::identifier && current_.kind != TokenKind::delimited) {
        return fail("the name of a type is needed");
      }
      name += current_.text;
      CONCORD_TRY(advance());
      if (!current_.is(".") || name.find('.') != std::string::npos) return name;
      name += '.';
      CONCORD_TRY(advance());
    }
  }

  Result<AstIndex> postfix() {
    CONCORD_ASSIGN(const AstIndex base, term());
    std::vector<AstIndex> steps{base};
    const std::uint32_t start = ast_[base].offset;
    for (;;) {
      const std::uint32_t offset = current_.offset;
      if (current_.is(".")) {
        CONCORD_TRY(advance());
        CONCORD_ASSIGN(const AstIndex step, invocation());
        steps.push_back(step);
      } else if (current_.is("[")) {
        CONCORD_TRY(advance());
        CONCORD_ASSIGN(const AstIndex index, expression(1));
        CONCORD_TRY(expect("]"));
        steps.push_back(add(AstKind::indexer, offset, {}, {index}));
      } else {
        break;
      }
    }
    if (steps.size() == 1) return base;
    return add(AstKind::chain, start, {}, std::move(steps));
  }

  /// name or name(arguments)
  Result<AstIndex> invocation() {
    if (current_.kind == TokenKind::dollar) return term();
    if (current_.kind != TokenKind::identifier && current_.kind != TokenKind::delimited) {
      return fail("the name of an element or function is needed");
    }
    const std::uint32_t offset = current_.offset;
    std::string name = std::move(current_.text);
    CONCORD_TRY(advance());
    if (!current_.is("(")) return add(AstKind::member, offset, std::move(name));
    CONCORD_TRY(advance());
    std::vector<AstIndex> arguments;
    if (!current_.is(")")) {
      for (;;) {
        if (arguments.size() == 64) return fail("too many arguments", ErrorCode::too_long);
        CONCORD_ASSIGN(const AstIndex argument, expression(1));
        arguments.push_back(argument);
        if (!current_.is(",")) break;
        CONCORD_TRY(advance());
      }
    }
    CONCORD_TRY(expect(")"));
    return add(AstKind::call, offset, std::move(name), std::move(arguments));
  }

  Result<AstIndex> literal(AstKind kind) {
    const AstIndex made = add(kind, current_.offset, current_.text);
    CONCORD_TRY(advance());
    return made;
  }

  Result<AstIndex> number(AstKind kind) {
    CONCORD_ASSIGN(const AstIndex made, literal(kind));
    AstNode& node = ast_.nodes[made];
    if (current_.kind == TokenKind::string) {
      node.unit = current_.text;
    } else if (current_.kind == TokenKind::identifier && !calendar_unit(current_.text).empty()) {
      node.unit = calendar_unit(current_.text);
      node.calendar = true;
    } else {
      return made;
    }
    node.kind = AstKind::quantity;
    CONCORD_TRY(advance());
    return made;
  }

  Result<AstIndex> term() {
    const std::uint32_t offset = current_.offset;
    switch (current_.kind) {
      case TokenKind::end:
        return fail("the expression ends where a value is needed");
      case TokenKind::string:
        return literal(AstKind::string);
      case TokenKind::integer:
        return number(AstKind::integer);
      case TokenKind::long_integer:
        return literal(AstKind::long_integer);
      case TokenKind::decimal:
        return number(AstKind::decimal);
      case TokenKind::date:
        return literal(AstKind::date);
      case TokenKind::date_time:
        return literal(AstKind::date_time);
      case TokenKind::time:
        return literal(AstKind::time);
      case TokenKind::percent:
        return literal(AstKind::external);
      case TokenKind::dollar:
        return literal(current_.text == "this"    ? AstKind::this_item
                       : current_.text == "index" ? AstKind::index
                                                  : AstKind::total);
      case TokenKind::identifier:
        if (current_.text == "true" || current_.text == "false") return literal(AstKind::boolean);
        return invocation();
      case TokenKind::delimited:
        return invocation();
      case TokenKind::symbol:
        break;
    }
    if (current_.is("(")) {
      CONCORD_TRY(advance());
      CONCORD_ASSIGN(const AstIndex inner, expression(1));
      CONCORD_TRY(expect(")"));
      return inner;
    }
    if (current_.is("{")) {
      CONCORD_TRY(advance());
      CONCORD_TRY(expect("}"));
      return add(AstKind::empty, offset);
    }
    return fail("a value, name or \"(\" is needed");
  }

  Lexer lexer_;
  Token current_;
  Ast ast_;
  std::size_t max_depth_;
  std::size_t depth_ = 0;
  std::uint32_t deepest_ = 0;
  std::uint32_t failed_at_ = 0;
};

}  // namespace

Result<Ast> parse(std::string_view text, const ParseOptions& options, std::uint32_t& failed_at) {
  Parser parser(text, options);
  auto ast = parser.run();
  failed_at = parser.failed_at();
  return ast;
}

}  // namespace concord::path::detail
