#pragma once
/// The migrations a program carries for one kind of store, beside those a store had. What every
/// implementation has in common: numbers, names, checksums, and the words about a schema that is
/// not the program's. Plain values, safe from any thread.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/digest.h"
#include "fhir/core/instant.h"
#include "fhir/core/resource.h"
#include "fhir/core/result.h"
#include "gateway/audit/record.h"

namespace concord::store {

/// One numbered file.
struct Migration {
  std::int64_t version = 0;  ///< of the schema after it: the number its name begins with
  std::string_view name;     ///< "migrations/0001_exchange.sql"
  std::string_view script;   ///< SQL of one kind of store
  Sha256 checksum{};         ///< SHA-256 of `script`
};

/// One row of a store's table `migration`.
struct AppliedMigration {
  std::int64_t version = 0;
  std::string checksum;  ///< the bytes that were kept: 32 of them, if nobody touched them
};

class Migrations {
 public:
  /// `files` are those carried in the program, in any order; names as "…/NNNN_name.sql". Views into
  /// them are kept.
  explicit Migrations(std::span<const Resource> files);

  /// Of the schema this program writes; 0: there are no migrations.
  std::int64_t version() const { return all_.empty() ? 0 : all_.back().version; }
  /// Those behind a version, in order. Numbers may be left out.
  std::span<const Migration> after(std::int64_t version) const;

  /// Whether a store of `version`, which had `applied` (in any order), can be brought up to date.
  /// Errors: conflict (a newer schema; a migration that is not the one this program carries).
  Result<void> check(std::int64_t version, const std::vector<AppliedMigration>& applied) const;
  /// Errors: conflict (another version than the program's, newer or older).
  Result<void> must_be_current(std::int64_t version) const;

 private:
  std::vector<Migration> all_;  ///< in order of version
};

/// The schema of a store, beside the program's.
struct SchemaState {
  std::int64_t version = 0;          ///< 0: there is no store yet
  std::int64_t known = 0;            ///< what this program writes
  std::vector<std::string> pending;  ///< names of migrations an opening would apply, in order
};

/// What the audit chain says of a migration.
audit::Record migration_record(const Migration& migration, Instant now);

/// "0001_exchange.sql": the name for people.
std::string_view file_name(const Migration& migration);

}  // namespace concord::store
