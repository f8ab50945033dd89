#pragma once
/// A PostgreSQL server of a test program's own: made in a temporary folder, reached by a Unix
/// socket there, gone with the program, also when it is killed.

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace concord::test {

/// One private cluster. PostgreSQL does not run as root: then it runs as user postgres, or nobody.
/// Not thread-safe.
class PostgresCluster {
 public:
  /// Where it is reached beside its socket.
  struct Network {
    std::filesystem::path name_space;  ///< of the host it runs on; empty: this one
    std::string from;                  ///< network whose hosts may connect, "10.0.0.0/24"; "": none
  };

  /// Makes the cluster and starts it. Ends the test with a failure when that does not work.
  PostgresCluster() : PostgresCluster(Network{}) {}
  explicit PostgresCluster(Network network);
  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  /// The one of this test program, made when first asked for; null, after one loud line, when
  /// PostgreSQL is not installed.
  static PostgresCluster* shared();

  /// A new, empty database; the connection string leads to it.
  std::string make_database();
  /// For one statement behind everybody's back, through psql: what it answers, without headings.
  std::string sql(const std::string& connection, const std::string& statement) const;
  /// The same where it may fail: whether it did not.
  bool try_sql(const std::string& connection, const std::string& statement) const;

  void start();
  /// "NAME=VALUE", for the server from its next start on.
  void set_environment(std::vector<std::string> more) { environment_ = std::move(more); }
  enum class How { fast, immediate, killed };
  /// `immediate`: without a word to anybody, as after a loss of power to the server alone.
  /// `killed`: SIGKILL to the server and all that works for it, and they are gone.
  void stop(How how = How::fast);
  void restart(How how = How::fast) {
    stop(how);
    start();
  }
  /// SIGSTOP and SIGCONT to the server and all that works for it.
  void freeze(bool frozen) const;

  /// Until it takes connections; false: not within the time.
  bool wait_until_ready(std::chrono::milliseconds limit) const;

  /// A standby of this server, which from then on answers no commit before the standby has it on
  /// its disk. Null, after a failure of the test, when that does not work.
  std::unique_ptr<PostgresCluster> make_standby();
  /// The same out of a server that has ended: all it had is removed.
  bool make_standby(PostgresCluster& of_this);
  /// A standby becomes a primary, which waits for no standby.
  bool promote();

  const std::filesystem::path& folder() const { return folder_; }
  std::string connection(const std::string& database) const;

 private:
  struct Empty {};
  explicit PostgresCluster(Empty);
  bool make_folder();
  std::vector<pid_t> workers() const;
  int run(const std::string& program, const std::vector<std::string>& arguments,
          const std::filesystem::path& output = "/dev/null") const;

  std::filesystem::path binaries_;
  std::filesystem::path folder_;
  Network network_;
  std::vector<std::string> environment_;
  pid_t server_ = -1;
  int cleaner_pipe_ = -1;
  int databases_ = 0;
};

/// The folder with `postgres` and `initdb`; nothing when it is not installed.
std::optional<std::filesystem::path> postgres_binaries();

}  // namespace concord::test
