#pragma once
/// The programs of a campaign: gateways on one store, the simulated other side, PostgreSQL. One
/// thread at a time.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/store/store.h"
#include "tests/campaign/plan.h"
#include "tests/disk_faults/disk_faults.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/process.h"

namespace concord::campaign {

class Stage {
 public:
  /// Starts everything; throws nothing, `ready()` says whether it stands.
  explicit Stage(const Plan& plan);
  bool ready() const { return ready_; }

  std::vector<std::uint16_t> ports() const;
  std::size_t gateways() const { return gateways_.size(); }
  test::Process& gateway(std::size_t which) { return gateways_[which].process; }
  /// Starts one that has ended. `more` goes over its environment, for this life only.
  bool start(std::size_t which, const std::map<std::string, std::string>& more = {});

  std::uint16_t other_side_port() const { return spine_port_; }
  /// Where the proxy between the gateways and the other side takes POST /faults.
  std::uint16_t network_port() const { return network_port_; }
  std::filesystem::path arrivals() const;
  std::vector<std::filesystem::path> logs() const;
  /// Null for SQLite.
  test::PostgresCluster* cluster() { return cluster_.get(); }
  const std::string& connection() const { return connection_; }
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
    test::Process process;
  };
  void open_database();
  bool open_disk(const std::filesystem::path& root);

  const Plan& plan_;
  bool ready_ = false;
  std::unique_ptr<disk_faults::Disk> disk_;
  std::unique_ptr<test::PostgresCluster> cluster_;
  std::string connection_;
  std::uint16_t spine_port_ = 0;
  test::Process spine_, network_;
  std::uint16_t between_port_ = 0, network_port_ = 0;
  std::vector<One> gateways_;
};

}  // namespace concord::campaign
