#include <algorithm>

#include "fhir/mapping/compiler.h"

namespace concord::mapping::detail {

using definitions::Child;
using definitions::ElementType;
using definitions::Type;

void Compiler::block(const std::vector<ast::Rule>& rules, Block& to, Scope& scope) {
  scope.shares.emplace_back();
  scope.blocks.push_back(&to);
  to.rules.reserve(rules.size());
  for (const ast::Rule& rule : rules) {
    if (findings_.full()) break;
    to.rules.emplace_back();
    this->rule(rule, to.rules.back(), scope);
  }
  scope.blocks.pop_back();
  scope.shares.pop_back();
}

void Compiler::rule(const ast::Rule& rule, RuleOp& to, Scope& scope) {
  const std::size_t mark = scope.variables.size();
  const std::size_t errors_before = scope.errors;
  const std::size_t outer_mark = std::exchange(rule_mark_, mark);
  const Slot outer_focus = scope.focus;
  const Shape outer_shape = scope.focus_shape;
  const std::string outer_prefix = scope.prefix;
  scope.prefix += (scope.prefix.empty() ? "" : "/") + rule.name;

  RuleInfo& info = program_.rules.emplace_back();
  info.id = static_cast<std::uint32_t>(program_.rules.size() - 1);
  info.map = scope.instance->unit->url;
  info.group = scope.instance->source.group->name.text;
  info.file = scope.file;
  info.name = scope.prefix;
  info.at = rule.at;
  to.info = &info;

  Shape first;
  for (std::size_t i = 0; i < rule.sources.size(); ++i) {
    Shape shape;
    to.sources.push_back(source(rule.sources[i], scope, shape));
    if (i > 0) continue;
    first = shape;
    scope.focus = to.sources.front().variable;
    scope.focus_shape = shape;
  }
  const bool bare_create =
      rule.sources.size() == 1 && rule.targets.size() == 1 && rule.rules.empty() &&
      rule.calls.empty() && rule.sources.front().variable.written() &&
      rule.targets.front().element.written() && rule.targets.front().variable.written() &&
      rule.targets.front().value.kind == ast::Value::Kind::transform &&
      rule.targets.front().value.word.text == "create" &&
      rule.targets.front().value.arguments.empty();
  if (rule.simple || bare_create) {
    by_default(rule, to, first, scope);
    for (std::size_t i = mark; i < scope.variables.size(); ++i) scope.variables[i].used = true;
  } else {
    for (const ast::Target& target : rule.targets) {
      to.targets.push_back(this->target(target, scope, to));
    }
    for (const ast::Call& call : rule.calls) to.calls.push_back(this->call(call, scope));
    if (!rule.rules.empty()) {
      to.nested = std::make_unique<Block>();
      block(rule.rules, *to.nested, scope);
    }
    const ast::Source& only = rule.sources.front();
    to.sources.front().whole = rule.targets.empty() && rule.calls.empty() && rule.rules.empty() &&
                               rule.sources.size() == 1 && !only.check.written() &&
                               !only.log.written() && !only.variable.written();
  }
  close_scope(scope, mark, scope.errors != errors_before);
  rule_mark_ = outer_mark;
  scope.focus = outer_focus;
  scope.focus_shape = outer_shape;
  scope.prefix = outer_prefix;
}

/// Variables of a rule end with it; one that nothing used is told, unless an error may be why.
void Compiler::close_scope(Scope& scope, std::size_t mark, bool broken) {
  for (std::size_t i = mark; i < scope.variables.size() && !broken; ++i) {
    const Variable& variable = scope.variables[i];
    if (variable.used || variable.shape.broken) continue;
    const std::string text = "the variable " + variable.name + " is never used";
    if (options_.strict) {
      findings_.error(scope.file, variable.at, code::kUnusedVariable, text);
    } else {
      findings_.warning(scope.file, variable.at, code::kUnusedVariable, text);
    }
  }
  scope.variables.resize(mark);
}

SourceOp Compiler::source(const ast::Source& source, Scope& scope, Shape& shape) {
  SourceOp op;
  op.pick = source.pick;
  op.counted = source.counted || source.pick == ast::Pick::only_one;
  op.min = source.min;
  op.max = source.pick == ast::Pick::only_one ? std::min<std::uint32_t>(source.max, 1) : source.max;
  source_place(source, op, scope, shape);
  if (source.fallback.kind != ast::Value::Kind::none) {
    const Typed typed = value(source.fallback, scope);
    op.fallback = typed.op;
    if (!typed.shape.broken && shape.type != nullptr && fit(typed.shape, *shape.type) == Fit::no) {
      error(scope, source.fallback.word.at, code::kWrongType,
            "the default is a " + std::string(label_of(typed.shape)) + ", the element a " +
                std::string(shape.type->label()));
    }
  }
  if (source.type.written()) source_type(source, op, scope, shape);
  op.leaf = !shape.system.empty() || (shape.type != nullptr && shape.type->is_primitive());
  op.variable = scope.slot();
  if (source.variable.written()) {
    declare(scope, source.variable, false, shape, op.variable, rule_mark_);
  }
  if (source.where.written()) op.where = expression(source.where, shape, op.variable, scope);
  if (source.check.written()) op.check = expression(source.check, shape, op.variable, scope);
  if (source.log.written()) op.log = expression(source.log, shape, op.variable, scope);
  return op;
}

void Compiler::source_place(const ast::Source& source, SourceOp& op, Scope& scope, Shape& shape) {
  if (source.expression.written()) {
    op.from = SourceOp::From::expression;
    op.element = keep(source.expression.text);
    op.expression = expression(source.expression, scope.focus_shape, scope.focus, scope, &shape);
    shape.broken = op.expression == nullptr;
    return;
  }
  Variable* variable = find(scope, source.context.text, false);
  if (variable == nullptr) {
    error(scope, source.context.at, code::kUnknownVariable, "no variable " + source.context.text);
    shape.broken = true;
    return;
  }
  variable->used = true;
  shape = variable->shape;
  shape.literal = false;
  op.element = keep(source.context.text);
  if (variable->from == Expr::From::frame) {
    op.context = variable->slot;
    if (source.element.written()) source_element(source, op, scope, shape);
    return;
  }
  // A constant of the map has no slot: it is the value of an expression.
  op.from = SourceOp::From::expression;
  ast::Word path = source.context;
  path.text = "%`" + path.text + '`';
  if (source.element.written()) path.text += ".`" + source.element.text + '`';
  op.expression = expression(path, {}, kNoSlot, scope, &shape);
  shape.broken = op.expression == nullptr;
}

void Compiler::source_element(const ast::Source& source, SourceOp& op, Scope& scope, Shape& shape) {
  const ast::Word& word = source.element;
  op.element = keep(word.text);
  if (shape.broken) return;
  if (shape.type == nullptr) {
    error(scope, word.at, code::kUntyped,
          source.context.text + " is of " + std::string(label_of(shape)) +
              ": narrow it with \": Type\" where it is bound");
    shape = {.broken = true};
    return;
  }
  const Type& type = *shape.type;
  const tree::Symbol name = definitions_.symbols().find(word.text);
  const Child child = name == tree::Symbol::kNone ? Child{} : type.child(name);
  if (!child) {
    if (type.is_primitive() && word.text == "value") return;  // its own text
    error(scope, word.at, code::kUnknownElement,
          std::string(type.label()) + " has no element " + word.text);
    shape = {.broken = true};
    return;
  }
  shape = {};
  if (child.element->representation == definitions::Representation::text) {
    op.from = SourceOp::From::text;
    shape.system = "System.String";
    return;
  }
  if (child.type != nullptr) {
    op.from = SourceOp::From::child;
    op.name = name;
    shape.type = child.type;
    return;
  }
  op.from = SourceOp::From::choice;
  shape.choices = child.element->types;
  for (const ElementType& choice : shape.choices) op.names.push_back(choice.name);
  std::sort(op.names.begin(), op.names.end());
}

void Compiler::source_type(const ast::Source& source, SourceOp& op, Scope& scope, Shape& shape) {
  const Type* wanted = type_named(*scope.instance->unit, scope.file, source.type);
  if (wanted == nullptr) {
    shape = {.broken = true};
    return;
  }
  wanted = beside(shape.choices.empty() ? shape.type : shape.choices.front().type, wanted);
  const auto never = [&] {
    error(scope, source.type.at, code::kWrongType,
          std::string(label_of(shape)) + " is never a " + source.type.text);
    shape = {.broken = true};
  };
  if (shape.broken) {
    shape = {.type = wanted};
    return;
  }
  if (!shape.choices.empty()) {
    std::vector<tree::Symbol> names;
    const Type* only = nullptr;
    for (const ElementType& choice : shape.choices) {
      if (!choice.type->is(*wanted)) continue;
      names.push_back(choice.name);
      only = choice.type;
    }
    if (names.empty()) return never();
    if (op.from == SourceOp::From::choice && op.fallback.kind == ValueOp::Kind::none) {
      op.names = std::move(names);
      std::sort(op.names.begin(), op.names.end());
      if (op.names.size() == 1) {
        op.from = SourceOp::From::child;
        op.name = op.names.front();
        shape = {.type = only};
        return;
      }
    } else {
      op.type = test_for(*wanted);
    }
    shape = {.type = wanted};
    return;
  }
  if (shape.type != nullptr && shape.type->is(*wanted)) return;
  if (!shape.known() || (shape.type != nullptr && wanted->is(*shape.type))) {
    op.type = test_for(*wanted);
    shape = {.type = wanted};
    return;
  }
  if (!shape.system.empty() && fhir_name_of_system(shape.system) == wanted->text()) return;
  never();
}

/// `s.a -> t.b;` and `s.a as x -> t.b = create() as y;`: a group marked <<types>> does it, or the
/// value is copied.
void Compiler::by_default(const ast::Rule& rule, RuleOp& to, const Shape& shape, Scope& scope) {
  const ast::Target& target = rule.targets.front();
  const std::optional<Destination> place = destination(target, scope);
  if (!place || shape.broken) return;
  const Slot from = to.sources.front().variable;
  if (!shape.known() && shape.choices.empty()) {
    return error(scope, rule.at, code::kUntyped,
                 "the type of " + rule.sources.front().element.text +
                     " is not known: narrow it with \": Type\"");
  }
  const auto copy_to = [&](Destination into, TypeTest test, Fit fits) {
    Case made;
    made.type = test;
    made.target.kind = into.element == nullptr ? TargetOp::Kind::self : TargetOp::Kind::write;
    made.target.place = target.place;
    made.target.into = into;
    made.target.value.kind = ValueOp::Kind::slot;
    made.target.value.slot = from;
    made.target.value.fit = fits;
    share(target, made.target, scope);
    to.cases.push_back(std::move(made));
  };
  const auto one_type = [&](const Type& source, bool only) {
    Destination into = *place;
    Found group;
    if (into.type != nullptr) {
      group = default_group(*scope.instance->unit, source, *into.type);
    } else {
      group = group_by_source(*scope.instance->unit, source);
      if (group) {
        Shape made{.type = type_named(*group.unit, group.group.map->file,
                                      group.group.group->inputs[1].type, true)};
        if (made.type == nullptr || !choose_for(into, made)) group = {};
      }
    }
    const TypeTest test = only ? TypeTest{} : test_for(source);
    if (group && into.type != nullptr) {
      Case made;
      made.type = test;
      made.target.kind = TargetOp::Kind::make;
      made.target.place = target.place;
      made.target.into = into;
      made.target.variable = scope.slot();
      share(target, made.target, scope);
      std::vector<TypeTest> tests;
      made.group = instance_for(group, {Shape{.type = &source}, Shape{.type = into.type}},
                                scope.file, rule.at, tests);
      to.cases.push_back(std::move(made));
      return true;
    }
    const Shape given{.type = &source};
    if (into.type == nullptr && !choose_for(into, given)) return false;
    const Fit fits = fit(given, *into.type);
    if (fits == Fit::no) return false;
    copy_to(into, test, fits);
    return true;
  };
  bool any = false;
  if (shape.type != nullptr) {
    any = one_type(*shape.type, true);
  } else if (!shape.system.empty()) {
    Destination into = *place;
    if (into.type != nullptr || choose_for(into, shape)) {
      const Fit fits = fit(shape, *into.type);
      any = fits != Fit::no;
      if (any) copy_to(into, {}, fits);
    }
  } else {
    for (const ElementType& choice : shape.choices) any = one_type(*choice.type, false) || any;
  }
  if (!any) {
    error(scope, target.at, code::kWrongType,
          "no group for " + std::string(label_of(shape)) + " and " +
              (place->type != nullptr ? std::string(place->type->label()) : "this choice") +
              ", and no copy from one to the other");
  }
}

}  // namespace concord::mapping::detail
