// What may stand in a narrative: names, nesting, namespaces, links and language.
// Source: hl7.org/fhir/R4/narrative.html; HTML 4.01 chapters 7 to 11 and 15.

#include <algorithm>
#include <string>
#include <unordered_map>

#include "fhir/validate/formats.h"
#include "fhir/validate/rules/registry.h"
#include "fhir/xml/xhtml.h"

namespace concord::validate {

namespace {

using tree::Node;
using tree::Symbol;
using xml::Xhtml;
using xml::XhtmlNode;

constexpr std::string_view kWhite = " \t\n\r";
constexpr std::size_t kMostNodes = 200'000;  // of one narrative

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> texts) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

bool starts_with_any_case(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  return std::equal(lower.begin(), lower.end(), text.begin(), [](char want, char c) {
    return want == (c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  });
}

/// "urn" of "urn:uuid:…"; empty for relative links.
std::string_view scheme_of(std::string_view url) {
  const std::size_t end = url.find_first_of(":/?#");
  if (end == std::string_view::npos || url[end] != ':') return {};
  return url.substr(0, end);
}

/// Whether every byte may stand in an url; other than ASCII may, when it is a letter or digit of
/// some script, which bytes beyond ASCII are taken to be.
bool has_url_characters_only(std::string_view url) {
  constexpr std::string_view kMarks = ";?:@&=+$.,/%-_~#[]!'()*|";
  return std::all_of(url.begin(), url.end(), [&](char c) {
    return static_cast<unsigned char>(c) >= 0x80 || (c >= '0' && c <= '9') ||
           (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

/// What is wrong with "data:image/png;base64,…"; empty when nothing is.
std::string_view fault_of_data_url(std::string_view url) {
  const std::string_view rest = url.substr(5);
  const std::size_t comma = rest.find(',');
  if (comma == std::string_view::npos || comma + 1 == rest.size()) return "it holds no data";
  if (rest.find(',', comma + 1) != std::string_view::npos) return "it has more than one comma";
  const std::string_view head = rest.substr(0, comma);
  if (!head.ends_with(";base64") || !is_base64(rest.substr(comma + 1))) {
    return "its data is not base64";
  }
  const std::string_view type = head.substr(0, head.size() - 7);
  if (type.find('/') == std::string_view::npos) return "it names no media type";
  return {};
}

/// How often each name a link may lead to is there: ids of elements, ids and anchors of narratives.
using Names = std::unordered_map<std::string_view, std::uint32_t>;

/// One run: the narratives of a document.
class Run {
 public:
  struct Symbols {
    Symbol xhtml, id, language, text;
  };
  Run(const Symbols& symbols, Context& context) : symbols_(symbols), context_(context) {}

  void walk() {
    const Node& root = context_.document().root();
    std::vector<const Node*> open{&root};
    std::vector<const Node*> found;
    while (!open.empty()) {
      const Node* node = open.back();
      open.pop_back();
      if (node->type() == symbols_.xhtml && node->has_value()) found.push_back(node);
      for (const Node& child : node->children()) {
        if (child.first_child() != nullptr || child.type() == symbols_.xhtml) {
          open.push_back(&child);
        }
      }
    }
    for (auto at = found.rbegin(); at != found.rend(); ++at) check(**at);
  }

 private:
  void invalid(std::string_view id, const Node& div, std::string text,
               std::string_view distinct = {}) {
    context_.error(id, "invalid", div, std::move(text), {}, distinct);
  }

  void check(const Node& div) {
    tree::Limits limits = context_.document().limits();
    limits.max_nodes = kMostNodes;
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
    check_links(div, narrative);
    check_sections(div, narrative);
    check_language(div, narrative);
  }

  void constraint(std::string_view key, const Node& div) {
    context_.error(
        "INV_FAILED", "invariant", div,
        key == "txt-1"
            ? "Constraint failed: txt-1: 'The narrative SHALL contain only the basic html "
              "formatting elements and attributes described in chapters 7-11 (except section 4 of "
              "chapter 9) and 15 of the HTML 4.0 standard, <a> elements (either name or href), "
              "images and internally contained style attributes'"
            : "Constraint failed: txt-2: 'The narrative SHALL have some non-whitespace content'");
  }

  void check_names(const Node& div, const Xhtml& narrative) {
    const auto nodes = narrative.nodes();
    if (nodes[0].name_space != xml::kXhtmlNamespace) {
      invalid("XHTML_XHTML_NS_Invalid", div,
              "Wrong namespace on the XHTML ('" + std::string(nodes[0].name_space) +
                  "', should be '" + std::string(xml::kXhtmlNamespace) + "')");
    }
    if (nodes[0].name != "div") {
      invalid("XHTML_XHTML_Name_Invalid", div,
              "Wrong name on the XHTML ('" + std::string(nodes[0].name) +
                  "') - must start with "
                  "div");
    }
    std::size_t paragraph = 0, anchor = 0;  // ends of those around the node
    for (std::size_t i = 1; i < nodes.size(); ++i) {
      const XhtmlNode& node = nodes[i];
      if (!node.is_element()) continue;
      if (node.name_space != xml::kXhtmlNamespace && node.name_space != nodes[0].name_space) {
        invalid("XHTML_XHTML_NS_Invalid", div,
                "Wrong namespace on the XHTML element '" + std::string(node.name) + "' ('" +
                    std::string(node.name_space) + "')");
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
      if (i < anchor && node.name == "a") {
        invalid("XHTML_XHTML_ELEMENT_ILLEGAL_IN_ANCHOR", div,
                "An anchor may not stand inside another in the XHTML ('a')");
      }
      if (node.name == "p" && i >= paragraph) paragraph = node.end;
      if (node.name == "a" && i >= anchor) anchor = node.end;
    }
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
      if (!node.is_element()) continue;
      if (const auto idref = narrative.attribute(node, "idref"); idref.data() != nullptr) {
        const std::uint32_t count = count_of(idref);
        if (count == 0) {
          invalid("XHTML_IDREF_NOT_FOUND", div, "The target of an idref was not found", idref);
        } else if (count > 1) {
          context_.warning("XHTML_IDREF_NOT_MULTIPLE_MATCHES", "invalid", div,
                           "Several targets of an idref were found", {}, idref);
        }
      }
      if (node.name == "a" || node.name == "area") check_href(div, narrative, node);
      if (node.name == "img") check_image(div, narrative, node);
    }
  }

  /// False, with a finding, when an url is no url.
  bool check_url(const Node& div, std::string_view url) {
    std::string why;
    if (url.find_first_not_of(kWhite) == std::string_view::npos) {
      why = "it is empty";
    } else if (url.starts_with("data:")) {
      why = fault_of_data_url(url);
    } else if (!has_url_characters_only(url)) {
      why = "it holds characters that may not stand in an url";
    }
    if (why.empty()) return true;
    invalid("XHTML_URL_INVALID", div, "An url in the XHTML is not valid: " + why, url);
    return false;
  }

  void check_href(const Node& div, const Xhtml& narrative, const XhtmlNode& node) {
    const std::string_view href = narrative.attribute(node, "href");
    if (href.data() == nullptr) return;
    if (starts_with_any_case(href, "javascript:") || starts_with_any_case(href, "vbscript:")) {
      return invalid("TYPE_SPECIFIC_CHECKS_DT_XHTML_ACTIVE_HREF", div,
                     "Hyperlink at '" + narrative.path(node) + "' holds active content", href);
    }
    if (!check_url(div, href) || href == "#") return;
    if (href.starts_with('#')) {
      const std::uint32_t count = count_of(href.substr(1));
      if (count == 0) {
        invalid("TYPE_SPECIFIC_CHECKS_DT_XHTML_RESOLVE", div,
                "Hyperlink at '" + narrative.path(node) + "' does not resolve", href);
      } else if (count > 1) {
        context_.warning("TYPE_SPECIFIC_CHECKS_DT_XHTML_MULTIPLE_MATCHES", "invalid", div,
                         "Hyperlink at '" + narrative.path(node) + "' resolves to multiple targets",
                         {}, href);
      }
      return;
    }
    const std::string_view scheme = scheme_of(href);
    if (scheme.empty() || is_one_of(scheme, {"http", "https", "tel", "mailto", "data"})) return;
    // Each link is a finding of its own, though the text does not say where it leads.
    const std::string which = std::string(href) + '\n' + text_below(narrative, node);
    if (is_one_of(scheme, {"urn", "cid"})) {
      return invalid("TYPE_SPECIFIC_CHECKS_DT_XHTML_LITERAL_HREF", div,
                     "Hyperlink scheme '" + std::string(scheme) + "' at '" + narrative.path(node) +
                         "' is not a valid hyperlinkable scheme",
                     which);
    }
    context_.information("TYPE_SPECIFIC_CHECKS_DT_XHTML_UNKNOWN_HREF", "invalid", div,
                         "Hyperlink scheme '" + std::string(scheme) + "' at '" +
                             narrative.path(node) +
                             "' is not a widely supported protocol and "
                             "should be checked",
                         {}, which);
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

  void check_image(const Node& div, const Xhtml& narrative, const XhtmlNode& node) {
    const std::string_view source = narrative.attribute(node, "src");
    if (source.data() == nullptr || !check_url(div, source) || !source.starts_with('#')) return;
    if (source.size() > 1 && context_.resolve(source, div)) return;
    invalid("TYPE_SPECIFIC_CHECKS_DT_XHTML_IMAGE_RESOLVE", div,
            "The source of an image at '" + narrative.path(node) + "' is not a contained resource",
            source);
  }

  /// Sections with a language of their own beside content without.
  void check_sections(const Node& div, const Xhtml& narrative) {
    const auto nodes = narrative.nodes();
    std::string languages;
    bool others = false;
    for (std::size_t i = 1; i < nodes.size(); i = nodes[i].end) {
      const XhtmlNode& node = nodes[i];
      if (!node.is_element()) {
        others = true;
        continue;
      }
      std::string_view language = narrative.attribute(node, "lang");
      if (language.data() == nullptr) language = narrative.attribute(node, "xml:lang");
      if (node.name == "div" && language.data() != nullptr) {
        if (!languages.empty()) languages += ", ";
        if (languages.size() < 100) languages += language;
      } else {
        others = others || node.end > i + 1;
      }
    }
    if (languages.empty() || !others) return;
    context_.warning("XHTML_XHTML_MIXED_LANG", "business-rule", div,
                     "The xhtml has some language sections (" + languages +
                         "), and also has content that is not in a language section");
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
      context_.warning(id, "business-rule", div, std::move(what));
    };
    if (lang.data() == nullptr && xml_lang.data() == nullptr) {
      return warn("LANGUAGE_XHTML_LANG_MISSING1",
                  "Resource has a language, but the XHTML does not have an lang or an xml:lang tag "
                  "(needs both - see https://www.w3.org/TR/i18n-html-tech-lang/#langvalues)");
    }
    if (lang.data() == nullptr) {
      warn("LANGUAGE_XHTML_LANG_MISSING2",
           "Resource has a language, but the XHTML does not have "
           "an html lang attribute");
    } else if (lang != language->text()) {
      warn("LANGUAGE_XHTML_LANG_DIFFERENT1",
           "Resource has a language, and the XHTML has an html lang, but they differ");
    }
    if (xml_lang.data() == nullptr) {
      warn("LANGUAGE_XHTML_LANG_MISSING3",
           "Resource has a language, but the XHTML does not have an xml:lang attribute");
    } else if (xml_lang != language->text()) {
      warn("LANGUAGE_XHTML_LANG_DIFFERENT2",
           "Resource has a language, and the XHTML has an xml:lang, but they differ");
    }
  }

  /// How many places of the document have that name: built when the first link asks.
  std::uint32_t count_of(std::string_view name) {
    if (!names_built_) build_names();
    const auto at = names_.find(name);
    return at == names_.end() ? 0 : at->second;
  }

  void build_names() {
    names_built_ = true;
    std::vector<const Node*> open{&context_.document().root()};
    tree::Limits limits = context_.document().limits();
    limits.max_nodes = kMostNodes;
    while (!open.empty()) {
      const Node* node = open.back();
      open.pop_back();
      if (node->type() == symbols_.xhtml && node->has_value()) {
        // Narratives of names only: kept, because the names are views into them.
        if (node->text().find("id=") == std::string_view::npos &&
            node->text().find("name=") == std::string_view::npos) {
          continue;
        }
        auto read = xml::read_xhtml(node->text(), limits);
        if (!read) continue;
        const Xhtml& narrative = narratives_.emplace_back(*std::move(read));
        for (const XhtmlNode& at : narrative.nodes()) {
          if (!at.is_element()) continue;
          const auto id = narrative.attribute(at, "id");
          const auto anchor = narrative.attribute(at, "name");
          if (id.data() != nullptr) ++names_[id];
          if (anchor.data() != nullptr && anchor != id) ++names_[anchor];
        }
        continue;
      }
      for (const Node& child : node->children()) {
        if (child.name() == symbols_.id && child.has_value()) ++names_[child.text()];
        if (child.first_child() != nullptr || child.type() == symbols_.xhtml) {
          open.push_back(&child);
        }
      }
    }
  }

  const Symbols& symbols_;
  Context& context_;
  bool names_built_ = false;
  Names names_;
  std::vector<Xhtml> narratives_;
};

class Narrative final : public Rule {
 public:
  std::string_view id() const override { return "narrative"; }

  void prepare(const definitions::Definitions& definitions) override {
    const auto& symbols = definitions.symbols();
    symbols_ = {symbols.find("xhtml"), symbols.find("id"), symbols.find("language"),
                symbols.find("text")};
  }
  void compile(const definitions::Type&, Plan&) override {}
  void finish(Context& context) const override { Run(symbols_, context).walk(); }

 private:
  Run::Symbols symbols_{};
};

}  // namespace

void register_narrative(rules::Table& table) { table.add(std::make_unique<Narrative>()); }

}  // namespace concord::validate
