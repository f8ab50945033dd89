#pragma once
/// Syntax tree → text of a map, in one form. Internal to the room; structure_map.h is the way in.

#include <string>

#include "fhir/mapping/ast.h"

namespace concord::mapping {

/// What parse() reads back as the same tree, positions and the form of white space aside.
std::string print(const ast::Map& map);

/// One argument or value as text writes it.
std::string print_value(const ast::Value& value);

/// FHIRPath with one space where there was any white space or comment between two tokens.
std::string normal_path(std::string_view text);

/// `v` or `v.element`: a path that needs no parentheses.
bool is_name_path(std::string_view text);

}  // namespace concord::mapping
