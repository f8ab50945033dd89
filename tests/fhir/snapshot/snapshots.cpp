#include "tests/fhir/snapshot/snapshots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/snapshot/detail/element.h"
#include "fhir/xml/reader.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::snapshot::test {

Engine& engine() {
  static Engine& shared = *[] {
    auto made = new Engine;
    auto read = definitions::Definitions::r4(made->symbols);
    made->definitions = std::make_unique<definitions::Definitions>(*std::move(read));
    made->registry = std::make_unique<packages::Registry>(*made->definitions);
    return made;
  }();
  return shared;
}

tree::Document resource(std::string text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  const bool is_xml = first != std::string::npos && text[first] == '<';
  // Published definitions have empty arrays and schema locations; who reads them goes on.
  auto reading = is_xml ? xml::read_fhir_collecting(std::move(text), engine().symbols)
                        : json::read_collecting(std::move(text), engine().symbols);
  if (!reading.document) return tree::Document(engine().symbols);  // generating says so
  tree::Builder builder(*reading.document);
  definitions::annotate(builder, *engine().definitions);
  return *std::move(reading.document);
}

tree::Document resource(const std::filesystem::path& file) {
  return resource(concord::test::read_file(file));
}

std::string member(const tree::Document& document, std::string_view name) {
  const tree::Node* found = document.root().child(document.find(name));
  return found == nullptr ? std::string() : std::string(found->text());
}

Result<Source::Found> Overlay::find(std::string_view canonical, const packages::Entry* asked_from) {
  const auto found = by_url_.find(canonical.substr(0, canonical.find('|')));
  if (found != by_url_.end()) return Found{found->second, nullptr};
  return core_.find(canonical, asked_from);
}

namespace {

using tree::Document;
using tree::Node;

std::string text_of(const Document& document, const Node* node, std::string_view name) {
  const Node* found = node == nullptr ? nullptr : node->child(document.find(name));
  return found == nullptr ? std::string() : std::string(found->text());
}

/// Values of the same content are the same text, whatever the order of their members.
std::string value_of(const Document& document, const Node& node) {
  if (node.has_value()) return std::string(node.text());
  std::set<std::string> members;
  for (const Node& child : node.children()) {
    members.insert(std::string(document.name(child)) + "=" + value_of(document, child));
  }
  std::string text = "{";
  for (const std::string& member : members) text += member + ";";
  return text + "}";
}

/// Canonicals without version: definitions of another patch of FHIR name another one.
std::string unversioned(std::string_view canonical) {
  return std::string(canonical.substr(0, canonical.find('|')));
}

std::string all_of(const Document& document, const Node& node, std::string_view name) {
  std::set<std::string> sorted;
  for (const Node* at = node.child(document.find(name)); at != nullptr; at = at->next_same()) {
    sorted.insert(unversioned(at->text()));
  }
  std::string text;
  for (const std::string& one : sorted) text += (text.empty() ? "" : " ") + one;
  return text;
}

/// "http://…#Bundle.link" and "#Bundle.link" mean the same.
std::string without_url(std::string reference) {
  const std::size_t hash = reference.find('#');
  return hash == std::string::npos ? reference : reference.substr(hash);
}

Told tell(const Document& document, const Node& node) {
  Told told;
  auto& fields = told.fields;
  std::set<std::string> constraints;
  std::string types;
  for (const Node& child : node.children()) {
    const std::string name(document.name(child));
    const Field field = field_of(name);
    switch (field) {
      case Field::id:
        told.id = child.text();
        break;
      case Field::path:
      case Field::slice_name:
      case Field::min:
      case Field::max:
      case Field::max_length:
        fields[name] = child.text();
        break;
      case Field::must_support:
      case Field::is_modifier:
      case Field::is_summary:
        if (child.text() == "true") fields[name] = "true";
        break;
      case Field::base:
        fields["base"] = text_of(document, &child, "path") + " " +
                         text_of(document, &child, "min") + ".." + text_of(document, &child, "max");
        break;
      case Field::content_reference:
        fields["contentReference"] = without_url(std::string(child.text()));
        break;
      case Field::type: {
        const TypeRef type = read_type(document, child);
        types += (types.empty() ? "" : " | ") + std::string(type.working);
        if (const std::string profiles = all_of(document, child, "profile"); !profiles.empty()) {
          types += "(" + profiles + ")";
        }
        if (const std::string targets = all_of(document, child, "targetProfile");
            !targets.empty()) {
          types += "->(" + targets + ")";
        }
        break;
      }
      case Field::slicing: {
        std::string text = text_of(document, &child, "rules");
        if (text_of(document, &child, "ordered") == "true") text += " ordered";
        for (const Node* at = child.child(document.find("discriminator")); at != nullptr;
             at = at->next_same()) {
          text += " " + text_of(document, at, "type") + ":" + text_of(document, at, "path");
        }
        fields["slicing"] = text;
        break;
      }
      case Field::fixed:
      case Field::pattern:
      case Field::min_value:
      case Field::max_value:
        fields[name] = value_of(document, child);
        break;
      case Field::binding: {
        std::string set = text_of(document, &child, "valueSet");
        fields["binding"] = text_of(document, &child, "strength") + " " + unversioned(set);
        break;
      }
      case Field::constraint:
        constraints.insert(text_of(document, &child, "key"));
        break;
      default:
        break;
    }
  }
  if (!types.empty()) fields["type"] = types;
  for (const std::string& key : constraints) fields["constraints"] += key + " ";
  return told;
}

}  // namespace

