#include "conformance/runner/select.h"

#include <algorithm>
#include <optional>

#include "fhir/definitions/annotate.h"
#include "fhir/tree/builder.h"
#include "fhir/xml/writer.h"
#include "fhir/xml/xpath.h"

namespace concord::runner {

namespace {

bool name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), &name_character);
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 7 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// A path of plain steps as FHIRPath: "fhir:Patient/fhir:name[1]/@value" → "Patient.name[0]".
/// Nothing when it needs real XPath.
std::optional<std::string> plain_steps(std::string_view path) {
  std::string made;
  if (path.starts_with("/") && !path.starts_with("//")) path.remove_prefix(1);
  while (true) {
    const auto slash = path.find('/');
    std::string_view step = path.substr(0, slash);
    const bool last = slash == std::string_view::npos;
    if (step == "@value") return last && !made.empty() ? std::optional(made) : std::nullopt;
    if (const auto colon = step.find(':'); colon != std::string_view::npos) {
      const std::string_view prefix = step.substr(0, colon);
      if (prefix != "fhir" && prefix != "f") return std::nullopt;
      step.remove_prefix(colon + 1);
    }
    std::string_view index;
    if (const auto open = step.find('['); open != std::string_view::npos && step.ends_with(']')) {
      index = step.substr(open + 1, step.size() - open - 2);
      step = step.substr(0, open);
      if (!is_number(index) || index == "0") return std::nullopt;
    }
    if (step.starts_with('@')) step.remove_prefix(1);  // id and url are attributes in XML
    if (!is_name(step)) return std::nullopt;
    if (!made.empty()) made += '.';
    made += step;
    if (!index.empty()) {
      // XPath counts from 1 within each parent.
      made = made.substr(0, made.size() - step.size()) + "select(" + std::string(step) + "[" +
             std::to_string(std::stoi(std::string(index)) - 1) + "])";
    }
    if (last) return made;
    path.remove_prefix(slash + 1);
  }
}

/// JSONPath as FHIRPath; nothing when it cannot be told.
std::optional<std::string> from_json_path(std::string_view path) {
  path.remove_prefix(1);  // $
  std::string made = "$this";
  while (!path.empty()) {
    if (path.starts_with("..")) {
      path.remove_prefix(2);
      const auto end = std::find_if_not(path.begin(), path.end(), &name_character);
      const std::string name(path.begin(), end);
      if (!is_name(name)) return std::nullopt;
      made = "(" + made + " | " + made + ".descendants())." + name;
      path.remove_prefix(name.size());
    } else if (path.front() == '.') {
      path.remove_prefix(1);
      if (path.starts_with("*")) {
        made += ".children()";
        path.remove_prefix(1);
        continue;
      }
      const auto end = std::find_if_not(path.begin(), path.end(), &name_character);
      const std::string name(path.begin(), end);
      if (!is_name(name)) return std::nullopt;
      if (name != "resourceType") {
        made += "." + name;
      } else {
        made += ".type().name";
      }
      path.remove_prefix(name.size());
    } else if (path.front() == '[') {
      const bool filter = path.starts_with("[?(");
      const auto end = filter ? path.find(")]") : path.find(']');
      if (end == std::string_view::npos) return std::nullopt;
      std::string_view inside = path.substr(1, end - 1);
      path.remove_prefix(end + (filter ? 2 : 1));
      if (filter) {
        inside.remove_prefix(2);
        std::string criteria;
        for (std::size_t i = 0; i < inside.size(); ++i) {
          if (inside[i] == '@') {
            criteria += "$this";
          } else if (inside.substr(i, 2) == "==") {
            criteria += " = ", ++i;
          } else if (inside.substr(i, 2) == "&&") {
            criteria += " and ", ++i;
          } else if (inside.substr(i, 2) == "||") {
            criteria += " or ", ++i;
          } else {
            criteria += inside[i] == '"' ? '\'' : inside[i];
          }
        }
        made += ".where(" + criteria + ")";
      } else if (inside == "*") {
        continue;  // FHIRPath looks at every member anyhow
      } else if (is_number(inside)) {
        made += "[" + std::string(inside) + "]";
      } else if (inside == "-1" || inside == "(@.length-1)") {
        made += ".last()";
      } else if (inside.size() > 2 && (inside.front() == '\'' || inside.front() == '"') &&
                 is_name(inside.substr(1, inside.size() - 2))) {
        made += "." + std::string(inside.substr(1, inside.size() - 2));
      } else {
        return std::nullopt;
      }
    } else {
      return std::nullopt;
    }
  }
  return made;
}

/// FHIR XML asks for the order of the definitions, which JSON does not have.
Result<std::string> as_xml(Standard& standard, const tree::Document& document) {
  tree::Document copy(document.symbols(), document.limits());
  tree::Builder builder(copy);
  builder.set_type(builder.root(), document.root().type());
  builder.set_flag(builder.root(), tree::Flag::resource);
  for (const tree::Node& child : document.root().children()) {
    const tree::Symbol name = builder.symbol(document.name(child));
    if (builder.copy_into(builder.root(), document, child, name) == nullptr) {
      return make_error(ErrorCode::too_long, "the resource is too large to be told in XML");
    }
  }
  definitions::annotate(builder, standard.definitions);
  definitions::put_in_order(builder, standard.definitions);
  return xml::write_fhir(copy);
}

}  // namespace

Result<std::vector<std::string>> select_by_expression(Standard& standard,
                                                      const tree::Document& document,
                                                      const std::string& expression) {
  return standard.texts(expression, document);
}

Result<std::vector<std::string>> select_by_path(Standard& standard, const tree::Document& document,
                                                const std::string& path) {
  if (path.starts_with('$')) {
    const auto told = from_json_path(path);
    if (!told) return make_error(ErrorCode::malformed, "the JSONPath cannot be read");
    return standard.texts(*told, document);
  }
  if (path.find('/') == std::string::npos && path.find("::") == std::string::npos) {
    return standard.texts(path, document);
  }
  if (const auto steps = plain_steps(path)) return standard.texts(*steps, document);
  CONCORD_ASSIGN(std::string xml, as_xml(standard, document));
  const bool prefixed =
      path.find("fhir:") != std::string::npos || path.find("f:") != std::string::npos;
  if (!prefixed) {
    // Names without prefix mean elements of FHIR, not of no namespace.
    constexpr std::string_view kDeclaration = " xmlns=\"http://hl7.org/fhir\"";
    if (const auto at = xml.find(kDeclaration); at != std::string::npos) {
      xml.erase(at, kDeclaration.size());
    }
  }
  CONCORD_ASSIGN(auto texts, xml::xpath(xml, path));
  // An element's own text is empty in FHIR XML; what was meant is its value.
  if (std::all_of(texts.begin(), texts.end(), [](const auto& text) { return text.empty(); }) &&
      !texts.empty() && path.find("@") == std::string::npos) {
    auto values = xml::xpath(xml, path + "/@value");
    if (values && !values->empty()) return values;
  }
  return texts;
}

}  // namespace concord::runner
