#pragma once
/// One campaign from beginning to end.

#include <string>
#include <vector>

#include "tests/campaign/check/checker.h"
#include "tests/campaign/plan.h"

namespace concord::campaign {

struct Account {
  Verdict verdict;                    ///< of the checker, over the history as it was written
  std::vector<std::string> troubles;  ///< what went wrong beside
  std::map<std::string, std::uint64_t> faults;  ///< how many of each kind
  double seconds = 0;
  bool sound() const { return verdict.clean() && troubles.empty(); }
};

/// Plays a plan. The history is `plan.folder`/history.jsonl.
Account run(const Plan& plan);

/// Judges a kept history. Errors: those of read_history().
Result<Account> check(const std::filesystem::path& history);

}  // namespace concord::campaign
