#pragma once
/// R4 and the functions of FHIRPath, loaded once for these tests.

#include <string>

#include "fhir/definitions/annotate.h"
#include "fhir/definitions/definitions.h"
#include "fhir/json/reader.h"
#include "fhir/path/function_table.h"

namespace concord::test {

struct R4 {
  tree::Symbols symbols;
  definitions::Definitions definitions = *definitions::Definitions::r4(symbols);
  path::FunctionTable functions = path::FunctionTable::standard();
};

inline R4& r4() {
  static R4 made;
  return made;
}

/// A resource of the test's own, annotated; ends the program when it is none.
inline tree::Document resource_of(std::string text) {
  tree::Document document = *json::read(std::move(text), r4().symbols);
  tree::Builder builder(document);
  definitions::annotate(builder, r4().definitions);
  return document;
}

}  // namespace concord::test
