#include "tests/crash/campaign.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "tests/support/http_client.h"
#include "tests/support/prescriptions.h"
#include "tests/support/process.h"

namespace concord::crash {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::HttpClient;
using test::Process;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = 120s;  ///< without any progress; then the campaign is a failure

std::uint16_t free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
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

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// What the clients know of one prescription.
struct Sent {
  std::string message_id;
  std::string short_id;
  std::string task;  ///< Location of its first 2xx; empty before
};

/// State shared by the clients and the one who kills.
struct Board {
  const Plan& plan;
  std::string example = test::example_prescription();
  std::uint16_t port = free_port();
  std::atomic<std::uint64_t> next{0}, accepted{0}, attempts{0}, waiting{0}, replays{0};
  std::atomic<bool> over{false};
  std::mutex lock;
  std::vector<Sent> sent;
  std::vector<std::string> violations;

  explicit Board(const Plan& of) : plan(of), sent(of.prescriptions) {}

  void violation(std::string text) {
    const std::scoped_lock guard(lock);
    if (violations.size() < 50) violations.push_back(std::move(text));
  }
};

/// Sends one message until it has an answer that settles it, however often the gateway dies.
std::optional<test::HttpAnswer> send(Board& board, HttpClient& http, const std::string& bundle,
                                     const std::string& request_id) {
  while (!board.over) {
    ++board.attempts;
    ++board.waiting;
    auto answer = http.request(
        "POST", "/FHIR/R4/$process-message",
        {{"Content-Type", "application/fhir+json"}, {"X-Request-ID", request_id}}, bundle);
    --board.waiting;
    if (answer && answer->status != 429 && answer->status < 500) return answer;
    std::this_thread::sleep_for(5ms);
  }
  return std::nullopt;
}

void client(Board& board, std::uint64_t self) {
  HttpClient http(board.port);
  std::mt19937_64 random(board.plan.seed * 1000 + self);
  for (std::uint64_t number; (number = board.next++) < board.plan.prescriptions;) {
    const test::Prescription order =
        test::renewed(board.example, "crash-" + std::to_string(board.plan.seed), number);
    const std::string request_id = "crash-" + std::to_string(number);
    Sent& sent = board.sent[number];
    sent.message_id = upper(order.message_id);
    sent.short_id = order.short_id;
    // One in ten is sent again after its answer: it must get the same Task.
    const int times = random() % 10 == 0 ? 2 : 1;
    for (int time = 0; time < times; ++time) {
      const auto answer = send(board, http, order.bundle, request_id);
      if (!answer) return;
      const auto location = answer->headers.find("location");
      if (answer->status / 100 != 2 || location == answer->headers.end()) {
        board.violation("prescription " + std::to_string(number) + " got status " +
                        std::to_string(answer->status));
        break;
      }
      if (time == 0) {
        sent.task = location->second;
        ++board.accepted;
      } else if (location->second != sent.task) {
        board.violation("prescription " + std::to_string(number) + " got a second Task");
      }
      board.replays += answer->headers.contains("x-concord-replayed");
    }
  }
}

Process start_gateway(const Board& board, std::uint16_t spine_port) {
  const fs::path& folder = board.plan.folder;
  Process gateway(
      test::built_program("concord"),
      {.arguments = {"serve"},
       .environment = {{"CONCORD_HTTP_PORT", std::to_string(board.port)},
                       {"CONCORD_ADMIN_ENABLED", "false"},
                       {"CONCORD_STORE_PATH", (folder / "store.db").string()},
                       {"CONCORD_LOG_LEVEL", "error"},
                       {"CONCORD_DESTINATIONS_SPINE_URL",
                        "http://127.0.0.1:" + std::to_string(spine_port) + "/Prescription"},
                       {"CONCORD_EPS_FROM_ASID", "200000001285"},
                       {"CONCORD_EPS_TO_ASID", "567456789789"},
                       {"CONCORD_EPS_USER_ID", "555254239107"},
                       {"CONCORD_EPS_ROLE_ID", "555254240100"},
                       {"CONCORD_OUTBOX_RETRY_BASE_MS", "50"},
                       {"CONCORD_OUTBOX_RETRY_CAP_MS", "500"}},
       .log = folder / "gateway.log"});
  gateway.wait_for_line("ready ", 60s);
  return gateway;
}

/// One line of the other side's record.
struct Arrival {
  std::string verdict, kind, message_id, digest, short_id;
};

std::vector<Arrival> read_record(const fs::path& file) {
  std::vector<Arrival> arrivals;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> fields;
    for (std::size_t at = 0; at <= line.size();) {
      const auto end = std::min(line.find('\t', at), line.size());
      fields.push_back(line.substr(at, end - at));
      at = end + 1;
    }
    if (fields.size() < 9) continue;
    arrivals.push_back({fields[2], fields[3], fields[5], fields[6], fields[8]});
  }
  return arrivals;
}

