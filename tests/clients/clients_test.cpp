// FHIR clients as published, installed as pinned and run against a gateway of this build.

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>

#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/postgres_cluster.h"
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
  /// `store`: lines of the configuration below "store:".
  explicit Gateway(const std::string& store) {
    const fs::path config = folder_.path() / "concord.yaml";
    std::ofstream(config)
        << "http: { port: 0, drain_seconds: 0 }\nadmin: { enabled: false }\nstore: { " << store
        << " }\n";
    process_ = Process(
        built_program("concord"),
        {.arguments = {"serve", "--config", config.string()}, .log = folder_.path() / "log"});
    const auto line = process_.wait_for_line("ready http=", 60s);
    const auto at = line ? line->rfind("127.0.0.1:") : std::string::npos;
    if (at != std::string::npos) port_ = std::atoi(line->c_str() + at + 10);
  }
  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/FHIR/R4"; }
  std::string log() const { return process_.log(); }

 private:
  TemporaryFolder folder_;
  Process process_;
  int port_ = 0;
};

/// Clients of one registry: what they need to be installed and how they are run.
struct Clients {
  std::string name;                ///< a folder here, and one of the build
  std::string pinned;              ///< the file that says which versions
  std::string program;             ///< the file that is run
  std::vector<std::string> needs;  ///< programs of the system
};

/// What the program needs, installed once for each state of the pinning file. What is wrong; empty:
/// nothing.
using Install = std::function<std::string(const fs::path& from, const fs::path& into)>;

/// Runs the commands one after another; what the first that fails says.
std::string run_all(const std::vector<std::vector<std::string>>& commands, const fs::path& log) {
  for (const std::vector<std::string>& command : commands) {
    const auto status =
        run(command.front(), {.arguments = {command.begin() + 1, command.end()}, .log = log}, 300s);
    if (status != 0) return command.front() + " did not end well: " + read_file(log);
  }
  return {};
}

std::string installed(const Clients& clients, const fs::path& folder, const Install& install) {
  for (const std::string& one : clients.needs) {
    if (program(one).empty()) return one + " is not here";
  }
  const fs::path from = fs::path(concord::test::test_dir()) / clients.name;
  const std::string pinned = read_file(from / clients.pinned);
  const fs::path done = folder / "installed";
  if (fs::exists(done) && read_file(done) == pinned) return {};
  fs::remove_all(folder);
  fs::create_directories(folder);
  std::string wrong = install(from, folder);
  if (wrong.empty()) std::ofstream(done, std::ios::binary) << pinned;
  return wrong;
}

/// Runs the program of `clients` against a gateway on each kind of store.
void expect_served(const Clients& clients, const Install& install,
                   const std::function<std::vector<std::string>(const fs::path& folder)>& command) {
  const fs::path folder = fs::path(concord::test::binary_dir()) / "clients" / clients.name;
  const std::string wrong = installed(clients, folder, install);
  if (!wrong.empty()) {
    std::cerr << "\n*** NOT TESTED: clients of " << clients.name
              << " need their programs and, once, the registry: " << wrong << "\n";
    GTEST_SKIP() << "clients of " << clients.name << " are not installed";
  }
  // Beside what it imports.
  fs::copy_file(fs::path(concord::test::test_dir()) / clients.name / clients.program,
                folder / clients.program, fs::copy_options::overwrite_existing);
  const TemporaryFolder store;
  std::vector<std::string> stores{"path: '" + (store.path() / "concord.db").string() + "'"};
  if (PostgresCluster* cluster = PostgresCluster::shared(); cluster != nullptr) {
    stores.push_back("kind: postgresql, connection: '" + cluster->make_database() + "'");
  }
  for (const std::string& one : stores) {
    const Gateway gateway(one);
    ASSERT_NE(gateway.port(), 0) << gateway.log();
    const TemporaryFolder out;
    std::vector<std::string> arguments = command(folder);
    const std::string executable = arguments.front();
    arguments.erase(arguments.begin());
    arguments.push_back(gateway.url());
    const auto status = run(executable, {.arguments = arguments, .log = out.path() / "out"}, 120s);
    const std::string said = read_file(out.path() / "out");
    EXPECT_EQ(status, 0) << one << "\n" << said;
    EXPECT_THAT(said, testing::HasSubstr("tests, 0 failed"));
  }
}

TEST(Clients, FromNpmDoWhatTheirUsersDo) {
  expect_served(
      {"npm", "package-lock.json", "clients.mjs", {"node", "npm"}},
      [](const fs::path& from, const fs::path& into) {
        for (const char* file : {"package.json", "package-lock.json", ".npmrc"}) {
          fs::copy_file(from / file, into / file);
        }
        return run_all({{program("npm"), "ci", "--prefer-offline", "--prefix", into.string()}},
                       into / "log");
      },
      [](const fs::path& folder) {
        return std::vector<std::string>{program("node"), (folder / "clients.mjs").string()};
      });
}

TEST(Clients, FromMavenCentralDoWhatTheirUsersDo) {
  expect_served(
      {"java", "pom.xml", "HapiClients.java", {"java", "javac", "mvn"}},
      [](const fs::path& from, const fs::path& into) {
        const std::string log = (into / "log").string();
        std::vector<std::string> command{program("mvn"),
                                         "-q",
                                         "-B",
                                         "-ntp",
                                         "-C",
                                         "-o",
                                         "-f",
                                         (from / "pom.xml").string(),
                                         "dependency:copy-dependencies",
                                         "-DincludeScope=runtime",
                                         "-DoutputDirectory=" + (into / "lib").string()};
        if (run_all({command}, log).empty()) return std::string();  // all there from before
        std::erase(command, "-o");
        return run_all({command}, log);
      },
      [](const fs::path& folder) {
        return std::vector<std::string>{program("java"),
                                        "-XX:TieredStopAtLevel=1",
                                        "-Xshare:auto",
                                        "-cp",
                                        (folder / "lib").string() + "/*",
                                        (folder / "HapiClients.java").string()};
      });
}

TEST(Clients, FromPyPiDoWhatTheirUsersDo) {
  expect_served(
      {"python", "requirements.txt", "clients.py", {"python3"}},
      [](const fs::path& from, const fs::path& into) {
        const fs::path own = into / "venv";
        return run_all(
            {{program("python3"), "-m", "venv", own.string()},
             {own / "bin" / "pip", "install", "--quiet", "--only-binary",
              ":all:", "--disable-pip-version-check", "-r", (from / "requirements.txt").string()}},
            into / "log");
      },
      [](const fs::path& folder) {
        return std::vector<std::string>{folder / "venv" / "bin" / "python",
                                        (folder / "clients.py").string()};
      });
}

}  // namespace
}  // namespace concord::test
