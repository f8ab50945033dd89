// The published cases of structure-mapping, read where they lie (CONCORD_CORPORA). What does not
// pass yet stands in known_failures.txt with its reason; a listed case that passes fails the test.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/mapping/parser.h"
#include "fhir/packages/release.h"
#include "fhir/xml/reader.h"
#include "tests/fhir/mapping/fixture.h"
#include "tests/support/files.h"

namespace concord::mapping::test {
namespace {

namespace fs = std::filesystem;
using concord::test::read_file;

std::string text_of(const tree::Document& document, const tree::Node& node, std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  const tree::Node* child = symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
  return child == nullptr ? std::string() : std::string(child->text());
}

/// Reasons by case id.
std::map<std::string, std::string> known_failures() {
  std::istringstream lines(read_file(fs::path(CONCORD_TEST_DIR) / "known_failures.txt"));
  std::map<std::string, std::string> known;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t split = line.find(": ");
    if (!line.empty() && line[0] != '#' && split != std::string::npos) {
      known[line.substr(0, split)] = line.substr(split + 2);
    }
  }
  return known;
}

/// The children as compact JSON, below the name of the model.
Result<std::string> as_json(tree::Document& document, std::string_view label) {
  tree::Builder builder(document);
  builder.set_flag(builder.root(), tree::Flag::resource);
  builder.set_type(builder.root(), builder.symbol(label));
  return concord::json::write(document);
}

/// Nothing when the case passes, else what went wrong. Each case has definitions of its own: the
/// models of the tutorial share their names.
std::string outcome(const fs::path& folder, const tree::Document& manifest, const tree::Node& one) {
  const std::string map_file = text_of(manifest, one, "map");
  const MapSource source{map_file, read_file(folder / map_file)};
  if (text_of(manifest, one, "kind") == "parse") {
    Findings findings;
    static_cast<void>(parse(source, {}, findings));
    return findings_text(findings.sorted({map_file}));
  }
  tree::Symbols symbols;
  auto definitions = definitions::Definitions::r4(symbols);
  if (!definitions) return to_string(definitions.error());
  const tree::Symbol load = manifest.find("load");
  for (const tree::Node* at = one.child(load); at != nullptr; at = at->next_same()) {
    const std::string file(at->text());
    auto model = file.ends_with(".xml") ? concord::xml::read_fhir(read_file(folder / file), symbols)
                                        : concord::json::read(read_file(folder / file), symbols);
    if (!model) return file + ": " + to_string(model.error());
    auto added = (*definitions).add(*model, file);
    if (!added) return file + ": " + to_string(added.error());
  }
  CompileOptions options;
  options.strict = false;
  std::vector<MapSource> sources{source};
  std::optional<definitions::Definitions> stu3;
  std::vector<const definitions::Definitions*> releases;
  if (source.text.find("http://hl7.org/fhir/3.0/") != std::string::npos) {
    auto loaded = packages::load_release(
        folder.parent_path() / "packages/hl7.fhir.core-3.0.1-conformance.tgz", symbols);
    if (!loaded) return to_string(loaded.error());
    stu3 = *std::move(loaded);
    releases.push_back(&*stu3);
    options.releases = releases;
    // The published base maps are not in the corpus; these do what the case needs of them.
    sources.push_back({"base3to4.map", read_file(fs::path(CONCORD_TEST_DIR) / "base3to4.map")});
  }
  auto maps = MapSet::compile(sources, *definitions, options);
  if (!maps) return to_string(maps.error());
  auto input = concord::json::read(read_file(folder / text_of(manifest, one, "source")), symbols);
  if (!input) return to_string(input.error());
  tree::Builder builder(*input);
  const definitions::Definitions& release = stu3 ? *stu3 : *definitions;
  std::string_view wanted = input->text(input->root().type());
  for (const definitions::Type* type : release.types()) {
    if (type->label() != wanted) continue;
    definitions::annotate(builder, builder.root(), *type, release);
    break;
  }
  auto entry = maps->entry(maps->maps().front());
  if (!entry) return to_string(entry.error());
  tree::Document target(symbols);
  const Input first{&*input, nullptr};
  RunOptions run_options;
  const auto report = maps->run(*entry, std::span(&first, 1), target, run_options);
  const bool must_fail = text_of(manifest, one, "expectError") == "true";
  if (must_fail) return report ? "an error was expected" : "";
  if (!report) return to_string(report.error());
  // Plainly: a model may hold a resource in an element that FHIR would not put one into.
  auto expected =
      concord::json::read_plain(read_file(folder / text_of(manifest, one, "expected")), symbols);
  if (!expected) return to_string(expected.error());
  const std::string label = text_of(*expected, expected->root(), "resourceType");
  auto got = as_json(target, label);
  if (!got) return to_string(got.error());
  auto again = concord::json::read_plain(*got, symbols);
  if (!again) return to_string(again.error());
  // Order of members is not content: both are sorted by name.
  const auto sorted = [](tree::Document& document) {
    tree::Builder order(document);
    std::vector<tree::Node*> open{&order.root()};
    while (!open.empty()) {
      tree::Node& node = *open.back();
      open.pop_back();
      order.sort_children(node, [&](const tree::Node& child) { return document.name(child); });
      for (const tree::Node& child : node.children()) {
        open.push_back(&tree::Builder::mutable_node(child));
      }
    }
    return concord::json::write(document).value_or("not written");
  };
  const std::string left = sorted(*expected), right = sorted(*again);
  return left == right ? "" : "expected " + left + "\n     got " + right;
}

TEST(Corpus, StructureMappingCasesPassOrTheirMissIsExplained) {
  const auto folder = concord::test::corpus("fhir");
  if (!folder) return;
  const fs::path cases = *folder / "structure-mapping";
  tree::Symbols symbols;
  auto manifest = concord::json::read_plain(read_file(cases / "manifest.json"), symbols);
  ASSERT_THAT(manifest, IsOk());
  const auto known = known_failures();
  std::size_t count = 0, passed = 0;
  const tree::Node* one = manifest->root().child(manifest->find("cases"));
  for (; one != nullptr; one = one->next_same()) {
    ++count;
    const std::string id = text_of(*manifest, *one, "id");
    const std::string wrong = outcome(cases, *manifest, *one);
    passed += wrong.empty();
    if (known.contains(id)) {
      EXPECT_NE(wrong, "") << id << " passes: take it out of known_failures.txt";
    } else {
      EXPECT_EQ(wrong, "") << id;
    }
  }
  EXPECT_EQ(count, 25u);
  EXPECT_EQ(passed, count - known.size());
  RecordProperty("passed", static_cast<int>(passed));
}

}  // namespace
}  // namespace concord::mapping::test
