#include <algorithm>

#include "fhir/mapping/compiler.h"

namespace concord::mapping::detail {

using definitions::Child;
using definitions::ElementType;
using definitions::Type;

TargetOp Compiler::target(const ast::Target& target, Scope& scope, const RuleOp& rule) {
  static_cast<void>(rule);
  TargetOp op;
  op.place = target.place;
  if (target.place == ast::Place::first || target.place == ast::Place::last) {
    findings_.warning(scope.file, target.at, code::kNoEffect,
                      "first and last do not move a target element");
    op.place = ast::Place::add;
  }
  const ast::Value& value = target.value;
  const bool creates = value.kind == ast::Value::Kind::transform && value.word.text == "create";
  if (!target.context.written() || (!target.element.written() && creates) ||
      (!target.element.written() && value.kind == ast::Value::Kind::none)) {
    unattached(target, op, scope);
  } else if (creates || value.kind == ast::Value::Kind::none) {
    make(target, op, creates ? &value : nullptr, scope);
  } else {
    write(target, op, scope);
  }
  return op;
}

/// The element a target names, its type still open for a choice. Nothing after an error.
std::optional<Destination> Compiler::destination(const ast::Target& target, Scope& scope) {
  Variable* variable = find(scope, target.context.text, true);
  if (variable == nullptr) {
    error(scope, target.context.at, code::kUnknownVariable, "no variable " + target.context.text);
    return std::nullopt;
  }
  variable->used = true;
  if (variable->shape.broken) return std::nullopt;
  if (!variable->target) {
    error(scope, target.context.at, code::kWrongType,
          target.context.text + " is a source and cannot be written to");
    return std::nullopt;
  }
  Destination into;
  into.context = variable->slot;
  if (variable->shape.type == nullptr) {
    error(scope, target.context.at, code::kUntyped,
          "the type of " + target.context.text + " is not known");
    return std::nullopt;
  }
  into.owner = variable->shape.type;
  into.model = is_model(*into.owner);
  const ast::Word& word = target.element;
  if (!word.written() || (into.owner->is_primitive() && word.text == "value")) {
    into.type = into.owner;
    into.kind = kind_of(*into.owner);
    return into;
  }
  const tree::Symbol name = definitions_.symbols().find(word.text);
  const Child child = name == tree::Symbol::kNone ? Child{} : into.owner->child(name);
  if (!child) {
    error(scope, word.at, code::kUnknownElement,
          std::string(into.owner->label()) + " has no element " + word.text);
    return std::nullopt;
  }
  into.element = child.element;
  into.repeats = child.element->max > 1;
  if (is_model(*into.owner)) {  // how FHIR itself is written is the business of its writers
    into.attribute = child.element->representation == definitions::Representation::attribute;
    into.on_parent = child.element->representation == definitions::Representation::text;
  }
  into.name = name;
  if (child.type != nullptr) choose(into, ElementType{name, child.type, {}, {}});
  return into;
}

void Compiler::choose(Destination& into, const ElementType& choice) {
  into.name = choice.name;
  into.type = choice.type;
  into.kind = into.attribute ? tree::Kind::string : kind_of(*choice.type);
  into.model = into.model || is_model(*choice.type);
  into.fixed = template_of(*choice.type);
}

/// Settles a choice for a value of that shape; false when none fits.
bool Compiler::choose_for(Destination& into, const Shape& shape) {
  const std::span<const ElementType> choices = into.element->types;
  for (const ElementType& choice : choices) {
    if (shape.type != nullptr && shape.type->name() == choice.type->name()) {
      choose(into, choice);
      return true;
    }
  }
  const std::string_view preferred =
      shape.system.empty() ? std::string_view() : fhir_name_of_system(shape.system);
  for (const ElementType& choice : choices) {
    if (!preferred.empty() && choice.type->text() == preferred) {
      choose(into, choice);
      return true;
    }
  }
  for (const ElementType& choice : choices) {
    if (fit(shape, *choice.type) != Fit::yes) continue;
    choose(into, choice);
    return true;
  }
  return false;
}

void Compiler::share(const ast::Target& target, TargetOp& op, Scope& scope) {
  if (target.place != ast::Place::share) return;
  for (std::size_t i = scope.shares.size(); i-- > 0;) {
    const auto known = scope.shares[i].find(target.share.text);
    if (known == scope.shares[i].end()) continue;
    op.share = known->second.first;
    if (known->second.second != op.into.type) {
      error(scope, target.share.at, code::kWrongType,
            "the shared element " + target.share.text + " is of another type elsewhere");
    }
    return;
  }
  op.share = scope.slot();
  scope.shares.back()[target.share.text] = {op.share, op.into.type};
  scope.blocks.back()->shares.push_back(op.share);
}

/// t.e as x; t.e = create('T') as x
void Compiler::make(const ast::Target& target, TargetOp& op, const ast::Value* create,
                    Scope& scope) {
  op.kind = TargetOp::Kind::make;
  Shape shape{.broken = true};
  std::optional<Destination> into = destination(target, scope);
  const Type* wanted = nullptr;
  if (create != nullptr && !create->arguments.empty()) {
    const ast::Value& named = create->arguments.front();
    if (create->arguments.size() > 1 || named.kind != ast::Value::Kind::literal) {
      error(scope, create->word.at, code::kWrongCount, "create takes the name of a type in quotes");
      into.reset();
    } else {
      wanted = type_named(*scope.instance->unit, scope.file, named.word);
      if (wanted == nullptr) into.reset();
    }
  }
  if (into) {
    wanted = beside(into->owner, wanted);
    if (into->type == nullptr) {
      const auto chosen =
          std::find_if(into->element->types.begin(), into->element->types.end(),
                       [&](const ElementType& choice) { return choice.type == wanted; });
      if (chosen != into->element->types.end()) {
        choose(*into, *chosen);
      } else {
        error(scope, target.element.at, code::kWrongType,
              wanted == nullptr
                  ? target.element.text + " is a choice: name its type with create('…')"
                  : std::string(wanted->label()) + " is no type of " + target.element.text);
        into.reset();
      }
    } else if (wanted != nullptr && wanted != into->type) {
      if (wanted->is(*into->type)) {
        choose(*into, ElementType{into->name, wanted, {}, {}});
      } else {
        error(scope, create->arguments.front().word.at, code::kWrongType,
              target.element.text + " is a " + std::string(into->type->label()) + ", no " +
                  std::string(wanted->label()));
        into.reset();
      }
    }
  }
  if (into && (into->on_parent || into->element == nullptr)) {
    error(scope, target.at, code::kWrongType, target.element.text + " is a text: give it a value");
    into.reset();
  }
  if (into && into->type->is_resource() && into->type->is_abstract()) {
    error(scope, target.at, code::kWrongType, "name the type of the resource with create('…')");
    into.reset();
  }
  if (into) {
    op.into = *into;
    shape = {.type = into->type};
    share(target, op, scope);
  }
  op.variable = scope.slot();
  if (target.variable.written()) {
    declare(scope, target.variable, true, shape, op.variable, rule_mark_);
  }
}

/// t.e = value; t = value
void Compiler::write(const ast::Target& target, TargetOp& op, Scope& scope) {
  op.kind = TargetOp::Kind::write;
  Typed given = value(target.value, scope);
  std::optional<Destination> into = destination(target, scope);
  Shape shape{.broken = true};
  if (into && !given.shape.broken) {
    const bool open = into->type == nullptr;
    Fit fits = Fit::look;
    if (open && (given.shape.known()) && choose_for(*into, given.shape)) fits = Fit::yes;
    // A string goes into a Reference by its `reference`.
    const bool by_reference = target.value.kind == ast::Value::Kind::transform &&
                              target.value.word.text == "reference" && into->type != nullptr &&
                              into->type->text() == "Reference";
    op.reference = by_reference;
    if (into->type != nullptr && !by_reference) fits = fit(given.shape, *into->type);
    if (open && into->type == nullptr && given.shape.known()) fits = Fit::no;
    if (by_reference) fits = Fit::yes;
    if (fits == Fit::text && given.shape.literal) {
      fits = has_form(primitive_of(*into->type), target.value.word.text) ? Fit::yes : Fit::no;
    }
    if (fits == Fit::no) {
      error(scope, target.value.word.at, code::kWrongType,
            "a value of " + std::string(label_of(given.shape)) + " cannot be written to " +
                (target.element.written() ? target.element.text : target.context.text) +
                (into->type != nullptr ? " (" + std::string(into->type->label()) + ")" : ""));
      into.reset();
    } else {
      given.op.fit = fits;
    }
  }
  if (into) {
    op.into = *into;
    shape = {.type = into->type};
    if (into->type == nullptr) shape.choices = into->element->types;
    if (into->element == nullptr || into->on_parent) op.kind = TargetOp::Kind::self;
    if (given.op.kind == ValueOp::Kind::transform && given.op.row->fill != nullptr) {
      op.kind = TargetOp::Kind::fill;
    }
    share(target, op, scope);
  }
  op.value = std::move(given.op);
  op.variable = target.variable.written() ? scope.slot() : kNoSlot;
  if (target.variable.written()) {
    declare(scope, target.variable, true, shape, op.variable, rule_mark_);
  }
}

/// value as x; t as x; create('T') as x
void Compiler::unattached(const ast::Target& target, TargetOp& op, Scope& scope) {
  op.kind = TargetOp::Kind::bind;
  op.variable = scope.slot();
  Shape shape{.broken = true};
  bool writable = false;
  const ast::Value& value = target.value;
  if (target.context.written() && value.kind == ast::Value::Kind::none) {
    Variable* known = find(scope, target.context.text, true);
    if (known == nullptr || known->from != Expr::From::frame) {
      error(scope, target.context.at, code::kUnknownVariable, "no variable " + target.context.text);
    } else {
      known->used = true;
      shape = known->shape;
      writable = known->target;
      op.value.kind = ValueOp::Kind::slot;
      op.value.slot = known->slot;
    }
  } else if (target.context.written()) {
    error(scope, target.context.at, code::kWrongType,
          "create needs an element: t.element = create(…)");
  } else if (value.kind == ast::Value::Kind::transform && value.word.text == "create") {
    op.kind = TargetOp::Kind::alone;
    const Type* type = nullptr;
    if (value.arguments.size() == 1 && value.arguments.front().kind == ast::Value::Kind::literal) {
      type = type_named(*scope.instance->unit, scope.file, value.arguments.front().word);
    } else {
      error(scope, value.word.at, code::kWrongCount, "create takes the name of a type in quotes");
    }
    if (type != nullptr) {
      op.into.type = type;
      op.into.kind = kind_of(*type);
      op.into.fixed = template_of(*type);
      shape = {.type = type};
    }
    writable = true;
  } else {
    Typed given = this->value(value, scope);
    if (given.op.kind == ValueOp::Kind::transform && given.op.row->fill != nullptr) {
      error(scope, value.word.at, code::kWrongType, value.word.text + " needs an element to fill");
    } else {
      shape = given.shape;
      writable = given.target;
      op.value = std::move(given.op);
    }
  }
  if (target.variable.written()) {
    declare(scope, target.variable, writable, shape, op.variable, rule_mark_);
  } else if (!shape.broken && value.kind != ast::Value::Kind::none) {  // `-> tgt then …` is known
    error(scope, target.at, code::kWrongType, "a target without an element needs \"as name\"");
  }
}

/// What comes with every element of a type: null when nothing does.
const Template* Compiler::template_of(const Type& type) {
  if (!is_model(type)) return nullptr;
  const auto [known, added] = templates_.emplace(&type, nullptr);
  if (!added) return known->second;
  Template made;
  std::set<const Type*> open;
  bool closed = true;
  required_content(type, made, 0, open, closed);
  if (made.items.empty()) return nullptr;
  return templates_[&type] = &program_.templates.emplace_back(std::move(made));
}

/// Adds the required fixed content of `type`; true when there is some. `closed` becomes false when
/// something required is not fixed.
bool Compiler::required_content(const Type& type, Template& to, std::uint32_t parent,
                                std::set<const Type*>& open, bool& closed) {
  constexpr std::size_t kMostLevels = 16;
  if (open.size() >= kMostLevels || !open.insert(&type).second) {
    closed = false;
    return false;
  }
  bool any = false;
  for (const definitions::Element& element : type.elements()) {
    if (element.min == 0) continue;
    const ElementType& only = element.types.front();
    Template::Item item;
    item.name = only.name;
    item.type = only.type->name();
    item.space = element.xml_namespace;
    item.attribute = element.representation == definitions::Representation::attribute;
    item.on_parent = element.representation == definitions::Representation::text;
    item.kind = item.attribute ? tree::Kind::string : kind_of(*only.type);
    item.in_array = element.max > 1;
    item.parent = parent;
    const bool single = element.types.size() == 1 && element.min == 1;
    if (single && only.type->is_primitive() &&
        element.fixed.rule != definitions::FixedValue::Rule::none) {
      if (!element.default_value.empty()) continue;  // understood where it is absent
      item.has_text = true;
      item.text = std::string(element.fixed.value);
      to.items.push_back(std::move(item));
      any = true;
      continue;
    }
    bool inner_closed = single && !only.type->is_primitive() && is_model(*only.type);
    const std::size_t before = to.items.size();
    bool inner = false;
    if (inner_closed) {
      to.items.push_back(std::move(item));
      inner = required_content(*only.type, to, static_cast<std::uint32_t>(before) + 1, open,
                               inner_closed);
    }
    if (inner && inner_closed) {
      any = true;
    } else {
      to.items.resize(before);
      closed = false;
    }
  }
  open.erase(&type);
  return any;
}

}  // namespace concord::mapping::detail
