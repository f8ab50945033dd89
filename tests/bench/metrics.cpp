// What the metrics cost each message, and a scrape.
// DEPENDS gateway/ops

#include "gateway/ops/metrics.h"

#include <benchmark/benchmark.h>

namespace concord::bench {
namespace {

ops::Metrics& metrics() {
  static ops::Metrics shared;
  return shared;
}

/// All that is counted on the way of one message in and out, by several threads at once.
void one_message(benchmark::State& state) {
  constexpr const char* kHops[] = {"receive", "authenticate", "decode",    "validate", "verify",
                                   "decide",  "route",        "translate", "commit"};
  const std::chrono::microseconds took(120);
  for (auto _ : state) {
    for (const char* hop : kHops) metrics().hop(hop, took, "");
    metrics().request("POST", "/FHIR/R4/$process-message", 202, took);
    metrics().accepted(took);
    metrics().delivery("spine", "delivered", took);
  }
}
BENCHMARK(one_message)->Threads(1)->Threads(2)->Threads(8);

void one_scrape(benchmark::State& state) {
  ops::MetricsSnapshot now;
  now.destinations.emplace_back().name = "spine";
  for (auto _ : state) {
    now.process = ops::process_figures();
    benchmark::DoNotOptimize(metrics().text(now));
  }
}
BENCHMARK(one_scrape)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace concord::bench
