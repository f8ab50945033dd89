#pragma once
// R4 for the tests of this program, loaded once.

#include <gmock/gmock.h>

#include "conformance/runner/standard.h"

namespace concord::runner {

/// A clock that stands still.
inline Instant test_now() { return *parse_instant("2026-03-02T10:20:30Z"); }

inline Standard& r4() {
  static const std::unique_ptr<Standard> loaded = [] {
    auto made = Standard::load({}, [] { return test_now(); });
    if (!made) {
      ADD_FAILURE() << to_string(made.error());
      std::abort();
    }
    return *std::move(made);
  }();
  return *loaded;
}

}  // namespace concord::runner
