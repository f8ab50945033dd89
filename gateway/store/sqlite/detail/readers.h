#pragma once
/// Connections for reading, shared among threads.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "gateway/store/sqlite/detail/connection.h"

namespace concord::store::sqlite {

/// Opens up to `most` connections as they are needed; further callers wait for one.
class Readers {
 public:
  Readers(Connection::Settings settings, std::size_t most)
      : settings_(std::move(settings)), most_(most) {}

  /// A connection for as long as it is held.
  class Lease {
   public:
    Lease(Readers& readers, std::unique_ptr<Connection> connection)
        : readers_(&readers), connection_(std::move(connection)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) readers_->give_back(std::move(connection_));
    }
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }

   private:
    Readers* readers_;
    std::unique_ptr<Connection> connection_;
  };

  /// Errors: those of opening.
  Result<Lease> take();

 private:
  void give_back(std::unique_ptr<Connection> connection);

  Connection::Settings settings_;
  std::size_t most_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::size_t open_ = 0;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace concord::store::sqlite
