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
  std::int64_t waiting = 0;      ///< as meet() found

  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + draw() % (high - low + 1);
  }
  std::size_t any_gateway() { return draw() % stage.gateways(); }

  /// Waits until a request is under way: called right before the fault strikes. A trouble when
  /// there is none for ten seconds.
  void meet();
  /// Into the history. `reached`: the step of a commit at which a gateway died.
  void note(std::string kind, std::string detail, std::string reached = {}) const;
  /// Into the troubles, with the number of the fault.
  void trouble(const std::string& text) const;
  /// Starts a gateway that has ended; a trouble when it does not.
  void start_again(std::size_t which);
};

struct FaultKind {
  std::string name;
  std::string what;  ///< for --help
  std::function<bool(const Plan&)> fits;
  std::function<void(Scene&)> cause;  ///< returns when the gateways run again
};

/// All of them, in a fixed order.
const std::vector<FaultKind>& fault_kinds();

/// Rows of that table, by what they happen to.
void add_gateway_faults(std::vector<FaultKind>& to);
void add_network_faults(std::vector<FaultKind>& to);
void add_disk_faults(std::vector<FaultKind>& to);
void add_database_faults(std::vector<FaultKind>& to);
void add_upgrade_faults(std::vector<FaultKind>& to);

bool always(const Plan& plan);
bool on_sqlite(const Plan& plan);
bool on_postgresql(const Plan& plan);
/// The disk under the store can be steered: not where there are two of them.
bool on_one_disk(const Plan& plan);

/// Causes the faults of the plan one after another, spread evenly over its messages, and returns
/// when all are done or nothing moves any more (a trouble).
void cause_faults(Board& board, Stage& stage);

}  // namespace concord::campaign
