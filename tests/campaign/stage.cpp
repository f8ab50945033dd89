#include "tests/campaign/stage.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/store/postgresql/postgresql_store.h"
#include "gateway/store/sqlite/sqlite_store.h"

namespace concord::campaign {
namespace {

using namespace std::chrono_literals;

std::uint16_t free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  void* address = &at;
  ::bind(probe, static_cast<sockaddr*>(address), size);
  ::getsockname(probe, static_cast<sockaddr*>(address), &size);
  ::close(probe);
  return ntohs(at.sin_port);
}

}  // namespace

Stage::Stage(const Plan& plan) : plan_(plan) {
  std::filesystem::create_directories(plan.folder / "disk");
  if (plan.store == "postgresql") {
    open_database();
  } else if (plan.uses_disk() && !open_disk(plan.folder / "disk")) {
    return;
  }
  spine_port_ = free_port();
  spine_ = test::Process(test::built_program("concord-spine-simulator"),
                         {.arguments = {"--port", std::to_string(spine_port_), "--record",
                                        arrivals().string(), "--seed", std::to_string(plan.seed)},
                          .log = plan.folder / "spine.log"});
  between_port_ = free_port();
  network_port_ = free_port();
  network_ = test::Process(
      test::built_program("concord-fault-proxy"),
      {.arguments = {"--port", std::to_string(between_port_), "--upstream",
                     std::to_string(spine_port_), "--control", std::to_string(network_port_),
                     "--seed", std::to_string(plan.seed), "--record",
                     (plan.folder / "network.jsonl").string()},
       .log = plan.folder / "network.log"});
  if (!spine_.wait_for_line("listening", 30s) || !network_.wait_for_line("listening", 30s)) return;
  gateways_.resize(plan.gateways);
  ready_ = true;
  for (std::size_t i = 0; i < gateways_.size(); ++i) {
    gateways_[i].port = free_port();
    gateways_[i].log = plan.folder / ("gateway-" + std::to_string(i) + ".log");
    ready_ = ready_ && start(i);
  }
}

void Stage::open_database() {
  cluster_ = std::make_unique<test::PostgresCluster>();
  connection_ = cluster_->make_database();
  if (!plan_.uses_disk() || !open_disk(cluster_->folder() / "data")) return;
  cluster_->stop();
  std::vector<std::string> environment;
  for (const auto& [name, value] : disk_->environment()) environment.push_back(name + "=" + value);
  cluster_->set_environment(std::move(environment));
  cluster_->start();
}

bool Stage::open_disk(const std::filesystem::path& root) {
  // In memory where that is possible: every write goes there first.
  const std::filesystem::path memory = std::filesystem::is_directory("/dev/shm")
                                           ? "/dev/shm"
                                           : std::filesystem::temp_directory_path();
  auto opened =
      disk_faults::Disk::open(memory / ("concord-campaign-" + std::to_string(::getpid())), root);
  if (!opened) return false;
  disk_ = std::move(*opened);
  heal_disk();
  disk_->prepare_cut();
  return true;
}

void Stage::heal_disk() {
  disk_->clear();
  if (plan_.fsync_us == 0) return;
  static_cast<void>(disk_->add("call=sync delay_us=" + std::to_string(plan_.fsync_us)));
}

bool Stage::start(std::size_t which, const std::map<std::string, std::string>& more) {
  One& one = gateways_[which];
  std::map<std::string, std::string> environment{
      {"CONCORD_NODE", "node-" + std::to_string(which)},
      {"CONCORD_HTTP_PORT", std::to_string(one.port)},
      {"CONCORD_ADMIN_ENABLED", "false"},
      {"CONCORD_STORE_KIND", plan_.store},
      {"CONCORD_STORE_PATH", store_file().string()},
      {"CONCORD_STORE_CONNECTION", connection_},
      {"CONCORD_LOG_LEVEL", plan_.log_level},
      {"CONCORD_DESTINATIONS_SPINE_URL",
       "http://127.0.0.1:" + std::to_string(between_port_) + "/Prescription"},
      {"CONCORD_DESTINATIONS_SPINE_TIMEOUT_MS", "3000"},
      {"CONCORD_EPS_FROM_ASID", "200000001285"},
      {"CONCORD_EPS_TO_ASID", "567456789789"},
      {"CONCORD_EPS_USER_ID", "555254239107"},
      {"CONCORD_EPS_ROLE_ID", "555254240100"},
      {"CONCORD_OUTBOX_RETRY_BASE_MS", "50"},
      {"CONCORD_OUTBOX_RETRY_CAP_MS", "500"},
      {"CONCORD_OUTBOX_CIRCUIT_PROBE_MS", "200"}};
  if (disk_ != nullptr && cluster_ == nullptr) environment.merge(disk_->environment());
  for (const auto& [name, value] : more) environment[name] = value;
  one.process = test::Process(
      test::built_program("concord-faulty"),
      {.arguments = {"serve"}, .environment = std::move(environment), .log = one.log});
  return one.process.wait_for_line("ready ", 60s).has_value();
}

std::vector<std::uint16_t> Stage::ports() const {
  std::vector<std::uint16_t> all;
  for (const One& one : gateways_) all.push_back(one.port);
  return all;
}

std::filesystem::path Stage::arrivals() const { return plan_.folder / "arrivals.tsv"; }

std::vector<std::filesystem::path> Stage::logs() const {
  std::vector<std::filesystem::path> all;
  for (const One& one : gateways_) all.push_back(one.log);
  return all;
}

Result<std::unique_ptr<store::Store>> Stage::open_for_reading() const {
  if (plan_.store == "postgresql") {
    store::postgresql::Options options;
    options.connection = connection_;
    options.read_only = true;
    return store::postgresql::open(options, system_clock());
  }
  store::sqlite::Options options;
  options.path = store_file();
  options.read_only = true;
  return store::sqlite::open(options, system_clock());
}

}  // namespace concord::campaign
