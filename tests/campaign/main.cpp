/// campaign: clients, gateways, faults, and a checker of what came of it.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/campaign/campaign.h"
#include "tests/campaign/faults.h"
#include "tests/campaign/network_host.h"
#include "tests/campaign/report.h"
#include "tests/support/files.h"
#include "tests/support/postgres_cluster.h"

namespace {

using namespace concord::campaign;

constexpr int kSound = 0, kUnsound = 1, kUsage = 2;

int usage() {
  std::fputs(
      "campaign run [OPTIONS]         plays a campaign and judges it\n"
      "campaign check history.jsonl   judges a kept history again\n"
      "  --store sqlite|postgresql    default sqlite\n"
      "  --gateways N                 on one PostgreSQL; default 1\n"
      "  --messages N                 prescriptions; default 400\n"
      "  --resources N                creates and updates per 100 messages; default 40\n"
      "  --clients N                  at once; default 4\n"
      "  --faults N                   default 10\n"
      "  --kinds a,b                  of these faults; default all that fit:\n",
      stderr);
  for (const FaultKind& kind : fault_kinds()) {
    std::fprintf(stderr, "      %-12s %s\n", kind.name.c_str(), kind.what.c_str());
  }
  std::fputs(
      "  --rounds N                   so many campaigns, with the following seeds; default 1\n"
      "  --standby yes|no             PostgreSQL with a synchronous standby; default no\n"
      "  --host yes|no                PostgreSQL on a host (network namespace) of its own; default "
      "no\n"
      "  --progress N                 seconds between lines about how far it is; default 30\n"
      "  --seed N                     plays the same requests and faults; default 1\n"
      "  --fsync-us N                 added to every fsync of the store; default 0\n"
      "  --log-level LEVEL            of the gateways; default info\n"
      "  --folder DIR                 keeps history, logs and store there, of several rounds "
      "those\n"
      "                               that were not sound; and a report of each round, which is "
      "not\n"
      "                               played again when the same command is given again\n"
      "Examples:\n"
      "  campaign run --messages 400 --faults 10\n"
      "  campaign run --store postgresql --gateways 4 --messages 20000 --faults 200 --clients 16\n"
      "  campaign run --rounds 10 --messages 50000 --faults 100 --clients 32 --seed 100\n"
      "Status: 0 sound, 1 not, 2 wrong command line.\n",
      stderr);
  return kUsage;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(',', at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

bool read_plan(int count, char** arguments, Plan& plan) {
  for (int i = 2; i < count; i += 2) {
    if (i + 1 >= count) return false;
    const std::string_view name = arguments[i];
    const std::string value = arguments[i + 1];
    std::uint64_t* const number = name == "--gateways"    ? &plan.gateways
                                  : name == "--messages"  ? &plan.messages
                                  : name == "--resources" ? &plan.resources
                                  : name == "--clients"   ? &plan.clients
                                  : name == "--faults"    ? &plan.faults
                                  : name == "--rounds"    ? &plan.rounds
                                  : name == "--seed"      ? &plan.seed
                                  : name == "--fsync-us"  ? &plan.fsync_us
                                  : name == "--progress"  ? &plan.progress
                                                          : nullptr;
    if (number != nullptr) {
      char* end = nullptr;
      *number = std::strtoull(value.c_str(), &end, 10);
      if (value.empty() || *end != '\0') return false;
    } else if (name == "--standby" && (value == "yes" || value == "no")) {
      plan.standby = value == "yes";
    } else if (name == "--host" && (value == "yes" || value == "no")) {
      plan.host = value == "yes";
    } else if (name == "--store") {
      plan.store = value;
    } else if (name == "--kinds") {
      plan.kinds = split(value);
    } else if (name == "--log-level") {
      plan.log_level = value;
    } else if (name == "--folder") {
      plan.folder = value;
    } else {
      return false;
    }
  }
  const bool one_process = plan.store == "sqlite";
  return (one_process || plan.store == "postgresql") && plan.gateways > 0 &&
         (!one_process || (plan.gateways == 1 && !plan.standby && !plan.host)) &&
         !(plan.standby && plan.host) && plan.clients > 0 && plan.clients <= 256 && plan.rounds > 0;
}

int told(const Account& account, const std::string& title) {
  std::fputs(report_of(account, title).c_str(), stdout);
  std::fflush(stdout);
  return account.sound() ? kSound : kUnsound;
}

/// Why this plan cannot be played on this machine; empty: it can.
std::string missing(const Plan& plan) {
  if (plan.store == "postgresql" && !concord::test::postgres_binaries()) {
    return "PostgreSQL is not installed (Debian package postgresql)";
  }
  std::string why_not;
  if (plan.host && NetworkHost::make(why_not) == nullptr) return "no network host: " + why_not;
  return {};
}

/// The rounds of a plan; those whose report is in the folder already are not played again.
int play(Plan plan, const std::filesystem::path& base, bool kept) {
  int status = kSound;
  std::uint64_t messages = 0, faults = 0;
  for (std::uint64_t round = 0; round < plan.rounds; ++round, ++plan.seed) {
    if (const auto done = read_report(base, plan); kept && done) {
      std::printf("%s: played before, %s\n", command_line(plan).c_str(),
                  done->sound ? "sound" : "NOT SOUND");
      std::fflush(stdout);
      messages += done->messages;
      faults += done->faults;
      if (!done->sound) status = kUnsound;
      continue;
    }
    const std::string name = plan.store + "-seed-" + std::to_string(plan.seed);
    plan.folder = plan.rounds == 1 ? base : base / name;
    if (std::filesystem::exists(plan.folder / "history.jsonl")) {
      if (plan.rounds == 1) {
        std::fputs("campaign: the folder holds another campaign; name a new one\n", stderr);
        return kUsage;
      }
      std::filesystem::remove_all(plan.folder);  // a round that did not come to its end
    }
    std::filesystem::create_directories(plan.folder);
    const Account account = run(plan);
    status = std::max(status, told(account, command_line(plan)));
    if (kept && !write_report(base, plan, account, report_of(account, command_line(plan)))) {
      std::fputs("campaign: the report cannot be written\n", stderr);
      status = kUnsound;
    }
    messages += account.verdict.messages;
    faults += account.verdict.faults;
    // A round is about 60 KB a message: only what is not sound stays.
    if (plan.rounds > 1 && account.sound()) std::filesystem::remove_all(plan.folder);
  }
  if (plan.rounds > 1) {
    std::printf("%llu rounds: %llu messages accepted, %llu faults: %s\n",
                static_cast<unsigned long long>(plan.rounds),
                static_cast<unsigned long long>(messages), static_cast<unsigned long long>(faults),
                status == kSound ? "sound" : "NOT SOUND");
  }
  return status;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view command = count > 1 ? arguments[1] : "";
  if (command == "check" && count == 3) {
    const auto account = check(arguments[2]);
    if (account) return told(*account, arguments[2]);
    std::fprintf(stderr, "campaign: %s\n", to_string(account.error()).c_str());
    return kUnsound;
  }
  Plan plan;
  if (command != "run" || !read_plan(count, arguments, plan)) return usage();
  if (const std::string what = missing(plan); !what.empty()) {
    std::fprintf(stderr, "*** %s: SKIPPED ***\n", what.c_str());
    return kSound;
  }
  const concord::test::TemporaryFolder temporary;
  const bool kept = !plan.folder.empty();
  return play(plan, kept ? plan.folder : temporary.path(), kept);
}
