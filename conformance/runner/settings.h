#pragma once
/// What one run is told. Plain values.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "conformance/runner/exchange.h"

namespace concord::runner {

struct Settings {
  /// Base addresses without "/" at the end; destination n is servers[n - 1].
  std::vector<std::string> servers;
  std::vector<HeaderLine> headers;  ///< sent to the servers with every request
  /// Values given for variables, before what the script says.
  std::map<std::string, std::string> variables;
  /// Folders in which fixtures are looked for, after the folder of the script.
  std::vector<std::filesystem::path> fixture_folders;
  /// Whether addresses outside of `servers` may be asked (fixtures by URL, links that lead away).
  /// They never get `headers`.
  bool allow_remote = false;
  std::string filter;      ///< part of "script/test"; others are not run
  std::uint64_t seed = 1;  ///< of generated resources and placeholders
};

}  // namespace concord::runner
