#pragma once
/// Batches and transactions. Source: hl7.org/fhir/R4/http.html#transaction.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/resources/detail/entry.h"
#include "gateway/resources/detail/plan.h"

namespace concord::resources::detail {

/// As ResourceService::bundle().
Result<std::string> run_bundle(const Room& room, const Caller& caller, tree::Document bundle,
                               std::string_view preference);

/// What became of an entry.
struct Answer {
  int status = 200;
  std::optional<store::ResourceRow> row;  ///< the version it is about
  std::string resource;                   ///< JSON; empty: none goes back
  std::string outcome;                    ///< JSON; empty: none
};

/// Carries out a read or search. Errors: those of the interaction.
Result<Answer> run_read(const Room& room, const Caller& caller, const Entry& entry);

/// What a change is answered with, as `preference` asks.
Answer answer_of(const Room& room, const Done& done, std::string_view preference);

/// All or nothing. Errors: those of the first entry that fails, with its place in the Bundle.
Result<std::vector<Answer>> run_transaction(const Room& room, const Caller& caller,
                                            const tree::Document& bundle,
                                            const std::vector<Entry>& entries,
                                            std::string_view preference);

}  // namespace concord::resources::detail
