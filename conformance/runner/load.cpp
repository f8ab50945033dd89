#include "conformance/runner/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "conformance/runner/detail/judge.h"
#include "conformance/runner/detail/members.h"
#include "fhir/definitions/annotate.h"
#include "fhir/json/extent.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/tree/builder.h"
#include "fhir/xml/reader.h"

namespace concord::runner {

namespace {

constexpr std::string_view kDialect = "http://ignixa.io/testscript/";

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(at);
    std::string_view part = text.substr(0, end);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<int> whole(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Makes the plain values out of the tree of one script.
class Maker {
 public:
  Maker(const tree::Document& document, std::string_view source, bool json)
      : in_(document), source_(source), json_(json) {}

  Script make() const {
    Script script;
    const tree::Node& root = in_.document.root();
    script.id = in_.text(root, "id");
    script.url = in_.text(root, "url");
    script.name = in_.text(root, "name");
    script.title = in_.text(root, "title");
    script.version = in_.text(root, "version");
    script.description = in_.text(root, "description");
    script.conditions = conditions(root);
    in_.each(root, "destination", [&](const tree::Node& node) {
      script.destinations.push_back(whole(in_.text(node, "index")).value_or(1));
    });
    if (const auto* metadata = in_.child(root, "metadata")) {
      in_.each(*metadata, "capability",
               [&](const auto& node) { script.capabilities.push_back(capability(node)); });
    }
    in_.each(root, "fixture", [&](const auto& node) { script.fixtures.push_back(fixture(node)); });
    in_.each(root, "profile", [&](const auto& node) { script.profiles.push_back(profile(node)); });
    in_.each(root, "variable",
             [&](const auto& node) { script.variables.push_back(variable(node)); });
    if (const auto* setup = in_.child(root, "setup")) script.setup = actions(*setup);
    in_.each(root, "test", [&](const auto& node) { script.tests.push_back(test(node)); });
    if (const auto* teardown = in_.child(root, "teardown")) script.teardown = actions(*teardown);
    return script;
  }

 private:
  /// Calls `use` with each extension of the dialect: its short name and node.
  template <typename Use>
  void dialect(const tree::Node& node, Use&& use) const {
    in_.each(node, "extension", [&](const tree::Node& extension) {
      const std::string url = in_.text(extension, "url");
      if (url.starts_with(kDialect)) use(std::string_view(url).substr(kDialect.size()), extension);
    });
  }

  /// The value[x] of an extension, whatever its type.
  std::string value(const tree::Node& extension) const {
    for (const tree::Node& child : extension.children()) {
      if (in_.document.name(child).starts_with("value") && child.has_value()) {
        return std::string(child.text());
      }
    }
    return {};
  }

  std::vector<Condition> conditions(const tree::Node& node) const {
    std::vector<Condition> all;
    dialect(node, [&](std::string_view name, const tree::Node& extension) {
      if (name == "requiresCapability") all.push_back({value(extension), {}});
      if (name == "fhirVersions") all.push_back({{}, split(value(extension), ',')});
    });
    return all;
  }

  /// The text a resource was read from, byte by byte in JSON: scripts send wrong ones on purpose.
  std::string resource_text(const tree::Node& node, bool may_be_list = false) const {
    if (json_ && node.source_offset() != tree::Node::kNoOffset) {
      auto begin = source_.find_first_of("[{", node.source_offset());
      if (may_be_list && node.is(tree::Flag::in_array) && begin != std::string_view::npos &&
          begin > 0) {
        // A JSON Patch written down as it is: the array around its first member.
        const auto before = source_.find_last_not_of(" \t\r\n", begin - 1);
        if (before != std::string_view::npos && source_[before] == '[') begin = before;
      }
      const auto end = json::value_end(source_, begin);
      if (end) return std::string(source_.substr(begin, *end - begin));
    }
    auto written = json::write(in_.document, node);
    return written ? *std::move(written) : std::string{};
  }

  /// The resource of a fixture that FHIR's reader leaves out: an empty object or array.
  std::string untreed_resource(const tree::Node& fixture) const {
    if (!json_ || fixture.source_offset() == tree::Node::kNoOffset) return {};
    const auto begin = source_.find('{', fixture.source_offset());
    const auto end = json::value_end(source_, begin);
    if (!end) return {};
    const std::string text(source_.substr(begin, *end - begin));
    const auto plain = json::read_plain(text, in_.document.symbols());
    if (!plain) return {};
    const detail::Members members(*plain);
    const tree::Node* const resource = members.child(plain->root(), "resource");
    if (resource == nullptr) return {};
    const auto from = text.find('{', resource->source_offset());
    const auto to = json::value_end(text, from);
    return to ? text.substr(from, *to - from) : std::string{};
  }

  const tree::Node* contained(std::string_view id) const {
    const tree::Node* found = nullptr;
    in_.each(in_.document.root(), "contained", [&](const tree::Node& node) {
      if (in_.text(node, "id") == id) found = &node;
    });
    return found;
  }

  Fixture fixture(const tree::Node& node) const {
    Fixture made;
    made.id = in_.text(node, "id");
    made.autocreate = in_.text(node, "autocreate") == "true";
    made.autodelete = in_.text(node, "autodelete") == "true";
    const tree::Node* const resource = in_.child(node, "resource");
    if (resource == nullptr) {
      made.text = untreed_resource(node);
      return made;
    }
    dialect(*resource, [&](std::string_view name, const tree::Node& extension) {
      if (name == "fhirfakes") made.generated = value(extension);
    });
    made.reference = in_.text(*resource, "reference");
    const bool whole_resource = in_.child(*resource, "resourceType") != nullptr ||
                                resource->is(tree::Flag::resource) || made.reference.empty();
    if (!made.generated.empty()) {
      for (const tree::Node& child : resource->children()) {
        if (in_.document.name(child) != "extension") made.text = resource_text(*resource);
      }
    } else if (whole_resource) {
      made.reference.clear();
      made.text = resource_text(*resource, true);
    } else if (made.reference.starts_with('#')) {
      if (const auto* inside = contained(made.reference.substr(1))) {
        made.text = resource_text(*inside);
      }
    }
    return made;
  }

  ProfileLine profile(const tree::Node& node) const {
    ProfileLine made;
    made.id = in_.text(node, "id");
    made.canonical = node.has_value() ? std::string(node.text()) : in_.text(node, "reference");
    if (made.canonical.starts_with('#')) {
      if (const auto* inside = contained(made.canonical.substr(1))) {
        made.text = resource_text(*inside);
        made.canonical = in_.text(*inside, "url");
      }
    }
    return made;
  }

  Variable variable(const tree::Node& node) const {
    Variable made{in_.text(node, "name"),
                  in_.text(node, "headerField"),
                  in_.text(node, "path"),
                  in_.text(node, "expression"),
                  in_.text(node, "sourceId"),
                  in_.text(node, "hint"),
                  std::nullopt};
    if (in_.child(node, "defaultValue")) made.default_value = in_.text(node, "defaultValue");
    return made;
  }

  Capability capability(const tree::Node& node) const {
    Capability made;
    made.required = in_.text(node, "required") == "true";
    made.validated = in_.text(node, "validated") == "true";
    made.description = in_.text(node, "description");
    made.statement = in_.text(node, "capabilities");
    made.destination = whole(in_.text(node, "destination"));
    in_.each(node, "link", [&](const auto& link) { made.links.emplace_back(link.text()); });
    return made;
  }

  Test test(const tree::Node& node) const {
    Test made;
    made.id = in_.text(node, "id");
    made.name = in_.text(node, "name");
    made.description = in_.text(node, "description");
    made.conditions = conditions(node);
    dialect(node, [&](std::string_view name, const tree::Node& extension) {
      if (name != "parametrize") return;
      in_.each(extension, "extension", [&](const tree::Node& part) {
        const std::string url = in_.text(part, "url");
        if (url == "variable") made.parameter = value(part);
        if (url == "values") made.values = split(value(part), ',');
        if (url == "value") made.values.push_back(value(part));
      });
    });
    made.actions = actions(node);
    return made;
  }

  std::vector<Action> actions(const tree::Node& parent) const {
    std::vector<Action> made;
    in_.each(parent, "action", [&](const tree::Node& node) {
      Action action;
      const tree::Node* const operation_node = in_.child(node, "operation");
      const tree::Node* const assert_node = in_.child(node, "assert");
      const tree::Node* const inner = operation_node != nullptr ? operation_node : assert_node;
      action.place = in_.document.path(inner != nullptr ? *inner : node);
      if (operation_node != nullptr) action.operation = operation(*operation_node);
      if (assert_node != nullptr) action.assertion = assertion(*assert_node);
      if (inner != nullptr) action.wait = wait(*inner);
      made.push_back(std::move(action));
    });
    return made;
  }

  Operation operation(const tree::Node& node) const {
    Operation made;
    if (const auto* type = in_.child(node, "type")) {
      made.type = in_.text(*type, "code");
      if (made.type.starts_with('$')) made.type.erase(0, 1);
    }
    made.resource = in_.text(node, "resource");
    made.label = in_.text(node, "label");
    made.description = in_.text(node, "description");
    made.accept = in_.text(node, "accept");
    made.content_type = in_.text(node, "contentType");
    made.method = in_.text(node, "method");
    made.params = in_.text(node, "params");
    made.url = in_.text(node, "url");
    made.request_id = in_.text(node, "requestId");
    made.response_id = in_.text(node, "responseId");
    made.source_id = in_.text(node, "sourceId");
    made.target_id = in_.text(node, "targetId");
    made.destination = whole(in_.text(node, "destination"));
    made.origin = whole(in_.text(node, "origin"));
    made.encode_url = in_.text(node, "encodeRequestUrl") != "false";
    in_.each(node, "requestHeader", [&](const tree::Node& header) {
      made.headers.push_back({in_.text(header, "field"), in_.text(header, "value")});
    });
    return made;
  }

  Assertion assertion(const tree::Node& node) const {
    Assertion made;
    made.label = in_.text(node, "label");
    made.description = in_.text(node, "description");
    made.direction = in_.text(node, "direction");
    made.op = in_.text(node, "operator");
    made.compare_id = in_.text(node, "compareToSourceId");
    made.compare_expression = in_.text(node, "compareToSourceExpression");
    made.compare_path = in_.text(node, "compareToSourcePath");
    made.content_type = in_.text(node, "contentType");
    made.expression = in_.text(node, "expression");
    made.header_field = in_.text(node, "headerField");
    made.minimum_id = in_.text(node, "minimumId");
    made.path = in_.text(node, "path");
    made.request_method = in_.text(node, "requestMethod");
    made.request_url = in_.text(node, "requestURL");
    made.resource = in_.text(node, "resource");
    made.response = in_.text(node, "response");
    made.response_code = in_.text(node, "responseCode");
    made.source_id = in_.text(node, "sourceId");
    made.profile_id = in_.text(node, "validateProfileId");
    if (in_.child(node, "navigationLinks")) {
      made.navigation_links = in_.text(node, "navigationLinks") == "true";
    }
    if (in_.child(node, "value")) made.value = in_.text(node, "value");
    made.warning_only = in_.text(node, "warningOnly") == "true";
    made.stop_on_fail = in_.text(node, "stopTestOnFail") == "true";
    dialect(node, [&](std::string_view name, const tree::Node& extension) {
      if (name == "assertionAnyOfGroup") made.any_of = value(extension);
      if (name == "assertionWhenResponseStatus") made.when_status = value(extension);
    });
    // Rules of STU3 and of AEGIS Touchstone, written in Groovy.
    made.rule = in_.child(node, "rule") != nullptr || in_.child(node, "ruleset") != nullptr;
    in_.each(node, "extension", [&](const tree::Node& extension) {
      const std::string url = in_.text(extension, "url");
      made.rule = made.rule || url.ends_with("-assert-rule") || url.ends_with("-assert-ruleset") ||
                  url.ends_with("testscript-rule") || url.ends_with("testscript-ruleset");
    });
    return made;
  }

  /// A number with "ms", "s" or no unit (which is seconds unless the name says milliseconds).
  static std::chrono::milliseconds duration(std::string_view name, std::string text) {
    const bool millis = name.find("illi") != std::string_view::npos || name.ends_with("Ms");
    double scale = millis ? 1 : 1000;
    if (text.ends_with("ms")) {
      scale = 1;
      text.resize(text.size() - 2);
    } else if (text.ends_with('s')) {
      scale = 1000;
      text.pop_back();
    }
    double number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    constexpr double kMost = 600'000;  // ten minutes
    return std::chrono::milliseconds(
        static_cast<std::int64_t>(std::clamp(number * scale, 1.0, kMost)));
  }

  std::optional<Wait> wait(const tree::Node& node) const {
    std::optional<Wait> made;
    dialect(node, [&](std::string_view name, const tree::Node& extension) {
      if (name != "waitFor") return;
      made.emplace();
      const std::string plain = value(extension);
      if (!plain.empty()) {
        if (plain.front() >= '0' && plain.front() <= '9') {
          made->limit = duration("seconds", plain);
        } else {
          made->expression = plain;
        }
      }
      in_.each(extension, "extension", [&](const tree::Node& part) {
        const std::string url = in_.text(part, "url");
        if (url == "expression" || url == "condition" || url == "until") {
          made->expression = value(part);
        } else if (url.find("tatus") != std::string::npos || url == "responseCode") {
          made->status = value(part);
        } else if (url.find("nterval") != std::string::npos ||
                   url.find("elay") != std::string::npos) {
          made->interval = duration(url, value(part));
        } else if (url.find("imeout") != std::string::npos || url.find("ax") == 0 ||
                   url.find("uration") != std::string::npos || url == "limit") {
          made->limit = duration(url, value(part));
        }
      });
    });
    return made;
  }

  detail::Members in_;
  std::string_view source_;
  bool json_;
};

}  // namespace

Result<Script> load(std::string text, const std::filesystem::path& file, Standard& standard) {
  const auto first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  const bool xml = first != std::string::npos && text[first] == '<';
  auto reading = xml ? xml::read_fhir_collecting(text, standard.symbols)
                     : json::read_collecting(text, standard.symbols);
  if (!reading.document) {
    const auto& finding = reading.findings.front();
    return make_error(ErrorCode::malformed, finding.text, finding.path, finding.position);
  }
  tree::Document& document = *reading.document;
  if (resource_type(document) != "TestScript") {
    return make_error(ErrorCode::invalid, "the resource is no TestScript");
  }
  tree::Builder builder(document);
  definitions::annotate(builder, standard.definitions);
  Script script = Maker(document, text, !xml).make();
  script.file = file;

  // Fixtures are the script's own affair: many are wrong on purpose.
  const auto inside_fixture = [](std::string_view path) {
    return path.find(".resource") != std::string_view::npos ||
           path.find(".contained") != std::string_view::npos;
  };
  for (const auto& finding : reading.findings) {
    if (inside_fixture(finding.path)) continue;
    script.issues.push_back(
        {finding.severity, finding.path, finding.text, finding.position, "structure", {}});
  }
  const detail::Members members(document);
  members.each(document.root(), "fixture", [&](const tree::Node& fixture) {
    const tree::Node* const resource = members.child(fixture, "resource");
    if (resource == nullptr || members.child(*resource, "reference") != nullptr) return;
    builder.detach(tree::Builder::mutable_node(*resource));
  });
  for (Issue& issue : standard.errors_of(document, {}, true)) {
    if (inside_fixture(issue.expression)) continue;
    script.issues.push_back(std::move(issue));
  }
  detail::judge(script);
  return script;
}

Result<std::string> read_file(const std::filesystem::path& file) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(file, failed);
  if (failed) return make_error(ErrorCode::not_found, "cannot be read: " + file.string());
  if (size > (std::uintmax_t{64} << 20)) {
    return make_error(ErrorCode::too_long, "over 64 MiB: " + file.string());
  }
  std::ifstream in(file, std::ios::binary);
  std::string text(size, '\0');
  in.read(text.data(), static_cast<std::streamsize>(size));
  if (!in) return make_error(ErrorCode::not_found, "cannot be read: " + file.string());
  return text;
}

Result<Script> load_file(const std::filesystem::path& file, Standard& standard) {
  return read_file(file).and_then(
      [&](std::string text) { return load(std::move(text), file, standard); });
}

Result<std::vector<std::filesystem::path>> find_scripts(
    std::span<const std::filesystem::path> places) {
  namespace fs = std::filesystem;
  std::vector<fs::path> found;
  for (const fs::path& place : places) {
    std::error_code failed;
    if (fs::is_regular_file(place, failed)) {
      found.push_back(place);
      continue;
    }
    if (!fs::is_directory(place, failed)) {
      return make_error(ErrorCode::not_found, "no such file or folder: " + place.string());
    }
    for (const auto& entry : fs::recursive_directory_iterator(place, failed)) {
      const fs::path& file = entry.path();
      if (file.extension() != ".json" && file.extension() != ".xml") continue;
      const auto text = read_file(file);
      // Read whole only when it may be one: folders of scripts hold their fixtures as well.
      if (text && (text->find("\"TestScript\"") != std::string::npos ||
                   text->find("<TestScript") != std::string::npos)) {
        found.push_back(file);
      }
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace concord::runner
