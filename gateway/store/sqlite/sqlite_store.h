#pragma once
/// The embedded store: one SQLite file (WAL, synchronous=FULL), one writer thread, many readers.

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "gateway/store/group_hook.h"
#include "gateway/store/store.h"

namespace concord::store::sqlite {

/// Called with the name of each step of a changing call, before it is taken; for crash tests.
using StepHook = std::function<void(std::string_view step)>;

struct Options {
  std::filesystem::path path;  ///< the database file; "-wal", "-shm" and "-lock" stand beside it
  bool read_only = false;      ///< for looking into a store, also one in use; never migrates
  std::chrono::milliseconds busy_timeout{5000};
  std::size_t batch = 128;                ///< calls that may share one transaction, > 0
  std::size_t queue = 4096;               ///< calls that may wait; more are refused as transient
  std::size_t readers = 4;                ///< connections for reading
  std::int64_t checkpoint_pages = 16000;  ///< pages of 4 KB in the WAL before it is written back
  std::int64_t max_pages = 0;             ///< upper bound on the size of the file in pages; 0: none
  StepHook on_step;                       ///< may be empty
  GroupHook on_group;                     ///< may be empty
};

/// Opens a store, makes it when absent, brings an older schema up to date (audited).
///
/// Errors: conflict (another gateway has the file open; the schema is newer than this program, or
/// a migration is not the one that was applied), not_found (read-only and absent), transient (no
/// space, input/output), internal (not a database, damaged).
Result<std::unique_ptr<Store>> open(const Options& options, const Clock& clock);

/// The version of the schema this program writes.
int schema_version();

}  // namespace concord::store::sqlite
