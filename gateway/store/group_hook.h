#pragma once
/// Hearing of the transactions that calls of many threads share.

#include <chrono>
#include <cstddef>
#include <functional>

namespace concord::store {

/// Told of each shared transaction: how many calls were in it, and the time from its beginning until
/// it was durable or undone. Comes from the threads that write; must not block.
using GroupHook = std::function<void(std::size_t calls, std::chrono::microseconds took)>;

}  // namespace concord::store
