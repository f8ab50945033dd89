// Codes: http://hl7.org/fhir/R4/fhirpath.html#functions (memberOf, subsumes, subsumedBy) and the
// terminology service: http://hl7.org/fhir/R4B/fhirpath.html#txapi (%terminologies).
#include <array>
#include <string>

#include "fhir/path/context.h"
#include "fhir/path/detail/state.h"
#include "fhir/path/detail/types.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

bool is_service(const Collection& input) {
  return input.size() == 1 && input.front().tag() == Tag::type_info &&
         input.front().type_info().name == detail::kTerminologyService;
}

/// memberOf(value set): needs a terminology (Hooks::member_of); nothing without one.
Result<Collection> fn_member_of(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto url, context.one_string(args[0], "the value set of memberOf()"));
  if (input.size() > 1) return make_error(ErrorCode::invalid, "memberOf() on several items");
  if (input.empty() || !url || !context.hooks.member_of) return Collection();
  CONCORD_ASSIGN(const auto member, context.hooks.member_of(input.front(), *url));
  return member ? Collection::of(*member) : Collection();
}

/// The codings of a Coding, CodeableConcept or code; `each` gets system and code.
template <typename Each>
void each_coding(EvalContext& context, const Value& item, Each&& each) {
  const auto& names = context.state().names;
  if (!item.is_node()) {
    if (item.tag() == Tag::string) each(std::string_view(), item.text());
    return;
  }
  const tree::Node& node = item.node();
  if (node.has_value()) {
    each(std::string_view(), node.text());
    return;
  }
  const auto one = [&](const tree::Node& coding) {
    const tree::Node* code = coding.child(names.code);
    if (code == nullptr || !code->has_value()) return;
    const tree::Node* system = coding.child(names.system);
    if (context.reads != nullptr) {
      context.reads->insert(*code);
      if (system != nullptr) context.reads->insert(*system);
    }
    each(system == nullptr ? std::string_view() : system->text(), code->text());
  };
  const tree::Node* coding = node.child(names.coding);
  if (coding == nullptr) return one(node);
  for (; coding != nullptr; coding = coding->next_same()) one(*coding);
}

bool share_a_code(EvalContext& context, const Value& a, const Value& b) {
  bool same = false;
  each_coding(context, a, [&](std::string_view system, std::string_view code) {
    each_coding(context, b, [&](std::string_view other_system, std::string_view other) {
      // A bare code has the system of what it is compared with.
      same = same ||
             (code == other && (system == other_system || system.empty() || other_system.empty()));
    });
  });
  return same;
}

Result<Collection> call_service(EvalContext& context, std::string_view operation, Args args) {
  if (!context.hooks.terminologies) {
    return make_error(ErrorCode::unsupported, "%terminologies: no terminology service is there");
  }
  std::array<Collection, 8> arguments;
  for (std::size_t i = 0; i < args.size(); ++i) arguments[i] = args[i];
  return context.hooks.terminologies(operation, std::span(arguments).first(args.size()));
}

/// subsumes(code) and subsumedBy(code); on %terminologies subsumes(system, a, b, [parameters]).
template <bool kInputIsGeneral>
Result<Collection> fn_subsumes(EvalContext& context, const Collection& input, Args args) {
  if (kInputIsGeneral && is_service(input)) return call_service(context, "subsumes", args);
  if (args.size() != 1) {
    return make_error(ErrorCode::invalid, "subsumes() and subsumedBy() take one code");
  }
  if (input.size() > 1 || args[0].size() > 1) {
    return make_error(ErrorCode::invalid, "subsumes() and subsumedBy() on several items");
  }
  if (input.empty() || args[0].empty()) return Collection();
  if (!context.spend(4)) return context.failure();
  if (share_a_code(context, input.front(), args[0].front())) return Collection::of(true);
  if (!context.hooks.subsumes) return Collection();
  const Value& general = kInputIsGeneral ? input.front() : args[0].front();
  const Value& special = kInputIsGeneral ? args[0].front() : input.front();
  CONCORD_ASSIGN(const auto subsumed, context.hooks.subsumes(general, special));
  return subsumed ? Collection::of(*subsumed) : Collection();
}

template <std::size_t kOperation>
constexpr std::string_view kOperations = std::array<std::string_view, 5>{
    "expand", "lookup", "validateVS", "validateCS", "translate"}[kOperation];

template <std::size_t kOperation>
Result<Collection> fn_service(EvalContext& context, const Collection& input, Args args) {
  if (!is_service(input)) {
    return make_error(ErrorCode::invalid,
                      std::string(kOperations<kOperation>) + "() is a function of %terminologies");
  }
  return call_service(context, kOperations<kOperation>, args);
}

constexpr FunctionRow kRows[] = {
    {.name = "memberOf",
     .min = 1,
     .max = 1,
     .handler = &fn_member_of,
     .returns = Returns::boolean,
     .argument = Accepts::string},
    {.name = "subsumes",
     .min = 1,
     .max = 4,
     .handler = &fn_subsumes<true>,
     .returns = Returns::unknown},
    {.name = "subsumedBy",
     .min = 1,
     .max = 1,
     .handler = &fn_subsumes<false>,
     .returns = Returns::boolean},
    {.name = "expand", .min = 1, .max = 2, .handler = &fn_service<0>},
    {.name = "lookup", .min = 1, .max = 2, .handler = &fn_service<1>},
    {.name = "validateVS", .min = 2, .max = 3, .handler = &fn_service<2>},
    {.name = "validateCS", .min = 2, .max = 3, .handler = &fn_service<3>},
    {.name = "translate", .min = 2, .max = 3, .handler = &fn_service<4>},
};

}  // namespace

void register_terminology(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