std::vector<Told> told(const tree::Document& document, std::string_view view) {
  std::vector<Told> all;
  const Node* list = document.root().child(document.find(view));
  if (list == nullptr) return all;
  for (const Node* at = list->child(document.find("element")); at != nullptr;
       at = at->next_same()) {
    all.push_back(tell(document, *at));
  }
  return all;
}

std::vector<Difference> differences(const std::vector<Told>& expected,
                                    const std::vector<Told>& actual) {
  std::vector<Difference> found;
  std::map<std::string, const Told*> by_id;
  for (const Told& element : actual) by_id.emplace(element.id, &element);
  std::vector<std::string> expected_order, actual_order;
  std::set<std::string> known;
  for (const Told& element : expected) {
    known.insert(element.id);
    const auto at = by_id.find(element.id);
    if (at == by_id.end()) {
      found.push_back({element.id, {}, element.id + ": missing"});
      continue;
    }
    expected_order.push_back(element.id);
    const auto& left = element.fields;
    const auto& right = at->second->fields;
    std::set<std::string> names;
    for (const auto& [name, value] : left) names.insert(name);
    for (const auto& [name, value] : right) names.insert(name);
    for (const std::string& name : names) {
      const auto a = left.find(name), b = right.find(name);
      const std::string x = a == left.end() ? "-" : a->second;
      const std::string y = b == right.end() ? "-" : b->second;
      if (x == y) continue;
      found.push_back({element.id, name, element.id + ": " + name + ": " + x + " | " + y});
    }
  }
  for (const Told& element : actual) {
    if (known.contains(element.id)) {
      actual_order.push_back(element.id);
    } else {
      found.push_back({element.id, {}, element.id + ": not expected"});
    }
  }
  if (expected_order != actual_order && expected_order.size() == actual_order.size()) {
    const auto first =
        std::mismatch(expected_order.begin(), expected_order.end(), actual_order.begin());
    found.push_back(
        {*first.first, {}, *first.first + ": order: " + *first.second + " stands there"});
  }
  return found;
}

namespace {

/// A definition of R4, told; empty when R4 has none of that url.
const std::map<std::string, Told>& told_of_r4(const std::string& url) {
  static std::map<std::string, std::map<std::string, Told>> known;
  const auto [at, is_new] = known.try_emplace(url);
  const auto* table = is_new ? engine().definitions->structure(url) : nullptr;
  if (table != nullptr) {
    auto document = engine().registry->core_document(*table);
    EXPECT_THAT(document, IsOk());
    if (document) {
      for (Told& element : told(*document)) at->second.emplace(element.id, std::move(element));
    }
  }
  return at->second;
}

}  // namespace

bool is_of_r4(const std::vector<Told>& all, const Told& element, const std::string& field) {
  const auto same = [&](const std::map<std::string, Told>& definition, const std::string& id) {
    const auto found = definition.find(id);
    if (found == definition.end()) return false;
    const auto a = found->second.fields.find(field), b = element.fields.find(field);
    const bool none = a == found->second.fields.end();
    if (none || b == element.fields.end()) return none == (b == element.fields.end());
    return a->second == b->second;
  };
  const std::string start = "http://hl7.org/fhir/StructureDefinition/";
  const auto base = element.fields.find("base");
  if (base != element.fields.end()) {
    const std::string path = base->second.substr(0, base->second.find(' '));
    if (same(told_of_r4(start + path.substr(0, path.find('.'))), path)) return true;
  }
  // The nearest element above (or this one) whose type names a definition.
  for (std::string above = element.id;; above = above.substr(0, above.rfind('.'))) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Told& other) { return other.id == above; });
    if (found != all.end()) {
      const auto type = found->fields.find("type");
      const std::size_t open =
          type == found->fields.end() ? std::string::npos : type->second.find('(');
      if (open != std::string::npos && type->second.find(" | ") == std::string::npos) {
        const std::string root = type->second.substr(0, open);
        const std::string url =
            type->second.substr(open + 1, type->second.find_first_of(" )", open) - open - 1);
        if (same(told_of_r4(url), root + element.id.substr(above.size()))) return true;
      }
    }
    if (above.find('.') == std::string::npos) return false;
  }
}

std::map<std::string, std::string> read_known_failures(const std::filesystem::path& file) {
  std::map<std::string, std::string> known;
  std::istringstream lines(concord::test::read_file(file));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t colon = line.find(": ");
    EXPECT_NE(colon, std::string::npos) << "a known failure without a reason: " << line;
    known[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return known;
}

}  // namespace concord::snapshot::test
