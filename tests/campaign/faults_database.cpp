// Faults of PostgreSQL.
#include <array>
#include <chrono>
#include <csignal>
#include <thread>

#include "tests/campaign/faults.h"

namespace concord::campaign {
namespace {

void restart_database(Scene& scene) {
  scene.meet();
  scene.stage.cluster()->stop(test::PostgresCluster::How::immediate);
  scene.note("database", "immediate");
  scene.stage.cluster()->start();
}

/// Ends all connections of the gateways, as an administrator may.
void end_connections(Scene& scene) {
  scene.meet();
  scene.stage.cluster()->sql(scene.stage.local_connection(),
                             "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                             "WHERE pid <> pg_backend_pid() AND datname = current_database()");
  scene.note("connections", "pg_terminate_backend");
}

/// SIGKILL to one process of the server: the server takes all others down and recovers.
void kill_backend(Scene& scene) {
  const std::string pid = scene.stage.cluster()->sql(
      scene.stage.local_connection(),
      "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
      "datname = current_database() ORDER BY random() LIMIT 1");
  scene.meet();
  if (!pid.empty()) ::kill(std::stoi(pid), SIGKILL);
  scene.note("backend", "SIGKILL pid=" + pid);
  std::this_thread::sleep_for(std::chrono::milliseconds(scene.between(0, 300)));
}

/// The leading server is gone for good. The standby leads, and what was the primary comes back as
/// its standby, from a copy: an old primary with a history of its own is never let in.
void fail_over(Scene& scene) {
  scene.meet();
  if (!scene.stage.fail_over()) scene.trouble("the standby does not lead");
  scene.note("failover", "SIGKILL to the primary, promotion of the synchronous standby");
  // A while without a standby first: commits wait for nobody then.
  std::this_thread::sleep_for(std::chrono::milliseconds(scene.between(0, 1000)));
  if (!scene.stage.restore_standby()) scene.trouble("there is no standby again");
}

/// The way between the gateways and the database is cut: for moments that TCP bridges, and now and
/// then for longer than connections live (keepalives and TCP_USER_TIMEOUT: 15 s).
void cut_network(Scene& scene) {
  using Cut = NetworkHost::Cut;
  static constexpr std::array kCuts{Cut::answers, Cut::both, Cut::to};
  static constexpr std::array kNames{"answers", "both", "to"};
  const std::size_t how = scene.occurrence % kCuts.size();
  const bool longer = scene.occurrence % 5 == 4;
  const std::uint64_t ms = longer ? scene.between(17'000, 22'000) : scene.between(200, 4'000);
  scene.meet();
  const bool cut = scene.stage.host()->cut(kCuts[how]);
  scene.note("cut", std::string("lost=") + kNames[how] + " ms=" + std::to_string(ms));
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  if (!cut || !scene.stage.host()->mend()) scene.trouble("the way cannot be cut and mended");
}

bool with_standby(const Plan& plan) { return plan.standby; }
bool with_host(const Plan& plan) { return plan.host; }

}  // namespace

void add_database_faults(std::vector<FaultKind>& to) {
  to.push_back(
      {"database", "PostgreSQL stops at once and starts again", on_postgresql, restart_database});
  to.push_back({"connections", "PostgreSQL ends all connections", on_postgresql, end_connections});
  to.push_back({"backend", "SIGKILL to a process of PostgreSQL", on_postgresql, kill_backend});
  to.push_back({"failover", "the primary is killed, its synchronous standby leads (--standby)",
                with_standby, fail_over});
  to.push_back({"cut", "the way to the database's host is cut (--host)", with_host, cut_network});
}

}  // namespace concord::campaign
