#pragma once
// R4, loaded once for the tests of this program that only read it.

#include <gtest/gtest.h>

#include <string>

#include "fhir/definitions/definitions.h"
#include "fhir/json/reader.h"
#include "tests/support/result_matchers.h"

namespace concord::definitions {

struct Loaded {
  tree::Symbols symbols;
  Definitions definitions;
  Loaded() : definitions(load(symbols)) {}

 private:
  static Definitions load(tree::Symbols& symbols) {
    auto loaded = Definitions::r4(symbols);
    if (!loaded) {
      ADD_FAILURE() << to_string(loaded.error());
      std::abort();
    }
    return *std::move(loaded);
  }
};

inline const Loaded& r4() {
  static const Loaded loaded;
  return loaded;
}

inline const Type& type(std::string_view name) {
  const Type* found = r4().definitions.type(name);
  if (found == nullptr) {
    ADD_FAILURE() << "no type " << name;
    std::abort();
  }
  return *found;
}

inline Child child(std::string_view parent, std::string_view name) {
  return type(parent).child(r4().symbols.find(name));
}

}  // namespace concord::definitions