/// Kills and restarts, each time after a random accepted message and a random moment.
void kill_again_and_again(Board& board, Process& gateway, std::uint16_t spine_port,
                          Account& account) {
  std::mt19937_64 random(board.plan.seed);
  const std::uint64_t share =
      std::max<std::uint64_t>(board.plan.prescriptions / (board.plan.kills + 1), 1);
  auto last_progress = Clock::now();
  for (std::uint64_t number = 0; number < board.plan.kills; ++number) {
    const std::uint64_t after = number * share + random() % share;
    const auto extra = std::chrono::microseconds(random() % 20'000);
    for (std::uint64_t seen = board.accepted; board.accepted < after;
         std::this_thread::sleep_for(200us)) {
      if (seen != board.accepted) {
        seen = board.accepted;
        last_progress = Clock::now();
      }
      if (Clock::now() - last_progress > kPatience || !gateway.running()) {
        board.violation(gateway.running() ? "nothing was accepted for two minutes"
                                          : "the gateway ended by itself: " + gateway.log());
        return;
      }
    }
    std::this_thread::sleep_for(extra);
    account.in_flight += board.waiting > 0;
    gateway.kill();
    ++account.kills;
    gateway = start_gateway(board, spine_port);
    last_progress = Clock::now();
  }
}

/// Until the other side has as many messages as were accepted and the outbox is empty.
void wait_for_delivery(Board& board, const fs::path& record) {
  HttpClient http(board.port);
  std::size_t before = 0;
  for (auto last_progress = Clock::now(); Clock::now() - last_progress < kPatience;
       std::this_thread::sleep_for(250ms)) {
    const auto arrivals = read_record(record);
    if (arrivals.size() != before) last_progress = Clock::now();
    before = arrivals.size();
    const auto metrics = http.request("GET", "/metrics");
    if (metrics && metrics->body.find("\nconcord_outbox_depth 0\n") != std::string::npos) return;
  }
  board.violation("the outbox was not empty after two minutes without a delivery");
}

void check_record(Board& board, const fs::path& record, Account& account) {
  std::map<std::string, std::set<std::string>> digests, messages_of;
  for (const Arrival& arrival : read_record(record)) {
    ++account.arrivals;
    digests[arrival.message_id].insert(arrival.digest);
    messages_of[arrival.short_id].insert(arrival.message_id);
    if (arrival.kind == "conflict" || arrival.kind == "unreadable") {
      board.violation("the other side saw a " + arrival.kind + ": " + arrival.message_id);
    }
  }
  for (const auto& [message, seen] : digests) {
    if (seen.size() > 1) board.violation("different bytes under the message id " + message);
  }
  for (const auto& [prescription, messages] : messages_of) {
    if (messages.size() > 1)
      board.violation("two message ids for the prescription " + prescription);
  }
  std::set<std::string> known;
  for (const Sent& sent : board.sent) {
    if (sent.task.empty()) continue;
    known.insert(sent.message_id);
    if (!digests.contains(sent.message_id)) {
      board.violation("accepted and lost: message " + sent.message_id);
    } else if (!messages_of[sent.short_id].contains(sent.message_id)) {
      board.violation("delivered under another prescription id: message " + sent.message_id);
    }
  }
  for (const auto& [message, seen] : digests) {
    if (!known.contains(message)) board.violation("delivered, but nobody sent it: " + message);
  }
}

void check_gateway(Board& board) {
  HttpClient http(board.port);
  for (const Sent& sent : board.sent) {
    if (sent.task.empty()) continue;
    const auto task = http.request("GET", sent.task);
    if (!task || task->status != 200 ||
        task->body.find("\"status\":\"completed\"") == std::string::npos) {
      board.violation("not completed: " + sent.task);
    }
  }
  const auto metrics = http.request("GET", "/metrics");
  const std::string body = metrics ? metrics->body : "";
  if (body.find("\nconcord_messages_unaccounted 0\n") == std::string::npos) {
    board.violation("the counts of promise P4 do not add up");
  }
  const std::string accepted =
      "\nconcord_messages_accepted " + std::to_string(board.accepted) + "\n";
  if (body.find(accepted) == std::string::npos) {
    board.violation("the gateway counts other accepted messages than the clients");
  }
}

void check_audit(Board& board, const fs::path& folder) {
  const auto status =
      test::run(test::built_program("concord"),
                {.arguments = {"audit", "verify", "--store", (folder / "store.db").string()},
                 .log = folder / "audit.log"},
                120s);
  if (status != 0) board.violation("the audit chain does not verify");
}

}  // namespace

Account run(const Plan& plan) {
  std::signal(SIGPIPE, SIG_IGN);
  Account account;
  Board board(plan);
  const auto started = Clock::now();
  const fs::path record = plan.folder / "arrivals.tsv";
  const std::uint16_t spine_port = free_port();
  Process spine(
      test::built_program("concord-spine-simulator"),
      {.arguments = {"--port", std::to_string(spine_port), "--record", record.string(), "--flaky",
                     std::to_string(plan.flaky), "--seed", std::to_string(plan.seed)},
       .log = plan.folder / "spine.log"});
  spine.wait_for_line("listening", 30s);
  Process gateway = start_gateway(board, spine_port);

  std::vector<std::thread> clients;
  for (std::uint64_t i = 0; i < plan.clients; ++i) clients.emplace_back(client, std::ref(board), i);
  kill_again_and_again(board, gateway, spine_port, account);
  if (!board.violations.empty()) board.over = true;
  for (std::thread& one : clients) one.join();

  wait_for_delivery(board, record);
  check_gateway(board);
  gateway.signal(SIGTERM);
  if (gateway.wait(60s) != 0) board.violation("the gateway did not end with 0 on SIGTERM");
  check_record(board, record, account);
  check_audit(board, plan.folder);

  account.accepted = board.accepted;
  account.attempts = board.attempts;
  account.replays = board.replays;
  account.seconds = std::chrono::duration<double>(Clock::now() - started).count();
  account.violations = std::move(board.violations);
  return account;
}

}  // namespace concord::crash
