#include "gateway/app/resource_settings.h"

#include <algorithm>

namespace concord::app {
namespace {

using resources::Validation;

bool is_type(const definitions::Definitions& definitions, std::string_view name) {
  const definitions::Type* type = definitions.type(name);
  return type != nullptr && type->is_resource() && !type->is_abstract() && type->text() == name;
}

Issue fault(std::string_view key, std::string text) {
  return {Severity::error, {}, std::string(key) + ": " + std::move(text), {}, {}, {}};
}

/// "Patient=enforce" into its two sides.
std::optional<std::pair<std::string, std::string>> sides(const std::string& entry) {
  const std::size_t equals = entry.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == entry.size()) return std::nullopt;
  return std::pair(entry.substr(0, equals), entry.substr(equals + 1));
}

std::optional<Validation::Mode> mode_of(std::string_view word) {
  if (word == "off") return Validation::Mode::off;
  if (word == "warn") return Validation::Mode::warn;
  if (word == "enforce") return Validation::Mode::enforce;
  return std::nullopt;
}

}  // namespace

Result<resources::Settings> resource_settings(const Config& config,
                                              const definitions::Definitions& definitions,
                                              const Checking& checking) {
  resources::Settings settings;
  Error error;
  error.code = ErrorCode::invalid;
  settings.types = config.fhir.types;
  for (const std::string& type : settings.types) {
    if (!is_type(definitions, type)) {
      error.issues.push_back(fault("fhir.types", type + " is no resource type of R4"));
    }
  }
  const auto known = [&](std::string_view key, const std::string& type) {
    if (type == "*" || is_type(definitions, type)) return true;
    error.issues.push_back(fault(key, type + " is no resource type of R4"));
    return false;
  };
  settings.validation["*"] = {Validation::Mode::off, {}};
  for (const std::string& entry : config.fhir.validation) {
    const auto pair = sides(entry);
    const auto mode = pair ? mode_of(pair->second) : std::nullopt;
    if (!mode) {
      error.issues.push_back(
          fault("fhir.validation", "TYPE=off, TYPE=warn or TYPE=enforce is expected"));
    } else if (known("fhir.validation", pair->first)) {
      settings.validation[pair->first].mode = *mode;
    }
  }
  for (const std::string& entry : config.fhir.profiles) {
    const auto pair = sides(entry);
    if (!pair) {
      error.issues.push_back(fault("fhir.profiles", "TYPE=URL is expected"));
      continue;
    }
    if (!known("fhir.profiles", pair->first)) continue;
    const auto [at, is_new] = settings.validation.try_emplace(pair->first);
    if (is_new) at->second.mode = settings.validation["*"].mode;
    at->second.profiles.push_back(pair->second);
  }
  for (const auto& [type, validation] : settings.validation) {
    if (!validation.profiles.empty() && validation.mode == Validation::Mode::off) {
      error.issues.push_back(
          fault("fhir.profiles", type + " has profiles, but fhir.validation is off for it"));
    }
    for (const std::string& profile : validation.profiles) {
      if (checking.profiles().find(profile)) continue;
      error.issues.push_back(fault(
          "fhir.profiles", type + " must meet " + profile + ", which no loaded package defines"));
    }
  }
  if (!error.issues.empty()) return error;

  settings.handling =
      config.fhir.handling == "strict" ? search::Handling::strict : search::Handling::lenient;
  settings.update_creates = config.fhir.update_creates;
  settings.delete_many = config.fhir.delete_many;
  settings.query.default_count = config.fhir.page_count;
  settings.query.max_count = std::max(config.fhir.page_count_max, config.fhir.page_count);
  settings.pages_kept = config.fhir.pages_kept;
  settings.bundle_entries = config.fhir.bundle_entries;
  settings.base_url = config.http.base_url;
  settings.node = config.node;
  settings.limits = {config.limits.max_bytes, config.limits.max_depth, config.limits.max_nodes};
  return settings;
}

Result<search::Parameters> compile_parameters(Engine& engine, const Checking& checking,
                                              const Config& config, std::vector<Issue>& left_out) {
  search::Parameters::Sources sources;
  sources.definitions = &engine.definitions();
  sources.functions = &engine.functions();
  sources.terminology = &checking.terminology();
  sources.base_url = config.http.base_url;
  const auto entries = checking.registry().all("SearchParameter");
  if (entries.empty()) return search::Parameters::compile(sources);
  CONCORD_ASSIGN(const search::Parameters plain, search::Parameters::compile(sources));
  std::vector<tree::Document> read;  // they need not outlive the compilation
  read.reserve(entries.size());
  for (const packages::Entry* entry : entries) {
    const auto leave_out = [&](const std::vector<Issue>& issues) {
      for (const Issue& issue : issues) {
        if (issue.severity > Severity::error) continue;
        left_out.push_back(issue);
        left_out.back().text =
            std::string(entry->url) + " is not searched by: " + left_out.back().text;
        return true;
      }
      return false;
    };
    auto document = checking.registry().read(*entry);
    if (!document) {
      leave_out(document.error().issues);
    } else if (!leave_out(plain.check(*document))) {
      read.push_back(*std::move(document));
    }
  }
  for (const tree::Document& document : read) sources.more.push_back(&document);
  return search::Parameters::compile(sources);
}

}  // namespace concord::app
