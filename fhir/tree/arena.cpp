#include "fhir/tree/arena.h"

#include <algorithm>

namespace concord::tree {

void* Arena::allocate_in_new_block(std::size_t bytes, std::size_t alignment) {
  if (bytes > PTRDIFF_MAX - alignment) throw std::bad_alloc();
  // Something large gets a block of its own; what is left of the current one stays in use.
  const bool own_block = bytes > next_block_ / 2 && !blocks_.empty();
  const std::size_t size = own_block ? bytes + alignment : std::max(next_block_, bytes + alignment);
  blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[size]), size});
  taken_ += size;
  const auto begin = reinterpret_cast<std::uintptr_t>(blocks_.back().memory.get());
  const auto at = (begin + alignment - 1) & ~(alignment - 1);
  if (!own_block) {
    position_ = at + bytes;
    end_ = begin + size;
    next_block_ = std::min<std::size_t>(next_block_ * 2, std::size_t{4} << 20);
  }
  return reinterpret_cast<void*>(at);
}

}  // namespace concord::tree
