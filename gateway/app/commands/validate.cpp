// concord validate: files against R4, the profiles they claim and those asked for.
#include <cstdlib>
#include <iterator>
#include <ostream>
#include <span>

#include "fhir/validate/neighbours.h"
#include "fhir/validate/validator.h"
#include "gateway/api/resource_builder.h"
#include "gateway/app/checking.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/engine.h"

namespace concord::app {
namespace {

struct Options {
  std::vector<std::string> files, packages, definitions, profiles, folders;
  std::string options_file, format, fhir_version;
  std::string identifiers = "warn";
  std::size_t max_bytes = 64 * 1024 * 1024;
};

bool is_file(const std::string& name) {
  std::error_code failed;
  return std::filesystem::is_regular_file(name, failed);
}

/// A profile given as a file is loaded, and asked for by its url.
Result<std::vector<std::string>> profiles_of(const Options& options, CheckingSources& sources,
                                             const definitions::Definitions& definitions) {
  std::vector<std::string> urls;
  for (const std::string& profile : options.profiles) {
    if (!is_file(profile)) {
      urls.push_back(profile);
      continue;
    }
    packages::Registry alone(definitions);
    CONCORD_TRY(alone.add(profile));
    const auto entries = alone.all("StructureDefinition");
    if (entries.empty() || entries.front()->url.empty()) {
      return make_error(ErrorCode::invalid, profile + " is no StructureDefinition with a url");
    }
    urls.emplace_back(entries.front()->url);
    sources.definitions.push_back(profile);
  }
  return urls;
}

/// Issues of one file, with its name where there are several.
void name_file(std::vector<Issue>& issues, const std::string& file, std::size_t files) {
  if (files < 2) return;
  for (Issue& issue : issues) issue.text = file + ": " + issue.text;
}

int validate_files(const Options& options, Streams& streams) {
  if (!options.fhir_version.empty() && !options.fhir_version.starts_with("4.0") &&
      options.fhir_version != "R4") {
    streams.err << "concord validate: only FHIR 4.0 is carried; other versions are not checked\n";
    return kUsage;
  }
  auto engine = Engine::load();
  if (!engine) {
    print_error(streams.err, "", engine.error());
    return kFailed;
  }
  const definitions::Definitions& definitions = (*engine)->definitions();
  validate::Options rules = validate::Options::reference();
  if (!options.options_file.empty()) {
    auto text = read_whole(options.options_file, std::size_t{1} << 20);
    std::vector<std::string> unknown;
    auto read = text ? validate::read_options(*std::move(text), rules, &unknown)
                     : Result<validate::Options>(std::move(text).error());
    if (!read) {
      print_error(streams.err, options.options_file, read.error());
      return kUsage;
    }
    rules = *std::move(read);
    for (const std::string& name : unknown) {
      streams.err << "concord validate: no switch of this validator: " << name << '\n';
    }
  }
  rules.identifiers = validate::IdentifierPolicy::all(
      validate::policy_from(options.identifiers).value_or(validate::Policy::warn));
  CheckingSources sources;
  sources.packages = options.packages;
  sources.definitions = options.definitions;
  sources.folders.assign(options.folders.begin(), options.folders.end());
  if (const char* home = std::getenv("HOME"); home != nullptr && !options.packages.empty()) {
    std::error_code failed;
    const std::filesystem::path cache = std::filesystem::path(home) / ".fhir" / "packages";
    if (std::filesystem::is_directory(cache, failed)) sources.cache = cache;
  }
  auto profiles = profiles_of(options, sources, definitions);
  auto checking = profiles ? Checking::load(definitions, sources)
                           : Result<std::unique_ptr<Checking>>(std::move(profiles).error());
  if (!checking) {
    print_error(streams.err, "", checking.error());
    return kFailed;
  }
  for (const Issue& issue : (*checking)->warnings())
    streams.err << "warning: " << issue.text << '\n';

  const bool as_text = options.format.empty() ? streams.terminal : options.format == "text";
  tree::Limits limits;
  limits.max_bytes = options.max_bytes;
  std::vector<std::optional<std::string>> texts;
  std::filesystem::path beside;
  if (rules.validate_reference != validate::ReferenceCheck::ignore && !options.files.empty()) {
    beside = std::filesystem::path(options.files.front()).parent_path();
    if (beside.empty()) beside = ".";
  }
  validate::FileNeighbours neighbours(definitions, beside, options.max_bytes);
  neighbours.add(&(*checking)->registry());
  Error all;
  std::size_t bad = 0;
  for (const std::string& file : options.files) {
    auto text = read_whole(file, options.max_bytes);
    if (text) {
      if (options.files.size() > 1) neighbours.add(*text);
      texts.emplace_back(*std::move(text));
      continue;
    }
    ++bad;
    texts.emplace_back(std::nullopt);
    if (as_text) {
      print_error(streams.out, file, text.error());
    } else {
      name_file(text.error().issues, file, 2);
      for (Issue& issue : text.error().issues) {
        issue.severity = Severity::fatal;
        all.issues.push_back(std::move(issue));
      }
    }
  }
  validate::Validator::Request request;
  request.profiles = *profiles;
  request.neighbours = &neighbours;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!texts[i]) continue;
    const std::string& file = options.files[i];
    validate::Report report = validate::validate_text(
        *std::move(texts[i]), (*checking)->validator(), definitions, rules, limits, request);
    bad += report.ok() ? 0 : 1;
    if (as_text) {
      Error found;
      found.issues = std::move(report.issues);
      if (!found.issues.empty()) print_error(streams.out, file, found);
      if (report.errors == 0) streams.out << file << ": valid\n";
      continue;
    }
    name_file(report.issues, file, options.files.size());
    std::move(report.issues.begin(), report.issues.end(), std::back_inserter(all.issues));
  }
  if (!as_text) {
    api::ResourceBuilder outcome((*engine)->symbols(), "OperationOutcome");
    api::add_issues(outcome, outcome.root(), "invalid", all.issues);
    api::Answering answering;
    answering.pretty = true;
    auto written = outcome.written(answering);
    if (!written) {
      print_error(streams.err, "", written.error());
      return kFailed;
    }
    streams.out << *written << '\n';
  }
  return bad == 0 ? kDone : kFailed;
}

}  // namespace

