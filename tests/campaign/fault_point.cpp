// The step at which concord-faulty dies: told by whoever maps the same file.
#include "tests/campaign/fault_point.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string_view>

#include "gateway/app/fault_points.h"

namespace concord::app {

std::function<void(std::string_view step)> fault_point() {
  const char* const name = std::getenv(campaign::kFaultPointFile);  // NOLINT: before threads start
  if (name == nullptr) return {};
  const int file = ::open(name, O_RDWR | O_CLOEXEC);
  if (file < 0) return {};
  void* const mapped =
      ::mmap(nullptr, sizeof(campaign::FaultPoint), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  if (mapped == MAP_FAILED) return {};
  return [point = static_cast<campaign::FaultPoint*>(mapped)](std::string_view step) {
    if (point->armed.load(std::memory_order_acquire) == 0) return;
    const std::string_view wanted = point->step.data();
    if (wanted != "*" && wanted != step) return;
    if (--point->left == 0) ::kill(::getpid(), SIGKILL);
  };
}

}  // namespace concord::app
