// Faults of the gateways themselves: they die, at any moment or at a step of a commit, are stopped,
// stand still, are brought up to date.
#include <array>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>

#include "tests/campaign/faults.h"

namespace concord::campaign {
namespace {

using namespace std::chrono_literals;

void kill_gateway(Scene& scene) {
  const std::size_t which = scene.any_gateway();
  scene.meet();
  scene.stage.gateway(which).kill();
  scene.note("kill", "gateway=" + std::to_string(which));
  scene.start_again(which);
}

/// Every step of every transaction that this workload brings.
constexpr std::array kSqliteSteps{"lookup", "lineage", "task",      "payload",     "inbox",
                                  "keys",   "outbox",  "audit",     "head",        "commit",
                                  "lease",  "attempt", "committed", "old version", "resource",
                                  "index",  "*"};
constexpr std::array kPostgresqlSteps{"lookup", "guards", "task",      "attempt", "outbox",
                                      "lease",  "head",   "committed", "commit",  "*"};

/// Dies by itself at a step of a commit, in the middle of its work; of five times once right after
/// its start, which writes as well.
void kill_at_step(Scene& scene) {
  const std::size_t which = scene.any_gateway();
  const bool sqlite = scene.stage.cluster() == nullptr;
  const std::string step = sqlite ? kSqliteSteps[scene.occurrence % kSqliteSteps.size()]
                                  : kPostgresqlSteps[scene.occurrence % kPostgresqlSteps.size()];
  const std::uint64_t nth = scene.between(1, step == "*" ? 40 : 3);
  const bool at_start = scene.draw() % 5 == 0;
  test::Process& gateway = scene.stage.gateway(which);
  scene.meet();
  if (at_start) gateway.kill();
  scene.stage.arm(which, step, nth);
  if (at_start && !scene.stage.start(which) && scene.stage.gateway(which).running()) {
    scene.trouble("the gateway does not start");
  }
  // Clients go on until it was reached.
  const auto ended = scene.stage.gateway(which).wait(60s);
  scene.stage.disarm(which);
  scene.note("step",
             "gateway=" + std::to_string(which) + " point=" + step + ":" + std::to_string(nth) +
                 (at_start ? " from its start" : ""),
             ended ? step : "");
  if (!ended) {
    scene.trouble("step " + step + " was not reached in a minute");
    scene.stage.gateway(which).kill();
  }
  scene.start_again(which);
}

/// Ends it as an operator does, in the middle of the work.
void stop_gateway(Scene& scene) {
  const std::size_t which = scene.any_gateway();
  scene.meet();
  scene.stage.gateway(which).signal(SIGTERM);
  scene.note("stop", "gateway=" + std::to_string(which));
  const auto ended = scene.stage.gateway(which).wait(60s);
  if (ended != 0) scene.trouble("the gateway did not end with 0 on SIGTERM");
  scene.start_again(which);
}

void pause_gateway(Scene& scene) {
  const std::size_t which = scene.any_gateway();
  const std::uint64_t ms = scene.between(200, 1500);
  scene.meet();
  scene.stage.gateway(which).signal(SIGSTOP);
  scene.note("pause", "gateway=" + std::to_string(which) + " ms=" + std::to_string(ms));
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  scene.stage.gateway(which).signal(SIGCONT);
}

}  // namespace

void add_gateway_faults(std::vector<FaultKind>& to) {
  to.push_back({"kill", "SIGKILL to a gateway", always, kill_gateway});
  to.push_back({"step", "a gateway dies at a step of a commit", always, kill_at_step});
  to.push_back({"stop", "SIGTERM to a gateway under load", always, stop_gateway});
  to.push_back({"pause", "a gateway stands still for a while", always, pause_gateway});
}

}  // namespace concord::campaign