void register_validate(commands::Table& table) {
  CLI::App& command = table.add(
      "validate",
      "Check FHIR R4 files (JSON or XML, - is standard input) against R4, the profiles they claim "
      "and those asked for: structure, invariants, bindings, slicing, extensions, references. "
      "Prints one OperationOutcome, or lines on a terminal. Status 0: no error",
      "echo '{\"resourceType\": \"Patient\", \"gender\": \"woman\"}' | concord validate -");
  const auto options = std::make_shared<Options>();
  command.add_option("files", options->files, "Files, which may refer to one another")->required();
  command.add_option("--fhir-version", options->fhir_version, "Version of FHIR: 4.0.1");
  command.add_option("--package", options->packages,
                     "FHIR package: .tgz, folder, or id#version in the FHIR cache");
  command.add_option("--folder", options->folders, "Folder with packages that others depend on");
  command.add_option("--definitions", options->definitions,
                     "Profiles, value sets and other resources: file or folder");
  command.add_option("--profile", options->profiles, "Profile every file must meet: url or file");
  command.add_option("--options", options->options_file,
                     "JSON object of switches, named as in the public validator manifest");
  command.add_option("--format", options->format, "json or text; text is what a terminal gets")
      ->check(CLI::IsMember({"json", "text"}));
  command
      .add_option("--identifiers", options->identifiers,
                  "Wrong NHS numbers, ODS codes, SNOMED codes, prescription ids")
      ->check(CLI::IsMember({"refuse", "warn", "accept"}))
      ->capture_default_str();
  command.add_option("--max-bytes", options->max_bytes, "Longest file")->capture_default_str();
  table.on(command, [options](Streams& streams) { return validate_files(*options, streams); });
}

}  // namespace concord::app
