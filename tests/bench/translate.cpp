// Messages of EPS from bytes to bytes: parse, annotate, rules, map, write, losses told; and back.
// DEPENDS fhir/json fhir/definitions mappers/eps

#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/mapping/lineage.h"
#include "fhir/tree/builder.h"
#include "mappers/eps/eps.h"
#include "tests/bench/documents.h"
#include "tests/bench/interleaved.h"

namespace concord::bench {
namespace {

template <typename T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", to_string(result.error()).c_str());
    std::abort();
  }
  return *std::move(result);
}

/// A gateway's worth of start-up, and the published orders.
struct Eps {
  tree::Symbols symbols;
  definitions::Definitions definitions = must(definitions::Definitions::r4(symbols));
  std::unique_ptr<mappers::Mapper> mapper = must(eps::make_mapper(definitions));
  std::vector<std::string> orders = eps_orders("request.json");
  mappers::Parameters parameters;

  Eps() {
    if (orders.empty()) orders.emplace_back(eps::example_prescription_order());
    parameters.values = {{"from_asid", "200000001285"},
                         {"to_asid", "567456789789"},
                         {"user_id", "555254239107"},
                         {"role_id", "555254240100"}};
  }
  static Eps& get() {
    static Eps eps;
    return eps;
  }

  tree::Document parse(const std::string& source) const {
    return must(json::read(source, symbols));
  }
  tree::Document typed(const std::string& source) const {
    tree::Document document = parse(source);
    tree::Builder builder(document);
    definitions::annotate(builder, definitions);
    return document;
  }
  [[gnu::noinline]] void translate(const std::string& source,
                                   mapping::TraceSink* trace = nullptr) const {
    const tree::Document document = typed(source);
    auto encoded = must(mapper->encode(document, parameters, trace));
    benchmark::DoNotOptimize(encoded.bytes.data());
  }
  /// The published order nearest to 15 KB.
  const std::string& of_15_kb() const {
    const std::string* nearest = &orders.front();
    const auto off = [](const std::string& text) {
      return std::abs(static_cast<long>(text.size()) - 15 * 1024);
    };
    for (const std::string& order : orders) {
      if (off(order) < off(*nearest)) nearest = &order;
    }
    return *nearest;
  }
};

/// All orders: `ours_us` the whole translation, `theirs_us` the parse alone, `ratio` between them.
void translate_vs_parse(benchmark::State& state) {
  Eps& eps = Eps::get();
  compare(
      state, eps.orders.size(),
      [&] {
        for (const std::string& order : eps.orders) eps.translate(order);
      },
      [&] {
        for (const std::string& order : eps.orders) {
          auto document = eps.parse(order);
          benchmark::DoNotOptimize(&document.root());
        }
      });
}
BENCHMARK(translate_vs_parse)->Unit(benchmark::kMicrosecond);

/// All orders, the mean of one: `least_us` in the quickest round, `median_us` in the middle one.
void orders(benchmark::State& state) {
  Eps& eps = Eps::get();
  rounds(state, eps.orders.size(), [&] {
    for (const std::string& order : eps.orders) eps.translate(order);
  });
}
BENCHMARK(orders)->Unit(benchmark::kMicrosecond);

/// One order of about 15 KB (`bytes` says how large).
void translate_15_kb(benchmark::State& state) {
  Eps& eps = Eps::get();
  const std::string& order = eps.of_15_kb();
  for (auto _ : state) eps.translate(order);
  state.counters["bytes"] = static_cast<double>(order.size());
}
BENCHMARK(translate_15_kb)->Unit(benchmark::kMicrosecond);

/// Where the time goes: parse and types only.
void parse_and_annotate_15_kb(benchmark::State& state) {
  Eps& eps = Eps::get();
  const std::string& order = eps.of_15_kb();
  for (auto _ : state) {
    auto document = eps.typed(order);
    benchmark::DoNotOptimize(&document.root());
  }
}
BENCHMARK(parse_and_annotate_15_kb)->Unit(benchmark::kMicrosecond);

/// Where the time goes: map, losses and writing only.
void encode_15_kb(benchmark::State& state) {
  Eps& eps = Eps::get();
  const tree::Document document = eps.typed(eps.of_15_kb());
  for (auto _ : state) {
    auto encoded = must(eps.mapper->encode(document, eps.parameters, nullptr));
    benchmark::DoNotOptimize(encoded.bytes.data());
  }
}
BENCHMARK(encode_15_kb)->Unit(benchmark::kMicrosecond);

/// All orders: `ours_us` with the compact trace that is kept with each exchange, `theirs_us`
/// without.
void traced_vs_untraced(benchmark::State& state) {
  Eps& eps = Eps::get();
  mapping::LineageRecorder trace;
  compare(
      state, eps.orders.size(),
      [&] {
        for (const std::string& order : eps.orders) {
          eps.translate(order, &trace);
          auto lineage = trace.take();
          benchmark::DoNotOptimize(lineage.bytes.data());
        }
      },
      [&] {
        for (const std::string& order : eps.orders) eps.translate(order);
      });
}
BENCHMARK(traced_vs_untraced)->Unit(benchmark::kMicrosecond);

/// Folders of the corpus with messages in both forms, and "" for all of them.
constexpr std::array<const char*, 10> kKinds{"",       "send",          "cancel", "dispense",
                                             "claim",  "dispenseamend", "amend",  "release",
                                             "return", "withdraw"};

/// FHIR to HL7 v3, bytes to bytes, per message; the label says how many of how many translate.
void to_hl7(benchmark::State& state) {
  Eps& eps = Eps::get();
  const std::string kind = kKinds[static_cast<std::size_t>(state.range(0))];
  const std::vector<std::string> given = eps_messages(kind, "request.json");
  std::vector<std::string> messages;
  for (const std::string& message : given) {
    if (!json::read(message, eps.symbols)) continue;  // one has an empty array
    const tree::Document document = eps.typed(message);
    if (eps.mapper->encode(document, eps.parameters, nullptr)) messages.push_back(message);
  }
  state.SetLabel((kind.empty() ? "all" : kind) + " " + std::to_string(messages.size()) + " of " +
                 std::to_string(given.size()));
  rounds(state, messages.size(), [&] {
    for (const std::string& message : messages) eps.translate(message);
  });
}
BENCHMARK(to_hl7)->DenseRange(0, kKinds.size() - 1)->Unit(benchmark::kMicrosecond);

/// HL7 v3 to FHIR, bytes to a typed resource.
void to_fhir(benchmark::State& state) {
  Eps& eps = Eps::get();
  const std::string kind = kKinds[static_cast<std::size_t>(state.range(0))];
  const std::vector<std::string> given = eps_messages(kind, "expected.xml");
  constexpr std::string_view kType = "application/xml";
  std::vector<std::string> messages;
  for (const std::string& message : given) {
    if (eps.mapper->decode(message, kType, eps.parameters, nullptr)) messages.push_back(message);
  }
  state.SetLabel((kind.empty() ? "all" : kind) + " " + std::to_string(messages.size()) + " of " +
                 std::to_string(given.size()));
  rounds(state, messages.size(), [&] {
    for (const std::string& message : messages) {
      auto decoded = must(eps.mapper->decode(message, kType, eps.parameters, nullptr));
      benchmark::DoNotOptimize(decoded.resource.get());
    }
  });
}
BENCHMARK(to_fhir)->DenseRange(0, kKinds.size() - 1)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace concord::bench
