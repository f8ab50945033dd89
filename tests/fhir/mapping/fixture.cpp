#include "tests/fhir/mapping/fixture.h"

#include <cstdio>
#include <filesystem>
#include <memory>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "tests/support/files.h"
#include "tests/support/places.h"

namespace concord::mapping::test {
namespace {

definitions::Definitions load(tree::Symbols& symbols) {
  auto definitions = definitions::Definitions::r4(symbols);
  if (!definitions) {
    std::fprintf(stderr, "%s\n", to_string(definitions.error()).c_str());
    std::abort();
  }
  std::vector<tree::Document> models;
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(concord::test::test_dir()) / "models")) {
    names.push_back(entry.path().string());
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    auto model = concord::json::read(concord::test::read_file(name), symbols);
    if (!model) {
      std::fprintf(stderr, "%s: %s\n", name.c_str(), to_string(model.error()).c_str());
      std::abort();
    }
    models.push_back(*std::move(model));
  }
  std::vector<definitions::Source> sources;
  for (std::size_t i = 0; i < models.size(); ++i) sources.push_back({names[i], &models[i]});
  auto added = (*definitions).add(sources);
  if (!added) {
    std::fprintf(stderr, "%s\n", to_string(added.error()).c_str());
    std::abort();
  }
  return *std::move(definitions);
}

}  // namespace

World::World() : definitions(load(symbols)) {}

World& World::get() {
  static World world;
  return world;
}

tree::Document json(const std::string& text) {
  auto document = concord::json::read(text, World::get().symbols);
  EXPECT_THAT(document, IsOk());
  if (!document) return tree::Document(World::get().symbols);
  tree::Builder builder(*document);
  definitions::annotate(builder, World::get().definitions);
  return *std::move(document);
}

tree::Document xml(const std::string& text, std::string_view model) {
  auto document = concord::xml::read(text, World::get().symbols);
  EXPECT_THAT(document, IsOk());
  const definitions::Type* type = World::get().definitions.type(model);
  EXPECT_NE(type, nullptr);
  if (!document || type == nullptr) return tree::Document(World::get().symbols);
  tree::Builder builder(*document);
  definitions::annotate(builder, builder.root(), *type, World::get().definitions);
  return *std::move(document);
}

std::vector<MapSource> one(std::string text) { return {{"test.map", std::move(text)}}; }

Result<MapSet> compile(const std::vector<MapSource>& sources, const CompileOptions& options) {
  return MapSet::compile(sources, World::get().definitions, options);
}

Ran run(const MapSet& maps, const tree::Document& source, RunOptions options,
        std::string_view group, const std::vector<tree::Document>& more) {
  Ran ran{RunReport{}, tree::Document(World::get().symbols), {}, {}};
  auto counter = std::make_shared<int>(0);
  if (!options.uuids) {
    options.uuids = [counter] {
      char text[64];
      std::snprintf(text, sizeof text, "00000000-0000-4000-8000-%012d", ++*counter);
      return std::string(text);
    };
  }
  options.trace = &ran.trace;
  options.reads = &ran.reads;
  auto entry = maps.entry(maps.maps().front(), group);
  EXPECT_THAT(entry, IsOk());
  if (!entry) return ran;
  std::vector<Input> inputs{{&source, nullptr}};
  for (const tree::Document& other : more) inputs.push_back({&other, nullptr});
  ran.report = maps.run(*entry, inputs, ran.target, options);
  return ran;
}

std::string written(const tree::Document& target) {
  auto text = target.root().is(tree::Flag::resource)
                  ? concord::json::write(target, {.pretty = true})
                  : concord::xml::write(target);
  EXPECT_THAT(text, IsOk());
  return text ? *text + '\n' : std::string();
}

}  // namespace concord::mapping::test
