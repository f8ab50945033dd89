#pragma once
/// The table of interactions and search features in gateway/README.md: our column from test
/// results, the others as their own documentation has it. Pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "conformance/runner/results.h"
#include "fhir/core/result.h"

namespace concord::runner {

/// One row of features.tsv: feature, what HAPI, Blaze, Microsoft and Medplum document, and the
/// tests that are our evidence ("script/test" or "script/*", several with "; "; empty: none).
struct Feature {
  std::string name, hapi, blaze, microsoft, medplum;
  std::vector<std::string> evidence;
};

/// Errors: invalid, with the line (wrong number of columns).
Result<std::vector<Feature>> read_features(std::string_view tsv);
/// The rows carried in the binary. Errors: as above.
Result<std::vector<Feature>> features();

/// Markdown. A feature is "✓ n/n" when all of its tests passed, "n/m" when some did, "no" when none
/// did, "not tested" when the run had none of them.
std::string features_table(const std::vector<Feature>& features, const RunResult& run);

/// `text` with what stands between `<!-- features: begin -->` and `<!-- features: end -->`
/// replaced. Errors: not_found (no such lines).
Result<std::string> with_table(std::string_view text, const std::string& table);

}  // namespace concord::runner
