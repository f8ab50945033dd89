#pragma once
/// The programs of a campaign: gateways on one store, the simulated other side, PostgreSQL. One
/// thread at a time.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/store/store.h"
#include "tests/campaign/fault_point.h"
#include "tests/campaign/network_host.h"
#include "tests/campaign/plan.h"
#include "tests/campaign/ports.h"
#include "tests/disk_faults/disk_faults.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/process.h"

namespace concord::campaign {

class Stage {
 public:
  /// Starts everything; throws nothing, `ready()` says whether it stands.
  explicit Stage(const Plan& plan);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  bool ready() const { return ready_; }

  std::vector<std::uint16_t> ports() const;
  std::size_t gateways() const { return gateways_.size(); }
  test::Process& gateway(std::size_t which) { return gateways_[which].process; }
  /// Starts one that has ended.
  bool start(std::size_t which);
  /// Lets one die when it reaches a step of a commit for the nth time from now on, also in its next
  /// life.
  void arm(std::size_t which, const std::string& step, std::uint64_t nth);
  void disarm(std::size_t which);
  /// Runs the program of the gateways on the store, as an operator would; its exit status.
  std::optional<int> operate(const std::vector<std::string>& arguments);

  std::uint16_t other_side_port() const { return spine_port_; }
  /// Where the proxy between the gateways and the other side takes POST /faults.
  std::uint16_t network_port() const { return network_port_; }
  std::filesystem::path arrivals() const;
  std::vector<std::filesystem::path> logs() const;
  /// Null for SQLite. With a standby: the one that leads.
  test::PostgresCluster* cluster() { return cluster_.get(); }
  /// Leads to the database past the network, wherever the server is.
  std::string local_connection() const { return cluster_->connection(database_); }
  /// Kills the leading server and all that works for it, and lets the standby lead.
  bool fail_over();
  /// Makes a standby out of the one that was killed.
  bool restore_standby() { return cluster_->make_standby(*standby_); }
  /// The host of the database; null when it is this one.
  NetworkHost* host() { return host_.get(); }
  std::filesystem::path store_file() const { return plan_.folder / "disk" / "store.db"; }
  /// The disk under the store; null when no fault of the plan needs it.
  disk_faults::Disk* disk() { return disk_.get(); }
  /// Makes it sound again, but for the delay the plan asks for.
  void heal_disk();

  /// The store, for looking into it. Errors: as the stores' open().
  Result<std::unique_ptr<store::Store>> open_for_reading() const;

 private:
  struct One {
    std::uint16_t port = 0;
    std::filesystem::path log;
    FaultPoint* point = nullptr;  ///< mapped, as long as the stage stands
    test::Process process;
  };
  bool open_database();
  bool open_disk(const std::filesystem::path& root);
  bool open_point(std::size_t which);
  std::filesystem::path point_file(std::size_t which) const;
  std::map<std::string, std::string> environment_of(std::size_t which) const;

  const Plan& plan_;
  bool ready_ = false;
  std::unique_ptr<disk_faults::Disk> disk_;
  std::unique_ptr<NetworkHost> host_;
  std::unique_ptr<test::PostgresCluster> cluster_, standby_;
  std::string database_, connection_;
  Ports free_ports_;
  std::uint16_t spine_port_ = 0;
  test::Process spine_, network_;
  std::uint16_t between_port_ = 0, network_port_ = 0;
  std::vector<One> gateways_;
};

}  // namespace concord::campaign
