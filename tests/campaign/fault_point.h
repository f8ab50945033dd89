#pragma once
/// The memory a campaign and its gateway share: at which step of a commit the gateway is to die.
/// A file mapped by both, so that a gateway in the middle of its work can be told.

#include <array>
#include <atomic>
#include <cstdint>

namespace concord::campaign {

struct FaultPoint {
  /// 1: the step and the count below hold; written last, read first.
  std::atomic<std::uint32_t> armed{0};
  std::array<char, 28> step{};        ///< name of the step, "*" for any
  std::atomic<std::int64_t> left{0};  ///< how many more times it is reached until the process dies
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

/// Names the file, in the gateway's environment.
inline constexpr const char* kFaultPointFile = "CONCORD_FAULT_POINT_FILE";

}  // namespace concord::campaign
