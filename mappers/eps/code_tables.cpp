#include "mappers/eps/code_tables.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "fhir/tree/builder.h"

namespace concord::eps {
namespace {

constexpr std::string_view kTables = "https://concord.example/table/eps/";
constexpr std::string_view kIssueCodes = "https://fhir.nhs.uk/CodeSystem/EPS-IssueCode";
constexpr std::string_view kErrorCodes = "https://fhir.nhs.uk/CodeSystem/Spine-ErrorOrWarningCode";

/// A ConceptMap in the making. The code * is whatever has no row.
class ConceptMap {
 public:
  ConceptMap(definitions::Definitions& definitions, const std::string& url)
      : definitions_(definitions), document_(definitions.symbols()) {
    tree::Builder builder(document_);
    builder.set_type(builder.root(), definitions.symbols().intern("ConceptMap"));
    builder.set_flag(builder.root(), tree::Flag::resource);
    put(builder.root(), "url", url);
  }

  /// False when the document is full.
  bool add(std::string_view from, std::string_view system, std::string_view to,
           std::string_view display) {
    tree::Builder builder(document_);
    tree::Node* group = make(builder.root(), "group");
    if (group == nullptr) return false;
    if (!system.empty()) put(*group, "target", system);
    if (from == "*") {
      tree::Node* rest = make(*group, "unmapped");
      return rest != nullptr && put(*rest, "mode", "fixed") && put(*rest, "code", to) &&
             (display.empty() || put(*rest, "display", display));
    }
    tree::Node* element = make(*group, "element");
    if (element == nullptr || !put(*element, "code", from)) return false;
    tree::Node* target = make(*element, "target");
    return target != nullptr && put(*target, "code", to) &&
           put(*target, "equivalence", "equivalent") &&
           (display.empty() || put(*target, "display", display));
  }

  tree::Document take() { return std::move(document_); }

 private:
  tree::Node* make(tree::Node& parent, const char* name) {
    tree::Builder builder(document_);
    return builder.append(parent, definitions_.symbols().intern(name));
  }
  bool put(tree::Node& parent, const char* name, std::string_view text) {
    tree::Builder builder(document_);
    tree::Node* node =
        builder.append(parent, definitions_.symbols().intern(name), tree::Kind::string);
    if (node != nullptr) builder.set_copy(*node, text);
    return node != nullptr;
  }

  definitions::Definitions& definitions_;
  tree::Document document_;
};

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

/// Calls `each(line, number)` for every line that says something. Its error ends the walk.
template <typename Each>
Result<void> each_line(std::string_view text, Each&& each) {
  std::uint32_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with("#")) continue;
    CONCORD_TRY(each(line, number));
  }
  return {};
}

Error wrong(std::string_view file, std::string_view what, std::uint32_t line) {
  return make_error(ErrorCode::internal, std::string(file) + ": " + std::string(what),
                    std::string(file), Position{line, 1});
}

}  // namespace

Result<std::vector<tree::Document>> spine_code_tables(std::string_view text,
                                                      definitions::Definitions& definitions) {
  struct Maps {
    ConceptMap codes, types, texts;
  };
  std::map<std::string, Maps, std::less<>> systems;
  const auto maps_of = [&](std::string_view system) -> Maps& {
    const auto found = systems.find(system);
    if (found != systems.end()) return found->second;
    const auto url = [&](std::string_view table) {
      return std::string(kTables) + std::string(table) + "/" + std::string(system);
    };
    return systems
        .emplace(std::string(system), Maps{{definitions, url("spine-codes")},
                                           {definitions, url("spine-issue-types")},
                                           {definitions, url("spine-texts")}})
        .first->second;
  };
  CONCORD_TRY(each_line(text, [&](std::string_view line, std::uint32_t number) -> Result<void> {
    const std::string_view system = take_word(line);
    const std::string_view code = take_word(line);
    const std::string_view issue_type = take_word(line);
    const std::string_view published_in = take_word(line);
    const std::string_view published = take_word(line);
    if (line.size() < 2 || published.empty()) {
      return wrong("spine_codes.txt", "six columns are needed", number);
    }
    if (published_in != "EPS" && published_in != "SPN") {
      return wrong("spine_codes.txt", "the fourth column is EPS or SPN", number);
    }
    line.remove_prefix(1);
    const bool own_text = line == "-";
    Maps& maps = maps_of(system);
    const bool added = maps.codes.add(code, published_in == "EPS" ? kIssueCodes : kErrorCodes,
                                      published, own_text ? std::string_view{} : line) &&
                       maps.types.add(code, {}, issue_type, {}) &&
                       maps.texts.add(code, {}, own_text ? "spine" : "table", {});
    if (!added) return wrong("spine_codes.txt", "too many lines", number);
    return {};
  }));
  std::vector<tree::Document> documents;
  for (auto& [system, maps] : systems) {
    documents.push_back(maps.codes.take());
    documents.push_back(maps.types.take());
    documents.push_back(maps.texts.take());
  }
  return documents;
}

Result<tree::Document> job_role_table(std::string_view text,
                                      definitions::Definitions& definitions) {
  ConceptMap roles(definitions, std::string(kTables) + "job-roles");
  CONCORD_TRY(each_line(text, [&](std::string_view line, std::uint32_t number) -> Result<void> {
    const std::size_t tab = line.find('\t');
    if (tab == 0 || tab == std::string_view::npos || tab + 1 == line.size()) {
      return wrong("job_roles.txt", "a line is a code, a tab and a name", number);
    }
    const std::string_view code = line.substr(0, tab);
    if (!roles.add(code, {}, code, line.substr(tab + 1))) {
      return wrong("job_roles.txt", "too many lines", number);
    }
    return {};
  }));
  roles.add("*", {}, "unlisted", {});
  return roles.take();
}

}  // namespace concord::eps
