// concord package: FHIR packages on disk.
#include <algorithm>
#include <map>
#include <ostream>
#include <system_error>

#include "fhir/packages/check.h"
#include "fhir/packages/package_folder.h"
#include "fhir/packages/registry.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/engine.h"

namespace concord::app {
namespace {

namespace fs = std::filesystem;
using packages::AddOptions;
using packages::Registry;

struct Options {
  std::vector<std::string> what;
  std::vector<std::string> folders;
  std::string cache;
  std::string folder;
  bool resources = false;
  bool strict = false;
};

AddOptions add_options(const Options& options) {
  AddOptions made;
  made.folders.assign(options.folders.begin(), options.folders.end());
  made.cache = options.cache;
  return made;
}

void print_package(std::ostream& out, const packages::Manifest& manifest, const fs::path& path) {
  out << manifest.label();
  if (!manifest.fhir_versions.empty()) out << "  FHIR " << manifest.fhir_versions.front();
  if (!manifest.title.empty()) out << "  " << manifest.title;
  out << "  (" << path.string() << ")\n";
  for (const auto& [id, version] : manifest.dependencies) {
    out << "  depends on " << id << '#' << version << '\n';
  }
}

void print_resources(std::ostream& out, const Registry& registry, bool each) {
  std::map<std::string_view, std::size_t> counts;
  for (const packages::Entry* entry : registry.all()) {
    ++counts[entry->resource_type];
    if (!each) continue;
    out << "  " << entry->resource_type << ' ' << (entry->url.empty() ? entry->id : entry->url);
    if (!entry->version.empty()) out << '|' << entry->version;
    out << '\n';
  }
  if (each) return;
  for (const auto& [type, count] : counts) out << "  " << count << ' ' << type << '\n';
}

/// One package or file: what it holds. A folder of packages: the packages.
Result<void> list_one(const Options& options, const std::string& what, Engine& engine,
                      std::ostream& out) {
  std::error_code failed;
  const bool folder = fs::is_directory(what, failed);
  if (folder && !packages::package_root(what)) {
    const bool cache = fs::exists(fs::path(what) / "packages.ini", failed);
    const std::vector<fs::path> here{what};
    const packages::PackageFolders found(cache ? std::span<const fs::path>{} : here,
                                         cache ? fs::path(what) : fs::path{}, {}, engine.symbols());
    for (const Issue& problem : found.problems()) out << "warning: " << problem.text << '\n';
    for (const packages::Place& place : found.places()) {
      print_package(out, place.manifest, place.path);
    }
    if (!found.places().empty()) return {};
  }
  Registry registry(engine.definitions());
  AddOptions how = add_options(options);
  how.dependencies = false;
  CONCORD_ASSIGN(const packages::Loaded loaded, registry.add(what, how));
  for (const packages::Package& package : registry.packages()) {
    out << package.id << '#' << package.version;
    if (!package.fhir_version.empty()) out << "  FHIR " << package.fhir_version;
    out << "  (" << package.from.string() << ")\n";
    for (const std::string& dependency : package.dependencies) {
      out << "  depends on " << dependency << '\n';
    }
  }
  print_resources(out, registry, options.resources);
  for (const Issue& warning : loaded.warnings) out << "warning: " << warning.text << '\n';
  return {};
}

int list(const Options& options, Streams& streams) {
  auto engine = Engine::load();
  if (!engine) {
    print_error(streams.err, "", engine.error());
    return kFailed;
  }
  bool failed = false;
  for (const std::string& what : options.what) {
    if (const auto done = list_one(options, what, **engine, streams.out); !done) {
      print_error(streams.err, what, done.error());
      failed = true;
    }
  }
  return failed ? kFailed : kDone;
}

/// Copies so that nobody ever sees half a file.
Result<void> copy_whole(const fs::path& from, const fs::path& to) {
  std::error_code failed;
  fs::path draft = to;
  draft += ".part";
  fs::copy_file(from, draft, fs::copy_options::overwrite_existing, failed);
  if (!failed) fs::rename(draft, to, failed);
  if (failed) {
    std::error_code ignored;
    fs::remove(draft, ignored);
    return make_error(ErrorCode::internal,
                      to.string() + ": cannot be written: " + failed.message());
  }
  return {};
}

Result<void> add_one(const std::string& what, const fs::path& folder, Engine& engine,
                     std::ostream& out) {
  std::error_code failed;
  if (!fs::is_regular_file(what, failed)) {
    return make_error(ErrorCode::not_found, what + ": no such archive");
  }
  CONCORD_ASSIGN(const packages::Manifest manifest,
                 packages::manifest_of_archive(what, {}, engine.symbols()));
  std::string version = manifest.version;  // becomes part of a file name
  std::replace(version.begin(), version.end(), '+', '-');
  if (!packages::is_package_id("v" + version)) {
    return make_error(ErrorCode::invalid, what + ": package.json has no usable version");
  }
  Registry registry(engine.definitions());
  AddOptions how;
  how.dependencies = false;
  CONCORD_ASSIGN(const packages::Loaded loaded, registry.add(what, how));
  std::size_t unreadable = loaded.warnings.size();
  for (const Issue& warning : loaded.warnings) out << "warning: " << warning.text << '\n';
  for (const Issue& issue : packages::check(registry))
    unreadable += issue.severity == Severity::error;
  const fs::path target = folder / (manifest.id + '-' + manifest.version + ".tgz");
  if (fs::exists(target, failed)) {
    CONCORD_ASSIGN(const std::string there, read_whole(target, how.bounds.max_archive));
    CONCORD_ASSIGN(const std::string given, read_whole(what, how.bounds.max_archive));
    if (there == given) {
      out << manifest.label() << " is there already\n";
      return {};
    }
    return make_error(ErrorCode::conflict,
                      target.string() + ": another archive of that package is there already");
  }
  fs::create_directories(folder, failed);
  CONCORD_TRY(copy_whole(what, target));
  out << manifest.label() << ": " << loaded.resources << " resources, " << target.string() << '\n';
  if (unreadable > 0) {
    out << "  " << unreadable << " problems; concord package check " << target.string()
        << " tells them\n";
  }
  return {};
}

int add(const Options& options, Streams& streams) {
  auto engine = Engine::load();
  if (!engine) {
    print_error(streams.err, "", engine.error());
    return kFailed;
  }
  bool failed = false;
  for (const std::string& what : options.what) {
    if (const auto done = add_one(what, options.folder, **engine, streams.out); !done) {
      print_error(streams.err, what, done.error());
      failed = true;
    }
  }
  return failed ? kFailed : kDone;
}

int check(const Options& options, Streams& streams) {
  auto engine = Engine::load();
  if (!engine) {
    print_error(streams.err, "", engine.error());
    return kFailed;
  }
  Registry registry((*engine)->definitions());
  std::vector<Issue> issues;
  for (const std::string& what : options.what) {
    auto loaded = registry.add(what, add_options(options));
    if (!loaded) {
      print_error(streams.err, what, loaded.error());
      return kFailed;
    }
    issues.insert(issues.end(), loaded->warnings.begin(), loaded->warnings.end());
  }
  const std::vector<Issue> found = packages::check(registry);
  issues.insert(issues.end(), found.begin(), found.end());
  std::size_t errors = 0;
  for (const Issue& issue : issues) {
    errors += issue.severity == Severity::error;
    streams.out << severity_name(issue.severity) << ": ";
    if (!issue.expression.empty()) streams.out << issue.expression << ": ";
    streams.out << issue.text << '\n';
  }
  streams.out << registry.packages().size() << " packages, " << registry.all().size()
              << " resources, " << errors << " errors, " << issues.size() - errors << " warnings\n";
  return errors > 0 || (options.strict && !issues.empty()) ? kFailed : kDone;
}

void add_places(CLI::App& command, Options& options) {
  command
      .add_option("--folder", options.folders,
                  "Folder with packages, where dependencies are looked for; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--cache", options.cache,
                     "FHIR package cache, as ~/.fhir/packages; only read");
}

}  // namespace

void register_package(commands::Table& table) {
  CLI::App& command =
      table.add("package", "FHIR packages: profiles, value sets and code systems to load",
                "concord package check ukcore");
  command.require_subcommand(1);
  const auto options = std::make_shared<Options>();

  CLI::App& listing = table.add(
      "list", "Say which packages a folder or cache holds, or what one package or folder holds",
      "concord package list ~/.fhir/packages", &command);
  listing.add_option("what", options->what, "Archives (.tgz), folders, caches, or id#version")
      ->required();
  listing.add_flag("--resources", options->resources, "Each resource, not only their number");
  add_places(listing, *options);
  table.on(listing, [options](Streams& streams) { return list(*options, streams); });

  CLI::App& adding = table.add(
      "add", "Look through an archive and copy it into a package folder as id-version.tgz",
      "concord package add hl7.fhir.uv.extensions.r4.tgz --folder packages", &command);
  adding.add_option("what", options->what, "Archives (.tgz)")->required();
  adding.add_option("--folder", options->folder, "The package folder")->required();
  table.on(adding, [options](Streams& streams) { return add(*options, streams); });

  CLI::App& checking = table.add(
      "check",
      "Load everything and tell what is wrong: resources that cannot be read, canonicals defined "
      "twice (errors); dependencies not found, canonicals nobody defines (warnings). Status 1 "
      "when there are errors",
      "concord package check ukcore --folder packages", &command);
  checking.add_option("what", options->what, "Archives (.tgz), folders, files, or id#version")
      ->required();
  checking.add_flag("--strict", options->strict, "Status 1 for warnings too");
  add_places(checking, *options);
  table.on(checking, [options](Streams& streams) { return check(*options, streams); });
}

}  // namespace concord::app
