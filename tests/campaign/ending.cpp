#include "tests/campaign/ending.h"

#include <csignal>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <thread>

#include "fhir/json/value.h"
#include "tests/support/http_client.h"
#include "tests/support/prescriptions.h"

namespace concord::campaign {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using store::ItemState;
using test::HttpClient;

/// Without any progress: less than a lease, so that one that is forgotten is found.
constexpr std::chrono::seconds kPatience{30};
constexpr std::string_view kOrder = "PORX_IN020101SM31";

/// What stands in the example prescription of its patient and prescriber, in every message sent.
constexpr std::string_view kCanaries[] = {"HARBOUR", "9990123411", "WREN", "FERRY"};

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  for (std::size_t at = 0; at <= line.size();) {
    const auto end = std::min(line.find('\t', at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return fields;
}

void read_arrivals(Board& board, Stage& stage) {
  std::ifstream in(stage.arrivals());
  for (std::string line; std::getline(in, line);) {
    const auto fields = fields_of(line);
    if (fields.size() < 13) continue;
    const std::string effect = fields[12] == kOrder ? "order/" + fields[8] : "";
    const auto instant = parse_instant(fields[1]);
    board.history.add(Arrival{"spine", fields[5], fields[6], fields[8], effect, fields[3],
                              instant ? board.at(*instant) : 0});
  }
}

std::string state_name(ItemState state) {
  switch (state) {
    case ItemState::pending:
      return "pending";
    case ItemState::acked_transport:
    case ItemState::acked_infrastructure:
    case ItemState::acked_business:
      return "delivered";
    case ItemState::nacked:
      return "rejected";
    case ItemState::dead:
      return "dead";
    case ItemState::cancelled:
      return "cancelled";
  }
  return "?";
}

/// The organisation a Task names as its owner.
std::string owner_of(const std::string& task) {
  json::Values values;
  const auto read = values.read(task);
  if (!read) return {};
  const json::Member* owner = (*read)->find("owner");
  const json::Member* identifier = owner ? owner->value->find("identifier") : nullptr;
  const json::Member* value = identifier ? identifier->value->find("value") : nullptr;
  return value == nullptr ? std::string() : std::string(value->value->text);
}

void read_messages(Board& board, store::Store& store, const std::set<std::string>& keys) {
  for (const std::string& key : keys) {
    const auto item = store.item_by_message("spine", key);
    if (!item) return board.trouble("the store cannot be read: " + to_string(item.error()));
    if (!*item) continue;
    const auto task = store.task((*item)->task);
    if (!task) return board.trouble("the store cannot be read: " + to_string(task.error()));
    Final last;
    last.key = key;
    last.state = state_name((*item)->state);
    if (*task) {
      last.task = (*task)->id;
      last.task_status = (*task)->status;
      last.owner = owner_of((*task)->body);
    }
    board.history.add(last);
  }
}

/// The value under urn:campaign:value in the body of a Basic.
std::string value_of(const std::string& body) {
  json::Values values;
  const auto read = values.read(body);
  const json::Member* all = read ? (*read)->find("identifier") : nullptr;
  if (all == nullptr) return {};
  for (const json::Member& one : all->value->members) {
    const json::Member* system = one.value->find("system");
    const json::Member* value = one.value->find("value");
    if (system && value && system->value->text == "urn:campaign:value") {
      return std::string(value->value->text);
    }
  }
  return {};
}

void read_resources(Board& board, store::Store& store, const std::set<std::string>& places) {
  for (const std::string& place : places) {
    const auto slash = place.find('/');
    const std::string type = place.substr(0, slash), id = place.substr(slash + 1);
    const auto current = store.resources().read(type, id);
    if (!current || !*current) continue;  // the checker misses what clients were told
    for (std::int64_t version = 1; version <= (*current)->version; ++version) {
      const auto row = store.resources().read_version(type, id, version);
      if (!row || !*row) continue;
      board.history.add(Version{place, version, value_of((*row)->body)});
    }
  }
}

void read_audit(Board& board, store::Store& store) {
  const auto verdict = store::verify_audit(store);
  if (!verdict) return board.trouble("the audit cannot be read: " + to_string(verdict.error()));
  Audit audit{!verdict->broken, verdict->links, 0, verdict->broken ? verdict->broken->text : ""};
  const std::string accepted(audit::event_name(audit::Event::exchange_accepted));
  for (std::int64_t after = 0;;) {
    const auto links = store.audit_links(after, 5000);
    if (!links || links->empty()) break;
    for (const audit::Link& link : *links) {
      audit.accepted += link.body.find(accepted) != std::string::npos;
      after = link.sequence;
    }
  }
  board.history.add(audit);
}

void search_for_patients(Board& board, const std::string& name, std::istream& in) {
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    for (const std::string_view canary : kCanaries) {
      if (line.find(canary) != std::string::npos) {
        board.history.add(Leak{name + ":" + std::to_string(number)});
      }
    }
  }
}

}  // namespace

bool drain(Board& board, Stage& stage) {
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (const std::uint16_t port : stage.ports()) {
    clients.push_back(std::make_unique<HttpClient>(port, 10s));
  }
  std::uintmax_t before = 0;
  for (auto moved = Clock::now(); Clock::now() - moved < kPatience;
       std::this_thread::sleep_for(50ms)) {
    std::error_code none;
    const auto size = std::filesystem::file_size(stage.arrivals(), none);
    if (size != before) moved = Clock::now();
    before = size;
    const auto metrics = clients.front()->request("GET", "/metrics");
    if (!metrics) continue;
    const auto none_is = [&metrics](std::string_view state) {
      return metrics->body.find("\nconcord_messages{state=\"" + std::string(state) + "\"} 0\n") !=
             std::string::npos;
    };
    if (none_is("pending") && none_is("dead")) return true;
  }
  board.trouble("the outbox was not empty after " + std::to_string(kPatience.count()) +
                " s without a delivery");
  return false;
}

void read_the_end(Board& board, Stage& stage) {
  for (std::size_t i = 0; i < stage.gateways(); ++i) {
    HttpClient http(stage.ports()[i], 10s);
    if (const auto metrics = http.request("GET", "/metrics")) {
      std::istringstream text(metrics->body);
      search_for_patients(board, "metrics of gateway " + std::to_string(i), text);
      if (metrics->body.find("\nconcord_messages_unaccounted 0\n") == std::string::npos) {
        board.trouble("gateway " + std::to_string(i) + " reports messages that are unaccounted");
      }
    }
    stage.gateway(i).signal(SIGTERM);
  }
  for (std::size_t i = 0; i < stage.gateways(); ++i) {
    if (stage.gateway(i).wait(60s) != 0) {
      board.trouble("gateway " + std::to_string(i) + " did not end with 0 on SIGTERM");
    }
  }
  if (stage.operate({"store", "check"}) != 0) {
    board.trouble("concord store check finds fault with the store; see operator.log");
  }
  read_arrivals(board, stage);
  const auto store = stage.open_for_reading();
  if (!store) return board.trouble("the store cannot be opened: " + to_string(store.error()));
  read_messages(board, **store, board.keys());
  read_resources(board, **store, board.places());
  if (const auto c = (*store)->counts()) {
    board.history.add(
        Counts{c->accepted, c->delivered, c->pending, c->dead, c->rejected, c->cancelled});
  }
  read_audit(board, **store);
  for (const auto& log : stage.logs()) {
    std::ifstream in(log);
    search_for_patients(board, log.filename().string(), in);
  }
}

}  // namespace concord::campaign
