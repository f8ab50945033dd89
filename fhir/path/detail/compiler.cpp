#include "fhir/path/detail/compiler.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "fhir/core/decimal.h"
#include "fhir/path/detail/evaluator.h"
#include "fhir/path/detail/temporal.h"

namespace concord::path::detail {

namespace {

struct OperatorRow {
  std::string_view text;
  Code code;
};
constexpr std::array kOperators{OperatorRow{"*", Code::multiply},
                                OperatorRow{"/", Code::divide},
                                OperatorRow{"div", Code::integer_divide},
                                OperatorRow{"mod", Code::modulo},
                                OperatorRow{"+", Code::add},
                                OperatorRow{"-", Code::subtract},
                                OperatorRow{"&", Code::concatenate},
                                OperatorRow{"|", Code::unite},
                                OperatorRow{"<", Code::less},
                                OperatorRow{"<=", Code::less_equal},
                                OperatorRow{">", Code::greater},
                                OperatorRow{">=", Code::greater_equal},
                                OperatorRow{"=", Code::equal},
                                OperatorRow{"!=", Code::not_equal},
                                OperatorRow{"~", Code::equivalent},
                                OperatorRow{"!~", Code::not_equivalent},
                                OperatorRow{"in", Code::in},
                                OperatorRow{"contains", Code::contains},
                                OperatorRow{"and", Code::logical_and},
                                OperatorRow{"or", Code::logical_or},
                                OperatorRow{"xor", Code::logical_xor},
                                OperatorRow{"implies", Code::implies}};

Code code_of(std::string_view text) {
  for (const OperatorRow& row : kOperators) {
    if (row.text == text) return row.code;
  }
  return Code::equal;  // the parser makes no others
}

Static result_of(Code code, const Static& a, const Static& b) {
  const auto tag = [](const Static& value) -> std::optional<Tag> {
    if (!value.known || value.types.size() != 1) return std::nullopt;
    const TypeRef& type = value.types.front();
    return type.fhir == nullptr ? std::optional(type.system) : converts_to(*type.fhir);
  };
  switch (code) {
    case Code::multiply:
    case Code::divide:
    case Code::integer_divide:
    case Code::modulo:
    case Code::add:
    case Code::subtract: {
      const auto x = tag(a);
      const auto y = tag(b);
      if (!x || !y) return Static::unknown(true);
      if (is_whole(*x) && is_whole(*y)) {
        if (code == Code::divide) return Static::system(Tag::decimal);
        const bool both = *x == Tag::integer && *y == Tag::integer;
        return Static::system(both ? Tag::integer : Tag::long_integer);
      }
      if (code == Code::integer_divide) return Static::system(Tag::integer);
      if (*x == Tag::quantity || (*y == Tag::quantity && is_number(*x))) {
        return Static::system(Tag::quantity);
      }
      if (is_number(*x)) return Static::system(Tag::decimal);
      return Static::system(*x);
    }
    case Code::concatenate:
      return Static::system(Tag::string);
    case Code::unite: {
      Static both = Static::united(a, b);
      if (!(a.known && a.types.empty()) && !(b.known && b.types.empty())) both.single = false;
      return both;
    }
    default:
      return Static::system(Tag::boolean);
  }
}

/// A comparison that can look at texts without making values of them.
bool is_on_texts(Code code, const Collection* right) {
  if (right == nullptr || right->empty()) return false;
  const bool one = code == Code::equal || code == Code::not_equal;
  if (one ? right->size() > 1 : code != Code::in) return false;
  return std::all_of(right->begin(), right->end(),
                     [](const Value& value) { return value.tag() == Tag::string; });
}

}  // namespace

Error Compiler::fail(std::uint32_t offset, std::string text) const {
  return program_.fail(ErrorCode::invalid, offset, std::move(text));
}

OpIndex Compiler::add(Op op) {
  program_.ops.push_back(op);
  return static_cast<OpIndex>(program_.ops.size() - 1);
}

OpIndex Compiler::add_constant(Collection value, std::uint32_t offset) {
  program_.constants.push_back(value);
  return add(
      {Code::constant, static_cast<std::uint32_t>(program_.constants.size() - 1), 0, 0, offset});
}

const Collection* Compiler::constant(OpIndex op) const {
  const Op& found = program_.ops[op];
  return found.code == Code::constant ? &program_.constants[found.a] : nullptr;
}

Value Compiler::keep(const Value& value) {
  tree::Arena& arena = program_.arena;
  switch (value.tag()) {
    case Tag::string:
      return Value::of(arena.copy(value.text()));
    case Tag::decimal:
      return Value::of(*arena.make<Decimal>(value.decimal()));
    case Tag::quantity: {
      const Quantity& quantity = value.quantity();
      return Value::of(*arena.make<Quantity>(Quantity{
          arena.make<Decimal>(*quantity.value), arena.copy(quantity.unit), quantity.calendar}));
    }
    case Tag::type_info:
      return Value::of(*arena.make<TypeInfo>(
          TypeInfo{arena.copy(value.type_info().space), arena.copy(value.type_info().name)}));
    default:
      return value;
  }
}

Collection Compiler::keep(const Collection& value) {
  if (value.size() == 1) return Collection::of(keep(value.front()));
  // Built in an arena of its own: constants outlive every evaluation.
  Collection kept;
  const auto items = program_.arena.array<Value>(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) items[i] = keep(value[i]);
  return value.empty() ? kept : Collection::over(items);
}

OpIndex Compiler::fold(OpIndex op) {
  EvalContext scratch(EvalLimits{10'000, std::size_t{1} << 20});
  scratch.state().program = &program_;
  scratch.state().definitions = program_.definitions;
  scratch.state().names = program_.names;
  Evaluator evaluator(scratch, program_);
  Collection value;
  if (!evaluator.evaluate(op, {}, value)) return op;  // fails when it is evaluated
  return add_constant(keep(value), program_.ops[op].offset);
}

Static Compiler::declared(std::string_view type, bool single) const {
  if (type.starts_with("System.")) {
    if (const auto tag = system_type(type.substr(7))) return Static::system(*tag, single);
  }
  if (context_.definitions != nullptr && !type.empty()) {
    if (const auto* known = context_.definitions->type(type))
      return Static::element(*known, single);
  }
  return Static::unknown(single);
}

Result<void> Compiler::run() {
  focus_ = declared(context_.focus_type, true);
  CONCORD_ASSIGN(const Typed root, compile(ast_.root));
  program_.root = root.op;
  program_.result.single = root.type.single;
  for (const TypeRef& type : root.type.types) {
    program_.result.types.push_back(
        type.fhir != nullptr
            ? type.fhir->name()
            : context_.symbols.intern("System." + std::string(system_name(type.system))));
  }
  return {};
}

Result<Compiler::Typed> Compiler::compile(AstIndex at) {
  const AstNode& node = ast_[at];
  switch (node.kind) {
    case AstKind::empty:
      return Typed{add_constant({}, node.offset), Static::nothing()};
    case AstKind::this_item:
      return Typed{add({Code::focus, 0, 0, 0, node.offset}), focus_};
    case AstKind::index:
      if (context_.strict && !in_iteration_) {
        return fail(node.offset, "$index outside of where(), select() and their like");
      }
      return Typed{add({Code::index, 0, 0, 0, node.offset}), Static::system(Tag::integer)};
    case AstKind::total:
      if (context_.strict && !in_aggregate_) {
        return fail(node.offset, "$total outside of aggregate()");
      }
      return Typed{add({Code::total, 0, 0, 0, node.offset}), total_};
    case AstKind::external:
      return external(node);
    case AstKind::member:
    case AstKind::call:
    case AstKind::chain:
    case AstKind::indexer:
      return chain(at);
    case AstKind::unary:
      return unary(node);
    case AstKind::binary:
      return binary(node);
    case AstKind::type_test:
    case AstKind::type_cast:
      return type_operator(node);
    default:
      return literal(node);
  }
}

Result<Compiler::Typed> Compiler::literal(const AstNode& node) {
  const auto made = [&](Value value) {
    return Typed{add_constant(Collection::of(keep(value)), node.offset),
                 Static::system(value.tag())};
  };
  switch (node.kind) {
    case AstKind::boolean:
      return made(Value::of(node.text == "true"));
    case AstKind::string:
      return made(Value::of(std::string_view(node.text)));
    case AstKind::integer:
    case AstKind::long_integer: {
      const bool is_long = node.kind == AstKind::long_integer;
      std::int64_t value = 0;
      const char* end = node.text.data() + node.text.size();
      const auto [stop, fault] = std::from_chars(node.text.data(), end, value);
      if (fault != std::errc() || stop != end || (!is_long && value > INT32_MAX)) {
        return fail(node.offset, is_long ? "a Long is at most 9223372036854775807"
                                         : "an integer is at most 2147483647");
      }
      return made(is_long ? Value::of_long(value) : Value::of(value));
    }
    case AstKind::decimal:
    case AstKind::quantity: {
      const auto number = Decimal::parse(node.text);
      if (!number) return fail(node.offset, "a number has at most 34 digits");
      if (node.kind == AstKind::decimal) return made(Value::of(*number));
      return made(Value::of(Quantity{&*number, node.unit, node.calendar}));
    }
    default:
      break;
  }
  const Tag tag = node.kind == AstKind::date        ? Tag::date
                  : node.kind == AstKind::date_time ? Tag::date_time
                                                    : Tag::time;
  const auto moment = tag == Tag::date        ? parse_date(node.text)
                      : tag == Tag::date_time ? parse_date_time(node.text)
                                              : parse_time(node.text);
  if (!moment) return fail(node.offset, "no such date or time");
  return made(Value::of(tag, *moment));
}

Result<Compiler::Typed> Compiler::external(const AstNode& node) {
  const std::string_view name = node.text;
  const auto text = [&](std::string value) {
    return Typed{
        add_constant(Collection::of(keep(Value::of(std::string_view(value)))), node.offset),
        Static::system(Tag::string)};
  };
  for (auto local = locals_.rbegin(); local != locals_.rend(); ++local) {
    if (local->name == name)
      return Typed{add({Code::local, local->slot, 0, 0, node.offset}), local->type};
  }
  for (std::size_t i = 0; i < context_.variables.size(); ++i) {
    const VariableDeclaration& variable = context_.variables[i];
    if (variable.name == name) {
      return Typed{add({Code::bound, static_cast<std::uint32_t>(i), 0, 0, node.offset}),
                   declared(variable.type, variable.single)};
    }
  }
  if (name == "context") {
    return Typed{add({Code::context, 0, 0, 0, node.offset}), declared(context_.focus_type, true)};
  }
  if (name == "resource" || name == "rootResource") {
    const Code code = name == "resource" ? Code::resource : Code::root_resource;
    Static type = Static::unknown(true);
    const Static context = declared(context_.focus_type, true);
    if (context.known && !context.types.empty() && context.types.front().fhir != nullptr &&
        context.types.front().fhir->is_resource()) {
      // A contained resource is its own %resource, but not its own %rootResource.
      if (code == Code::resource) type = context;
    }
    return Typed{add({code, 0, 0, 0, node.offset}), type};
  }
  if (name == "ucum") return text("http://unitsofmeasure.org");
  if (name == "sct") return text("http://snomed.info/sct");
  if (name == "loinc") return text("http://loinc.org");
  if (name == "terminologies") {
    const TypeInfo service{"FHIR", kTerminologyService};
    return Typed{add_constant(Collection::of(keep(Value::of(service))), node.offset),
                 Static::unknown(true)};
  }
  if (name.starts_with("vs-"))
    return text("http://hl7.org/fhir/ValueSet/" + std::string(name.substr(3)));
  if (name.starts_with("ext-")) {
    return text("http://hl7.org/fhir/StructureDefinition/" + std::string(name.substr(4)));
  }
  return fail(node.offset, "unknown variable %" + std::string(name));
}

Result<Compiler::Typed> Compiler::unary(const AstNode& node) {
  CONCORD_ASSIGN(const Typed operand, compile(node.children[0]));
  if (context_.strict) {
    const std::string why = refused(Accepts::number, operand.type);
    if (!why.empty()) return fail(node.offset, "\"" + node.text + "\" " + why);
  }
  OpIndex op = add({node.text == "-" ? Code::negate : Code::plus, operand.op, 0, 0, node.offset});
  if (constant(operand.op) != nullptr) op = fold(op);
  Static type = operand.type;
  type.single = true;
  return Typed{op, std::move(type)};
}

Result<Compiler::Typed> Compiler::binary(const AstNode& node) {
  // Long rows lean to the left: the spine is followed without recursion.
  std::vector<const AstNode*> spine{&node};
  while (ast_[spine.back()->children[0]].kind == AstKind::binary) {
    spine.push_back(&ast_[spine.back()->children[0]]);
  }
  CONCORD_ASSIGN(Typed left, compile(spine.back()->children[0]));
  for (; !spine.empty(); spine.pop_back()) {
    const AstNode& at = *spine.back();
    CONCORD_ASSIGN(const Typed right, compile(at.children[1]));
    const Code code = code_of(at.text);
    if (context_.strict) {
      const std::string why = mismatch(code, left.type, right.type);
      if (!why.empty()) return fail(at.offset, "\"" + at.text + "\": " + why);
    }
    const std::uint32_t on_texts = is_on_texts(code, constant(right.op)) ? kOnTexts : 0;
    OpIndex op = add({code, left.op, right.op, on_texts, at.offset});
    if (constant(left.op) != nullptr && constant(right.op) != nullptr) op = fold(op);
    left = Typed{op, detail::result_of(code, left.type, right.type)};
  }
  return left;
}

Result<Compiler::Typed> Compiler::type_operator(const AstNode& node) {
  CONCORD_ASSIGN(const Typed operand, compile(node.children[0]));
  Static target;
  CONCORD_ASSIGN(const std::uint32_t test, type_test(node.text, node.offset, target));
  const bool is_test = node.kind == AstKind::type_test;
  Static type = operand.type;
  narrow(is_test ? SegmentKind::is_type : SegmentKind::as_type, target, type);
  return Typed{add({is_test ? Code::is_type : Code::as_type, operand.op, test, 0, node.offset}),
               std::move(type)};
}

namespace {

bool only_primitives(const Static& type) {
  return type.known && !type.types.empty() &&
         std::all_of(type.types.begin(), type.types.end(), [](const TypeRef& one) {
           return one.fhir != nullptr && one.fhir->is_primitive();
         });
}

bool is_text_of(const Static& type, tree::Symbol name) {
  return type.known && !type.types.empty() &&
         std::all_of(type.types.begin(), type.types.end(), [&](const TypeRef& one) {
           if (one.fhir == nullptr || !one.fhir->is_model()) return false;
           const definitions::Child child = one.fhir->child(name);
           return child && child.element->representation == definitions::Representation::text;
         });
}

}  // namespace

Result<Compiler::Typed> Compiler::chain(AstIndex at) {
  const AstNode& node = ast_[at];
  const std::size_t locals = locals_.size();
  std::vector<AstIndex> steps{at};
  if (node.kind == AstKind::chain) steps = node.children;
  Chain chain;
  OpIndex base = 0;
  std::size_t next = 0;
  const AstKind first = ast_[steps.front()].kind;
  if (first == AstKind::member || first == AstKind::call) {
    base = add({Code::focus, 0, 0, 0, node.offset});
    chain.type = focus_;
  } else {
    CONCORD_ASSIGN(Typed typed, compile(steps.front()));
    base = typed.op;
    chain.type = std::move(typed.type);
    chain.constant = constant(base) != nullptr;
    next = 1;
  }
  for (std::size_t i = next; i < steps.size(); ++i) {
    const AstNode& step = ast_[steps[i]];
    switch (step.kind) {
      case AstKind::member:
        if ((step.text == "value" && only_primitives(chain.type)) ||
            is_text_of(chain.type, context_.symbols.intern(step.text))) {
          // `linkId.value`: FHIR's definitions give each primitive an element of that name. What a
          // model calls xmlText is the text of the element itself.
          AstNode value = step;
          value.kind = AstKind::call;
          value.text = kValueOfPrimitive;
          CONCORD_TRY(call(chain, value));
          break;
        }
        CONCORD_TRY(member(chain, step, i == 0));
        break;
      case AstKind::call:
        CONCORD_TRY(call(chain, step));
        break;
      case AstKind::indexer:
        CONCORD_TRY(index(chain, step));
        break;
      default:
        return fail(step.offset, "only the name of an element or function may follow \".\"");
    }
  }
  flush(chain, node.offset);
  locals_.resize(locals);
  const auto start = static_cast<std::uint32_t>(program_.segments.size());
  program_.segments.insert(program_.segments.end(), chain.segments.begin(), chain.segments.end());
  OpIndex op = add(
      {Code::chain, base, start, static_cast<std::uint32_t>(chain.segments.size()), node.offset});
  if (chain.constant) op = fold(op);
  return Typed{op, std::move(chain.type)};
}

}  // namespace concord::path::detail
