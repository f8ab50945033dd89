// Schema state, backup, restore and quarantine of a store file.
#include "gateway/store/sqlite/maintenance.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "gateway/store/sqlite/detail/schema.h"
#include "gateway/store/sqlite/detail/sqlite_store.h"

namespace concord::store::sqlite {

namespace {

namespace fs = std::filesystem;

Error unreadable() {
  return make_error(ErrorCode::transient, "the store cannot read or write its files");
}

Result<void> must_be_there(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored)) return {};
  return make_error(ErrorCode::not_found, "there is no store at this path");
}

Result<std::unique_ptr<Connection>> reading(const fs::path& path) {
  CONCORD_TRY(must_be_there(path));
  Connection::Settings settings;
  settings.path = path;
  settings.query_only = true;
  return Connection::open(settings);
}

/// An open file, closed when it goes.
class File {
 public:
  File(const fs::path& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int number() const noexcept { return number_; }

 private:
  int number_;
};

Result<void> sync(const fs::path& path) {
  const File file(path, O_RDONLY);
  if (file.number() < 0 || ::fsync(file.number()) != 0) return unreadable();
  return {};
}

struct Sum {
  Sha256 digest{};
  std::uint64_t bytes = 0;
};

Result<Sum> sum_of(const fs::path& path) {
  const File file(path, O_RDONLY);
  struct stat about {};
  if (file.number() < 0 || ::fstat(file.number(), &about) != 0) return unreadable();
  const auto size = static_cast<std::size_t>(about.st_size);
  if (size == 0) return Sum{sha256({}), 0};
  void* bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
  if (bytes == MAP_FAILED) return unreadable();
  const Sum sum{sha256({static_cast<const char*>(bytes), size}), size};
  ::munmap(bytes, size);
  return sum;
}

fs::path manifest_of(const fs::path& copy) { return copy.string() + ".manifest"; }

Result<void> write_manifest(const fs::path& copy, const BackupMade& made, Instant now) {
  const fs::path path = manifest_of(copy);
  {
    std::ofstream out(path, std::ios::trunc);
    out << "concord-backup 1\nmade " << format_instant(now) << "\nschema " << made.schema
        << "\nbytes " << made.bytes << "\nsha256 " << to_hex(made.digest) << '\n';
    out.flush();
    if (!out) return unreadable();
  }
  return sync(path);
}

/// Errors: not_found, invalid (another file than the manifest's).
Result<BackupMade> compared_with_manifest(const fs::path& copy) {
  std::ifstream in(manifest_of(copy));
  if (!in) return make_error(ErrorCode::not_found, "there is no manifest beside the backup");
  std::string word;
  std::string digest;
  BackupMade made;
  while (in >> word) {
    if (word == "schema") in >> made.schema;
    if (word == "bytes") in >> made.bytes;
    if (word == "sha256") in >> digest;
  }
  CONCORD_ASSIGN(const Sum sum, sum_of(copy));
  if (sum.bytes != made.bytes || to_hex(sum.digest) != digest) {
    return make_error(ErrorCode::invalid, "the backup is not the file its manifest was made for");
  }
  made.digest = sum.digest;
  return made;
}

/// Every page of `from` into a new file, as of one moment.
Result<void> copy_pages(Connection& from, const fs::path& target) {
  Connection::Settings settings;
  settings.path = target;
  settings.create = true;
  CONCORD_ASSIGN(const std::unique_ptr<Connection> to, Connection::open(settings));
  sqlite3_backup* copying = sqlite3_backup_init(to->handle(), "main", from.handle(), "main");
  if (copying == nullptr) return sqlite_error(sqlite3_errcode(to->handle()), to->handle());
  const int stepped = sqlite3_backup_step(copying, -1);
  const int ended = sqlite3_backup_finish(copying);
  if (stepped != SQLITE_DONE) return sqlite_error(stepped, to->handle());
  if (ended != SQLITE_OK) return sqlite_error(ended, to->handle());
  return to->execute("PRAGMA journal_mode = DELETE");  // one file, nothing beside it
}

Result<void> must_be_sound(Connection& db) {
  CONCORD_ASSIGN(Query row, db.query("PRAGMA integrity_check(1)"));
  CONCORD_ASSIGN(const bool answered, row.next());
  if (answered && row.view(0) == "ok") return {};
  return make_error(ErrorCode::internal, "the copy of the store is damaged");
}

/// A transaction on a connection of its own, with a record in the chain.
template <typename Work>
Result<void> change(Connection& db, Instant now, std::string_view detail, Work&& work) {
  CONCORD_TRY(db.run("BEGIN IMMEDIATE"));
  const auto steps = [&]() -> Result<void> {
    CONCORD_TRY(work());
    CONCORD_TRY(append_alone(
        db, audit::Record{audit::Event::store_migrated, now, "", "", "", "", std::string(detail)}));
    return db.run("COMMIT");
  };
  auto done = steps();
  if (!done && db.in_transaction()) {
    if (auto undone = db.run("ROLLBACK"); !undone) return undone;
  }
  return done;
}

void remove_with_journals(const fs::path& path) {
  std::error_code ignored;
  for (const char* end : {"", "-wal", "-shm", "-journal"}) fs::remove(path.string() + end, ignored);
}

}  // namespace

