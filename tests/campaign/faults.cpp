#include "tests/campaign/faults.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

namespace concord::campaign {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = 120s;  ///< without a request settled; then the campaign has failed

/// Any gateway that is gone without having been told so.
void look_after(Scene& scene) {
  if (scene.stage.cluster() != nullptr && !scene.stage.cluster()->wait_until_ready(60s)) {
    scene.trouble("PostgreSQL takes no connections for a minute");
  }
  for (std::size_t i = 0; i < scene.stage.gateways(); ++i) {
    if (scene.stage.gateway(i).running()) continue;
    scene.trouble("gateway " + std::to_string(i) + " ended by itself");
    scene.start_again(i);
  }
}

/// Until something is so. False, and the campaign is over, when no request is settled meanwhile.
bool wait_for(Board& board, const std::function<bool()>& holds) {
  auto moved = Clock::now();
  for (std::uint64_t seen = board.settled; !holds(); std::this_thread::sleep_for(200us)) {
    if (seen != board.settled) {
      seen = board.settled;
      moved = Clock::now();
    }
    if (Clock::now() - moved < kPatience) continue;
    board.trouble("no request was settled for two minutes");
    board.over = true;
    return false;
  }
  return true;
}

}  // namespace

void Scene::meet() {
  const auto until = Clock::now() + 10s;
  while ((waiting = static_cast<std::int64_t>(board.waiting)) == 0) {
    if (Clock::now() > until) return trouble("no request was under way for ten seconds");
    std::this_thread::sleep_for(50us);
  }
}

void Scene::note(std::string kind, std::string detail, std::string reached) const {
  board.history.add(
      Fault{number, board.now(), std::move(kind), std::move(detail), waiting, std::move(reached)});
}

void Scene::trouble(const std::string& text) const {
  board.trouble("fault " + std::to_string(number) + ": " + text);
}

void Scene::start_again(std::size_t which) {
  if (!stage.start(which)) trouble("gateway " + std::to_string(which) + " does not start again");
}

bool always(const Plan&) { return true; }
bool on_sqlite(const Plan& plan) { return plan.store == "sqlite"; }
bool on_postgresql(const Plan& plan) { return plan.store == "postgresql"; }
bool on_one_disk(const Plan& plan) { return !plan.standby; }

const std::vector<FaultKind>& fault_kinds() {
  static const std::vector<FaultKind> kKinds = [] {
    std::vector<FaultKind> all;
    add_gateway_faults(all);
    add_network_faults(all);
    add_disk_faults(all);
    add_database_faults(all);
    add_upgrade_faults(all);
    return all;
  }();
  return kKinds;
}

void cause_faults(Board& board, Stage& stage) {
  std::mt19937_64 draw(board.plan.seed);
  std::vector<const FaultKind*> kinds;
  for (const FaultKind& kind : fault_kinds()) {
    const bool wanted = board.plan.kinds.empty() || board.plan.names(kind.name);
    if (wanted && kind.fits(board.plan)) kinds.push_back(&kind);
  }
  const std::uint64_t faults = kinds.empty() ? 0 : board.plan.faults;
  const std::uint64_t share = std::max<std::uint64_t>(board.plan.messages / (faults + 1), 1);
  // Seeds that follow each other begin with another kind, and with another variant of each.
  const std::uint64_t first = faults == 0 ? 0 : board.plan.seed * faults;
  for (std::uint64_t number = 0; number < faults; ++number) {
    Scene scene{board, stage, draw, number, (first + number) / kinds.size()};
    const std::uint64_t enough = number * share + draw() % share;
    if (!wait_for(board, [&] { return board.accepted >= enough; })) break;
    look_after(scene);
    std::this_thread::sleep_for(std::chrono::microseconds(draw() % 20'000));
    kinds[(first + number) % kinds.size()]->cause(scene);
    ++board.given;
  }
  board.all_given = true;
  wait_for(board, [&] { return board.working == 0; });
}

}  // namespace concord::campaign
