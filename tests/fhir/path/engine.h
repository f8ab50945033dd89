#pragma once
/// What the tests of this folder share: definitions, documents, one call from text to printed
/// items.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/path/expression.h"
#include "fhir/tree/document.h"

namespace concord::path::test {

/// R4 and all standard functions, loaded once per program.
struct Engine {
  tree::Symbols symbols;
  FunctionTable functions = FunctionTable::standard();
  std::unique_ptr<definitions::Definitions> definitions;

  CompileContext context(std::string focus_type = {}, bool strict = false);
};
Engine& engine();

/// A resource from JSON or XML, typed. Fails the test when it cannot be read.
tree::Document resource(std::string text);

/// "Tag:text" of each item: "string:Peter", "boolean:true", "Coding:{…}".
std::vector<std::string> printed(EvalContext& context, const Collection& items);

/// Compiles and evaluates over a document; the error as "!code: text" in place of items.
std::vector<std::string> run(std::string_view expression, const tree::Document& document,
                             bool strict = false);
/// The same over a Patient with nothing but an id.
std::vector<std::string> run(std::string_view expression);

}  // namespace concord::path::test
