// fhir-load: fills a running gateway with an invented population and asks it questions.
#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/load/measure.h"
#include "tests/load/orders.h"
#include "tests/load/population.h"
#include "tests/load/searches.h"
#include "tests/support/prescriptions.h"

namespace {

using namespace concord;

constexpr const char* kHelp =
    "fhir-load STEP --port N[,N…] [--clients N] [--seconds N] [--patients N] [--orders N]\n"
    "\n"
    "Steps:\n"
    "  ceiling    GET /health/live: what the edge and this generator can do at most\n"
    "  fill       loads --patients patients with what belongs to them, 25 resources each, through\n"
    "             transactions of 100 resources\n"
    "  read       GET Patient/{id}\n"
    "  create     POST Observation: a laboratory result of 2 KB, then blood pressures of 2 KB\n"
    "  search     the ten usual searches, one after the other\n"
    "  accept     POST $process-message: prescription-orders of 16 KB, each of its own identity;\n"
    "             --orders ends it after so many instead of the time\n"
    "  idle       reads, then the same beside 2,000 connections that say nothing\n"
    "\n"
    "  fhir-load fill --port 8080 --patients 40000 --clients 4\n";

struct Plan {
  std::string_view step;
  std::vector<std::uint16_t> ports{8080};
  std::uint64_t clients = 64, seconds = 10, patients = 1000, orders = 0;
};

/// "8080,8081"; nothing when it is not that.
std::optional<std::vector<std::uint16_t>> read_ports(std::string_view text) {
  std::vector<std::uint16_t> ports;
  while (!text.empty()) {
    std::uint16_t port = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (wrong != std::errc() || port == 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with(',')) text.remove_prefix(1);
    ports.push_back(port);
  }
  return ports;
}

load::Load timed(const Plan& plan) {
  load::Load load;
  load.ports = plan.ports;
  load.clients = plan.clients;
  load.length = std::chrono::seconds(plan.seconds);
  return load;
}

bool get(test::HttpClient& client, const std::string& target, int expected = 200) {
  const auto answer = client.request("GET", target);
  return answer && answer->status == expected;
}

load::Request reading(std::uint64_t patients) {
  return [patients](test::HttpClient& client, std::uint64_t turn) {
    return get(client, "/FHIR/R4/Patient/" + load::patient_id(turn * 2654435761u % patients));
  };
}

int report(const std::string& name, const load::Figures& figures) {
  std::printf("%s\n", load::to_line(name, figures).c_str());
  std::fflush(stdout);
  return figures.wrong == 0 && figures.answers > 0 ? 0 : 1;
}

int fill(const Plan& plan) {
  constexpr std::size_t kAtOnce = 4;  // patients: a hundred resources
  load::Load load = timed(plan);
  load.length = std::chrono::hours(24);
  load.turns = (plan.patients + kAtOnce - 1) / kAtOnce;
  const test::Headers headers{{"Content-Type", "application/fhir+json"},
                              {"Prefer", "return=minimal"}};
  std::atomic<std::uint64_t> told_to_wait{0};
  const load::Figures figures =
      load::measure(load, [&](test::HttpClient& client, std::uint64_t turn) {
        const std::size_t first = turn * kAtOnce;
        const std::string body =
            load::transaction(first, std::min<std::size_t>(kAtOnce, plan.patients - first));
        for (int tries = 0; tries < 20; ++tries) {
          const auto answer = client.request("POST", "/FHIR/R4", headers, body);
          if (answer && answer->status == 200) return true;
          if (!answer || !answer->headers.contains("retry-after")) return false;
          const std::string& seconds = answer->headers.at("retry-after");
          ++told_to_wait;
          std::this_thread::sleep_for(std::chrono::seconds(std::atoi(seconds.c_str())));
        }
        return false;
      });
  const double resources = static_cast<double>(plan.patients * load::kPerPatient);
  std::printf("%.0f resources in %.1f s: %.0f/s, told to wait %llu times\n", resources,
              figures.seconds, resources / figures.seconds,
              static_cast<unsigned long long>(told_to_wait.load()));
  return report("transactions of 100 resources", figures);
}

int create(const Plan& plan) {
  const test::Headers headers{{"Content-Type", "application/fhir+json"}};
  const auto seed =
      static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  const auto posting = [&](auto&& make) {
    return load::measure(timed(plan), [&](test::HttpClient& client, std::uint64_t turn) {
      const auto answer = client.request("POST", "/FHIR/R4/Observation", headers,
                                         make(turn * 2654435761u % plan.patients, seed + turn));
      return answer && answer->status == 201;
    });
  };
  return report("POST Observation of 2 KB: a result", posting(load::result)) |
         report("POST Observation of 2 KB: a blood pressure", posting(load::blood_pressure));
}

int accept(const Plan& plan) {
  const auto series =
      static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  const load::Orders orders(test::example_prescription(), series >> 20);
  load::Load load = timed(plan);
  load.turns = plan.orders;
  if (plan.orders != 0) load.length = std::chrono::hours(24);
  const test::Headers headers{{"Content-Type", "application/fhir+json"},
                              {"Accept", "application/fhir+json"}};
  std::atomic<bool> shown{false};
  std::atomic<std::uint64_t> all{0};
  const int worst = report("POST $process-message, an order of 16 KB",
                           load::measure(load, [&](test::HttpClient& client, std::uint64_t turn) {
                             const auto answer = client.request("POST", "/FHIR/R4/$process-message",
                                                                headers, orders.order(turn));
                             const bool accepted = answer && answer->status == 202;
                             if (!accepted && !shown.exchange(true)) {
                               std::fprintf(stderr, "%d %s\n", answer ? answer->status : 0,
                                            answer ? answer->body.c_str() : "no answer");
                             }
                             all += accepted ? 1 : 0;
                             return accepted;
                           }));
  std::printf("accepted in all: %llu\n", static_cast<unsigned long long>(all.load()));
  return worst;
}

int search(const Plan& plan) {
  int worst = 0;
  for (const load::Search& one : load::usual_searches()) {
    worst |= report(std::string(one.name),
                    load::measure(timed(plan), [&](test::HttpClient& client, std::uint64_t turn) {
                      return get(client, "/FHIR/R4/" + one.target(turn, plan.patients));
                    }));
  }
  return worst;
}

int idle(const Plan& plan) {
  const int alone = report("reads alone", load::measure(timed(plan), reading(plan.patients)));
  const load::IdleConnections silent(plan.ports.front(), 2000);
  const std::string name = fmt::format("reads beside {} idle connections", silent.count());
  return alone | report(name, load::measure(timed(plan), reading(plan.patients)));
}

}  // namespace

