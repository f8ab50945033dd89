#include "fhir/validate/narrative_control.h"

#include <algorithm>
#include <set>

#include "fhir/packages/registry.h"
#include "fhir/validate/fragments.h"
#include "fhir/xml/xhtml.h"

namespace concord::validate {

namespace {

using tree::Document;
using tree::Node;
using xml::Xhtml;
using xml::XhtmlNode;

constexpr std::string_view kRule = "business-rule";
constexpr std::string_view kBase = "http://hl7.org/fhir/StructureDefinition/narrative-";

const Node* member(const Document& document, const Node& node, std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
}
std::string_view value_of(const Document& document, const Node& node, std::string_view name) {
  const Node* found = member(document, node, name);
  return found == nullptr ? std::string_view{} : found->text();
}

void read_element(const Document& document, const Node& element, NarrativeControl& control) {
  const std::string_view path = value_of(document, element, "path");
  if (!path.ends_with(".text") || path.find('.') != path.size() - 5) return;
  for (const Node* at = member(document, element, "extension"); at != nullptr;
       at = at->next_same()) {
    const std::string_view url = value_of(document, *at, "url");
    if (!url.starts_with(kBase)) continue;
    const std::string_view which = url.substr(kBase.size());
    std::string_view value = value_of(document, *at, "valueCode");
    if (value.empty()) value = value_of(document, *at, "valueString");
    if (which == "source-control") control.source = true;
    if (which == "language-control" && !value.empty()) control.languages.emplace_back(value);
  }
}

/// Whether one of the words of a class says where content comes from.
bool says_source(std::string_view classes) {
  while (!classes.empty()) {
    const std::string_view word = classes.substr(0, classes.find(' '));
    if (word == "generated" || word == "boilerplate" || word == "original") return true;
    classes.remove_prefix(std::min(word.size() + 1, classes.size()));
  }
  return false;
}

bool has_text(const Xhtml& narrative, std::size_t index) {
  const auto nodes = narrative.nodes();
  for (std::size_t i = index; i < nodes[index].end; ++i) {
    if (!nodes[i].is_element()) return true;
  }
  return false;
}

void check_sources(const Xhtml& narrative, const Node& text, Context& context) {
  const auto nodes = narrative.nodes();
  for (std::size_t i = 1; i < nodes.size(); i = nodes[i].end) {
    if (!has_text(narrative, i) || says_source(narrative.attribute(nodes[i], "class"))) continue;
    context.error("XHTML_CONTROL_NO_SOURCE", kRule, text,
                  "A part of the narrative does not have a class attribute to indicate its source "
                  "(boilerplate, generated, or original) and this is required by the profile",
                  {}, std::to_string(i));
  }
}

void check_languages(const std::string& asked, const std::set<std::string_view>& found,
                     const Node& resource, const Node& text, Context& context) {
  const auto error = [&](std::string_view id, std::string what) {
    context.error(id, kRule, text, std::move(what));
  };
  const auto warn = [&](std::string_view id, std::string what) {
    context.warning(id, kRule, text, std::move(what));
  };
  if (asked == "_no") {
    if (!found.empty()) {
      error("XHTML_CONTROL_NO_LANGS", "The narrative may not have language sections");
    }
    return;
  }
  if (asked == "_yes") {
    if (found.empty())
      error("XHTML_CONTROL_LANGS_REQUIRED", "The narrative needs language sections");
    return;
  }
  std::string_view wanted = asked;
  if (asked == "_resource") {
    wanted = value_of(context.document(), resource, "language");
    if (found.empty()) {
      return warn(
          wanted.empty() ? "XHTML_CONTROL_LANGS_NONE_NO_DEFAULT" : "XHTML_CONTROL_LANGS_NONE",
          "The narrative should have language sections");
    }
    if (wanted.empty()) {
      return warn("XHTML_CONTROL_LANGS_NO_DEFAULT",
                  "The resource has no language its narrative could have a section in");
    }
  } else if (found.empty()) {
    return warn("XHTML_CONTROL_LANGS_NONE2", "The narrative should have language sections");
  }
  if (found.count(wanted) > 0) return;
  error(asked == "_resource" ? "XHTML_CONTROL_LANGS_REQUIRED_DEF"
                             : "XHTML_CONTROL_LANGS_REQUIRED_LANG",
        "The narrative has no section in the language required by the profile");
}

}  // namespace

NarrativeControl read_narrative_control(const packages::Registry& registry,
                                        const packages::Entry& entry) {
  NarrativeControl control;
  const auto text = registry.text(entry);
  if (!text || text->find(kBase) == std::string::npos) return control;
  const auto document = registry.document(entry);
  if (!document) return control;
  const Document& read = **document;
  for (const std::string_view part : {"snapshot", "differential"}) {
    const Node* elements = member(read, read.root(), part);
    const Node* at = elements == nullptr ? nullptr : member(read, *elements, "element");
    for (; at != nullptr; at = at->next_same()) read_element(read, *at, control);
    if (!control.empty()) break;
  }
  return control;
}

void check_narrative_control(const NarrativeControl& control, const Node& resource,
                             Context& context) {
  const Document& document = context.document();
  const Node* text = member(document, resource, "text");
  const Node* div = text == nullptr ? nullptr : member(document, *text, "div");
  if (div == nullptr || !div->has_value()) return;
  tree::Limits limits = document.limits();
  limits.max_nodes = kMostNarrativeNodes;
  const auto narrative = xml::read_xhtml(div->text(), limits);
  if (!narrative) return;
  if (control.source) check_sources(*narrative, *text, context);
  std::set<std::string_view> languages;
  const auto nodes = narrative->nodes();
  for (std::size_t i = 1; i < nodes.size(); i = nodes[i].end) {
    const auto language = narrative->attribute(nodes[i], "xml:lang");
    if (nodes[i].name == "div" && language.data() != nullptr) languages.insert(language);
  }
  for (const std::string& asked : control.languages) {
    check_languages(asked, languages, resource, *text, context);
  }
}

}  // namespace concord::validate
