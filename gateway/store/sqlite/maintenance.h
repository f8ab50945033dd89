#pragma once
/// What an operator does to a store file: looking at its schema, checking it whole, copying it
/// while it is used, putting a copy back. Blocking calls for command lines; one at a time for a
/// file.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "fhir/core/digest.h"
#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/search/index.h"
#include "gateway/store/inspection.h"
#include "gateway/store/migrations.h"

namespace concord::store::sqlite {

/// Changes nothing. Errors: not_found, conflict (a newer schema, or other migrations), internal
/// (not a store), transient.
Result<SchemaState> schema_state(const std::filesystem::path& path);

/// A store file under examination, also one in use. It sees one moment.
class Inspection final : public store::Inspection {
 public:
  /// Errors: as schema_state(); conflict also for an older schema.
  static Result<Inspection> open(const std::filesystem::path& path);
  Inspection(Inspection&&) noexcept;
  Inspection& operator=(Inspection&&) noexcept;
  ~Inspection() override;

  /// Pages too: nothing else is looked at when they are damaged.
  Result<std::vector<std::string>> faults(Looked& looked) const override;
  Result<search::IndexValues> index_of(std::int64_t row) const override;
  Result<bool> in_quarantine() const override;

 private:
  struct Open;
  explicit Inspection(std::unique_ptr<Open> open);
  std::unique_ptr<Open> open_;
};

/// A copy that was made, as its manifest says it.
struct BackupMade {
  std::int64_t schema = 0;
  std::uint64_t bytes = 0;
  Sha256 digest{};
};

/// Copies a store, also one in use, into one file; syncs it, checks it, names it, and writes
/// `<target>.manifest`. The copy is of one moment.
/// Errors: not_found, conflict (there is a file at `target`), internal (the copy is not sound),
/// transient.
Result<BackupMade> backup(const std::filesystem::path& path, const std::filesystem::path& target,
                          Instant now);

/// Puts a copy in the place of a store, after checking it against its manifest, and brings it up to
/// date. The store is then in quarantine: it takes messages in and delivers none until
/// end_quarantine(), since what its outbox holds may have been delivered after the copy was made.
/// Source: security-nhs.md BKP-02.
/// Errors: not_found (no copy, no manifest), conflict (a store is there and `overwrite` is false, a
/// gateway has it open, the copy's schema is newer), invalid (the copy is not the one of its
/// manifest), internal (the copy is damaged), transient.
Result<BackupMade> restore(const std::filesystem::path& copy, const std::filesystem::path& path,
                           bool overwrite, Instant now);

/// Whether nothing goes out of a store. Errors: as schema_state().
Result<bool> in_quarantine(const std::filesystem::path& path);

/// From the next start on nothing goes out, until end_quarantine(). True when there was no
/// quarantine. Errors: as end_quarantine().
Result<bool> begin_quarantine(const std::filesystem::path& path, Instant now);

/// Deliveries begin with the next start. True when there was a quarantine.
/// Errors: conflict (a gateway has the store open), not_found, transient.
Result<bool> end_quarantine(const std::filesystem::path& path, Instant now);

}  // namespace concord::store::sqlite
