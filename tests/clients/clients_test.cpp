// FHIR clients as published, installed from a lock file and run against a gateway of this build.

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/support/files.h"
#include "tests/support/process.h"

namespace concord::test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr const char* kPath = "/usr/local/bin:/usr/bin:/bin";

/// Where a program of the system is; empty: nowhere.
fs::path program(std::string_view name) {
  const char* own = std::getenv("PATH");
  std::string paths = own != nullptr ? own : kPath;
  paths += ':';
  for (std::size_t from = 0, colon = 0; (colon = paths.find(':', from)) != std::string::npos;
       from = colon + 1) {
    const fs::path at = fs::path(paths.substr(from, colon - from)) / name;
    if (std::error_code ignored; fs::exists(at, ignored)) return at;
  }
  return {};
}

/// A gateway with a store of its own on a free port.
class Gateway {
 public:
  Gateway() {
    const fs::path config = folder_.path() / "concord.yaml";
    std::ofstream(config) << "http: { port: 0 }\nadmin: { enabled: false }\nstore: { path: '"
                          << (folder_.path() / "concord.db").string() << "' }\n";
    process_ = Process(
        built_program("concord"),
        {.arguments = {"serve", "--config", config.string()}, .log = folder_.path() / "log"});
    const auto line = process_.wait_for_line("ready http=", 60s);
    const auto at = line ? line->rfind("127.0.0.1:") : std::string::npos;
    if (at != std::string::npos) port_ = std::atoi(line->c_str() + at + 10);
  }
  int port() const { return port_; }
  std::string log() const { return process_.log(); }

 private:
  TemporaryFolder folder_;
  Process process_;
  int port_ = 0;
};

/// The packages of the lock file below `folder`, installed once for each lock file. What is wrong;
/// empty: nothing.
std::string install(const fs::path& folder, const fs::path& npm) {
  const fs::path from = fs::path(CONCORD_TEST_DIR) / "npm";
  const std::string lock = read_file(from / "package-lock.json");
  const fs::path done = folder / "installed.json";
  if (fs::exists(done) && read_file(done) == lock) return {};
  fs::create_directories(folder);
  for (const char* file : {"package.json", "package-lock.json", ".npmrc"}) {
    fs::copy_file(from / file, folder / file, fs::copy_options::overwrite_existing);
  }
  const fs::path log = folder / "npm.log";
  const auto status =
      run(npm, {.arguments = {"ci", "--prefer-offline", "--prefix", folder.string()}, .log = log},
          240s);
  if (status != 0) return "npm ci did not end well: " + read_file(log);
  std::ofstream(done, std::ios::binary) << lock;
  return {};
}

TEST(Clients, FromNpmDoWhatTheirUsersDo) {
  const fs::path node = program("node"), npm = program("npm");
  const fs::path folder = fs::path(CONCORD_BINARY_DIR) / "clients" / "npm";
  const std::string wrong =
      node.empty() || npm.empty() ? "node and npm are not here" : install(folder, npm);
  if (!wrong.empty()) {
    std::cerr << "\n*** NOT TESTED: clients from npm need node, npm and, once, the registry: "
              << wrong << "\n";
    GTEST_SKIP() << "clients from npm are not installed";
  }
  const Gateway gateway;
  ASSERT_NE(gateway.port(), 0) << gateway.log();
  fs::copy_file(fs::path(CONCORD_TEST_DIR) / "npm" / "clients.mjs", folder / "clients.mjs",
                fs::copy_options::overwrite_existing);
  const TemporaryFolder out;
  const auto status =
      run(node,
          {.arguments = {(folder / "clients.mjs").string(),
                         "http://127.0.0.1:" + std::to_string(gateway.port()) + "/FHIR/R4"},
           .log = out.path() / "out"},
          120s);
  const std::string said = read_file(out.path() / "out");
  EXPECT_EQ(status, 0) << said;
  EXPECT_THAT(said, testing::HasSubstr("tests, 0 failed"));
}

}  // namespace
}  // namespace concord::test
