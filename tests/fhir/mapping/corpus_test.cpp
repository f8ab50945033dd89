// The published cases of structure-mapping, read where they lie (CONCORD_CORPORA). What does not
// pass yet stands in known_failures.txt with its reason; a listed case that passes fails the test.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <sstream>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/mapping/structure_map.h"
#include "fhir/packages/release.h"
#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "tests/fhir/mapping/fixture.h"
#include "tests/support/files.h"
#include "tests/support/places.h"

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
  std::istringstream lines(read_file(fs::path(concord::test::test_dir()) / "known_failures.txt"));
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

/// A text or resource rendered, read again, and taken through both forms of StructureMap: the same
/// text each time. Nothing when it is, else what differs.
std::string render(const MapSource& source) {
  const auto first = to_text(source);
  if (!first) return to_string(first.error());
  const tree::Symbols symbols;
  for (const ResourceForm form : {ResourceForm::r4, ResourceForm::r5}) {
    const auto resource = to_resource({source.name, *first}, symbols, form);
    if (!resource) return to_string(resource.error());
    const auto text = concord::json::write(*resource);
    if (!text) return to_string(text.error());
    const auto second = to_text({source.name, *text});
    if (!second) return to_string(second.error());
    // What a resource must have and the text had not: the status.
    const auto third = to_text({source.name, *second});
    if (!third || *third != *second) return "not stable:\n" + *second;
    const auto again = to_resource({source.name, *second}, symbols, form);
    if (!again || concord::json::write(*again).value_or("") != *text) {
      return "another resource after " + *text;
    }
  }
  return {};
}

Result<tree::Document> read_file_into(const fs::path& file, const tree::Symbols& symbols) {
  return file.extension() == ".xml" ? concord::xml::read_fhir(read_file(file), symbols)
                                    : concord::json::read(read_file(file), symbols);
}

/// What a case names beside its map: definitions, concept maps, other maps.
struct Loaded {
  std::vector<tree::Document> models;
  std::vector<std::string> files;
  std::vector<tree::Document> concept_maps;
  std::vector<MapSource> maps;
};

std::string load(const fs::path& folder, const tree::Document& manifest, const tree::Node& one,
                 const tree::Symbols& symbols, Loaded& to) {
  const tree::Symbol load = manifest.find("load");
  for (const tree::Node* at = one.child(load); at != nullptr; at = at->next_same()) {
    const std::string file(at->text());
    if (file.ends_with(".map")) {
      to.maps.push_back({file, read_file(folder / file)});
      continue;
    }
    auto document = read_file_into(folder / file, symbols);
    if (!document) return file + ": " + to_string(document.error());
    const std::string_view type = document->text(document->root().type());
    if (type == "StructureDefinition") {
      to.models.push_back(*std::move(document));
      to.files.push_back(file);
    } else if (type == "ConceptMap") {
      to.concept_maps.push_back(*std::move(document));
    } else if (type == "StructureMap") {
      to.maps.push_back({file, read_file(folder / file)});
    }
  }
  return {};
}

/// Members of both sorted by name: their order is no content.
std::string sorted(tree::Document& document) {
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
}

std::string compare_xml(const std::string& expected, const tree::Document& target,
                        const tree::Symbols& symbols) {
  const auto wanted = concord::xml::read(expected, symbols);
  if (!wanted) return to_string(wanted.error());
  const auto left = concord::xml::write(*wanted), right = concord::xml::write(target);
  if (!left || !right) return "not written";
  return *left == *right ? "" : "expected " + *left + "\n     got " + *right;
}

std::string compare_json(const std::string& text, tree::Document& target,
                         const tree::Symbols& symbols) {
  // Plainly: a model may hold a resource in an element that FHIR would not put one into.
  auto expected = concord::json::read_plain(text, symbols);
  if (!expected) return to_string(expected.error());
  const std::string label = text_of(*expected, expected->root(), "resourceType");
  auto got = as_json(target, label);
  if (!got) return to_string(got.error());
  auto again = concord::json::read_plain(*got, symbols);
  if (!again) return to_string(again.error());
  const std::string left = sorted(*expected), right = sorted(*again);
  return left == right ? "" : "expected " + left + "\n     got " + right;
}

/// Nothing when the case passes, else what went wrong. Each case has definitions of its own: the
/// models of the tutorial share their names.
std::string outcome(const fs::path& folder, const tree::Document& manifest, const tree::Node& one) {
  const std::string map_file = text_of(manifest, one, "map");
  const MapSource source{map_file, read_file(folder / map_file)};
  if (std::string wrong = render(source); !wrong.empty()) return wrong;
  if (text_of(manifest, one, "kind") == "parse") return {};
  tree::Symbols symbols;
  auto definitions = definitions::Definitions::r4(symbols);
  if (!definitions) return to_string(definitions.error());
  Loaded loaded;
  if (std::string wrong = load(folder, manifest, one, symbols, loaded); !wrong.empty())
    return wrong;
  std::vector<definitions::Source> models;
  for (std::size_t i = 0; i < loaded.models.size(); ++i) {
    models.push_back({loaded.files[i], &loaded.models[i]});
  }
  if (const auto added = definitions->add(models, definitions::UnknownTypes::leave_out); !added)
    return to_string(added.error());
  CompileOptions options;
  options.strict = false;
  options.concept_maps = loaded.concept_maps;
  std::vector<MapSource> sources{source};
  sources.insert(sources.end(), loaded.maps.begin(), loaded.maps.end());
  std::optional<definitions::Definitions> stu3;
  std::vector<const definitions::Definitions*> releases;
  if (source.text.find("http://hl7.org/fhir/3.0/") != std::string::npos) {
    auto release = packages::load_release(
        folder.parent_path() / "packages/hl7.fhir.core-3.0.1-conformance.tgz", symbols);
    if (!release) return to_string(release.error());
    stu3 = *std::move(release);
    releases.push_back(&*stu3);
    options.releases = releases;
    // The published base maps are not in the corpus; these do what the case needs of them.
    sources.push_back(
        {"base3to4.map", read_file(fs::path(concord::test::test_dir()) / "base3to4.map")});
  }
  auto maps = MapSet::compile(sources, *definitions, options);
  if (!maps) return to_string(maps.error());
  auto input = read_file_into(folder / text_of(manifest, one, "source"), symbols);
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
  const std::string expected = text_of(manifest, one, "expected");
  const std::string text = read_file(folder / expected);
  return expected.ends_with(".xml") ? compare_xml(text, target, symbols)
                                    : compare_json(text, target, symbols);
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
  EXPECT_GE(count, 25u);
  EXPECT_EQ(passed, count - known.size());
  std::printf("structure-mapping: %zu of %zu\n", passed, count);
  RecordProperty("passed", static_cast<int>(passed));
}

}  // namespace
}  // namespace concord::mapping::test
