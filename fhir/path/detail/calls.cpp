// Function calls, indexers and type specifiers.
#include <algorithm>
#include <array>
#include <utility>

#include "fhir/path/detail/compiler.h"

namespace concord::path::detail {

namespace {

/// The name of a type written as an argument: Quantity, FHIR.Patient, `Patient`; empty when it is
/// something else.
std::string type_argument(const Ast& ast, AstIndex at) {
  const AstNode& node = ast[at];
  if (node.kind == AstKind::member) return node.text;
  if (node.kind != AstKind::chain) return {};
  std::string name;
  for (const AstIndex step : node.children) {
    if (ast[step].kind != AstKind::member) return {};
    if (!name.empty()) name += '.';
    name += ast[step].text;
  }
  return name;
}

std::string count_of(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " argument" : " arguments");
}

}  // namespace

Result<std::uint32_t> Compiler::type_test(std::string_view name, std::uint32_t offset,
                                          Static& type) {
  TypeTest test;
  test.name = name;
  std::string_view rest = name;
  bool system = true;
  bool fhir = true;
  if (rest.starts_with("System.")) {
    rest.remove_prefix(7);
    fhir = false;
  } else if (rest.starts_with("FHIR.")) {
    rest.remove_prefix(5);
    system = false;
  }
  type = {{}, true, false, true};
  if (system) {
    if (const auto tag = system_type(rest)) {
      test.is_system = true;
      test.system = *tag;
      type.add({nullptr, *tag});
    }
  }
  if (fhir && context_.definitions != nullptr) {
    const definitions::Type* known = context_.definitions->type(rest);
    if (known == nullptr && focus_.known) {
      for (const TypeRef& focus : focus_.types) {
        if (focus.fhir != nullptr && focus.fhir->label() == rest) known = focus.fhir;
      }
    }
    if (known != nullptr) {
      test.is_fhir = true;
      test.is_primitive = known->is_primitive();
      test.exact = known->name();
      for (const definitions::Type* derived : context_.definitions->types()) {
        if (derived->is(*known)) test.fhir.insert(derived->name());
      }
      type.add({known, Tag::boolean});
    }
  } else if (fhir && !test.is_system) {
    test.is_fhir = true;
    test.exact = context_.symbols.intern(rest);
    type.known = false;
  }
  // A System type nobody has is simply nobody's type; a FHIR one is a mistake.
  if (!test.is_system && !test.is_fhir && fhir) {
    return fail(offset, "unknown type " + std::string(name));
  }
  program_.type_tests.push_back(std::move(test));
  return static_cast<std::uint32_t>(program_.type_tests.size() - 1);
}

void Compiler::narrow(SegmentKind kind, const Static& target, Static& type) const {
  if (kind == SegmentKind::is_type) {
    type = Static::system(Tag::boolean);
    return;
  }
  Static narrowed = target;
  narrowed.single = kind == SegmentKind::as_type || type.single;
  narrowed.ordered = type.ordered;
  if (type.known && target.known) {
    // Of Quantity and System.Quantity only what the input can be; its subtypes stay.
    Static both{{}, true, narrowed.single, narrowed.ordered};
    for (const TypeRef& from : type.types) {
      for (const TypeRef& to : target.types) {
        if (from == to || (from.fhir != nullptr && to.fhir != nullptr && from.fhir->is(*to.fhir))) {
          both.add(from);
        } else if (from.fhir != nullptr && to.fhir != nullptr && to.fhir->is(*from.fhir)) {
          both.add(to);
        }
      }
    }
    if (!both.types.empty()) narrowed.types = both.types;
  }
  type = std::move(narrowed);
}

Result<void> Compiler::type_function(Chain& chain, const AstNode& node, SegmentKind kind) {
  const std::string name =
      node.children.size() == 1 ? type_argument(ast_, node.children[0]) : std::string();
  if (name.empty()) return fail(node.offset, node.text + "() takes the name of a type");
  Static target;
  CONCORD_ASSIGN(const std::uint32_t test, type_test(name, ast_[node.children[0]].offset, target));
  narrow(kind, target, chain.type);
  if (kind == SegmentKind::of_type && !chain.constant) {
    // Part of the walk, so that filtered items are never collected.
    if (chain.steps.size() == 16) flush(chain, node.offset);
    chain.steps.push_back({StepKind::of_type, tree::Symbol::kNone, test});
    chain.step_names.emplace_back();
    return {};
  }
  flush(chain, node.offset);
  chain.segments.push_back({kind, test, 0, node.offset});
  return {};
}

