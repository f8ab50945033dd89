#pragma once
/// What this machine has left for this process. Reads files of Linux; safe from any thread.

#include <cstdint>
#include <filesystem>
#include <optional>

namespace concord::admission {

/// Share of a file system that is free for us, 0 … 1. Nothing: it cannot be asked.
std::optional<double> disk_free(const std::filesystem::path& on);

/// Bytes of memory this process holds now (its resident set). Nothing: /proc cannot be read.
std::optional<std::uint64_t> memory_held();

/// The memory this process may use: the least limit of its control group and those above it
/// (cgroup v2 memory.max, or v1 memory.limit_in_bytes). Nothing: there is no limit.
/// @param root  where the system's files are; "/" but in tests
std::optional<std::uint64_t> memory_limit(const std::filesystem::path& root = "/");

}  // namespace concord::admission
