#include <algorithm>
#include <set>

#include "fhir/definitions/r4_generated.h"
#include "fhir/mapping/compiler.h"

namespace concord::mapping::detail {

using definitions::Type;

/// An alias of the map, else a type name or url. `quiet`: unknown ones are not told.
const Type* Compiler::type_named(const Unit& unit, std::string_view file, const ast::Word& word,
                                 bool quiet) {
  std::string_view wanted = word.text;
  for (auto layer = unit.layers.rbegin(); layer != unit.layers.rend(); ++layer) {
    for (const ast::Uses& uses : (*layer)->uses) {
      if (uses.alias.written() && uses.alias.text == word.text) wanted = uses.url.text;
    }
  }
  const Type* type = definitions_.type(wanted);
  if (type == nullptr) type = versioned_type(wanted);
  if (type == nullptr) type = constrained_type(wanted);
  if (type == nullptr && !quiet) {
    findings_.error(file, word.at, code::kUnknownType, "unknown type " + word.text);
  }
  return type;
}

/// The type a profile of a FHIR type constrains: maps may name profiles, and read and write the
/// type.
const Type* Compiler::constrained_type(std::string_view url) const {
  const auto given = options_.profiles.find(url.substr(0, url.find('|')));
  if (given != options_.profiles.end()) return definitions_.type(given->second);
  const definitions::pack::StructureDefinition* profile = definitions_.structure(url);
  if (profile == nullptr || profile->type() == nullptr) return nullptr;
  return definitions_.type(std::string_view(profile->type()->c_str(), profile->type()->size()));
}

/// A type by its url in one release: http://hl7.org/fhir/4.0/StructureDefinition/Patient.
const Type* Compiler::versioned_type(std::string_view url) const {
  constexpr std::string_view kHl7 = "http://hl7.org/fhir/", kKind = "/StructureDefinition/";
  if (!url.starts_with(kHl7)) return nullptr;
  url.remove_prefix(kHl7.size());
  const std::size_t split = url.find(kKind);
  if (split == std::string_view::npos || split == 0) return nullptr;
  const std::string version = std::string(url.substr(0, split)) + '.';
  for (const definitions::Definitions* release : program_.releases) {
    if (release->fhir_version().starts_with(version)) {
      return release->type(url.substr(split + kKind.size()));
    }
  }
  return nullptr;
}

/// The type of that name in the release of `near`, where it has one.
const Type* Compiler::beside(const Type* near, const Type* wanted) const {
  if (near == nullptr || wanted == nullptr || program_.releases.size() == 1) return wanted;
  const definitions::Definitions& home = program_.home(*near);
  const Type* own = home.type(wanted->name());
  return own != nullptr ? own : wanted;
}

TypeTest Compiler::test_for(const Type& type) const {
  TypeTest test{&type, true};
  for (const Type* other : program_.home(type).types()) {
    if (other != &type && other->is(type)) {
      test.exact = false;
      break;
    }
  }
  return test;
}

/// The map itself, what it imports, what those import …: the nearest first. `visit` says whether
/// to stop.
template <typename Visit>
bool Compiler::visit_groups(const Unit& unit, Visit&& visit) const {
  std::vector<const Unit*> order{&unit};
  std::set<const Unit*> seen{&unit};
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const GroupRef& group : order[i]->groups) {
      if (visit(*order[i], group)) return true;
    }
    for (const std::size_t import : order[i]->imports) {
      const Unit* next = &program_.units[import];
      if (seen.insert(next).second) order.push_back(next);
    }
  }
  return false;
}

Compiler::Found Compiler::find_group(const Unit& unit, std::string_view name) const {
  Found found;
  visit_groups(unit, [&](const Unit& owner, const GroupRef& group) {
    if (group.group->name.text != name) return false;
    found = {&owner, group};
    return true;
  });
  return found;
}

/// The group marked <<types>> or <<type+>> for the two types: first one of exactly these types,
/// then one of types they are derived from.
Compiler::Found Compiler::default_group(const Unit& unit, const Type& source, const Type& target) {
  for (const bool exact : {true, false}) {
    Found found;
    visit_groups(unit, [&](const Unit& owner, const GroupRef& group) {
      if (group.group->by_default == ast::Default::none || group.group->inputs.size() != 2) {
        return false;
      }
      const std::string_view file = group.map->file;
      const Type* from = type_named(owner, file, group.group->inputs[0].type, true);
      const Type* to = type_named(owner, file, group.group->inputs[1].type, true);
      if (from == nullptr || to == nullptr) return false;
      if (exact ? from != &source || to != &target : !is_a(source, *from) || !is_a(target, *to)) {
        return false;
      }
      found = {&owner, group};
      return true;
    });
    if (found) return found;
  }
  return {};
}

Compiler::Found Compiler::group_by_source(const Unit& unit, const Type& source) {
  Found found;
  visit_groups(unit, [&](const Unit& owner, const GroupRef& group) {
    if (group.group->by_default != ast::Default::type_and_types ||
        group.group->inputs.size() != 2) {
      return false;
    }
    const Type* from = type_named(owner, group.map->file, group.group->inputs[0].type, true);
    if (from == nullptr || from->name() != source.name()) return false;
    found = {&owner, group};
    return true;
  });
  return found;
}