Result<void> Compiler::index(Chain& chain, const AstNode& node) {
  if (context_.strict && !chain.type.ordered) {
    return fail(node.offset, "[] on elements in no defined order");
  }
  CONCORD_ASSIGN(const Typed wanted, compile(node.children[0]));
  if (context_.strict && wanted.type.known && !wanted.type.types.empty()) {
    const auto is_integer = [](const TypeRef& type) {
      const auto tag = type.fhir == nullptr ? std::optional(type.system) : converts_to(*type.fhir);
      return tag == Tag::integer;
    };
    if (std::none_of(wanted.type.types.begin(), wanted.type.types.end(), is_integer)) {
      return fail(node.offset, "an index must be an integer, not " + names_of(wanted.type));
    }
  }
  flush(chain, node.offset);
  chain.segments.push_back({SegmentKind::index, wanted.op, 0, node.offset});
  chain.constant = chain.constant && constant(wanted.op) != nullptr;
  chain.type.single = true;
  return {};
}

Result<void> Compiler::define_variable(Chain& chain, const AstNode& node) {
  if (node.children.empty() || node.children.size() > 2 ||
      ast_[node.children[0]].kind != AstKind::string) {
    return fail(node.offset, "defineVariable() takes a name in quotes and an expression");
  }
  const std::string& name = ast_[node.children[0]].text;
  const auto taken = [&](const auto& row) { return row.name == name; };
  constexpr std::array<std::string_view, 7> kStandard{"context", "resource", "rootResource", "ucum",
                                                      "sct",     "loinc",    "terminologies"};
  if (std::any_of(locals_.begin(), locals_.end(), taken) ||
      std::any_of(context_.variables.begin(), context_.variables.end(), taken) ||
      std::find(kStandard.begin(), kStandard.end(), name) != kStandard.end()) {
    return fail(node.offset, "%" + name + " is defined already");
  }
  flush(chain, node.offset);
  Static type = chain.type;
  OpIndex op = kNoOp;
  if (node.children.size() == 2) {
    const Static outer = std::exchange(focus_, chain.type);
    auto value = compile(node.children[1]);
    focus_ = outer;
    if (!value) return std::move(value).error();
    op = value->op;
    type = value->type;
  }
  const std::uint32_t slot = program_.local_count++;
  chain.segments.push_back({SegmentKind::define, slot, op, node.offset});
  chain.constant = false;
  locals_.push_back({name, slot, std::move(type)});
  return {};
}

Static Compiler::result_of(const FunctionRow& row, const Static& input,
                           const std::vector<Static>& arguments) const {
  Static result = Static::unknown();
  switch (row.returns) {
    case Returns::unknown:
      return result;
    case Returns::input:
      return input;
    case Returns::input_item:
      result = input;
      result.single = true;
      result.ordered = true;
      return result;
    case Returns::argument:
      if (arguments.empty()) return input;
      result = arguments.front();
      result.single = result.single && input.single;
      result.ordered = result.ordered && input.ordered;
      return result;
    case Returns::either:
      if (arguments.size() < 2) return result;
      result = arguments.size() == 2 ? arguments[1] : Static::united(arguments[1], arguments[2]);
      return result;
    case Returns::with_argument:
      if (arguments.empty()) return result;
      result = Static::united(input, arguments.front());
      result.single = false;
      return result;
    case Returns::extensions:
      return context_.definitions == nullptr ? result : declared("Extension", false);
    case Returns::any_elements:
      result.ordered = false;
      return result;
    case Returns::type_info:
      return Static::system(Tag::type_info, input.single);
    case Returns::strings:
      return Static::system(Tag::string, false);
    case Returns::boolean:
      return Static::system(Tag::boolean);
    case Returns::integer:
      return Static::system(Tag::integer);
    case Returns::long_integer:
      return Static::system(Tag::long_integer);
    case Returns::decimal:
      return Static::system(Tag::decimal);
    case Returns::string:
      return Static::system(Tag::string);
    case Returns::date:
      return Static::system(Tag::date);
    case Returns::date_time:
      return Static::system(Tag::date_time);
    case Returns::time:
      return Static::system(Tag::time);
    case Returns::quantity:
      return Static::system(Tag::quantity);
  }
  return result;
}

