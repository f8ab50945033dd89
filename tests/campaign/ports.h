#pragma once
/// Ports nobody else on this machine takes while they are held: campaigns that run side by side
/// must not meet, also while their gateways are down.

#include <cstdint>
#include <vector>

namespace concord::campaign {

/// Below the ports the kernel gives to connections, each guarded by a lock on a file of its number
/// in /tmp. One thread at a time.
class Ports {
 public:
  Ports() = default;
  ~Ports();
  Ports(const Ports&) = delete;
  Ports& operator=(const Ports&) = delete;

  /// One more that nobody holds and nobody listens on; 0: there is none.
  std::uint16_t take();

 private:
  std::vector<int> locks_;
};

/// The lock on a numbered thing of this machine (`what` names its kind): a descriptor to close, or
/// -1: somebody holds it. It goes with the process.
int lock_number(const char* what, unsigned number);

}  // namespace concord::campaign
