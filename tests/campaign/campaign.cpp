#include "tests/campaign/campaign.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>

#include "tests/campaign/board.h"
#include "tests/campaign/clients.h"
#include "tests/campaign/ending.h"
#include "tests/campaign/faults.h"
#include "tests/campaign/people.h"
#include "tests/campaign/stage.h"

namespace concord::campaign {

namespace {

/// A line now and then, for whoever waits.
void tell_progress(const Board& board, const std::stop_token& stop) {
  std::mutex nobodys;
  std::unique_lock lock(nobodys);
  std::condition_variable_any never;
  const std::chrono::seconds every(board.plan.progress);
  while (!never.wait_for(lock, stop, every, [] { return false; }) && !stop.stop_requested()) {
    std::fprintf(stderr,
                 "  seed %llu, %lld s: %llu of %llu messages accepted, %llu of %llu faults\n",
                 static_cast<unsigned long long>(board.plan.seed),
                 static_cast<long long>(board.now() / 1'000'000),
                 static_cast<unsigned long long>(board.accepted.load()),
                 static_cast<unsigned long long>(board.plan.messages),
                 static_cast<unsigned long long>(board.given.load()),
                 static_cast<unsigned long long>(board.plan.faults));
  }
}

}  // namespace

bool Plan::uses_disk() const {
  const auto on_disk = [](const std::string& kind) {
    return kind == "power" || kind == "full" || kind == "io" || kind == "slow-disk";
  };
  if (standby) return false;
  return kinds.empty() || fsync_us != 0 || std::any_of(kinds.begin(), kinds.end(), on_disk);
}

bool Plan::names(std::string_view kind) const {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

std::string command_line(const Plan& plan) {
  std::string text = "campaign run --store " + plan.store;
  const auto number = [&text](const char* name, std::uint64_t value) {
    text.append(" --").append(name).append(" ").append(std::to_string(value));
  };
  number("gateways", plan.gateways), number("messages", plan.messages);
  number("resources", plan.resources), number("clients", plan.clients);
  number("faults", plan.faults), number("seed", plan.seed);
  if (plan.standby) text += " --standby yes";
  if (plan.host) text += " --host yes";
  if (plan.fsync_us != 0) number("fsync-us", plan.fsync_us);
  for (std::size_t i = 0; i < plan.kinds.size(); ++i) {
    text.append(i == 0 ? " --kinds " : ",").append(plan.kinds[i]);
  }
  return text;
}

Result<Account> check(const std::filesystem::path& history) {
  Account account;
  Checker checker;
  CONCORD_TRY(read_history(history, [&](Record&& record) {
    if (const Fault* fault = std::get_if<Fault>(&record)) {
      Account::Times& times = account.faults[fault->kind];
      ++times.caused;
      times.met += fault->waiting > 0;
      if (!fault->reached.empty()) ++account.steps[fault->reached];
    }
    checker.add(std::move(record));
  }));
  account.verdict = checker.finish();
  return account;
}

Account run(const Plan& plan) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::filesystem::path file = plan.folder / "history.jsonl";
  HistoryWriter history(file);
  history.add(Began{plan.seed, plan.store, command_line(plan)});
  Board board(plan, history);
  std::jthread progress;
  if (plan.progress != 0) {
    progress = std::jthread([&board](const std::stop_token& stop) { tell_progress(board, stop); });
  }
  Account times;
  const auto now = [&board] { return static_cast<double>(board.now()) / 1e6; };
  {
    Stage stage(plan);
    if (!stage.ready()) {
      board.trouble("the programs do not start; their logs are in the folder");
    } else {
      board.ports = stage.ports();
      SharedResources resources;
      const double begun = now();
      std::vector<std::jthread> clients;
      board.working = plan.clients;
      for (std::uint64_t i = 0; i < plan.clients; ++i) {
        clients.emplace_back([&board, &resources, i] { run_client(board, resources, i); });
      }
      std::jthread person(
          [&board](const std::stop_token& stop) { look_after_dead_letters(board, stop); });
      cause_faults(board, stage);
      clients.clear();  // joins
      times.seconds_faults = now() - begun;
      const bool drained = drain(board, stage);
      person = {};
      times.seconds_drain = now() - begun - times.seconds_faults;
      read_the_end(board, stage);
      if (const auto written = history.finish(drained); !written) {
        board.trouble(to_string(written.error()));
      }
      times.seconds_end = now() - begun - times.seconds_faults - times.seconds_drain;
    }
  }
  const double ended = now();
  Account account;
  auto checked = check(file);
  if (checked) {
    account = std::move(*checked);
  } else {
    board.trouble("the history cannot be read: " + to_string(checked.error()));
  }
  account.troubles = board.troubles();
  account.seconds_faults = times.seconds_faults;
  account.seconds_drain = times.seconds_drain;
  account.seconds_end = times.seconds_end;
  account.seconds_check = now() - ended;
  account.seconds = now();
  return account;
}

}  // namespace concord::campaign
