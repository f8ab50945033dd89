#include "gateway/app/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <set>
#include <span>
#include <sstream>

#include "fhir/core/resource.h"
#include "gateway/app/config_keys.h"

namespace concord::app {

std::span<const Resource> resources();

namespace {

/// Sections whose members are names the operator chose; a file that has one replaces it whole.
constexpr std::array<std::string_view, 4> kNamed{"identifier_policies", "destinations", "doors",
                                                 "routes"};

bool is_named(std::string_view section) {
  return std::find(kNamed.begin(), kNamed.end(), section) != kNamed.end();
}

class Reader {
 public:
  Reader(const ConfigText& file, Config& config, std::vector<Issue>& issues)
      : file_(file), config_(config), issues_(issues) {}

  void read() {
    YAML::Node root;
    try {
      root = YAML::Load(file_.text);
    } catch (const YAML::Exception& bad) {
      add(bad.mark, bad.msg);
      return;
    }
    if (root.IsNull()) return;
    if (!root.IsMap()) {
      add(root.Mark(), "a map of keys is expected");
      return;
    }
    walk(root, "", "", "");
  }

 private:
  void add(const YAML::Mark& mark, const std::string& text) {
    Issue issue;
    const bool known = mark.line >= 0;
    if (known) {
      issue.position = {static_cast<std::uint32_t>(mark.line + 1),
                        static_cast<std::uint32_t>(mark.column + 1)};
    }
    issue.text = file_.name;
    if (known) {
      issue.text += ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
    }
    issue.text += ": " + text;
    issues_.push_back(std::move(issue));
  }

  /// @param pattern  the path with * for the operator's names, @param shown as the operator wrote
  /// it
  void walk(const YAML::Node& map, const std::string& pattern, const std::string& shown,
            const std::string& name) {
    std::set<std::string> seen;
    for (const auto& member : map) {
      const YAML::Mark mark = member.first.Mark();
      if (!member.first.IsScalar()) {
        add(mark, "a key is expected");
        continue;
      }
      const std::string& key = member.first.Scalar();
      if (!seen.insert(key).second) {
        add(mark, "the key \"" + key + "\" is given twice");
        continue;
      }
      const bool chosen = is_named(pattern);
      const std::string path = pattern.empty() ? key : pattern + "." + (chosen ? "*" : key);
      const std::string full = shown.empty() ? key : shown + "." + key;
      if (chosen && !good_name(key)) {
        add(mark, "\"" + full + "\": a name is 1 to 64 of A-Z a-z 0-9 - _, or * for a route");
        continue;
      }
      take(member.second, mark, path, full, chosen ? key : name);
    }
  }

