// Package archives: whatever the bytes, reading ends within its bounds, and no path leaves the
// archive.
// DEPENDS fhir/packages

#include "fhir/packages/archive.h"

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace concord;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  packages::Bounds bounds;
  bounds.max_archive = 1 << 20;
  bounds.max_total = 1 << 20;
  bounds.max_file = 1 << 18;
  bounds.max_entries = 200;
  std::size_t files = 0, total = 0;
  const auto done = packages::read_archive(
      bytes, "fuzz.tgz", bounds,
      [](std::string_view path) { return path.find("skip") == path.npos; },
      [&](std::string_view path, std::string text) -> Result<bool> {
        ++files;
        total += text.size();
        if (path.empty() || path.front() == '/' || path == ".." || path.starts_with("../") ||
            path.find("/../") != path.npos || path.ends_with("/..") ||
            path.find('\0') != path.npos || text.size() > bounds.max_file) {
          std::abort();
        }
        return true;
      });
  if (files > bounds.max_entries || total > bounds.max_total) std::abort();
  if (!done && done.error().issues.empty()) std::abort();
  return 0;
}