/// The group compiled for these arguments. `tests` gets what only the running map can tell.
/// Null after an error.
Instance* Compiler::instance_for(const Found& found, std::vector<Shape> arguments,
                                 std::string_view file, Position at, std::vector<TypeTest>& tests) {
  const std::vector<ast::Input>& inputs = found.group.group->inputs;
  const std::string& name = found.group.group->name.text;
  if (arguments.size() != inputs.size()) {
    findings_.error(file, at, code::kWrongCount,
                    "the group " + name + " has " + std::to_string(inputs.size()) +
                        " parameters, " + std::to_string(arguments.size()) + " are given");
    return nullptr;
  }
  tests.assign(arguments.size(), {});
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Shape& given = arguments[i];
    if (!inputs[i].type.written()) continue;
    const Type* declared = type_named(*found.unit, found.group.map->file, inputs[i].type);
    if (declared == nullptr) {
      given = {};
      given.broken = true;
      continue;
    }
    if (given.broken) {
      given = {.type = declared};
      continue;
    }
    if (given.type != nullptr && is_a(*given.type, *declared)) continue;
    const Fit possible = fit(given, *declared);
    if (possible == Fit::yes && declared->is_primitive()) continue;
    if (possible != Fit::look) {
      findings_.error(file, at, code::kWrongType,
                      "the parameter " + inputs[i].name.text + " of " + name + " is a " +
                          std::string(declared->label()) + ", given is " +
                          std::string(label_of(given)));
      return nullptr;
    }
    tests[i] = test_for(*declared);
    given = {.type = declared};
  }
  std::vector<std::pair<const void*, std::string>> key;
  for (Shape& shape : arguments) {
    shape.literal = false;
    const void* identity = shape.type;
    if (!shape.choices.empty()) identity = shape.choices.data();
    key.emplace_back(identity, shape.system);
  }
  const auto [known, added] = instances_.emplace(std::make_pair(found.group.group, key), nullptr);
  if (!added) return known->second;
  if (program_.instances.size() >= options_.limits.max_instances) {
    findings_.error(file, at, code::kTooLong,
                    "groups are called with more than " +
                        std::to_string(options_.limits.max_instances) + " combinations of types");
    return nullptr;
  }
  Instance& made = program_.instances.emplace_back();
  made.unit = found.unit;
  made.source = found.group;
  made.shapes = std::move(arguments);
  known->second = &made;
  waiting_.push_back(&made);
  return &made;
}

void Compiler::compile_body(Instance& instance) {
  const ast::Group& group = *instance.source.group;
  Scope scope;
  scope.instance = &instance;
  scope.file = instance.source.map->file;
  rule_mark_ = 0;
  for (std::size_t i = 0; i < group.inputs.size(); ++i) {
    Variable input;
    input.name = group.inputs[i].name.text;
    input.target = group.inputs[i].target;
    input.shape = instance.shapes[i];
    input.slot = scope.slot();
    input.at = group.inputs[i].name.at;
    input.used = true;
    if (!input.target && scope.focus == kNoSlot) {
      scope.focus = input.slot;
      scope.focus_shape = input.shape;
    }
    scope.variables.push_back(std::move(input));
  }
  if (group.extends.written()) extend(instance, scope);
  block(group.rules, instance.body, scope);
  instance.slots = scope.slots;
}

/// Whether the chain of `extends` that begins here comes back.
bool Compiler::extends_itself(const Found& found) const {
  std::set<const ast::Group*> seen;
  for (Found at = found; at; at = find_group(*at.unit, at.group.group->extends.text)) {
    if (!seen.insert(at.group.group).second) return true;
    if (!at.group.group->extends.written()) return false;
  }
  return false;
}

void Compiler::extend(Instance& instance, Scope& scope) {
  const ast::Word& name = instance.source.group->extends;
  const Found base = find_group(*instance.unit, name.text);
  if (!base) {
    return error(scope, name.at, code::kUnknownGroup, "no group " + name.text + " to extend");
  }
  if (extends_itself({instance.unit, instance.source})) {
    return error(scope, name.at, code::kCycle, "the group extends itself");
  }
  if (base.group.group->inputs.size() != instance.shapes.size()) {
    return error(scope, name.at, code::kWrongCount,
                 "the group " + name.text + " has " +
                     std::to_string(base.group.group->inputs.size()) + " parameters, this one " +
                     std::to_string(instance.shapes.size()));
  }
  instance.base.group =
      instance_for(base, instance.shapes, scope.file, name.at, instance.base.tests);
  for (std::size_t i = 0; i < instance.shapes.size(); ++i) {
    ValueOp argument;
    argument.kind = ValueOp::Kind::slot;
    argument.slot = static_cast<Slot>(i);
    instance.base.arguments.push_back(std::move(argument));
  }
}

CallOp Compiler::call(const ast::Call& call, Scope& scope) {
  CallOp op;
  const Found found = find_group(*scope.instance->unit, call.name.text);
  std::vector<Shape> shapes;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    const bool wants_target =
        found && i < found.group.group->inputs.size() && found.group.group->inputs[i].target;
    ast::Value argument = call.arguments[i];
    Typed typed;
    Variable* named = argument.kind == ast::Value::Kind::variable
                          ? find(scope, argument.word.text, wants_target)
                          : nullptr;
    if (named != nullptr && named->from == Expr::From::frame) {
      named->used = true;
      typed.op.kind = ValueOp::Kind::slot;
      typed.op.slot = named->slot;
      typed.shape = named->shape;
      typed.target = named->target;
    } else {
      typed = value(argument, scope);
    }
    if (wants_target && !typed.target && !typed.shape.broken) {
      error(scope, argument.word.at, code::kWrongType,
            "the parameter " + found.group.group->inputs[i].name.text + " of " + call.name.text +
                " is a target");
      typed.shape.broken = true;
    }
    shapes.push_back(typed.shape);
    op.arguments.push_back(std::move(typed.op));
  }
  if (!found) {
    error(scope, call.name.at, code::kUnknownGroup, "no group " + call.name.text);
    return op;
  }
  op.group = instance_for(found, std::move(shapes), scope.file, call.name.at, op.tests);
  return op;
}

}  // namespace concord::mapping::detail