Result<void> Compiler::call(Chain& chain, const AstNode& node) {
  if (node.text == "ofType") return type_function(chain, node, SegmentKind::of_type);
  if (node.text == "is") return type_function(chain, node, SegmentKind::is_type);
  if (node.text == "as") return type_function(chain, node, SegmentKind::as_type);
  if (node.text == "defineVariable") return define_variable(chain, node);

  const FunctionRow* row = context_.functions.find(node.text);
  if (row == nullptr) return fail(node.offset, "unknown function " + node.text + "()");
  const std::size_t count = node.children.size();
  if (count < row->min || count > row->max) {
    return fail(node.offset, node.text + "() takes " +
                                 (row->min == row->max
                                      ? count_of(row->min)
                                      : std::to_string(row->min) + " to " + count_of(row->max)) +
                                 ", not " + std::to_string(count));
  }
  if (context_.strict) {
    const std::string why = refused(row->accepts, chain.type);
    if (!why.empty()) return fail(node.offset, node.text + "() " + why);
    if (row->needs_order && !chain.type.ordered) {
      return fail(node.offset, node.text + "() on elements in no defined order");
    }
  }
  if (row->presence != Presence::not_asked && count == 0 && !chain.steps.empty() &&
      !chain.constant) {
    flush(chain, node.offset);
    chain.segments.back().kind =
        row->presence == Presence::any ? SegmentKind::walk_any : SegmentKind::walk_none;
    chain.type = Static::system(Tag::boolean);
    return {};
  }
  flush(chain, node.offset);

  Call call;
  program_.rows.push_back(std::make_unique<FunctionRow>(*row));
  call.row = program_.rows.back().get();
  std::vector<Static> types;
  std::vector<const Collection*> constants;
  const Static outer = focus_;
  const Static outer_total = total_;
  if (row->lazy) {
    // iif() binds $this to the whole input, the others to one item after the other.
    focus_ = chain.type;
    if (row->returns != Returns::either) focus_.single = true;
    focus_.ordered = true;
    total_ = Static::unknown();
  }
  const bool inside = std::exchange(in_iteration_, in_iteration_ || row->lazy);
  const bool totals = std::exchange(in_aggregate_, in_aggregate_ || row->name == "aggregate");
  const auto leave = [&] {
    focus_ = outer;
    total_ = outer_total;
    in_iteration_ = inside;
    in_aggregate_ = totals;
  };
  for (const AstIndex argument : node.children) {
    AstIndex at = argument;
    const bool descending =
        row->lazy && row->name == "sort" && ast_[at].kind == AstKind::unary && ast_[at].text == "-";
    if (descending) at = ast_[at].children[0];
    auto compiled = compile(at);
    if (!compiled) {
      leave();
      return std::move(compiled).error();
    }
    const Collection* value = constant(compiled->op);
    if (types.empty() && row->takes_criteria && context_.strict) {
      const std::string why = refused(Accepts::boolean, compiled->type);
      const bool several = value != nullptr && value->size() > 1;
      if (several || !why.empty()) {
        leave();
        return fail(ast_[at].offset,
                    "the criteria of " + node.text + "() must be a single boolean");
      }
    }
    if (context_.strict && !row->lazy && !refused(row->argument, compiled->type).empty()) {
      leave();
      return fail(ast_[at].offset,
                  "an argument of " + node.text + "() cannot be " + names_of(compiled->type));
    }
    call.arguments.push_back(compiled->op);
    call.lambdas.push_back({&program_, compiled->op, descending});
    types.push_back(std::move(compiled->type));
    constants.push_back(value);
  }
  leave();
  // Pointers into `constants` of the program may have moved while arguments were compiled.
  for (std::size_t i = 0; i < constants.size(); ++i) constants[i] = constant(call.arguments[i]);
  const bool known_arguments =
      !row->lazy && std::none_of(constants.begin(), constants.end(),
                                 [](const Collection* value) { return value == nullptr; });
  for (std::size_t i = 0; known_arguments && i < constants.size(); ++i) {
    call.constants.push_back(*constants[i]);
  }
  if (row->prepare != nullptr) {
    auto prepared = row->prepare(constants);
    if (!prepared) {
      const Error& error = prepared.error();
      return fail(node.offset, error.issues.empty() ? node.text + "()" : error.issues.front().text);
    }
    call.prepared = *std::move(prepared);
  }
  chain.constant = chain.constant && row->pure && !row->lazy &&
                   std::none_of(constants.begin(), constants.end(),
                                [](const Collection* value) { return value == nullptr; });
  chain.type = result_of(*row, chain.type, types);
  const SegmentKind kind = row->intrinsic == Intrinsic::where ? SegmentKind::where
                           : row->intrinsic == Intrinsic::iif ? SegmentKind::iif
                                                              : SegmentKind::call;
  chain.segments.push_back(
      {kind, static_cast<std::uint32_t>(program_.calls.size()), 0, node.offset});
  program_.calls.push_back(std::move(call));
  return {};
}

}  // namespace concord::path::detail
