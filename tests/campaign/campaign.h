#pragma once
/// One campaign from beginning to end.

#include <string>
#include <vector>

#include "tests/campaign/check/checker.h"
#include "tests/campaign/plan.h"

namespace concord::campaign {

struct Account {
  /// Of one kind of fault.
  struct Times {
    std::uint64_t caused = 0;
    std::uint64_t met = 0;  ///< of them while requests were under way
  };
  Verdict verdict;                             ///< of the checker, over the history as written
  std::vector<std::string> troubles;           ///< what went wrong beside
  std::map<std::string, Times> faults;         ///< by kind
  std::map<std::string, std::uint64_t> steps;  ///< of a commit, at which gateways died
  double seconds = 0;
  /// Of them: clients and faults, until all was delivered, reading what was there then, judging.
  double seconds_faults = 0, seconds_drain = 0, seconds_end = 0, seconds_check = 0;
  bool sound() const { return verdict.clean() && troubles.empty(); }
};

/// Plays a plan. The history is `plan.folder`/history.jsonl.
Account run(const Plan& plan);

/// Judges a kept history. Errors: those of read_history().
Result<Account> check(const std::filesystem::path& history);

}  // namespace concord::campaign
