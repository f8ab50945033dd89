#pragma once
/// Writes the WAL back into the database file, beside the writer.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "gateway/store/sqlite/detail/connection.h"

namespace concord::store::sqlite {

/// Hears from the writer's connection how long the WAL is. Past `pages` a thread of its own writes
/// it back; past four times that the writer does it, so that the WAL stays bounded under any load.
class Checkpointer {
 public:
  static Result<std::unique_ptr<Checkpointer>> start(const Connection::Settings& settings,
                                                     std::int64_t pages, sqlite3* writer);
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

 private:
  Checkpointer(std::unique_ptr<Connection> connection, std::int64_t pages)
      : connection_(std::move(connection)), pages_(pages) {}
  static int on_commit(void* self, sqlite3* writer, const char* database, int pages);
  void loop(const std::stop_token& stop);

  std::unique_ptr<Connection> connection_;
  std::int64_t pages_;
  std::mutex mutex_;
  std::condition_variable_any wanted_;
  bool due_ = false;
  std::jthread thread_;
};

}  // namespace concord::store::sqlite
