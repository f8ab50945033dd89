#include "tests/campaign/stage.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "gateway/store/postgresql/postgresql_store.h"
#include "gateway/store/sqlite/sqlite_store.h"

namespace concord::campaign {
namespace {

using namespace std::chrono_literals;

}  // namespace

Stage::Stage(const Plan& plan) : plan_(plan) {
  std::filesystem::create_directories(plan.folder / "disk");
  if (plan.store == "postgresql") {
    if (!open_database()) return;
  } else if (plan.uses_disk() && !open_disk(plan.folder / "disk")) {
    return;
  }
  spine_port_ = free_ports_.take();
  spine_ = test::Process(test::built_program("concord-spine-simulator"),
                         {.arguments = {"--port", std::to_string(spine_port_), "--record",
                                        arrivals().string(), "--seed", std::to_string(plan.seed)},
                          .log = plan.folder / "spine.log"});
  between_port_ = free_ports_.take();
  network_port_ = free_ports_.take();
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
    gateways_[i].port = free_ports_.take();
    gateways_[i].log = plan.folder / ("gateway-" + std::to_string(i) + ".log");
    ready_ = ready_ && open_point(i) && start(i);
  }
}

Stage::~Stage() {
  for (const One& one : gateways_) {
    if (one.point != nullptr) ::munmap(one.point, sizeof(FaultPoint));
  }
}

bool Stage::open_database() {
  test::PostgresCluster::Network network;
  if (plan_.host) {
    std::string why_not;
    host_ = NetworkHost::make(why_not);
    if (host_ == nullptr) return false;
    network = {host_->name_space(), host_->network()};
  }
  cluster_ = std::make_unique<test::PostgresCluster>(network);
  connection_ = cluster_->make_database();
  database_ = connection_.substr(connection_.rfind('=') + 1);
  if (host_ != nullptr) {
    connection_ = "host=" + host_->address() + " port=5432 user=concord dbname=" + database_;
  }
  if (plan_.standby) {
    standby_ = cluster_->make_standby();
    if (standby_ == nullptr) return false;
    connection_ =
        "host=" + cluster_->folder().string() + "," + standby_->folder().string() +
        " port=5432,5432 user=concord target_session_attrs=read-write dbname=" + database_;
  }
  if (!plan_.uses_disk()) return true;
  if (!open_disk(cluster_->folder() / "data")) return false;
  cluster_->stop();
  std::vector<std::string> environment;
  for (const auto& [name, value] : disk_->environment()) environment.push_back(name + "=" + value);
  cluster_->set_environment(std::move(environment));
  cluster_->start();
  return true;
}

bool Stage::fail_over() {
  cluster_->stop(test::PostgresCluster::How::killed);
  std::swap(cluster_, standby_);
  return cluster_->promote();
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

std::filesystem::path Stage::point_file(std::size_t which) const {
  return plan_.folder / ("gateway-" + std::to_string(which) + ".point");
}

bool Stage::open_point(std::size_t which) {
  const int file = ::open(point_file(which).c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return false;
  void* mapped = MAP_FAILED;
  if (::ftruncate(file, sizeof(FaultPoint)) == 0) {
    mapped = ::mmap(nullptr, sizeof(FaultPoint), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  ::close(file);
  if (mapped == MAP_FAILED) return false;
  gateways_[which].point = new (mapped) FaultPoint();
  return true;
}

void Stage::arm(std::size_t which, const std::string& step, std::uint64_t nth) {
  FaultPoint& point = *gateways_[which].point;
  point.armed = 0;
  point.step.fill('\0');
  std::copy_n(step.begin(), std::min(step.size(), point.step.size() - 1), point.step.begin());
  point.left = static_cast<std::int64_t>(nth);
  point.armed.store(1, std::memory_order_release);
}

void Stage::disarm(std::size_t which) { gateways_[which].point->armed = 0; }

std::map<std::string, std::string> Stage::environment_of(std::size_t which) const {
  std::map<std::string, std::string> environment{
      {kFaultPointFile, point_file(which).string()},
      {"CONCORD_NODE", "node-" + std::to_string(which)},
      {"CONCORD_HTTP_PORT", std::to_string(gateways_[which].port)},
      {"CONCORD_HTTP_DRAIN_SECONDS", "0"},  // nobody balances here
      {"CONCORD_ADMIN_ENABLED", "false"},
      {"CONCORD_STORE_KIND", plan_.store},
      {"CONCORD_STORE_PATH", store_file().string()},
      {"CONCORD_STORE_CONNECTION", connection_},
      {"CONCORD_LOG_LEVEL", plan_.log_level},
      {"CONCORD_DESTINATIONS_SPINE_URL",
       "http://127.0.0.1:" + std::to_string(between_port_) + "/Prescription"},
      {"CONCORD_DESTINATIONS_SPINE_TIMEOUT_MS", "3000"},
      {"CONCORD_DESTINATIONS_SPINE_CONCURRENCY", "16"},
      {"CONCORD_EPS_FROM_ASID", "200000001285"},
      {"CONCORD_EPS_TO_ASID", "567456789789"},
      {"CONCORD_EPS_USER_ID", "555254239107"},
      {"CONCORD_EPS_ROLE_ID", "555254240100"},
      {"CONCORD_OUTBOX_RETRY_BASE_MS", "50"},
      {"CONCORD_OUTBOX_RETRY_CAP_MS", "500"},
      {"CONCORD_OUTBOX_CIRCUIT_PROBE_MS", "200"}};
  if (disk_ != nullptr && cluster_ == nullptr) environment.merge(disk_->environment());
  return environment;
}

bool Stage::start(std::size_t which) {
  One& one = gateways_[which];
  one.process =
      test::Process(test::built_program("concord-faulty"),
                    {.arguments = {"serve"}, .environment = environment_of(which), .log = one.log});
  return one.process.wait_for_line("ready ", 60s).has_value();
}

std::optional<int> Stage::operate(const std::vector<std::string>& arguments) {
  return test::run(test::built_program("concord-faulty"),
                   {.arguments = arguments,
                    .environment = environment_of(0),
                    .log = plan_.folder / "operator.log"},
                   600s);
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
    options.connection = local_connection();
    options.read_only = true;
    return store::postgresql::open(options, system_clock());
  }
  store::sqlite::Options options;
  options.path = store_file();
  options.read_only = true;
  return store::sqlite::open(options, system_clock());
}

}  // namespace concord::campaign