  static bool good_name(const std::string& name) {
    return name == "*" ||
           (!name.empty() && name.size() <= 64 &&
            name.find_first_not_of(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
                std::string::npos);
  }

  void take(const YAML::Node& value, const YAML::Mark& mark, const std::string& path,
            const std::string& full, const std::string& name) {
    const auto& rows = key_rows();
    const auto row =
        std::find_if(rows.begin(), rows.end(), [&](const KeyRow& one) { return one.path == path; });
    if (row == rows.end()) {
      const bool section = std::any_of(rows.begin(), rows.end(), [&](const KeyRow& one) {
        return one.path.starts_with(path + ".");
      });
      if (!section) {
        add(mark, "unknown key \"" + full + "\"");
      } else if (is_named(path)) {
        clear(path);
        if (value.IsMap()) {
          walk(value, path, full, name);
        } else if (!value.IsNull()) {
          add(mark, "\"" + full + "\" takes a map of names");
        }
      } else if (value.IsMap()) {
        // Made here so that a destination of which nothing is said exists with its defaults.
        if (path == "destinations.*") config_.destinations[name];
        if (path == "doors.*") config_.doors[name];
        if (path == "routes.*") config_.routes[name];
        if (path == "identifier_policies.*") config_.identifier_policies[name];
        walk(value, path, full, name);
      } else {
        add(mark, "\"" + full + "\" takes a map of keys");
      }
      return;
    }
    std::string text;
    if (row->shape == KeyShape::list && value.IsSequence()) {
      for (const YAML::Node& item : value) {
        if (!item.IsScalar()) {
          add(item.Mark(), "\"" + full + "\" takes a list of texts");
          return;
        }
        text += (text.empty() ? "" : ",") + item.Scalar();
      }
    } else if (row->shape == KeyShape::scalar && value.IsScalar()) {
      text = value.Scalar();
    } else {
      add(mark,
          "\"" + full + "\" takes a " + (row->shape == KeyShape::list ? "list" : "single value"));
      return;
    }
    if (const auto set = row->set(config_, name, text); !set) {
      add(value.Mark(), "\"" + full + "\": " + set.error().issues.front().text);
    }
  }

  void clear(std::string_view section) {
    if (section == "destinations") config_.destinations.clear();
    if (section == "doors") config_.doors.clear();
    if (section == "routes") config_.routes.clear();
    if (section == "identifier_policies") config_.identifier_policies.clear();
  }

  const ConfigText& file_;
  Config& config_;
  std::vector<Issue>& issues_;
};

std::vector<std::string> names_in(const Config& config, std::string_view section) {
  std::vector<std::string> names;
  const auto collect = [&](const auto& map) {
    for (const auto& [name, value] : map) names.push_back(name);
  };
  if (section == "destinations") collect(config.destinations);
  if (section == "doors") collect(config.doors);
  if (section == "routes") collect(config.routes);
  if (section == "identifier_policies") collect(config.identifier_policies);
  return names;
}

std::string variable_name(std::string_view key) {
  std::string name = "CONCORD_";
  for (const char c : key) {
    const bool letter = c >= 'a' && c <= 'z';
    name += letter ? static_cast<char>(c - 32) : (c == '.' || c == '-') ? '_' : c;
  }
  return name;
}

void read_environment(const Environment& environment, Config& config, std::vector<Issue>& issues) {
  for (const KeyRow& row : key_rows()) {
    const std::size_t star = row.path.find('*');
    std::vector<std::string> names{""};
    if (star != std::string_view::npos) names = names_in(config, row.path.substr(0, star - 1));
    for (const std::string& name : names) {
      std::string key(row.path);
      if (star != std::string_view::npos) key.replace(star, 1, name);
      const std::string variable = variable_name(key);
      const auto value = environment(variable);
      if (!value) continue;
      if (const auto set = row.set(config, name, *value); !set) {
        issues.push_back(
            {Severity::error, {}, variable + ": " + set.error().issues.front().text, {}, {}, {}});
      }
    }
  }
}

/// What only shows when everything is together.
void check_whole(const Config& config, std::vector<Issue>& issues) {
  const auto add = [&](std::string text) {
    issues.push_back({Severity::error, {}, std::move(text), {}, {}, {}});
  };
  for (const auto& [kind, route] : config.routes) {
    if (!config.destinations.contains(route.destination)) {
      add("routes." + kind + ".destination names \"" + route.destination +
          "\", which is not in destinations");
    }
  }
  for (const auto& [name, destination] : config.destinations) {
    const bool files = destination.channel == "files";
    if (!files && destination.url.empty()) add("destinations." + name + ".url is missing");
    if (files && destination.folder.empty()) add("destinations." + name + ".folder is missing");
    if (destination.client_certificate.empty() != destination.client_key.empty()) {
      add("destinations." + name + ": client_certificate and client_key belong together");
    }
  }
  for (const auto& [name, door] : config.doors) {
    for (const auto& [other, its] : config.doors) {
      if (name < other && !door.folder.empty() && door.folder == its.folder) {
        add("doors." + name + " and doors." + other + " have one folder");
      }
    }
  }
  if (config.store_kind == "postgresql" && config.store_connection.empty()) {
    add("store.kind is postgresql, and store.connection is missing");
  }
  if (!config.identifier_policies.contains(config.caller.identifier_policy)) {
    add("caller.identifier_policy names \"" + config.caller.identifier_policy +
        "\", which is not in identifier_policies");
  }
  if (config.outbox.retry_cap < config.outbox.retry_base) {
    add("outbox.retry_cap_ms is less than outbox.retry_base_ms");
  }
  if (config.eps.user_id.empty() != config.eps.role_id.empty()) {
    add("eps.user_id and eps.role_id belong together: give both or neither");
  }
  if (config.eps.signatures == "refuse" && config.eps.trust.anchors.empty()) {
    add("eps.signatures is refuse, but eps.trust.anchors is empty: nobody's signature could hold");
  }
  if (config.limits.max_bytes > config.http.max_buffered_bytes) {
    add("limits.max_bytes is more than http.max_buffered_bytes: no such message could come in");
  }
}

Error with(std::vector<Issue> issues) {
  Error error;
  error.code = ErrorCode::invalid;
  error.issues = std::move(issues);
  return error;
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

std::string_view default_config() {
  for (const Resource& resource : resources()) {
    if (resource.name == "default.yaml") return resource.bytes;
  }
  return {};
}

Result<Config> make_config(const std::vector<ConfigText>& files, const Environment& environment) {
  Config config;
  std::vector<Issue> issues;
  const ConfigText defaults{"default.yaml", std::string(default_config())};
  Reader(defaults, config, issues).read();
  for (const ConfigText& file : files) Reader(file, config, issues).read();
  if (issues.empty()) read_environment(environment, config, issues);
  if (issues.empty()) check_whole(config, issues);
  if (!issues.empty()) return with(std::move(issues));
  return config;
}

Result<Config> read_config(const std::optional<std::filesystem::path>& file,
                           const Environment& environment) {
  std::vector<ConfigText> files;
  if (file) {
    std::ifstream in(*file, std::ios::binary);
    std::ostringstream text;
    if (in) text << in.rdbuf();
    if (!in || in.bad()) {
      return make_error(ErrorCode::not_found, "cannot read the configuration " + file->string());
    }
    files.push_back({file->string(), std::move(text).str()});
  }
  return make_config(files, environment);
}

std::string to_yaml(const Config& config) {
  YAML::Emitter out;
  YAML::Node root(YAML::NodeType::Map);
  for (const std::string_view section : kNamed) {
    root[std::string(section)] = YAML::Node(YAML::NodeType::Map);
  }
  for (const KeyRow& row : key_rows()) {
    const std::size_t star = row.path.find('*');
    std::vector<std::string> names{""};
    if (star != std::string_view::npos) names = names_in(config, row.path.substr(0, star - 1));
    for (const std::string& name : names) {
      std::string_view rest = row.path;
      YAML::Node at = root;
      while (true) {
        const std::size_t dot = rest.find('.');
        const std::string step(rest.substr(0, dot));
        const std::string key = step == "*" ? name : step;
        if (dot == std::string_view::npos) {
          const std::string value = row.get(config, name);
          at[key] = row.shape == KeyShape::list ? YAML::Load(value) : YAML::Node(value);
          break;
        }
        at.reset(at[key]);
        rest.remove_prefix(dot + 1);
      }
    }
  }
  out << root;
  return std::string(out.c_str()) + "\n";
}

std::vector<std::string> config_keys() {
  std::vector<std::string> keys;
  for (const KeyRow& row : key_rows()) keys.emplace_back(row.path);
  return keys;
}

}  // namespace concord::app
