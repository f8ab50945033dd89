#include <algorithm>

#include "fhir/tree/node_set.h"
#include "mappers/eps/functions/registry.h"
#include "mappers/eps/published_error.h"

// What stands once in a prescription must be the same on each of its items. Source: eps.md section
// 17, "these equal on all MedicationRequests (absent counts as a value)".

namespace concord::eps {
namespace {

/// Same values in the same order, all the way down. What was compared counts as read. Costs a step
/// per node; depth is bounded by the document's limits.
bool same(path::EvalContext& context, const tree::Document& a_document, const tree::Node& a,
          const tree::Document& b_document, const tree::Node& b) {
  if (!context.spend()) return false;
  if (context.reads != nullptr) {
    context.reads->insert(a);
    context.reads->insert(b);
  }
  if (a.text() != b.text()) return false;
  const tree::Node* left = a.first_child();
  const tree::Node* right = b.first_child();
  for (; left != nullptr && right != nullptr;
       left = left->next_sibling(), right = right->next_sibling()) {
    if (a_document.name(*left) != b_document.name(*right) ||
        !same(context, a_document, *left, b_document, *right)) {
      return false;
    }
  }
  return left == nullptr && right == nullptr;
}

bool same(path::EvalContext& context, const path::Value& a, const path::Value& b) {
  if (a.is_node() && b.is_node()) {
    return same(context, a.document(), a.node(), b.document(), b.node());
  }
  return context.text_of(a) == context.text_of(b);
}

/// agree(projection, name, …) : Boolean. True when each projection gives the same for every item of
/// the input; else an error at the first item that differs.
Result<path::Collection> fn_agree(path::EvalContext& context, const path::Collection& input,
                                  path::Args args) {
  for (std::size_t pair = 0; pair + 1 < args.size() && input.size() > 1; pair += 2) {
    CONCORD_ASSIGN(const auto first, context.call(args.lambda(pair), input[0]));
    for (std::size_t at = 1; at < input.size(); ++at) {
      CONCORD_ASSIGN(const auto here, context.call(args.lambda(pair), input[at], at));
      const bool equal = here.size() == first.size() &&
                         std::equal(here.begin(), here.end(), first.begin(),
                                    [&](const path::Value& a, const path::Value& b) {
                                      return same(context, a, b);
                                    });
      if (!context.spend()) return context.failure();
      if (equal) continue;
      CONCORD_ASSIGN(const auto named, context.call(args.lambda(pair + 1), input[at], at));
      CONCORD_ASSIGN(const auto name, context.one_string(named, "name of agree()"));
      Error error = functions::at(invalid_value("all items of a prescription must have the same " +
                                                std::string(name.value_or("value"))),
                                  here.empty() ? input[at] : here.front());
      error.issues.front().code = "value";
      return error;
    }
  }
  return path::Collection::of(true);
}

constexpr path::FunctionRow kRows[] = {
    {.name = "agree",
     .min = 2,
     .max = 32,
     .lazy = true,
     .handler = &fn_agree,
     .returns = path::Returns::boolean,
     .documentation =
         "true when agree(projection, name, …) gives the same for every item, else an error"},
};

}  // namespace

void register_agree(functions::Table& table) { table.add(kRows); }

}  // namespace concord::eps
