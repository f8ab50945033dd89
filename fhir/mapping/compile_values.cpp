#include <algorithm>

#include "fhir/mapping/compiler.h"
#include "fhir/mapping/lexer.h"

namespace concord::mapping::detail {

using definitions::Type;

namespace {

std::string_view system_of(ast::Literal literal) {
  switch (literal) {
    case ast::Literal::string:
      return "System.String";
    case ast::Literal::integer:
      return "System.Integer";
    case ast::Literal::decimal:
      return "System.Decimal";
    case ast::Literal::boolean:
      return "System.Boolean";
    case ast::Literal::temporal:
      break;
  }
  return "System.DateTime";
}

/// A literal as FHIRPath.
std::string path_of(const ast::Value& value) {
  if (value.literal == ast::Literal::string) return path_string(value.word.text);
  return (value.literal == ast::Literal::temporal ? "@" : "") + value.word.text;
}

}  // namespace

/// The innermost variable of that name; of two modes the preferred one.
Compiler::Variable* Compiler::find(Scope& scope, std::string_view name, bool prefer_target) {
  Variable* other = nullptr;
  for (auto at = scope.variables.rbegin(); at != scope.variables.rend(); ++at) {
    if (at->name != name) continue;
    if (at->target == prefer_target) return &*at;
    if (other == nullptr) other = &*at;
  }
  if (other != nullptr) return other;
  const auto lets = lets_.find(scope.instance->unit);
  if (lets != lets_.end()) {
    for (Variable& let : lets->second) {
      if (let.name == name) return &let;
    }
  }
  return nullptr;
}

void Compiler::declare(Scope& scope, const ast::Word& name, bool target, const Shape& shape,
                       Slot slot, std::size_t rule_mark) {
  for (std::size_t i = rule_mark; i < scope.variables.size(); ++i) {
    const Variable& other = scope.variables[i];
    if (other.name != name.text || other.target != target) continue;
    error(scope, name.at, code::kDuplicate, "a second variable " + name.text + " in one rule");
  }
  Variable made;
  made.name = name.text;
  made.target = target;
  made.shape = shape;
  made.slot = slot;
  made.at = name.at;
  scope.variables.push_back(std::move(made));
}

/// Compiles FHIRPath with what is visible here. Null after an error.
const Expr* Compiler::expression(const ast::Word& word, const Shape& focus, Slot focus_slot,
                                 Scope& scope, Shape* result) {
  const PathText text = rewrite(
      word.text, [&](std::string_view name) { return find(scope, name, false) != nullptr; });
  path::CompileContext context{.symbols = definitions_.symbols(), .functions = program_.functions};
  const definitions::Definitions& home =
      focus.type != nullptr ? program_.home(*focus.type) : definitions_;
  context.definitions = &home;
  context.strict = options_.strict;
  context.location = {std::string(), word.at.line, word.at.column};
  const auto type_text = [](const Shape& shape) {
    return shape.type != nullptr ? std::string(shape.type->text()) : std::string(shape.system);
  };
  context.focus_type = type_text(focus);
  std::vector<Expr::Bind> binds;
  for (const std::string& name : text.names) {
    Variable* variable = find(scope, name, false);
    if (variable == nullptr) {
      const auto parameter =
          std::find_if(parameters_.begin(), parameters_.end(),
                       [&](const Variable& known) { return known.name == name; });
      if (parameter == parameters_.end()) continue;  // standard, or told by fhir/path
      variable = &*parameter;
    }
    variable->used = true;
    if (variable->shape.broken) return nullptr;
    // A type of another release says nothing here.
    const Type* type = variable->shape.type;
    const bool foreign = type != nullptr && &program_.home(*type) != &home;
    context.variables.push_back(
        {name, foreign ? std::string() : type_text(variable->shape), variable->single});
    binds.push_back({variable->from, variable->slot});
  }
  auto compiled = path::Expression::compile(text.text, context);
  if (!compiled) {
    for (const Issue& issue : compiled.error().issues) {
      error(scope, text.original(issue.position, word.at), code::kPath, issue.text);
    }
    return nullptr;
  }
  if (result != nullptr) {
    *result = {};
    const std::vector<tree::Symbol>& types = (*compiled).result_type().types;
    if (types.size() == 1) {
      const std::string_view name = definitions_.symbols().text(types.front());
      if (name.starts_with("System.")) {
        result->system = name;
      } else {
        result->type = home.type(types.front());
      }
    }
  }
  return &program_.expressions.emplace_back(
      Expr{*std::move(compiled), std::move(binds), focus_slot});
}

Compiler::Typed Compiler::value(const ast::Value& value, Scope& scope) {
  switch (value.kind) {
    case ast::Value::Kind::literal:
      return literal(value, scope);
    case ast::Value::Kind::variable:
      return variable(value, scope);
    case ast::Value::Kind::transform:
      return transform(value, scope);
    case ast::Value::Kind::path: {
      Typed typed;
      typed.op.kind = ValueOp::Kind::expr;
      typed.op.expr = expression(value.word, scope.focus_shape, scope.focus, scope, &typed.shape);
      typed.shape.broken = typed.op.expr == nullptr;
      return typed;
    }
    case ast::Value::Kind::none:
      break;
  }
  return {};
}

Compiler::Typed Compiler::literal(const ast::Value& value, Scope& scope) {
  Typed typed;
  if (value.literal == ast::Literal::decimal || value.literal == ast::Literal::temporal) {
    ast::Word path = value.word;
    path.text = path_of(value);
    typed.op.kind = ValueOp::Kind::expr;
    typed.op.expr = expression(path, {}, kNoSlot, scope, &typed.shape);
    typed.shape.broken = typed.op.expr == nullptr;
    return typed;
  }
  typed.op.kind = ValueOp::Kind::literal;
  typed.shape.system = system_of(value.literal);
  typed.shape.literal = value.literal == ast::Literal::string;
  if (value.literal == ast::Literal::boolean) {
    typed.op.literal = path::Collection::of(path::Value::of(value.word.text == "true"));
  } else if (value.literal == ast::Literal::integer && value.word.text.size() < 19) {
    typed.op.literal = path::Collection::of(
        path::Value::of(static_cast<std::int64_t>(std::stoll(value.word.text))));
  } else {
    typed.op.literal = path::Collection::of(path::Value::of(keep(value.word.text)));
  }
  return typed;
}

Compiler::Typed Compiler::variable(const ast::Value& value, Scope& scope) {
  Typed typed;
  Variable* variable = find(scope, value.word.text, false);
  if (variable == nullptr) {
    error(scope, value.word.at, code::kUnknownVariable, "no variable " + value.word.text);
    typed.shape.broken = true;
    return typed;
  }
  variable->used = true;
  if (variable->from != Expr::From::frame) {
    ast::Word path = value.word;
    path.text = "%`" + path.text + '`';
    typed.op.kind = ValueOp::Kind::expr;
    typed.op.expr = expression(path, {}, kNoSlot, scope, &typed.shape);
    typed.shape.broken = typed.op.expr == nullptr;
    return typed;
  }
  typed.op.kind = ValueOp::Kind::slot;
  typed.op.slot = variable->slot;
  typed.shape = variable->shape;
  typed.target = variable->target;
  return typed;
}

/// evaluate(fhirpath) and evaluate(v, fhirpath): the second has v as $this.
Compiler::Typed Compiler::evaluate(const ast::Value& value, Scope& scope) {
  Typed typed;
  typed.op.kind = ValueOp::Kind::expr;
  typed.shape.broken = true;
  if (value.arguments.empty() || value.arguments.size() > 2) {
    error(scope, value.word.at, code::kWrongCount, "evaluate takes one or two arguments");
    return typed;
  }
  Slot focus = scope.focus;
  Shape shape = scope.focus_shape;
  if (value.arguments.size() == 2) {
    const ast::Word& word = value.arguments.front().word;
    Variable* variable = find(scope, word.text, false);
    if (variable == nullptr || variable->from != Expr::From::frame) {
      error(scope, word.at, code::kUnknownVariable, "no variable " + word.text);
      return typed;
    }
    variable->used = true;
    focus = variable->slot;
    shape = variable->shape;
  }
  typed.op.expr = expression(value.arguments.back().word, shape, focus, scope, &typed.shape);
  typed.shape.broken = typed.op.expr == nullptr;
  return typed;
}

Compiler::Typed Compiler::transform(const ast::Value& value, Scope& scope) {
  const std::string& name = value.word.text;
  Typed typed;
  typed.shape.broken = true;
  if (name == "evaluate") return evaluate(value, scope);
  if (name == "copy" && value.arguments.size() == 1) {
    return this->value(value.arguments.front(), scope);
  }
  const std::size_t given = value.arguments.size();
  const bool constant_last = given > 0 && value.arguments.back().kind == ast::Value::Kind::literal;
  const std::string_view field =
      constant_last ? std::string_view(value.arguments.back().word.text) : std::string_view();
  const transforms::Row* row = program_.transforms.find(name, field);
  const std::size_t least = row != nullptr ? row->min : 1, most = row != nullptr ? row->max : 1;
  if (row == nullptr && name != "copy") {
    error(scope, value.word.at, code::kUnknownTransform, "no transform " + name);
    return typed;
  }
  if (given < least || given > most) {
    error(scope, value.word.at, code::kWrongCount,
          name + " takes " + std::to_string(least) +
              (most == least ? "" : " to " + std::to_string(most)) + " arguments, " +
              std::to_string(given) + " are given");
    return typed;
  }
  if (!row->fields.empty() && given > 2 &&
      (" " + std::string(row->fields) + " ").find(" " + std::string(field) + " ") ==
          std::string::npos) {
    error(scope, value.arguments.back().word.at, code::kWrongType,
          name + " gives code, system, display, coding or codeableConcept");
    return typed;
  }
  if (row->as_path != nullptr) {
    std::vector<transforms::Written> written;
    for (const ast::Value& argument : value.arguments) {
      transforms::Written one;
      one.literal = argument.kind == ast::Value::Kind::literal;
      one.text = argument.word.text;
      one.path = one.literal                                   ? path_of(argument)
                 : argument.kind == ast::Value::Kind::variable ? "%`" + one.text + '`'
                                                               : '(' + one.text + ')';
      if (argument.kind == ast::Value::Kind::variable && find(scope, one.text, false) == nullptr) {
        error(scope, argument.word.at, code::kUnknownVariable, "no variable " + one.text);
        return typed;
      }
      written.push_back(std::move(one));
    }
    auto path = row->as_path(written);
    if (!path) {
      error(scope, value.word.at, code::kWrongType, path.error().issues.front().text);
      return typed;
    }
    typed.op.kind = ValueOp::Kind::expr;
    typed.op.expr =
        expression({*path, value.word.at}, scope.focus_shape, scope.focus, scope, &typed.shape);
    typed.shape.broken = typed.op.expr == nullptr;
    return typed;
  }
  typed.op.kind = ValueOp::Kind::transform;
  typed.op.row = row;
  bool broken = false;
  for (std::size_t i = 0; i < given; ++i) {
    Typed argument = this->value(value.arguments[i], scope);
    broken = broken || argument.shape.broken;
    typed.op.arguments.push_back(std::move(argument.op));
    if (row->concept_map < 0 || static_cast<std::size_t>(row->concept_map) != i) continue;
    const ast::Value& named = value.arguments[i];
    const bool constant =
        named.kind == ast::Value::Kind::literal && named.literal == ast::Literal::string;
    typed.op.concepts = constant ? concept_table(*scope.instance->unit, named.word.text) : nullptr;
    if (typed.op.concepts == nullptr) {
      broken = true;
      error(scope, named.word.at, code::kUnknownConceptMap,
            constant ? "no concept map " + named.word.text
                     : "the concept map must be named by a constant");
    }
  }
  typed.shape = {};
  typed.shape.broken = broken;
  if (row->type.starts_with("System.")) {
    typed.shape.system = row->type;
  } else if (!row->type.empty()) {
    typed.shape.type = definitions_.type(row->type);
  }
  return typed;
}

}  // namespace concord::mapping::detail
