#include "gateway/store/sqlite/detail/checkpointer.h"

namespace concord::store::sqlite {

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
  auto& own = *static_cast<Checkpointer*>(self);
  if (pages < own.pages_) return SQLITE_OK;
  if (pages >= own.pages_ * 4) {
    // A checkpoint that fails leaves the WAL as it is; the commit itself is already durable.
    sqlite3_wal_checkpoint_v2(writer, database, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    return SQLITE_OK;
  }
  {
    const std::lock_guard lock(own.mutex_);
    own.due_ = true;
  }
  own.wanted_.notify_one();
  return SQLITE_OK;
}

void Checkpointer::loop(const std::stop_token& stop) {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (!wanted_.wait(lock, stop, [this] { return due_; })) return;
      due_ = false;
    }
    sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                              nullptr);
  }
}

}  // namespace concord::store::sqlite
