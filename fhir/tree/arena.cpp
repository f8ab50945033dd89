#include "fhir/tree/arena.h"

#include <algorithm>

namespace concord::tree {

void Arena::grow(std::size_t at_least) {
  const std::size_t size = std::max(next_block_, at_least);
  blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[size]), size});
  position_ = reinterpret_cast<std::uintptr_t>(blocks_.back().memory.get());
  end_ = position_ + size;
  taken_ += size;
  next_block_ = std::min<std::size_t>(next_block_ * 2, std::size_t{4} << 20);
}

}  // namespace concord::tree
