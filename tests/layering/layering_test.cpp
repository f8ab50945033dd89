// Who may include whom: ARCHITECTURE.md section 3.

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/places.h"

namespace {

namespace fs = std::filesystem;

const fs::path kRoot = concord::test::source_dir();
const std::vector<std::string> kFloors{"fhir", "mappers", "gateway", "conformance"};

/// Module → declared direct dependencies.
using Modules = std::map<std::string, std::set<std::string>>;

Modules declared_modules() {
  Modules modules;
  std::ifstream in(fs::path(concord::test::binary_dir()) / "modules.txt");
  for (std::string line; std::getline(in, line);) {
    const auto bar = line.find('|');
    if (bar == std::string::npos) continue;
    auto& depends = modules[line.substr(0, bar)];
    std::string rest = line.substr(bar + 1);
    for (std::size_t at = 0; at < rest.size();) {
      const auto end = std::min(rest.find(',', at), rest.size());
      if (end > at) depends.insert(rest.substr(at, end - at));
      at = end + 1;
    }
  }
  return modules;
}

/// The module a file of the tree belongs to: the longest declared prefix of its path.
std::optional<std::string> module_of(const std::string& path, const Modules& modules) {
  std::string at = path;
  for (auto slash = at.rfind('/'); slash != std::string::npos; slash = at.rfind('/')) {
    at.resize(slash);
    if (modules.contains(at)) return at;
  }
  return std::nullopt;
}

struct Include {
  std::string file;  ///< relative to the root
  std::string text;  ///< between quotes or angle brackets
};

/// What stands between the quotes or brackets of an #include line.
std::optional<std::string> included(const std::string& line) {
  const auto hash = line.find_first_not_of(" \t");
  if (hash == std::string::npos || line[hash] != '#') return std::nullopt;
  if (line.find("include", hash) == std::string::npos) return std::nullopt;
  const auto open = line.find_first_of("\"<", hash);
  const auto close = line.find_first_of("\">", open + 1);
  if (open == std::string::npos || close == std::string::npos) return std::nullopt;
  return line.substr(open + 1, close - open - 1);
}

std::vector<Include> all_includes() {
  std::vector<Include> found;
  for (const std::string& floor : kFloors) {
    if (!fs::exists(kRoot / floor)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / floor)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp") continue;
      const std::string file = fs::relative(entry.path(), kRoot).generic_string();
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) {
        if (const auto text = included(line)) found.push_back({file, *text});
      }
    }
  }
  return found;
}

bool below(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder + "/");
}

TEST(Layering, EveryIncludeOfAnotherRoomIsDeclared) {
  const Modules modules = declared_modules();
  ASSERT_GT(modules.size(), 5u) << "modules.txt is missing or empty";
  std::size_t checked = 0;
  for (const Include& include : all_includes()) {
    const auto from = module_of(include.file, modules);
    const auto to = module_of(include.text, modules);
    // Programs and build-time tools are wired in their own CMakeLists.txt.
    if (!from || !to || *from == *to || include.file.find("/tool/") != std::string::npos) continue;
    ++checked;
    EXPECT_TRUE(modules.at(*from).contains(*to))
        << include.file << " includes \"" << include.text << "\", but " << *from
        << " does not declare " << *to << " in DEPENDS";
  }
  EXPECT_GT(checked, 20u);
}

TEST(Layering, DeclaredDependenciesHaveNoCycle) {
  const Modules modules = declared_modules();
  std::map<std::string, int> state;  // 1: being visited, 2: done
  const std::function<void(const std::string&)> visit = [&](const std::string& module) {
    if (state[module] == 2) return;
    if (state[module] == 1) {
      ADD_FAILURE() << "a cycle through " << module;
      return;
    }
    state[module] = 1;
    const auto at = modules.find(module);
    if (at != modules.end()) {
      for (const auto& next : at->second) visit(next);
    }
    state[module] = 2;
  };
  for (const auto& [module, depends] : modules) visit(module);
}

TEST(Layering, EveryDeclaredDependencyIsARoom) {
  const Modules modules = declared_modules();
  for (const auto& [module, depends] : modules) {
    for (const auto& depend : depends) {
      EXPECT_TRUE(modules.contains(depend)) << module << " depends on " << depend;
    }
  }
}

