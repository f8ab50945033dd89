#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/crash/campaign.h"
#include "tests/support/files.h"

int main(int count, char** arguments) {
  concord::test::TemporaryFolder folder;
  concord::crash::Plan plan;
  plan.folder = folder.path();
  for (int i = 1; i < count; i += 2) {
    const std::string_view name = arguments[i];
    const char* value = i + 1 < count ? arguments[i + 1] : nullptr;
    std::uint64_t* number = name == "--kills"           ? &plan.kills
                            : name == "--prescriptions" ? &plan.prescriptions
                            : name == "--clients"       ? &plan.clients
                            : name == "--seed"          ? &plan.seed
                            : name == "--flaky"         ? &plan.flaky
                                                        : nullptr;
    if (value != nullptr && name == "--folder") {
      plan.folder = value;
    } else if (value != nullptr && number != nullptr) {
      *number = std::strtoull(value, nullptr, 10);
    } else {
      std::fputs(
          "crash-campaign [--kills N] [--prescriptions N] [--clients N] [--seed N] [--flaky "
          "PERMILLE]"
          " [--folder DIR]\n"
          "  crash-campaign --kills 200 --prescriptions 20000 --clients 16 --seed 7\n",
          stderr);
      return 2;
    }
  }
  const concord::crash::Account account = concord::crash::run(plan);
  std::printf(
      "seed %llu: %llu prescriptions accepted in %.1f s over %llu kills (%llu with requests in "
      "flight), %llu requests, %llu replays, %llu deliveries: %zu violations\n",
      static_cast<unsigned long long>(plan.seed), static_cast<unsigned long long>(account.accepted),
      account.seconds, static_cast<unsigned long long>(account.kills),
      static_cast<unsigned long long>(account.in_flight),
      static_cast<unsigned long long>(account.attempts),
      static_cast<unsigned long long>(account.replays),
      static_cast<unsigned long long>(account.arrivals), account.violations.size());
  for (const std::string& violation : account.violations) std::printf("  %s\n", violation.c_str());
  return account.violations.empty() ? 0 : 1;
}
