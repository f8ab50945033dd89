#include "gateway/store/sqlite/detail/checkpointer.h"

namespace concord::store::sqlite {

namespace {

constexpr int kPasses = 4;  // of the thread: each leaves what was written during it
constexpr int kTries = 8;
constexpr std::int64_t kSmallShare = 16;

/// Pages the WAL still holds that the database file does not. A checkpoint that fails leaves the
/// WAL as it is; what was committed is durable without it.
std::int64_t write_back(sqlite3* handle, const char* database) {
  int all = 0, written = 0;
  const int code =
      sqlite3_wal_checkpoint_v2(handle, database, SQLITE_CHECKPOINT_PASSIVE, &all, &written);
  return code == SQLITE_OK ? all - written : all;
}

}  // namespace

Result<std::unique_ptr<Checkpointer>> Checkpointer::start(const Connection::Settings& settings,
                                                          std::int64_t pages, sqlite3* writer) {
  CONCORD_ASSIGN(std::unique_ptr<Connection> connection, Connection::open(settings));
  std::unique_ptr<Checkpointer> made(new Checkpointer(std::move(connection), pages));
  made->thread_ =
      std::jthread([raw = made.get()](const std::stop_token& stop) { raw->loop(stop); });
  sqlite3_wal_hook(writer, &Checkpointer::on_commit, made.get());
  return made;
}

int Checkpointer::on_commit(void* self, sqlite3* writer, const char* database, int pages) {
  static_cast<Checkpointer*>(self)->committed(writer, database, pages);
  return SQLITE_OK;
}

void Checkpointer::committed(sqlite3* writer, const char* database, std::int64_t pages) {
  if (pages >= pages_ * 4) {
    // SQLite has one checkpoint at a time and turns others away: without waiting, nothing would be
    // done here while the thread is at work, and the WAL would grow as long as it is.
    const std::lock_guard one_at_a_time(writing_back_);
    write_back(writer, database);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (pages < pages_) {  // it began again
      if (round_ == Round::rest) round_ = Round::none;
      return;
    }
    if (round_ == Round::none) {
      round_ = Round::wanted;
      wanted_.notify_one();
    }
    if (round_ != Round::rest) return;
    if (++tries_ > kTries) round_ = Round::none;
  }
  write_back(writer, database);
}

void Checkpointer::loop(const std::stop_token& stop) {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (!wanted_.wait(lock, stop, [this] { return round_ == Round::wanted; })) return;
      round_ = Round::running;
    }
    std::int64_t rest = pages_;
    for (int pass = 0; pass < kPasses && rest > pages_ / kSmallShare; ++pass) {
      const std::lock_guard one_at_a_time(writing_back_);
      rest = write_back(connection_->handle(), nullptr);
    }
    const std::lock_guard lock(mutex_);
    tries_ = 0;
    round_ = rest > pages_ / kSmallShare ? Round::none : Round::rest;
  }
}

}  // namespace concord::store::sqlite
