#pragma once
/// The store over PostgreSQL: several gateways may work on one database at once.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/store/group_hook.h"
#include "gateway/store/store.h"

namespace concord::store::postgresql {

/// Called with the name of each step of a changing call, before it is taken; for crash tests.
/// Comes from several threads at once.
using StepHook = std::function<void(std::string_view step)>;

struct Options {
  /// A connection string or URI of libpq: "host=/run/postgresql dbname=concord user=concord". It
  /// never holds a password: name a password file (passfile=) or a service file (service=).
  std::string connection;
  std::string schema = "concord";  ///< the PostgreSQL schema its tables live in; made when absent
  bool read_only = false;          ///< for looking into a store, also one in use; never migrates
  std::size_t writers = 2;         ///< connections of the group commit, each with a thread
  std::size_t workers = 4;         ///< connections for calls with a transaction of their own
  std::size_t readers = 8;         ///< connections for reading
  std::size_t batch = 128;         ///< calls that may share one transaction, > 0
  std::size_t queue = 4096;        ///< calls that may wait; more are refused as transient
  std::chrono::milliseconds busy_timeout{5000};        ///< for a lock, before a call is transient
  std::chrono::milliseconds statement_timeout{10000};  ///< for one statement
  StepHook on_step;                                    ///< may be empty
  GroupHook on_group;                                  ///< may be empty
};

/// Connects, makes the tables when there are none, brings an older schema up to date (audited).
/// Of gateways that start at once one migrates, the others wait for it.
///
/// Errors: invalid (the connection string, or a password in it), conflict (the schema is newer than
/// this program, or a migration is not the one that was applied), not_found (read-only and no
/// store there), transient (not reachable, busy), internal (damaged, or no right to make tables).
Result<std::unique_ptr<Store>> open(const Options& options, const Clock& clock);

/// The version of the schema this program writes.
int schema_version();

}  // namespace concord::store::postgresql
