// concord serve: the gateway, until it is told to stop.
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ostream>

#include "gateway/app/commands/registry.h"
#include "gateway/app/gateway.h"

namespace concord::app {
namespace {

/// SIGTERM, SIGINT and SIGHUP, waited for instead of handled: blocked in every thread made from
/// here on.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  int wait() const {
    int received = 0;
    while (sigwait(&set_, &received) != 0) {
    }
    return received;
  }
  /// From now on the next signal ends the process at once, as it would without us.
  void next_one_ends_the_process() const {
    std::signal(SIGTERM, [](int) { ::_exit(128 + SIGTERM); });
    std::signal(SIGINT, [](int) { ::_exit(128 + SIGINT); });
    pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
  }

 private:
  sigset_t set_{};
};

int serve(const Config& config, std::chrono::steady_clock::time_point began, Streams& streams) {
  const StopSignals signals;
  std::signal(SIGPIPE, SIG_IGN);
  const auto level = ops::parse_log_level(config.log_level);
  ops::Log log(STDERR_FILENO, level ? *level : ops::LogLevel::info, config.node, system_clock());
  auto started = Gateway::start(config, log, system_clock(), random_uuids());
  if (!started) {
    log.flush();
    print_error(streams.err, "", started.error());
    if (!started.error().log_detail.empty()) streams.err << started.error().log_detail << '\n';
    return kFailed;
  }
  Gateway& gateway = **started;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began);
  const std::string host =
      config.http.address == "::1" ? std::string("[::1]") : config.http.address;
  streams.out << "ready http=" << host << ':' << gateway.http_port();
  if (gateway.admin_port() != 0) streams.out << " admin=" << host << ':' << gateway.admin_port();
  streams.out << " in " << took.count() << " ms" << std::endl;
  log.write(ops::LogLevel::info, "ready",
            {{"version", version()}, {"http_port", gateway.http_port()}, {"ms", took.count()}});

  while (signals.wait() == SIGHUP) {
    // What came of it is in the log; the maps in use stay when it failed.
    if (const auto reloaded = gateway.reload_maps(); !reloaded) log.flush();
  }
  signals.next_one_ends_the_process();
  log.write(ops::LogLevel::info, "stopping", {});
  const bool clean = gateway.stop();
  log.write(ops::LogLevel::info, "stopped", {{"cut", clean ? "no" : "yes"}});
  log.flush();
  return kDone;
}

}  // namespace

void register_serve(commands::Table& table) {
  const auto began = std::chrono::steady_clock::now();
  CLI::App& command = table.add(
      "serve",
      "Run the gateway until SIGTERM or SIGINT; a second one ends it at once. SIGHUP reads the "
      "overlays anew",
      "CONCORD_HTTP_PORT=8080 CONCORD_STORE_PATH=/tmp/concord.db concord serve");
  const auto file = std::make_shared<std::string>();
  add_config_option(command, *file);
  table.on(command, [file, began](Streams& streams) {
    const auto config = load_config(*file, streams.err);
    return config ? serve(*config, began, streams) : static_cast<int>(kUsage);
  });
}

}  // namespace concord::app
