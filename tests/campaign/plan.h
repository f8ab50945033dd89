#pragma once
/// What a campaign is to do, as its command line says it.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace concord::campaign {

struct Plan {
  std::string store = "sqlite";    ///< "sqlite", "postgresql"
  std::uint64_t gateways = 1;      ///< more than one only on PostgreSQL
  std::uint64_t messages = 400;    ///< prescriptions; cancellations and repeats come on top
  std::uint64_t resources = 40;    ///< creates and updates, per 100 messages
  std::uint64_t clients = 4;       ///< at once
  std::uint64_t faults = 10;       ///< caused while clients work, who go on until all were
  std::uint64_t rounds = 1;        ///< campaigns one after another, with the following seeds
  std::uint64_t seed = 1;          ///< of who sends what when, and which fault comes when
  std::uint64_t fsync_us = 0;      ///< added to every fsync of the gateway or the database
  bool standby = false;            ///< PostgreSQL: a synchronous standby, for failovers
  bool host = false;               ///< PostgreSQL: on a host (network namespace) of its own
  std::uint64_t progress = 30;     ///< seconds between lines about how far it is; 0: none
  std::vector<std::string> kinds;  ///< names of faults, see faults.h; empty: all that fit
  std::string log_level = "info";  ///< of the gateways: all of it is searched for patient data
  std::filesystem::path folder;    ///< of everything; the history stays there
  /// Whether anything of it is done by the disk under the store.
  bool uses_disk() const;
  /// Whether a kind of fault was asked for by name.
  bool names(std::string_view kind) const;
};

/// The command line that plays a plan again.
std::string command_line(const Plan& plan);

}  // namespace concord::campaign
