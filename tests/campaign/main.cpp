/// campaign: clients, gateways, faults, and a checker of what came of it.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/campaign/campaign.h"
#include "tests/campaign/faults.h"
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
      "  --seed N                     plays the same requests and faults; default 1\n"
      "  --fsync-us N                 added to every fsync of the store; default 0\n"
      "  --log-level LEVEL            of the gateways; default info\n"
      "  --folder DIR                 keeps history, logs and store there, of several rounds "
      "those\n"
      "                               that were not sound; else they are removed\n"
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
                                                          : nullptr;
    if (number != nullptr) {
      char* end = nullptr;
      *number = std::strtoull(value.c_str(), &end, 10);
      if (value.empty() || *end != '\0') return false;
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
         (plan.gateways == 1 || !one_process) && plan.clients > 0 && plan.clients <= 256 &&
         plan.rounds > 0;
}

int report(const Account& account, const std::string& title) {
  const Verdict& verdict = account.verdict;
  std::string faults;
  for (const auto& [kind, times] : account.faults) {
    faults += (faults.empty() ? "" : ", ") + std::to_string(times) + " " + kind;
  }
  std::size_t violations = account.troubles.size();
  for (const auto& [rule, times] : verdict.of_rule) violations += times;
  std::printf(
      "%s\n%llu operations (%llu of unknown outcome), %llu messages accepted, %llu arrivals (%llu "
      "resends), %llu faults (%s): %zu violations\n",
      title.c_str(), static_cast<unsigned long long>(verdict.operations),
      static_cast<unsigned long long>(verdict.unknown),
      static_cast<unsigned long long>(verdict.messages),
      static_cast<unsigned long long>(verdict.arrivals),
      static_cast<unsigned long long>(verdict.resends),
      static_cast<unsigned long long>(verdict.faults), faults.c_str(), violations);
  for (const std::string& trouble : account.troubles)
    std::printf("  trouble: %s\n", trouble.c_str());
  for (const auto& [rule, times] : verdict.of_rule) {
    std::printf("  %s: %llu\n", std::string(rule_name(rule)).c_str(),
                static_cast<unsigned long long>(times));
  }
  for (const Violation& violation : verdict.violations) {
    std::printf("  %s: %s\n", std::string(rule_name(violation.rule)).c_str(),
                violation.text.c_str());
  }
  return account.sound() ? kSound : kUnsound;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view command = count > 1 ? arguments[1] : "";
  if (command == "check" && count == 3) {
    const auto account = check(arguments[2]);
    if (account) return report(*account, arguments[2]);
    std::fprintf(stderr, "campaign: %s\n", to_string(account.error()).c_str());
    return kUnsound;
  }
  Plan plan;
  if (command != "run" || !read_plan(count, arguments, plan)) return usage();
  if (plan.store == "postgresql" && !concord::test::postgres_binaries()) {
    std::fputs("*** PostgreSQL is not installed (Debian package postgresql): SKIPPED ***\n",
               stderr);
    return kSound;
  }
  const concord::test::TemporaryFolder temporary;
  const bool kept = !plan.folder.empty();
  const std::filesystem::path base = kept ? plan.folder : temporary.path();
  int status = kSound;
  std::uint64_t messages = 0, faults = 0;
  for (std::uint64_t round = 0; round < plan.rounds; ++round, ++plan.seed) {
    plan.folder = plan.rounds == 1 ? base : base / ("seed-" + std::to_string(plan.seed));
    if (std::filesystem::exists(plan.folder / "history.jsonl")) {
      std::fputs("campaign: the folder holds another campaign; name a new one\n", stderr);
      return kUsage;
    }
    std::filesystem::create_directories(plan.folder);
    const Account account = run(plan);
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, " (%.1f s)", account.seconds);
    status = std::max(status, report(account, command_line(plan) + seconds));
    std::fflush(stdout);
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
