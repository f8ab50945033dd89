// What may stand in a narrative: names, namespaces, links and language. Which element may stand in
// which: narrative_structure.h. The invariants txt-1 and txt-2 are answered here.
// Source: hl7.org/fhir/R4/narrative.html; HTML 4.01 chapters 7 to 11 and 15.

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "fhir/validate/fragments.h"
#include "fhir/validate/narrative_structure.h"
#include "fhir/validate/rules/registry.h"
#include "fhir/xml/xhtml.h"

namespace concord::validate {

namespace {

using tree::Node;
using tree::Symbol;
using xml::Xhtml;
using xml::XhtmlNode;

constexpr std::string_view kWhite = " \t\n\r";

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> texts) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

/// "urn" of "urn:uuid:…"; empty for relative links.
std::string_view scheme_of(std::string_view url) {
  const std::size_t end = url.find_first_of(":/?#");
  if (end == std::string_view::npos || url[end] != ':') return {};
  return url.substr(0, end);
}

/// Whether every character may stand in an url: letters and digits of any script (which bytes
/// beyond ASCII are taken to be), and marks.
bool has_url_characters_only(std::string_view url) {
  constexpr std::string_view kMarks = ";?:@&=+$.,/%-_~#[]!'()*|";
  return std::all_of(url.begin(), url.end(), [&](char c) {
    return static_cast<unsigned char>(c) >= 0x80 || (c >= '0' && c <= '9') ||
           (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

/// Whether the characters of base64 come in fours, whatever else stands between them.
bool comes_in_fours(std::string_view text) {
  const auto count = std::count_if(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
           c == '/' || c == '=';
  });
  return count % 4 == 0;
}

/// What is wrong with "data:image/png;base64,…"; empty when nothing is.
std::string_view fault_of_data_url(std::string_view url) {
  const std::string_view rest = url.substr(5);
  const std::size_t comma = rest.find(',');
  if (comma == std::string_view::npos || comma + 1 == rest.size()) return "it holds no data";
  if (rest.find(',', comma + 1) != std::string_view::npos) return "it has more than one comma";
  std::string_view type = rest.substr(0, comma);
  if (type.ends_with(";base64")) {
    if (!comes_in_fours(rest.substr(comma + 1))) return "its data is not base64";
    type.remove_suffix(7);
  }
  type = type.substr(0, type.find(';'));
  if (type.find_first_not_of(kWhite) == std::string_view::npos) return {};
  return type.find('/') == std::string_view::npos ? "it names no media type" : "";
}

/// What is wrong with an url; empty when nothing is.
std::string_view fault_of_url(std::string_view url) {
  if (url.find_first_not_of(kWhite) == std::string_view::npos) return "it is empty";
  if (url.starts_with("data:")) return fault_of_data_url(url);
  if (has_url_characters_only(url)) return {};
  return "it holds characters that may not stand in an url";
}

/// One run: the narratives of a document.
class Run {
 public:
  struct Symbols {
    Symbol xhtml, language, text;
  };
  Run(const Symbols& symbols, Context& context)
      : symbols_(symbols),
        context_(context),
        fragments_(context.document(), context.definitions()) {}

  void walk() {
    std::vector<const Node*> open{&context_.document().root()};
    while (!open.empty()) {
      const Node* node = open.back();
      open.pop_back();
      for (const Node& child : node->children()) {
        if (child.type() == symbols_.xhtml && child.has_value()) check(child);
        if (child.first_child() != nullptr) open.push_back(&child);
      }
    }
  }

 private:
  void invalid(std::string_view id, const Node& div, std::string text,
               std::string_view distinct = {}) {
    context_.error(id, "invalid", div, std::move(text), {}, distinct);
  }

  void check(const Node& div) {
    tree::Limits limits = context_.document().limits();
    limits.max_nodes = kMostNarrativeNodes;
    auto read = xml::read_xhtml(div.text(), limits);
    if (!read) {
      const bool typed = div.text().find("<!DOCTYPE") != std::string_view::npos;
      invalid(typed ? "XHTML_XHTML_DOCTYPE_ILLEGAL" : "Error_parsing_XHTML_", div,
              typed ? "Malformed XHTML: a document type may not stand in a narrative"
                    : "Error parsing XHTML: " + read.error().issues.front().text);
      constraint("txt-1", div);
      if (!typed) constraint("txt-2", div);
      return;
    }
    const Xhtml& narrative = *read;
    for (const std::string& entity : narrative.html_entities()) {
      invalid("XHTML_XHTML_Entity_Illegal", div,
              "Invalid entity in the XHTML ('&" + entity + ";')");
    }
    if (!xml::has_narrative_names_only(narrative)) constraint("txt-1", div);
    if (!xml::has_content(narrative)) constraint("txt-2", div);
    check_names(div, narrative);
    check_narrative_structure(narrative, div, context_);
    check_links(div, narrative);
    check_sections(div, narrative);
    check_ids(div, narrative);
    check_language(div, narrative);
  }

  void constraint(std::string_view key, const Node& div) {
    context_.error(
        "INV_FAILED", "invariant", div,
        key == "txt-1"
            ? "txt-1: The narrative SHALL contain only the basic html formatting elements and "
              "attributes described in chapters 7-11 (except section 4 of chapter 9) and 15 of the "
              "HTML 4.0 standard, <a> elements (either name or href), images and internally "
              "contained style attributes"
            : "txt-2: The narrative SHALL have some non-whitespace content");
  }

  void check_names(const Node& div, const Xhtml& narrative) {
    const auto nodes = narrative.nodes();
    if (nodes[0].name_space != xml::kXhtmlNamespace) wrong_namespace(div, nodes[0].name_space);
    if (nodes[0].name != "div") {
      invalid(
          "XHTML_XHTML_Name_Invalid", div,
          "Wrong name on the XHTML ('" + std::string(nodes[0].name) + "') - must start with div");
    }
    std::size_t paragraph = 0;  // end of the one around the node
    for (std::size_t i = 1; i < nodes.size(); ++i) {
      const XhtmlNode& node = nodes[i];
      if (!node.is_element()) continue;
      if (node.name_space != xml::kXhtmlNamespace && node.name_space != nodes[0].name_space) {
        wrong_namespace(div, node.name_space);
      }
      if (!xml::is_narrative_element(node.name)) {
        invalid("XHTML_XHTML_Element_Illegal", div,
                "Invalid element name in the XHTML ('" + std::string(node.name) + "')");
      }
      for (const auto& at : narrative.attributes(node)) check_attribute(div, node, at.name);
      if (i < paragraph && is_one_of(node.name, {"div", "blockquote", "table", "ol", "ul", "p"})) {
        invalid("XHTML_XHTML_ELEMENT_ILLEGAL_IN_PARA", div,
                "Invalid element name inside in a paragraph in the XHTML ('" +
                    std::string(node.name) + "')");
      }
      if (node.name == "p" && i >= paragraph) paragraph = node.end;
    }
  }

  void wrong_namespace(const Node& div, std::string_view found) {
    invalid("XHTML_XHTML_NS_Invalid", div,
            "Wrong namespace on the XHTML ('" + std::string(found) + "', should be '" +
                std::string(xml::kXhtmlNamespace) + "')");
  }

  void check_attribute(const Node& div, const XhtmlNode& node, std::string_view name) {
    if (xml::is_narrative_attribute(node.name, name)) return;
    if (name == "xml:space") {
      context_.information("XHTML_XHTML_ATTRIBUTE_XML_SPACE", "invalid", div,
                           "The attribute 'xml:space' is legal but has a fixed value of "
                           "'preserve'. Its use is discouraged");
      return;
    }
    invalid("XHTML_XHTML_Attribute_Illegal", div,
            "Invalid attribute name in the XHTML ('" + std::string(name) + "' on '" +
                std::string(node.name) + "')");
  }

  void check_links(const Node& div, const Xhtml& narrative) {
    for (const XhtmlNode& node : narrative.nodes()) {
      if (node.name != "a" && node.name != "img") continue;
      const std::string_view url = narrative.attribute(node, node.name == "a" ? "href" : "src");
      if (url.data() == nullptr) continue;
      if (const auto fault = fault_of_url(url); !fault.empty()) {
        invalid("XHTML_URL_INVALID", div, "An url in the XHTML is not valid: " + std::string(fault),
                url);
      }
      if (node.name == "a") {
        check_href(div, narrative, node, url);
      } else if (url.starts_with('#')) {
        check_image(div, narrative, node, url);
      }
    }
  }

  void check_href(const Node& div, const Xhtml& narrative, const XhtmlNode& node,
                  std::string_view href) {
    const std::string where = " at '" + narrative.path(node) + "'";
    // Each link is a finding of its own, though the text does not say where it leads.
    const std::string which = std::string(href) + '\n' + text_below(narrative, node);
    if (href.find_first_not_of(kWhite) == std::string_view::npos) {
      return invalid("TYPE_SPECIFIC_CHECKS_DT_XHTML_EMPTY_HREF", div,
                     "Hyperlink" + where + " is empty", which);
    }
    if (href.starts_with('#')) {
      if (href == "#") return;
      const std::uint32_t count = fragments_.count(href.substr(1));
      if (count == 0) {
        invalid("Type_Specific_Checks_DT_XHTML_Resolve", div,
                "Hyperlink" + where + " does not resolve", which);
      } else if (count > 1) {
        context_.warning("TYPE_SPECIFIC_CHECKS_DT_XHTML_MULTIPLE_MATCHES", "invalid", div,
                         "Hyperlink" + where + " resolves to multiple targets", {}, which);
      }
      return;
    }
    const std::string_view scheme = scheme_of(href);
    if (scheme.empty() || is_one_of(scheme, {"http", "https", "tel", "mailto", "data"})) return;
    const std::string text = "Hyperlink scheme '" + std::string(scheme) + "'" + where;
    if (is_one_of(scheme, {"javascript", "vbscript"})) {
      invalid("TYPE_SPECIFIC_CHECKS_DT_XHTML_ACTIVE_HREF", div, text + " is not allowed", which);
    } else if (is_one_of(scheme, {"urn", "cid"})) {
      invalid("TYPE_SPECIFIC_CHECKS_DT_XHTML_LITERAL_HREF", div,
              text + " is not a valid hyperlinkable scheme", which);
    } else {
      context_.information("TYPE_SPECIFIC_CHECKS_DT_XHTML_UNKNOWN_HREF", "invalid", div,
                           text + " is not a widely supported protocol and should be checked", {},
                           which);
    }
  }

  static std::string text_below(const Xhtml& narrative, const XhtmlNode& node) {
    constexpr std::size_t kEnough = 256;
    std::string text;
    const auto nodes = narrative.nodes();
    const auto first = static_cast<std::size_t>(&node - nodes.data());
    for (std::size_t i = first + 1; i < node.end && text.size() < kEnough; ++i) {
      text += nodes[i].text;
    }
    return text;
  }

  void check_image(const Node& div, const Xhtml& narrative, const XhtmlNode& node,
                   std::string_view source) {
    const std::uint32_t count = fragments_.count(source.substr(1));
    if (count == 1) return;
    invalid(count == 0 ? "TYPE_SPECIFIC_CHECKS_DT_XHTML_RESOLVE_IMG"
                       : "TYPE_SPECIFIC_CHECKS_DT_XHTML_MULTIPLE_MATCHES",
            div,
            "The source of an image at '" + narrative.path(node) + "' " +
                (count == 0 ? "does not resolve" : "resolves to multiple targets"),
            source);
  }

  /// Sections with a language of their own beside content without.
  void check_sections(const Node& div, const Xhtml& narrative) {
    const auto nodes = narrative.nodes();
    std::string languages;
    bool others = false;
    for (std::size_t i = 1; i < nodes.size(); i = nodes[i].end) {
      const std::string_view language =
          nodes[i].name == "div" ? narrative.attribute(nodes[i], "xml:lang") : std::string_view{};
      if (language.data() != nullptr) {
        if (!languages.empty()) languages += ", ";
        if (languages.size() < 100) languages += language;
      } else {
        others = others || std::any_of(nodes.begin() + static_cast<std::ptrdiff_t>(i),
                                       nodes.begin() + nodes[i].end,
                                       [](const XhtmlNode& at) { return !at.is_element(); });
      }
    }
    if (languages.empty() || !others) return;
    context_.warning("XHTML_XHTML_MIXED_LANG", "business-rule", div,
                     "The xhtml has some language sections (" + languages +
                         "), and also has content that is not in a language section");
  }

  void check_ids(const Node& div, const Xhtml& narrative) {
    std::map<std::string_view, int> ids;
    bool repeated = false;
    for (const XhtmlNode& node : narrative.nodes()) {
      if (!node.is_element()) continue;
      const auto id = narrative.attribute(node, "id");
      const auto anchor = node.name == "a" ? narrative.attribute(node, "name") : std::string_view{};
      if (id.data() != nullptr) repeated = ++ids[id] > 1 || repeated;
      if (anchor.data() != nullptr && anchor != id) repeated = ++ids[anchor] > 1 || repeated;
    }
    if (!repeated) return;
    context_.warning("XHTML_XHTML_DUPLICATE_IDS", "business-rule", div,
                     "The xhtml has ids that stand on more than one element");
  }

  /// The language the div says and that of its resource.
  void check_language(const Node& div, const Xhtml& narrative) {
    const Node* text = div.parent();
    const Node* resource = text == nullptr ? nullptr : text->parent();
    if (resource == nullptr || text->name() != symbols_.text ||
        !resource->is(tree::Flag::resource)) {
      return;
    }
    const Node* language = resource->child(symbols_.language);
    if (language == nullptr || !language->has_value()) return;
    const XhtmlNode& root = narrative.nodes()[0];
    const auto lang = narrative.attribute(root, "lang");
    const auto xml_lang = narrative.attribute(root, "xml:lang");
    const auto warn = [&](std::string_view id, std::string what) {
      context_.warning(id, "business-rule", div, "Resource has a language, " + std::move(what));
    };
    if (lang.data() == nullptr && xml_lang.data() == nullptr) {
      return warn("Language_XHTML_Lang_Missing1",
                  "but the XHTML does not have an lang or an xml:lang tag (needs both - see "
                  "https://www.w3.org/TR/i18n-html-tech-lang/#langvalues)");
    }
    if (lang.data() == nullptr) {
      warn("Language_XHTML_Lang_Missing2", "but the XHTML does not have an html lang attribute");
    } else if (lang != language->text()) {
      warn("Language_XHTML_Lang_Different1", "and the XHTML has an html lang, but they differ");
    }
    if (xml_lang.data() == nullptr) {
      warn("Language_XHTML_Lang_Missing3", "but the XHTML does not have an xml:lang attribute");
    } else if (xml_lang != language->text()) {
      warn("Language_XHTML_Lang_Different2", "and the XHTML has an xml:lang, but they differ");
    }
  }

  const Symbols& symbols_;
  Context& context_;
  Fragments fragments_;
};

class Narrative final : public Rule {
 public:
  std::string_view id() const override { return "narrative"; }

  void prepare(const definitions::Definitions& definitions) override {
    const auto& symbols = definitions.symbols();
    symbols_ = {symbols.find("xhtml"), symbols.find("language"), symbols.find("text")};
  }
  void compile(const definitions::Type&, Plan&) override {}
  void finish(Context& context) const override { Run(symbols_, context).walk(); }

 private:
  Run::Symbols symbols_{};
};

}  // namespace

void register_narrative(rules::Table& table) { table.add(std::make_unique<Narrative>()); }

}  // namespace concord::validate
