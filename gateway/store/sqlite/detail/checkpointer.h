#pragma once
/// Writes the WAL back into the database file, beside the writer.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "gateway/store/sqlite/detail/connection.h"

namespace concord::store::sqlite {

/// Hears from the writer's connection how long the WAL is. Past `pages` a thread of its own writes
/// it back. The writer goes on meanwhile, so a rest remains; once that is small the writer takes it
/// over, after which the WAL begins again at its first page: the same blocks are written over and
/// over, which costs the file system a fraction of what new ones do. Past four times `pages` the
/// writer waits for the pass under way and does the rest itself, so that the WAL stays bounded
/// under any load that no reader holds back. Source: sqlite.org/wal.html#ckpt, #bigwal.
class Checkpointer {
 public:
  static Result<std::unique_ptr<Checkpointer>> start(const Connection::Settings& settings,
                                                     std::int64_t pages, sqlite3* writer);
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

 private:
  /// Where one round stands.
  enum class Round : std::uint8_t { none, wanted, running, rest };

  Checkpointer(std::unique_ptr<Connection> connection, std::int64_t pages)
      : connection_(std::move(connection)), pages_(pages) {}
  static int on_commit(void* self, sqlite3* writer, const char* database, int pages);
  void committed(sqlite3* writer, const char* database, std::int64_t pages);
  void loop(const std::stop_token& stop);

  std::unique_ptr<Connection> connection_;
  std::int64_t pages_;
  std::mutex mutex_;
  std::condition_variable_any wanted_;
  Round round_ = Round::none;
  std::mutex writing_back_;  ///< held during each pass of either
  int tries_ = 0;            ///< of the writer at one rest; a reader may hold the WAL
  std::jthread thread_;
};

}  // namespace concord::store::sqlite
