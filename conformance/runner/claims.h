#pragma once
/// What a server claims in /metadata beside what the tests saw of it. One thread.

#include <string>
#include <vector>

#include "conformance/runner/results.h"
#include "fhir/tree/document.h"

namespace concord::runner {

/// One interaction of one resource type (or of the system, with an empty type).
struct Claim {
  std::string type;
  std::string interaction;  ///< "search-type", "$validate"
  bool claimed = false;
  std::size_t worked = 0;  ///< exchanges in tests that passed, answered with success
  std::size_t failed = 0;  ///< exchanges in tests that did not
  std::string example;     ///< "script/test" of the first failure, else of the first success
};

enum class Standing {
  kept,               ///< claimed and works
  claimed_but_fails,  ///< claimed, and a test that uses it fails
  unclaimed_works,
  unclaimed_fails,
  not_tested,  ///< claimed, and no test uses it
};
Standing standing_of(const Claim& claim);
std::string_view standing_name(Standing standing);

/// Every interaction the statement claims or the tests used, sorted by type and interaction.
std::vector<Claim> check_claims(const RunResult& run, const tree::Document& statement);

/// As a table for people: what is claimed but fails, what works unclaimed, then counts.
std::string claims_text(const std::vector<Claim>& claims);

}  // namespace concord::runner
