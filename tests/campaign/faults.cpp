#include "tests/campaign/faults.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>

#include "tests/support/http_client.h"

namespace concord::campaign {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = 120s;  ///< without a message accepted; then the campaign has failed

std::uint64_t between(Scene& scene, std::uint64_t low, std::uint64_t high) {
  return low + scene.draw() % (high - low + 1);
}
std::size_t any_gateway(Scene& scene) { return scene.draw() % scene.stage.gateways(); }

void start_again(Scene& scene, std::size_t which) {
  if (!scene.stage.start(which)) scene.trouble("the gateway does not start again");
}

// ---- the process ----

void kill_gateway(Scene& scene) {
  const std::size_t which = any_gateway(scene);
  scene.note("kill", "gateway=" + std::to_string(which) +
                         " waiting=" + std::to_string(scene.board.waiting.load()));
  scene.stage.gateway(which).kill();
  start_again(scene, which);
}

constexpr std::array kSqliteSteps{"lookup",  "lineage",  "task",  "payload", "inbox",     "keys",
                                  "outbox",  "audit",    "head",  "commit",  "committed", "lease",
                                  "attempt", "resource", "index", "*"};
constexpr std::array kPostgresqlSteps{"lookup", "guards", "attempt",   "outbox", "lease",
                                      "head",   "commit", "committed", "*"};

/// Dies by itself at a step of a commit.
void kill_at_step(Scene& scene) {
  const std::size_t which = any_gateway(scene);
  const std::string step = scene.stage.cluster() == nullptr
                               ? kSqliteSteps[scene.occurrence % kSqliteSteps.size()]
                               : kPostgresqlSteps[scene.occurrence % kPostgresqlSteps.size()];
  const std::string point = step + ":" + std::to_string(between(scene, 1, step == "*" ? 40 : 3));
  scene.stage.gateway(which).kill();
  if (!scene.stage.start(which, {{"CONCORD_FAULT_POINT", point}})) {
    // It may have died before it was ready: its start writes as well.
    if (scene.stage.gateway(which).running()) scene.trouble("the gateway does not start");
  }
  // As long as there is work that may lead there.
  std::optional<int> ended;
  for (int i = 0; i < 50 && !ended; ++i) {
    ended = scene.stage.gateway(which).wait(200ms);
    if (scene.board.next >= scene.board.plan.messages + scene.board.plan.clients) break;
  }
  scene.note("step", "gateway=" + std::to_string(which) + " point=" + point +
                         (ended ? "" : " (not reached)"));
  scene.stage.gateway(which).kill();
  start_again(scene, which);
}

/// Ends it as an operator does, in the middle of the work.
void stop_gateway(Scene& scene) {
  const std::size_t which = any_gateway(scene);
  scene.note("stop", "gateway=" + std::to_string(which));
  scene.stage.gateway(which).signal(SIGTERM);
  const auto ended = scene.stage.gateway(which).wait(60s);
  if (ended != 0) scene.trouble("the gateway did not end with 0 on SIGTERM");
  start_again(scene, which);
}

void pause_gateway(Scene& scene) {
  const std::size_t which = any_gateway(scene);
  const std::uint64_t ms = between(scene, 200, 1500);
  scene.note("pause", "gateway=" + std::to_string(which) + " ms=" + std::to_string(ms));
  scene.stage.gateway(which).signal(SIGSTOP);
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  scene.stage.gateway(which).signal(SIGCONT);
}

// ---- the other side ----

/// Tells the simulated side to misbehave for some requests.
void misbehave(Scene& scene) {
  static constexpr std::array kWays{"http=503&retry_after=0", "drop=before",  "drop=after",
                                    "delay_ms=300",           "late_ms=4000", "twice=1"};
  const std::string how = std::string(kWays[scene.occurrence % kWays.size()]) +
                          "&for=" + std::to_string(between(scene, 1, 8));
  scene.note("peer", how);
  test::HttpClient other(scene.stage.other_side_port(), 10s);
  if (!other.request("POST", "/_behaviour", {{"Content-Type", "application/x-www-form-urlencoded"}},
                     how)) {
    scene.trouble("the simulated side does not answer");
  }
}

/// A bad network between the gateways and the other side, for a while.
void harm_network(Scene& scene) {
  // Never a corrupted request: a receiver without checksums of its own would take it.
  static constexpr std::array kWays{R"("kind":"refuse")",
                                    R"("kind":"cut","direction":"request")",
                                    R"("kind":"cut","direction":"response")",
                                    R"("kind":"half-open","direction":"request")",
                                    R"("kind":"half-open","direction":"response")",
                                    R"("kind":"duplicate","direction":"request")",
                                    R"("kind":"duplicate","direction":"response")",
                                    R"("kind":"reorder")",
                                    R"("kind":"wrong-answer")",
                                    R"("kind":"corrupt","direction":"response")",
                                    R"("kind":"slow","direction":"request","rate":20000)",
                                    R"("kind":"delay","ms":400)"};
  const std::string faults = std::string("{\"faults\":[{") +
                             kWays[scene.occurrence % kWays.size()] +
                             ",\"permille\":" + std::to_string(between(scene, 200, 900)) + "}]}";
  const std::uint64_t ms = between(scene, 200, 1500);
  scene.note("network", faults + " ms=" + std::to_string(ms));
  test::HttpClient control(scene.stage.network_port(), 10s);
  const auto tell = [&](const std::string& what) {
    const auto answer = control.request("POST", "/faults", {}, what);
    if (!answer || answer->status != 200) scene.trouble("the proxy does not take faults");
  };
  tell(faults);
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  tell("{}");
}

// ---- the database ----

void restart_database(Scene& scene) {
  scene.note("database", "immediate");
  scene.stage.cluster()->restart(test::PostgresCluster::How::immediate);
}

/// Ends all connections of the gateways, as an administrator may.
void end_connections(Scene& scene) {
  scene.note("connections", "pg_terminate_backend");
  scene.stage.cluster()->sql(scene.stage.connection(),
                             "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                             "WHERE pid <> pg_backend_pid() AND datname = current_database()");
}

/// SIGKILL to one process of the server: the server takes all others down and recovers.
void kill_backend(Scene& scene) {
  const std::string pid = scene.stage.cluster()->sql(
      scene.stage.connection(),
      "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
      "datname = current_database() ORDER BY random() LIMIT 1");
  scene.note("backend", "SIGKILL pid=" + pid);
  if (!pid.empty()) ::kill(std::stoi(pid), SIGKILL);
  std::this_thread::sleep_for(std::chrono::milliseconds(between(scene, 0, 300)));
}

// ---- the disk ----

/// The power of the machine under the store goes: what was not synced is lost, in one of the ways
/// disks lose it.
void cut_power(Scene& scene) {
  using disk_faults::Loss;
  static constexpr std::array kLosses{Loss::all, Loss::prefix, Loss::torn};
  static constexpr std::array kNames{"all", "prefix", "torn"};
  const std::size_t loss = scene.occurrence % kLosses.size();
  const std::uint64_t seed = scene.draw();
  Stage& stage = scene.stage;
  stage.disk()->power_off();
  if (stage.cluster() != nullptr) {
    stage.cluster()->stop(test::PostgresCluster::How::killed);
  } else {
    stage.gateway(0).kill();
  }
  const auto cut = stage.disk()->take_back(kLosses[loss], seed);
  if (!cut) return scene.trouble(to_string(cut.error()));
  scene.note("power", std::string("loss=") + kNames[loss] + " seed=" + std::to_string(seed) +
                          " taken back: writes=" + std::to_string(cut->writes) +
                          " files=" + std::to_string(cut->files));
  if (stage.cluster() != nullptr) {
    stage.cluster()->start();
  } else {
    start_again(scene, 0);
  }
}

/// Rules for a while, then the disk is sound again.
void fail_for_a_while(Scene& scene, const std::string& kind, const std::string& rule,
                      std::uint64_t ms) {
  scene.note(kind, rule + " ms=" + std::to_string(ms));
  const auto added = scene.stage.disk()->add(rule);
  if (!added) return scene.trouble(to_string(added.error()));
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  scene.stage.heal_disk();
}

/// No space, whatever is written.
void fill_disk(Scene& scene) {
  fail_for_a_while(scene, "full", "call=write error=ENOSPC", between(scene, 50, 800));
}

/// One write or one sync fails.
void fail_once(Scene& scene) {
  const bool sync = scene.stage.cluster() != nullptr || scene.draw() % 2 == 0;
  fail_for_a_while(scene, "io",
                   std::string(sync ? "call=sync" : "call=write") +
                       " error=EIO nth=" + std::to_string(between(scene, 1, 20)),
                   300);
}

void slow_disk(Scene& scene) {
  fail_for_a_while(scene, "slow-disk",
                   "call=sync delay_us=" + std::to_string(between(scene, 5'000, 100'000)),
                   between(scene, 200, 1500));
}

bool always(const Plan&) { return true; }
bool on_sqlite(const Plan& plan) { return plan.store == "sqlite"; }
bool on_postgresql(const Plan& plan) { return plan.store == "postgresql"; }

/// Any gateway that is gone without having been told so.
void look_after(Scene& scene) {
  for (std::size_t i = 0; i < scene.stage.gateways(); ++i) {
    if (scene.stage.gateway(i).running()) continue;
    scene.trouble("gateway " + std::to_string(i) + " ended by itself");
    start_again(scene, i);
  }
}

/// Until so many messages are accepted. False when nothing moves.
bool wait_for(Scene& scene, std::uint64_t accepted) {
  auto moved = Clock::now();
  for (std::uint64_t seen = scene.board.accepted; scene.board.accepted < accepted;
       std::this_thread::sleep_for(200us)) {
    if (scene.board.next >= scene.board.plan.messages + scene.board.plan.clients) return true;
    if (seen != scene.board.accepted) {
      seen = scene.board.accepted;
      moved = Clock::now();
    }
    if (Clock::now() - moved > kPatience) return false;
  }
  return true;
}

}  // namespace

void Scene::note(std::string kind, std::string detail) const {
  board.history.add(Fault{number, board.now(), std::move(kind), std::move(detail)});
}

void Scene::trouble(const std::string& text) const {
  board.trouble("fault " + std::to_string(number) + ": " + text);
}

const std::vector<FaultKind>& fault_kinds() {
  static const std::vector<FaultKind> kKinds{
      {"kill", "SIGKILL to a gateway", always, kill_gateway},
      {"step", "a gateway dies at a step of a commit", always, kill_at_step},
      {"stop", "SIGTERM to a gateway under load", always, stop_gateway},
      {"pause", "a gateway stands still for a while", always, pause_gateway},
      {"peer", "the other side refuses, hangs up, is late, answers twice", always, misbehave},
      {"network", "cuts, silence, duplicates, disorder, wrong answers on the way", always,
       harm_network},
      {"power", "the power goes: what the store had not synced is lost", always, cut_power},
      {"full", "ENOSPC for a while", on_sqlite, fill_disk},
      {"io", "EIO of one write or sync", always, fail_once},
      {"slow-disk", "every sync takes 5 to 100 ms for a while", always, slow_disk},
      {"database", "PostgreSQL stops at once and starts again", on_postgresql, restart_database},
      {"connections", "PostgreSQL ends all connections", on_postgresql, end_connections},
      {"backend", "SIGKILL to a process of PostgreSQL", on_postgresql, kill_backend},
  };
  return kKinds;
}

void cause_faults(Board& board, Stage& stage) {
  std::mt19937_64 draw(board.plan.seed);
  std::vector<const FaultKind*> kinds;
  for (const FaultKind& kind : fault_kinds()) {
    const auto& named = board.plan.kinds;
    const bool wanted =
        named.empty() || std::find(named.begin(), named.end(), kind.name) != named.end();
    if (wanted && kind.fits(board.plan)) kinds.push_back(&kind);
  }
  if (kinds.empty()) return;
  const std::uint64_t share =
      std::max<std::uint64_t>(board.plan.messages / (board.plan.faults + 1), 1);
  for (std::uint64_t number = 0; number < board.plan.faults; ++number) {
    Scene scene{board, stage, draw, number, number / kinds.size()};
    if (!wait_for(scene, number * share + draw() % share)) {
      scene.trouble("nothing was accepted for two minutes");
      board.over = true;
      return;
    }
    look_after(scene);
    std::this_thread::sleep_for(std::chrono::microseconds(draw() % 20'000));
    kinds[number % kinds.size()]->cause(scene);
  }
}

}  // namespace concord::campaign
