#include "gateway/store/sqlite/detail/readers.h"

namespace concord::store::sqlite {

Result<Readers::Lease> Readers::take() {
  {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return !idle_.empty() || open_ < most_; });
    if (!idle_.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(connection));
    }
    ++open_;
  }
  auto opened = Connection::open(settings_);
  if (!opened) {
    const std::lock_guard lock(mutex_);
    --open_;
    returned_.notify_one();
    return std::move(opened).error();
  }
  return Lease(*this, std::move(*opened));
}

void Readers::give_back(std::unique_ptr<Connection> connection) {
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

}  // namespace concord::store::sqlite
