#pragma once
// R4, loaded once for the tests of this program that only read it.

#include <gtest/gtest.h>

#include <string>

#include "fhir/definitions/definitions.h"
#include "fhir/json/reader.h"
#include "tests/support/result_matchers.h"

namespace concord::packages {

using definitions::Definitions;

struct Core {
  tree::Symbols symbols;
  Definitions definitions;
  Core() : definitions(load(symbols)) {}

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

inline const Core& r4() {
  static const Core loaded;
  return loaded;
}

}  // namespace concord::packages