TEST(Layering, RoomsKeepTheFinerRules) {
  struct Rule {
    std::string room, may_not_see;
    std::vector<std::string> but;
  };
  const std::vector<Rule> rules{
      {"gateway/api", "gateway/store", {}},
      {"gateway/api", "gateway/outbox", {}},
      {"gateway/exchange", "gateway/http", {}},
      {"gateway/exchange", "gateway/api", {}},
      {"gateway/exchange", "gateway/channels/http", {}},
      {"gateway/exchange", "mappers", {"mappers/core"}},
      {"gateway/store", "fhir", {"fhir/core", "fhir/search"}},
      {"gateway/store", "mappers", {}},
      {"gateway/channels", "fhir", {"fhir/core"}},
      {"gateway/channels", "mappers", {}},
      {"gateway/audit", "fhir", {"fhir/core"}},
      {"gateway/agreements", "gateway", {"gateway/agreements"}},
      {"gateway/agreements", "mappers", {}},
      {"conformance", "gateway", {}},
      {"conformance", "mappers", {}},
  };
  for (const Include& include : all_includes()) {
    for (const Rule& rule : rules) {
      if (!below(include.file, rule.room) || !below(include.text, rule.may_not_see)) continue;
      const bool excepted = std::any_of(rule.but.begin(), rule.but.end(), [&](const auto& room) {
        return below(include.text, room);
      });
      EXPECT_TRUE(excepted) << include.file << " must not include \"" << include.text << "\"";
    }
  }
}

TEST(Layering, EachLibraryStaysInItsRooms) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> kLibraryOwners{
      {"rapidjson/", {"fhir/json", "fhir/definitions/tool"}},
      {"libxml/", {"fhir/xml"}},
      {"xmlsec/", {"fhir/xml"}},
      {"Poco/", {"gateway/http", "conformance/simulators"}},
      {"curl/", {"gateway/channels/http", "conformance"}},
      {"sqlite3.h", {"gateway/store/sqlite"}},
      {"libpq-fe.h", {"gateway/store/postgresql"}},
      {"re2/", {"fhir/path", "fhir/terminology"}},
      {"mpdecimal.h", {"fhir/core"}},
      {"openssl/", {"fhir/core", "mappers/eps/signing"}},
      {"flatbuffers/", {"fhir/definitions", "fhir/terminology"}},
      {"archive", {"fhir/packages"}},
      {"zlib.h", {"mappers/eps", "gateway/http"}},
      {"zstd.h", {"fhir/packages", "gateway/store/sql"}},
      {"unicode/",
       {"fhir/core", "fhir/path", "fhir/search", "fhir/terminology", "gateway/agreements"}},
      {"yaml-cpp/", {"gateway/agreements", "gateway/app"}},
      {"CLI/", {"gateway/app", "conformance"}},
      {"prometheus/", {"gateway/ops"}},
      {"spdlog/", {"gateway/ops", "gateway/app", "gateway/http"}},
  };
  for (const Include& include : all_includes()) {
    for (const auto& [library, rooms] : kLibraryOwners) {
      if (!include.text.starts_with(library)) continue;
      const bool owned = std::any_of(rooms.begin(), rooms.end(),
                                     [&](const auto& room) { return below(include.file, room); });
      EXPECT_TRUE(owned) << include.file << " must not include <" << include.text << ">";
    }
  }
}

TEST(Layering, EveryRoomHasAReadme) {
  std::set<fs::path> rooms;
  for (const auto& [module, depends] : declared_modules()) rooms.insert(kRoot / module);
  for (const std::string& floor : kFloors) {
    if (fs::exists(kRoot / floor)) rooms.insert(kRoot / floor);
  }
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "tests")) {
    if (entry.path().filename() == "CMakeLists.txt" &&
        entry.path().parent_path().parent_path() == kRoot / "tests") {
      rooms.insert(entry.path().parent_path());
    }
  }
  for (const fs::path& room : rooms) {
    const fs::path readme = room / "README.md";
    ASSERT_TRUE(fs::exists(readme)) << room << " has no README.md";
    EXPECT_GT(fs::file_size(readme), 200u) << readme << " says too little";
  }
}

}  // namespace
