#pragma once
/// The faults a campaign can cause. Each is one function; each occurrence is in the history with
/// what is needed to cause it again.

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "tests/campaign/board.h"
#include "tests/campaign/stage.h"

namespace concord::campaign {

/// Where a fault works.
struct Scene {
  Board& board;
  Stage& stage;
  std::mt19937_64& draw;
  std::uint64_t number = 0;      ///< of the fault
  std::uint64_t occurrence = 0;  ///< of its kind: what has variants goes through them in turn

  /// Into the history.
  void note(std::string kind, std::string detail) const;
  /// Into the troubles, with the number of the fault.
  void trouble(const std::string& text) const;
};

struct FaultKind {
  std::string name;
  std::string what;  ///< for --help
  std::function<bool(const Plan&)> fits;
  std::function<void(Scene&)> cause;  ///< returns when the gateways run again
};

/// All of them, in a fixed order.
const std::vector<FaultKind>& fault_kinds();

/// Causes the faults of the plan one after another, spread evenly over its messages, and returns
/// when all are done or nothing moves any more (a trouble).
void cause_faults(Board& board, Stage& stage);

}  // namespace concord::campaign
