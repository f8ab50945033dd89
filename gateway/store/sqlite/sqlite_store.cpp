#include "gateway/store/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "gateway/store/sqlite/detail/schema.h"
#include "gateway/store/sqlite/detail/sqlite_store.h"
#include "gateway/store/sqlite/detail/wal_buffer.h"

namespace concord::store::sqlite {

namespace {

constexpr std::int64_t kWriterCacheKib = 32 * 1024;
constexpr std::int64_t kReaderCacheKib = 4 * 1024;

Result<void> use_wal(Connection& db) {
  CONCORD_ASSIGN(Query mode, db.query("PRAGMA journal_mode = WAL"));
  CONCORD_ASSIGN(const bool answered, mode.next());
  if (answered && mode.view(0) == "wal") return {};
  return make_error(ErrorCode::transient, "the file system of the store cannot hold a WAL");
}

Result<std::unique_ptr<Connection>> writing_connection(const Options& options, Instant now) {
  Connection::Settings settings;
  settings.path = options.path;
  settings.create = true;
  settings.busy_timeout_ms = static_cast<int>(options.busy_timeout.count());
  settings.cache_kib = kWriterCacheKib;
  CONCORD_ASSIGN(settings.layer, wal_buffer_layer());
  CONCORD_ASSIGN(std::unique_ptr<Connection> db, Connection::open(settings));
  CONCORD_TRY(db->execute("PRAGMA page_size = 4096"));  // counts for a new file only
  CONCORD_TRY(use_wal(*db));
  CONCORD_TRY(
      db->execute("PRAGMA wal_autocheckpoint = 0;"
                  "PRAGMA journal_size_limit = 268435456"));
  if (options.max_pages > 0) {
    CONCORD_TRY(db->execute("PRAGMA max_page_count = " + std::to_string(options.max_pages)));
  }
  CONCORD_TRY(migrate(*db, now));
  return db;
}

}  // namespace

Result<FileLock> FileLock::take(const std::filesystem::path& path) {
  FileLock lock;
  lock.file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock.file_ < 0) {
    Error error = make_error(ErrorCode::transient, "the store cannot read or write its files");
    error.log_detail = "open of the lock file: errno " + std::to_string(errno);
    return error;
  }
  if (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
    return make_error(ErrorCode::conflict, "another gateway has this store open");
  }
  return lock;
}

FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);
}

Result<void> SqliteStore::begin_writing(std::unique_ptr<Connection> connection,
                                        const Options& options) {
  sqlite3* const handle = connection->handle();
  Connection::Settings settings;
  settings.path = options.path;
  CONCORD_ASSIGN(checkpointer_, Checkpointer::start(settings, options.checkpoint_pages, handle));
  CONCORD_ASSIGN(writer_,
                 Writer::start(std::move(connection),
                               {options.batch, options.queue, options.on_step, options.on_group}));
  return {};
}

Result<void> SqliteStore::write(const Writer::Work& work) {
  if (!writer_) return make_error(ErrorCode::forbidden, "the store is open for reading only");
  return writer_->run(work);
}

std::vector<Result<void>> SqliteStore::write(const std::vector<Writer::Work>& works) {
  if (writer_) return writer_->run(works);
  return std::vector<Result<void>>(
      works.size(), make_error(ErrorCode::forbidden, "the store is open for reading only"));
}

Result<std::unique_ptr<Store>> open(const Options& options, const Clock& clock) {
  Connection::Settings reading;
  reading.path = options.path;
  reading.query_only = true;
  reading.busy_timeout_ms = static_cast<int>(options.busy_timeout.count());
  reading.cache_kib = kReaderCacheKib;

  if (options.read_only) {
    std::error_code ignored;
    if (!std::filesystem::exists(options.path, ignored)) {
      return make_error(ErrorCode::not_found, "there is no store at this path");
    }
    CONCORD_ASSIGN(std::unique_ptr<Connection> db, Connection::open(reading));
    CONCORD_TRY(check_schema(*db));
    return std::unique_ptr<Store>(
        std::make_unique<SqliteStore>(FileLock(), reading, options.readers, clock));
  }

  CONCORD_ASSIGN(FileLock lock, FileLock::take(options.path.string() + "-lock"));
  CONCORD_ASSIGN(std::unique_ptr<Connection> writing, writing_connection(options, clock()));
  auto store = std::make_unique<SqliteStore>(std::move(lock), reading, options.readers, clock);
  CONCORD_TRY(store->begin_writing(std::move(writing), options));
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace concord::store::sqlite