Result<SchemaState> schema_state(const fs::path& path) {
  CONCORD_ASSIGN(const std::unique_ptr<Connection> db, reading(path));
  SchemaState state;
  state.known = schema_version();
  CONCORD_ASSIGN(state.version, version_of(*db));
  CONCORD_ASSIGN(state.pending, pending_migrations(*db));
  return state;
}

Result<BackupMade> backup(const fs::path& path, const fs::path& target, Instant now) {
  CONCORD_ASSIGN(const std::unique_ptr<Connection> from, reading(path));
  CONCORD_TRY(check_schema(*from));
  std::error_code ignored;
  if (fs::exists(target, ignored)) {
    return make_error(ErrorCode::conflict, "there is already a file where the backup should be");
  }
  const fs::path part = target.string() + ".part";
  remove_with_journals(part);
  const auto make = [&]() -> Result<BackupMade> {
    CONCORD_TRY(copy_pages(*from, part));
    BackupMade made;
    {
      CONCORD_ASSIGN(const std::unique_ptr<Connection> copy, reading(part));
      CONCORD_TRY(must_be_sound(*copy));
      CONCORD_TRY(check_schema(*copy));
      CONCORD_ASSIGN(made.schema, version_of(*copy));
    }
    CONCORD_TRY(sync(part));
    CONCORD_ASSIGN(const Sum sum, sum_of(part));
    made.bytes = sum.bytes;
    made.digest = sum.digest;
    CONCORD_TRY(write_manifest(target, made, now));
    std::error_code failed;
    fs::rename(part, target, failed);
    if (failed) return unreadable();
    CONCORD_TRY(sync(fs::absolute(target).parent_path()));
    return made;
  };
  auto made = make();
  if (!made) remove_with_journals(part);
  return made;
}

Result<BackupMade> restore(const fs::path& copy, const fs::path& path, bool overwrite,
                           Instant now) {
  CONCORD_TRY(must_be_there(copy));
  CONCORD_ASSIGN(const BackupMade made, compared_with_manifest(copy));
  CONCORD_ASSIGN(const FileLock lock, FileLock::take(path.string() + "-lock"));
  std::error_code failed;
  if (fs::exists(path, failed) && !overwrite) {
    return make_error(ErrorCode::conflict, "there is already a store at this path");
  }
  const fs::path part = path.string() + ".part";
  remove_with_journals(part);
  const auto make = [&]() -> Result<void> {
    fs::copy_file(copy, part, failed);
    if (failed) return unreadable();
    {
      Connection::Settings settings;
      settings.path = part;
      CONCORD_ASSIGN(const std::unique_ptr<Connection> db, Connection::open(settings));
      CONCORD_TRY(must_be_sound(*db));
      CONCORD_TRY(migrate(*db, now));
      CONCORD_TRY(change(*db, now, "restored, in quarantine", [&db] {
        return db->run("UPDATE quarantine SET active = 1 WHERE one = 1");
      }));
    }
    CONCORD_TRY(sync(part));
    // What stands beside the old file belongs to it and must not meet the new one.
    remove_with_journals(path);
    fs::rename(part, path, failed);
    if (failed) return unreadable();
    return sync(fs::absolute(path).parent_path());
  };
  if (auto done = make(); !done) {
    remove_with_journals(part);
    return std::move(done).error();
  }
  return made;
}

Result<bool> in_quarantine(const fs::path& path) {
  CONCORD_ASSIGN(const std::unique_ptr<Connection> db, reading(path));
  CONCORD_TRY(check_schema(*db));
  CONCORD_ASSIGN(const auto active, db->number("SELECT active FROM quarantine WHERE one = 1"));
  return active.value_or(0) != 0;
}

namespace {

/// False when it was so already.
Result<bool> set_quarantine(const fs::path& path, bool active, Instant now) {
  CONCORD_TRY(must_be_there(path));
  CONCORD_ASSIGN(const FileLock lock, FileLock::take(path.string() + "-lock"));
  CONCORD_ASSIGN(const bool was, in_quarantine(path));
  if (was == active) return false;
  Connection::Settings settings;
  settings.path = path;
  CONCORD_ASSIGN(const std::unique_ptr<Connection> db, Connection::open(settings));
  CONCORD_TRY(change(*db, now, active ? "quarantine begun" : "quarantine ended", [&] {
    return db->run("UPDATE quarantine SET active = ? WHERE one = 1", active ? 1 : 0);
  }));
  return true;
}

}  // namespace

Result<bool> begin_quarantine(const fs::path& path, Instant now) {
  return set_quarantine(path, true, now);
}

Result<bool> end_quarantine(const fs::path& path, Instant now) {
  return set_quarantine(path, false, now);
}

}  // namespace concord::store::sqlite
