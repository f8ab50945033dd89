// Validation of the published orders. `whole_vs_read` is what a message goes through (read,
// annotate, validate) against reading alone: ours_us - theirs_us is the cost of checking a document
// that was just read. `validate_again` repeats one document; `compile` is the cost at start.
// `intake_vs_sax` is depth intake over documents at hand against RapidJSON reading their texts into
// nothing; `full_r4` adds invariants and bindings of R4, `full_ukcore` the UK Core profile of every
// resource that has one.
// DEPENDS fhir/json fhir/definitions fhir/packages fhir/snapshot fhir/terminology fhir/validate

#include <benchmark/benchmark.h>
#include <rapidjson/reader.h>

#include <cstdlib>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/packages/registry.h"
#include "fhir/snapshot/profiles.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/validator.h"
#include "tests/bench/documents.h"
#include "tests/bench/interleaved.h"

namespace concord::bench {
namespace {

using definitions::Definitions;
using validate::Validator;

Definitions load(tree::Symbols& symbols) {
  auto loaded = Definitions::r4(symbols);
  if (!loaded) std::abort();
  return *std::move(loaded);
}

struct Orders {
  tree::Symbols symbols;
  Definitions r4 = load(symbols);
  Validator validator = Validator::compile(r4);
  std::vector<std::string> sources = json_orders();
  std::vector<tree::Document> trees;

  Orders() {
    for (const std::string& source : sources) {
      trees.push_back(*json::read(source, symbols));
      tree::Builder builder(trees.back());
      definitions::annotate(builder, r4);
    }
  }
};

Orders& orders() {
  static Orders orders;
  return orders;
}

void read_all() {
  for (const std::string& source : orders().sources) {
    auto document = json::read(source, orders().symbols);
    benchmark::DoNotOptimize(document);
  }
}

void whole_vs_read(benchmark::State& state) {
  compare(
      state, orders().sources.size(),
      [] {
        for (const std::string& source : orders().sources) {
          auto document = json::read(source, orders().symbols);
          tree::Builder builder(*document);
          definitions::annotate(builder, orders().r4);
          auto report = orders().validator.validate(*document);
          benchmark::DoNotOptimize(report);
        }
      },
      read_all);
}
BENCHMARK(whole_vs_read)->Unit(benchmark::kMicrosecond);

void validate_again(benchmark::State& state) {
  for (auto _ : state) {
    auto report = orders().validator.validate(orders().trees.front());
    benchmark::DoNotOptimize(report);
  }
  state.counters["bytes"] = static_cast<double>(orders().sources.front().size());
}
BENCHMARK(validate_again)->Unit(benchmark::kMicrosecond);

/// Reads a text and keeps nothing.
void sax(const std::string& source) {
  rapidjson::BaseReaderHandler<> nothing;
  rapidjson::MemoryStream stream(source.data(), source.size());
  rapidjson::Reader reader;
  benchmark::DoNotOptimize(reader.Parse<rapidjson::kParseNumbersAsStringsFlag>(stream, nothing));
}

void intake_vs_sax(benchmark::State& state) {
  compare(
      state, orders().sources.size(),
      [] {
        for (const tree::Document& tree : orders().trees) {
          auto report = orders().validator.validate(tree);
          benchmark::DoNotOptimize(report);
        }
      },
      [] {
        for (const std::string& source : orders().sources) sax(source);
      });
}
BENCHMARK(intake_vs_sax)->Unit(benchmark::kMicrosecond);

/// Depth full, with the definitions of a folder or none.
struct Full {
  tree::Symbols symbols;
  Definitions r4 = load(symbols);
  packages::Registry registry{r4};
  std::unique_ptr<snapshot::Profiles> profiles;
  std::unique_ptr<terminology::Terminology> terminology;
  std::unique_ptr<Validator> validator;
  std::vector<tree::Document> trees;
  std::size_t claimed = 0;
  validate::Options options = validate::Options::reference();

  explicit Full(const std::string& folder) {
    if (!folder.empty()) {
      if (auto added = registry.add(folder); !added) std::cerr << to_string(added.error()) << '\n';
    }
    profiles = std::make_unique<snapshot::Profiles>(registry);
    terminology = std::make_unique<terminology::Terminology>(registry);
    validator = std::make_unique<Validator>(
        Validator::compile({&r4, &registry, profiles.get(), terminology.get()}));
    for (const std::string& source : json_orders()) {
      trees.push_back(*json::read(source, symbols));
      tree::Builder builder(trees.back());
      if (!folder.empty()) claim(builder, builder.root());
      definitions::annotate(builder, r4);
    }
  }

  /// Lets every resource claim the UK Core profile of its type.
  void claim(tree::Builder& builder, tree::Node& node) {
    for (const tree::Node& child : node.children()) {
      claim(builder, tree::Builder::mutable_node(child));
    }
    if (!node.is(tree::Flag::resource)) return;
    const std::string url = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-" +
                            std::string(builder.document().text(node.type()));
    if (registry.find("StructureDefinition", url) == nullptr) return;
    const tree::Node* meta = node.child(builder.symbol("meta"));
    tree::Node* at = meta != nullptr ? &tree::Builder::mutable_node(*meta)
                                     : builder.append(node, builder.symbol("meta"));
    builder.set_copy(*builder.append(*at, builder.symbol("profile"), tree::Kind::string), url);
    ++claimed;
  }

  void run(benchmark::State& state) {
    for (auto _ : state) {
      for (const tree::Document& tree : trees) {
        auto report = validator->validate(tree, options);
        benchmark::DoNotOptimize(report);
      }
    }
    state.counters["us_per_bundle"] = benchmark::Counter(
        static_cast<double>(trees.size()) * 1e-6,
        benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
    state.counters["profiles_per_bundle"] =
        static_cast<double>(claimed) / static_cast<double>(trees.size());
  }
};

void full_r4(benchmark::State& state) {
  static Full full("");
  full.run(state);
}
BENCHMARK(full_r4)->Unit(benchmark::kMicrosecond);

void full_ukcore(benchmark::State& state) {
  const char* given = std::getenv("CONCORD_CORPORA");
  const std::filesystem::path folder =
      (given != nullptr ? std::filesystem::path(given)
                        : std::filesystem::path(CONCORD_SOURCE_DIR) / "../shared/corpora") /
      "fhir" / "ukcore";
  if (!std::filesystem::is_directory(folder)) {
    state.SkipWithError("*** CORPUS ABSENT: UK Core ***");
    return;
  }
  static Full full(folder.string());
  full.run(state);
}
BENCHMARK(full_ukcore)->Unit(benchmark::kMicrosecond);

void compile(benchmark::State& state) {
  for (auto _ : state) {
    auto validator = Validator::compile(orders().r4);
    benchmark::DoNotOptimize(validator);
  }
}
BENCHMARK(compile)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace concord::bench
