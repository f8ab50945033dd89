#include "tests/fhir/validate/manifest.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "fhir/json/reader.h"
#include "fhir/packages/registry.h"
#include "fhir/snapshot/profiles.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/neighbours.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::validate::test {

namespace {

using concord::test::read_file;
using tree::Document;
using tree::Node;

std::string text_of(const Document& document, const Node& node, std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  const Node* found = symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
  return found == nullptr ? std::string() : std::string(found->text());
}

std::vector<std::string> texts_of(const Document& document, const Node& node,
                                  std::string_view name) {
  std::vector<std::string> texts;
  const tree::Symbol symbol = document.find(name);
  if (symbol == tree::Symbol::kNone) return texts;
  for (const Node* at = node.child(symbol); at != nullptr; at = at->next_same()) {
    texts.emplace_back(at->text());
  }
  return texts;
}

}  // namespace

std::vector<ManifestRun> read_manifest(const std::filesystem::path& folder) {
  std::vector<ManifestRun> runs;
  static tree::Symbols symbols;
  auto document = json::read_plain(read_file(folder / "manifest.json"), symbols);
  EXPECT_THAT(document, IsOk());
  if (!document) return runs;
  const std::string_view source = document->source();
  for (const Node& node : document->root().children()) {
    if (document->name(node) != "runs") continue;
    ManifestRun run;
    run.id = text_of(*document, node, "id");
    run.file = text_of(*document, node, "file");
    run.module = text_of(*document, node, "module");
    run.tier = text_of(*document, node, "tier");
    run.mode = text_of(*document, node, "mode");
    run.profile = text_of(*document, node, "profile");
    run.load = texts_of(*document, node, "load");
    run.extensions = texts_of(*document, node, "extensionsPack");
    run.resolvable = texts_of(*document, node, "resolvable");
    for (const Node& child : node.children()) {
      if (document->name(child) == "options") {
        const std::size_t begin = source.find('{', child.source_offset());
        int open = 0;
        std::size_t end = begin;
        do {
          open += source[end] == '{';
          open -= source[end] == '}';
        } while (++end < source.size() && open > 0);
        run.options = source.substr(begin, end - begin);
      }
      if (document->name(child) != "expected") continue;
      run.errors = std::stoul(text_of(*document, child, "errors"));
      for (const Node& issue : child.children()) {
        if (document->name(issue) != "issues") continue;
        run.issues.push_back(
            {text_of(*document, issue, "severity"), text_of(*document, issue, "id"),
             text_of(*document, issue, "expression"), text_of(*document, issue, "text")});
      }
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

struct Bench::Engine {
  explicit Engine(const definitions::Definitions& r4)
      : registry(r4), profiles(registry), terminology(registry) {}
  packages::Registry registry;
  snapshot::Profiles profiles;
  terminology::Terminology terminology;
  std::unique_ptr<Validator> validator;
};

Bench::Bench(std::filesystem::path cases, std::filesystem::path packages)
    : cases_(std::move(cases)), packages_(std::move(packages)) {
  auto loaded = definitions::Definitions::r4(symbols_);
  EXPECT_THAT(loaded, IsOk());
  definitions_ = std::make_unique<definitions::Definitions>(*std::move(loaded));
}
Bench::~Bench() = default;

Bench::Engine& Bench::engine_for(const ManifestRun& run) {
  std::string wanted;
  for (const std::string& file : run.load) wanted += file + '\n';
  const bool is_file = run.profile.ends_with(".xml") || run.profile.ends_with(".json");
  if (is_file) wanted += run.profile + '\n';
  if (!run.extensions.empty()) wanted += "pack";
  if (engine_ != nullptr && loaded_ == wanted) return *engine_;
  engine_.reset();
  engine_ = std::make_unique<Engine>(*definitions_);
  loaded_ = wanted;
  packages::Registry& registry = engine_->registry;
  if (!run.extensions.empty()) {
    EXPECT_THAT(registry.add(packages_ / "hl7.fhir.uv.extensions.r4-5.3.0.tgz"), IsOk());
  }
  std::vector<std::string> files = run.load;
  if (is_file) files.push_back(run.profile);
  for (const std::string& file : files) {
    auto added = registry.add_text(file, read_file(cases_ / file));
    if (!added) std::cout << run.id << ": " << file << ": " << to_string(added.error()) << '\n';
  }
  engine_->validator = std::make_unique<Validator>(Validator::compile(
      Parts{definitions_.get(), &registry, &engine_->profiles, &engine_->terminology}));
  return *engine_;
}

Report Bench::run(const ManifestRun& run) {
  Engine& engine = engine_for(run);
  Options options = Options::reference();
  options.identifiers = IdentifierPolicy::all(Policy::accept);
  if (!run.options.empty()) {
    auto read = read_options(run.options, options);
    EXPECT_THAT(read, IsOk());
    if (read) options = *std::move(read);
  }
  FileNeighbours neighbours(*definitions_, cases_);
  Validator::Request request;
  std::vector<std::string> profiles;
  if (!run.profile.empty() && run.mode == "profile") {
    profiles.push_back(run.profile);
    const bool is_file = run.profile.ends_with(".xml") || run.profile.ends_with(".json");
    if (is_file) {
      for (const packages::Entry* entry : engine.registry.all("StructureDefinition")) {
        if (entry->file == run.profile || entry->package == run.profile) {
          profiles.back() = std::string(entry->url);
        }
      }
    }
  }
  request.profiles = profiles;
  request.neighbours = &neighbours;
  return validate_text(read_file(cases_ / run.file), *engine.validator, *definitions_, options, {},
                       request);
}

}  // namespace concord::validate::test