int main(int count, char** arguments) {
  Plan plan;
  if (count >= 2) plan.step = arguments[1];
  bool understood = count >= 2 && count % 2 == 0;
  for (int i = 2; understood && i + 1 < count; i += 2) {
    const std::string_view name = arguments[i];
    if (name == "--port") {
      const auto ports = read_ports(arguments[i + 1]);
      understood = ports && !ports->empty();
      if (understood) plan.ports = *ports;
      continue;
    }
    std::uint64_t* number = name == "--clients"    ? &plan.clients
                            : name == "--seconds"  ? &plan.seconds
                            : name == "--patients" ? &plan.patients
                            : name == "--orders"   ? &plan.orders
                                                   : nullptr;
    understood = number != nullptr;
    if (understood) *number = std::strtoull(arguments[i + 1], nullptr, 10);
  }
  if (understood && plan.step == "ceiling") {
    return report("GET /health/live (ceiling)",
                  load::measure(timed(plan), [](test::HttpClient& client, std::uint64_t) {
                    return get(client, "/health/live");
                  }));
  }
  if (understood && plan.step == "fill") return fill(plan);
  if (understood && plan.step == "read") {
    return report("GET Patient", load::measure(timed(plan), reading(plan.patients)));
  }
  if (understood && plan.step == "create") return create(plan);
  if (understood && plan.step == "accept") return accept(plan);
  if (understood && plan.step == "search") return search(plan);
  if (understood && plan.step == "idle") return idle(plan);
  std::fputs(kHelp, stderr);
  return 2;
}
