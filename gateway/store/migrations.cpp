#include "gateway/store/migrations.h"

#include <algorithm>
#include <charconv>

namespace concord::store {

namespace {

bool is_checksum(const Sha256& digest, std::string_view bytes) {
  return bytes == std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size());
}

Error newer(std::int64_t found, std::int64_t known) {
  return make_error(ErrorCode::conflict,
                    "the store has schema version " + std::to_string(found) +
                        ", this program knows versions up to " + std::to_string(known) +
                        ": start the newer program, or restore a backup from before its start");
}

Error older(std::int64_t found, std::int64_t known) {
  return make_error(ErrorCode::conflict, "the store has schema version " + std::to_string(found) +
                                             ", this program needs version " +
                                             std::to_string(known) +
                                             ": start the gateway once to bring it up to date");
}

Error other_build(std::int64_t version) {
  return make_error(ErrorCode::conflict,
                    "migration " + std::to_string(version) +
                        " of the store is not the one this program carries: the store was made by "
                        "a different build");
}

}  // namespace

std::string_view file_name(const Migration& migration) {
  return migration.name.substr(migration.name.rfind('/') + 1);
}

Migrations::Migrations(std::span<const Resource> files) {
  all_.reserve(files.size());
  for (const Resource& file : files) {
    Migration migration{0, file.name, file.bytes, sha256(file.bytes)};
    const std::string_view name = file_name(migration);
    std::from_chars(name.data(), name.data() + name.size(), migration.version);
    all_.push_back(migration);
  }
  std::sort(all_.begin(), all_.end(),
            [](const Migration& a, const Migration& b) { return a.version < b.version; });
}

std::span<const Migration> Migrations::after(std::int64_t version) const {
  const auto first = std::find_if(
      all_.begin(), all_.end(), [version](const Migration& one) { return one.version > version; });
  return {first, all_.end()};
}

Result<void> Migrations::check(std::int64_t version,
                               const std::vector<AppliedMigration>& applied) const {
  if (version > this->version()) return newer(version, this->version());
  for (const Migration& migration : all_) {
    if (migration.version > version) break;
    const auto kept =
        std::find_if(applied.begin(), applied.end(),
                     [&](const AppliedMigration& one) { return one.version == migration.version; });
    if (kept == applied.end() || !is_checksum(migration.checksum, kept->checksum)) {
      return other_build(migration.version);
    }
  }
  // One that this program does not have came from a build between its own.
  for (const AppliedMigration& one : applied) {
    const bool known = std::any_of(all_.begin(), all_.end(), [&](const Migration& mine) {
      return mine.version == one.version;
    });
    if (!known) return other_build(one.version);
  }
  return {};
}

Result<void> Migrations::must_be_current(std::int64_t version) const {
  if (version > this->version()) return newer(version, this->version());
  if (version < this->version()) return older(version, this->version());
  return {};
}

audit::Record migration_record(const Migration& migration, Instant now) {
  return audit::Record{audit::Event::store_migrated,
                       now,
                       "",
                       "",
                       "",
                       to_hex(migration.checksum),
                       "version " + std::to_string(migration.version)};
}

}  // namespace concord::store
