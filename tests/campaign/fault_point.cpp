#include <unistd.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>

#include "gateway/app/fault_points.h"

namespace concord::app {

std::function<void(std::string_view step)> fault_point() {
  const char* const set = std::getenv("CONCORD_FAULT_POINT");  // NOLINT: before threads start
  const std::string_view text = set == nullptr ? "" : set;
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return {};
  std::int64_t nth = 0;
  const char* const end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data() + colon + 1, end, nth);
  if (failed != std::errc{} || at != end || nth < 1) return {};
  const auto left = std::make_shared<std::atomic<std::int64_t>>(nth);
  return [left, name = std::string(text.substr(0, colon))](std::string_view step) {
    if (name != "*" && name != step) return;
    if (--*left == 0) ::kill(::getpid(), SIGKILL);
  };
}

}  // namespace concord::app
