#pragma once
/// The FHIRPath functions of this room: each functions/X.cpp defines register_X(), found at
/// configure time. All are pure: same input and arguments, same answer.

#include <string_view>

#include "fhir/path/context.h"
#include "fhir/path/function_table.h"
#include "fhir/tree/node_set.h"

namespace concord::eps {

namespace functions {
using Table = path::FunctionTable;

/// The FHIRPath of an item with indices, or "" for a value that stands in no tree.
std::string expression_of(const path::Value& item);

/// Gives each issue of `error` the place of `item` unless it has one.
Error at(Error error, const path::Value& item);

/// Marks an element and everything below it as read.
void mark_read(tree::NodeSet& reads, const tree::Node& element);

/// Puts `compute(text)` in place of each item that has a text; `compute` gives Result<std::string>.
/// An error gets the place of the item.
template <typename Compute>
Result<path::Collection> for_each_text(path::EvalContext& context, const path::Collection& input,
                                       Compute&& compute) {
  path::Collection made;
  for (const path::Value& item : input) {
    const auto text = context.text_of(item);
    if (!text) continue;
    auto computed = compute(*text);
    if (!computed) return at(std::move(computed).error(), item);
    if (!made.add(context, context.string(*computed))) return context.failure();
  }
  return made;
}
}  // namespace functions

/// Adds every function. Generated from the folder.
void register_functions(functions::Table& table);

}  // namespace concord::eps
