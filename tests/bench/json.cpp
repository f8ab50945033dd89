// JSON to tree and tree to JSON against RapidJSON's own DOM and Writer.
// DEPENDS fhir/json

#include <benchmark/benchmark.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstring>
#include <memory>

#include "fhir/core/utf8.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "tests/bench/documents.h"
#include "tests/bench/interleaved.h"

namespace concord::bench {
namespace {

/// Names as a running gateway knows them: those of every document are in the table.
struct Orders {
  std::vector<std::string> sources = json_orders();
  tree::Symbols symbols;
  std::vector<tree::Document> trees;

  Orders() {
    for (const std::string& source : sources) {
      intern_all(*json::read(source, symbols));
      trees.push_back(*json::read(source, symbols));
    }
  }
  void intern_all(const tree::Document& document) {
    std::vector<const tree::Node*> open{&document.root()};
    while (!open.empty()) {
      const tree::Node& node = *open.back();
      open.pop_back();
      symbols.intern(document.name(node));
      symbols.intern(document.text(node.type()));
      for (const tree::Node& child : node.children()) open.push_back(&child);
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

/// RapidJSON reads whole aligned blocks, so up to 15 bytes behind the end.
constexpr std::size_t kBehind = 16;

/// RapidJSON's DOM as one would use it for the same job: the bytes copied once, strings decoded in
/// place, numbers as text.
template <bool kOwnCheck, unsigned kFlags>
void dom_all() {
  for (const std::string& source : orders().sources) {
    if (kOwnCheck && invalid_utf8_at(source) != std::string_view::npos) std::abort();
    const auto scratch = std::make_unique_for_overwrite<char[]>(source.size() + kBehind);
    std::memcpy(scratch.get(), source.c_str(), source.size() + 1);
    rapidjson::Document document;
    document.ParseInsitu<rapidjson::kParseNumbersAsStringsFlag | kFlags>(scratch.get());
    benchmark::DoNotOptimize(document);
  }
}

void json_to_tree_vs_dom(benchmark::State& state) {
  compare(state, orders().sources.size(), read_all, dom_all<true, 0>);
}
BENCHMARK(json_to_tree_vs_dom)->Unit(benchmark::kMicrosecond);

void json_to_tree_vs_dom_checking_utf8_itself(benchmark::State& state) {
  compare(state, orders().sources.size(), read_all,
          dom_all<false, rapidjson::kParseValidateEncodingFlag>);
}
BENCHMARK(json_to_tree_vs_dom_checking_utf8_itself)->Unit(benchmark::kMicrosecond);

void tree_to_json_vs_writer(benchmark::State& state) {
  std::vector<std::unique_ptr<char[]>> buffers;
  std::vector<rapidjson::Document> doms;
  for (const std::string& source : orders().sources) {
    buffers.push_back(std::make_unique<char[]>(source.size() + kBehind));
    std::memcpy(buffers.back().get(), source.c_str(), source.size() + 1);
    doms.emplace_back();
    doms.back().ParseInsitu<rapidjson::kParseNumbersAsStringsFlag>(buffers.back().get());
  }
  compare(
      state, doms.size(),
      [] {
        for (const tree::Document& document : orders().trees) {
          auto text = json::write(document);
          benchmark::DoNotOptimize(text);
        }
      },
      [&] {
        for (const rapidjson::Document& dom : doms) {
          rapidjson::StringBuffer buffer;
          rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
          dom.Accept(writer);
          benchmark::DoNotOptimize(buffer.GetString());
        }
      });
}
BENCHMARK(tree_to_json_vs_writer)->Unit(benchmark::kMicrosecond);

void utf8_check(benchmark::State& state) {
  std::int64_t bytes = 0;
  for (auto _ : state) {
    for (const std::string& source : orders().sources) {
      benchmark::DoNotOptimize(invalid_utf8_at(source));
      bytes += static_cast<std::int64_t>(source.size());
    }
  }
  state.SetBytesProcessed(bytes);
}
BENCHMARK(utf8_check)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace concord::bench
