#include "tests/support/postgres_cluster.h"

#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

namespace concord::test {
namespace {

namespace fs = std::filesystem;

/// Who the server runs as: another user when this is root.
const passwd* server_user() {
  if (::geteuid() != 0) return nullptr;
  const passwd* user = ::getpwnam("postgres");
  return user != nullptr ? user : ::getpwnam("nobody");
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

/// Starts a program as that user. It dies with this process.
pid_t spawn(const fs::path& program, const std::vector<std::string>& arguments,
            const fs::path& output, const fs::path& folder, int death_signal,
            const std::vector<std::string>& more = {}, const fs::path& name_space = {}) {
  std::vector<std::string> all{program.string()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const std::vector<char*> argv = pointers(all);
  std::vector<std::string> environment{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC",
                                       "HOME=" + folder.string()};
  environment.insert(environment.end(), more.begin(), more.end());
  const std::vector<char*> envp = pointers(environment);
  const passwd* user = server_user();
  const uid_t uid = user != nullptr ? user->pw_uid : 0;
  const gid_t gid = user != nullptr ? user->pw_gid : 0;
  const std::string log = output.string();
  const std::string home = folder.string();
  const std::string host = name_space.string();
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  // Only calls that are safe after fork.
  if (!host.empty()) {
    const int space = ::open(host.c_str(), O_RDONLY | O_CLOEXEC);
    if (space < 0 || ::setns(space, CLONE_NEWNET) != 0) ::_exit(126);
  }
  if (user != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(gid) != 0 || ::setuid(uid) != 0))
    ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, death_signal);
  if (::getppid() != parent || ::chdir(home.c_str()) != 0) ::_exit(126);
  ::setpgid(0, 0);
  const int in = ::open("/dev/null", O_RDONLY);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (in < 0 || out < 0) ::_exit(126);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(out, 2);
  ::execve(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

std::string text_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Removes the folder after the test program, however that ended: it holds the read end of a pipe
/// whose write end dies with the program.
/// \return the write end; -1 when there is none.
int start_cleaner(const fs::path& folder) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return -1;
  std::vector<std::string> command{"/bin/rm", "-rf", "--", folder.string()};
  const std::vector<char*> argv = pointers(command);
  if (::fork() == 0) {
    ::setpgid(0, 0);
    ::close(ends[1]);
    // Whoever waits for the end of the program's output shall not wait for this one.
    for (int fd = 0; fd < 3; ++fd) ::close(fd);
    char byte = 0;
    while (::read(ends[0], &byte, 1) > 0) {
    }
    ::usleep(300'000);  // the server is on its way out
    char* none[] = {nullptr};
    ::execve(argv[0], argv.data(), none);
    ::_exit(127);
  }
  ::close(ends[0]);
  return ends[1];
}

}  // namespace

std::optional<fs::path> postgres_binaries() {
  std::error_code none;
  std::optional<fs::path> newest;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const fs::path bin = version.path() / "bin";
    if (!fs::exists(bin / "postgres", none) || !fs::exists(bin / "initdb", none)) continue;
    if (!newest ||
        std::stoi(version.path().filename()) > std::stoi(newest->parent_path().filename())) {
      newest = bin;
    }
  }
  return newest;
}

PostgresCluster* PostgresCluster::shared() {
  static const bool installed = postgres_binaries().has_value();
  if (!installed) {
    static const bool said = std::fputs(
                                 "\n*** PostgreSQL is not installed (Debian package postgresql): "
                                 "its tests are SKIPPED ***\n",
                                 stderr) >= 0;
    static_cast<void>(said);
    return nullptr;
  }
  static PostgresCluster cluster;
  return &cluster;
}

bool PostgresCluster::make_folder() {
  const auto found = postgres_binaries();
  if (!found) {
    ADD_FAILURE() << "PostgreSQL is not installed";
    return false;
  }
  binaries_ = *found;
  std::string pattern = (fs::temp_directory_path() / "concord-pg-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    ADD_FAILURE() << "no temporary folder";
    return false;
  }
  folder_ = pattern;
  cleaner_pipe_ = start_cleaner(folder_);
  if (const passwd* user = server_user()) {
    if (::chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) ADD_FAILURE() << "chown";
  }
  return true;
}

PostgresCluster::PostgresCluster(Empty) { make_folder(); }

PostgresCluster::PostgresCluster(Network network) : network_(std::move(network)) {
  if (!make_folder()) return;
  const int made = run("initdb",
                       {"--no-sync", "--auth=trust", "--username=concord", "--encoding=UTF8",
                        "--locale=C.UTF-8", "-D", (folder_ / "data").string()},
                       folder_ / "initdb.log");
  if (made != 0) {
    ADD_FAILURE() << "initdb failed: " << text_of(folder_ / "initdb.log");
    return;
  }
  std::ofstream(folder_ / "data" / "postgresql.auto.conf", std::ios::app)
      << "listen_addresses = '" << (network_.from.empty() ? "" : "*") << "'\n"
      << "unix_socket_directories = '" << folder_.string() << "'\n"
      << "port = 5432\n"
      << "max_connections = 200\n"
      << "shared_buffers = 128MB\n"
      << "max_wal_size = 2GB\n"
      << "deadlock_timeout = 200ms\n"
      << "log_min_messages = warning\n";
  if (!network_.from.empty()) {
    std::ofstream(folder_ / "data" / "pg_hba.conf", std::ios::app)
        << "host all all " << network_.from << " trust\n";
  }
  start();
}

PostgresCluster::~PostgresCluster() {
  stop(How::immediate);
  // The cleaner goes on by itself: where disks discard what is removed, hundreds of databases take
  // it minutes.
  if (cleaner_pipe_ >= 0) ::close(cleaner_pipe_);
}

std::string PostgresCluster::connection(const std::string& database) const {
  return "host=" + folder_.string() + " port=5432 user=concord dbname=" + database;
}

void PostgresCluster::start() {
  if (folder_.empty() || server_ > 0) return;
  // SIGQUIT: the server ends at once, with all that works for it.
  server_ = spawn(binaries_ / "postgres", {"-D", (folder_ / "data").string()},
                  folder_ / "server.log", folder_, SIGQUIT, environment_, network_.name_space);
  if (wait_until_ready(std::chrono::seconds(30))) return;
  ADD_FAILURE() << "the server does not start: " << text_of(folder_ / "server.log");
}

bool PostgresCluster::wait_until_ready(std::chrono::milliseconds limit) const {
  const auto until = std::chrono::steady_clock::now() + limit;
  const std::vector<std::string> ask{"-q",      "-h", folder_.string(), "-U",
                                     "concord", "-d", "postgres"};
  while (run("pg_isready", ask) != 0) {
    if (std::chrono::steady_clock::now() > until || ::kill(server_, 0) != 0) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

std::unique_ptr<PostgresCluster> PostgresCluster::make_standby() {
  std::unique_ptr<PostgresCluster> standby(new PostgresCluster(Empty{}));
  if (!make_standby(*standby)) return nullptr;
  return standby;
}

bool PostgresCluster::make_standby(PostgresCluster& of_this) {
  of_this.stop(How::killed);
  std::error_code none;
  fs::remove_all(of_this.folder_ / "data", none);
  // Copied while this server waits for nobody, so that the copy does not either once it leads.
  const std::string here = connection("postgres");
  const fs::path log = of_this.folder_ / "basebackup.log";
  if (of_this.run("pg_basebackup",
                  {"-d", here, "-D", (of_this.folder_ / "data").string(), "-X", "stream",
                   "--checkpoint=fast", "--no-sync"},
                  log) != 0) {
    ADD_FAILURE() << "pg_basebackup failed: " << text_of(log);
    return false;
  }
  std::ofstream(of_this.folder_ / "data" / "postgresql.auto.conf", std::ios::app)
      << "unix_socket_directories = '" << of_this.folder_.string() << "'\n"
      << "primary_conninfo = 'host=" << folder_.string()
      << " port=5432 user=concord application_name=standby'\n";
  std::ofstream(of_this.folder_ / "data" / "standby.signal");
  of_this.start();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const auto soon = [&](const std::string& state) {
    while (sql(here, "SELECT count(*) FROM pg_stat_replication WHERE " + state) != "1") {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  };
  if (!soon("state = 'streaming'")) return false;
  sql(here, "ALTER SYSTEM SET synchronous_standby_names = 'standby'");
  sql(here, "SELECT pg_reload_conf()");
  return soon("sync_state = 'sync'");
}

bool PostgresCluster::promote() {
  return sql(connection("postgres"), "SELECT pg_promote(true, 30)") == "t";
}

void PostgresCluster::stop(How how) {
  if (server_ <= 0) return;
  std::vector<pid_t> killed;
  if (how == How::killed) {
    killed = workers();
    ::kill(server_, SIGKILL);  // first, so that it makes no new ones
    for (const pid_t worker : workers()) killed.push_back(worker);
    for (const pid_t worker : killed) ::kill(worker, SIGKILL);
  } else {
    ::kill(server_, how == How::fast ? SIGINT : SIGQUIT);
  }
  ::kill(server_, SIGCONT);
  ::waitpid(server_, nullptr, 0);
  server_ = -1;
  for (const pid_t worker : killed) {
    // Somebody else reaps them: a zombie is gone as well.
    for (int i = 0; i < 2000; ++i) {
      const std::string stat = text_of("/proc/" + std::to_string(worker) + "/stat");
      const std::size_t end = stat.rfind(')');
      if (end == std::string::npos || stat.compare(end, 3, ") Z") == 0) break;
      ::usleep(1000);
    }
  }
}

std::vector<pid_t> PostgresCluster::workers() const {
  // They lead groups of their own, so they are found by their parent.
  std::vector<pid_t> all;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/proc", none)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string stat = text_of(entry.path() / "stat");
    const std::size_t end = stat.rfind(')');
    if (end == std::string::npos || end + 4 > stat.size()) continue;
    if (std::atoi(stat.c_str() + end + 4) == server_) all.push_back(std::stoi(name));
  }
  return all;
}

void PostgresCluster::freeze(bool frozen) const {
  const int number = frozen ? SIGSTOP : SIGCONT;
  for (const pid_t worker : workers()) ::kill(worker, number);
  ::kill(server_, number);
}

int PostgresCluster::run(const std::string& program, const std::vector<std::string>& arguments,
                         const fs::path& output) const {
  const pid_t child = spawn(binaries_ / program, arguments, output, folder_, SIGKILL);
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string PostgresCluster::make_database() {
  const std::string name = "test" + std::to_string(++databases_);
  EXPECT_EQ(run("createdb", {"-h", folder_.string(), "-U", "concord", "-T", "template0", name}), 0);
  return connection(name);
}

bool PostgresCluster::try_sql(const std::string& connection, const std::string& statement) const {
  return run("psql", {"-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", connection, "-c", statement}) == 0;
}

std::string PostgresCluster::sql(const std::string& connection,
                                 const std::string& statement) const {
  const fs::path output = folder_ / "psql.out";
  std::error_code none;
  fs::remove(output, none);
  const int status = run(
      "psql", {"-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", connection, "-c", statement},
      output);
  std::string text = text_of(output);
  EXPECT_EQ(status, 0) << statement << ": " << text;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace concord::test
