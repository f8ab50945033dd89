#include "tests/campaign/campaign.h"

#include <algorithm>
#include <csignal>
#include <thread>

#include "tests/campaign/board.h"
#include "tests/campaign/clients.h"
#include "tests/campaign/ending.h"
#include "tests/campaign/faults.h"
#include "tests/campaign/stage.h"

namespace concord::campaign {

bool Plan::uses_disk() const {
  const auto on_disk = [](const std::string& kind) {
    return kind == "power" || kind == "full" || kind == "io" || kind == "slow-disk";
  };
  return kinds.empty() || fsync_us != 0 || std::any_of(kinds.begin(), kinds.end(), on_disk);
}

std::string command_line(const Plan& plan) {
  std::string text = "campaign run --store " + plan.store;
  const auto number = [&text](const char* name, std::uint64_t value) {
    text.append(" --").append(name).append(" ").append(std::to_string(value));
  };
  number("gateways", plan.gateways), number("messages", plan.messages);
  number("resources", plan.resources), number("clients", plan.clients);
  number("faults", plan.faults), number("seed", plan.seed);
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
    if (const Fault* fault = std::get_if<Fault>(&record)) ++account.faults[fault->kind];
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
  {
    Stage stage(plan);
    if (!stage.ready()) {
      board.trouble("the programs do not start; their logs are in the folder");
    } else {
      board.ports = stage.ports();
      SharedResources resources;
      std::vector<std::jthread> clients;
      for (std::uint64_t i = 0; i < plan.clients; ++i) {
        clients.emplace_back([&board, &resources, i] { run_client(board, resources, i); });
      }
      cause_faults(board, stage);
      clients.clear();  // joins
      const bool drained = drain(board, stage);
      read_the_end(board, stage);
      if (const auto written = history.finish(drained); !written) {
        board.trouble(to_string(written.error()));
      }
    }
  }
  Account account;
  auto checked = check(file);
  if (checked) {
    account = std::move(*checked);
  } else {
    board.trouble("the history cannot be read: " + to_string(checked.error()));
  }
  account.troubles = board.troubles();
  account.seconds = static_cast<double>(board.now()) / 1e6;
  return account;
}

}  // namespace concord::campaign
