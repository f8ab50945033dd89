#pragma once
/// Gzipped tar archives, as FHIR packages come. Safe from any thread; no exception leaves.

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/packages/registry.h"

namespace concord::packages {

/// Hands each file of the archive to `take`, in order: its path ("package/package.json", without
/// "./") and its bytes. `wanted` is asked first, so that what nobody reads is not unpacked into
/// memory; `take` answers false to end the reading early.
///
/// Errors: not_found (no such file), malformed (neither gzip nor tar, damaged, cut off), invalid (a
/// path that is absolute or leaves the archive, a symbolic or hard link, a device, a pipe),
/// too_long (a bound). Nothing is ever written to disk.
using Wanted = std::function<bool(std::string_view path)>;
using TakeFile = std::function<Result<bool>(std::string_view path, std::string bytes)>;
Result<void> read_archive(const std::filesystem::path& file, const Bounds& bounds,
                          const Wanted& wanted, const TakeFile& take);
/// The same of bytes in memory; `name` is for messages.
Result<void> read_archive(std::string_view bytes, std::string_view name, const Bounds& bounds,
                          const Wanted& wanted, const TakeFile& take);

}  // namespace concord::packages
