// Narrative: http://hl7.org/fhir/R4/narrative.html#Narrative, rules txt-1 and txt-2; htmlChecks()
// of http://hl7.org/fhir/R4/fhirpath.html#functions, htmlChecks2() of R5.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "fhir/path/context.h"
#include "fhir/path/functions/registry.h"
#include "fhir/xml/reader.h"

namespace concord::path {

namespace {

// HTML 4.0 chapters 7 to 11 and 15, links by href or name, images; sorted.
constexpr std::array<std::string_view, 52> kElements{
    "a",  "abbr",    "acronym", "address", "area",   "b",        "bdo", "big",   "blockquote",
    "br", "caption", "cite",    "code",    "col",    "colgroup", "dd",  "dfn",   "div",
    "dl", "dt",      "em",      "h1",      "h2",     "h3",       "h4",  "h5",    "h6",
    "hr", "i",       "img",     "kbd",     "li",     "map",      "ol",  "p",     "pre",
    "q",  "samp",    "small",   "span",    "strong", "sub",      "sup", "table", "tbody",
    "td", "tfoot",   "th",      "thead",   "tr",     "tt",       "ul"};
constexpr std::array<std::string_view, 53> kAttributes{
    "abbr",  "accesskey", "align",   "alt",      "axis",  "border",   "cellpadding", "cellspacing",
    "char",  "charoff",   "charset", "cite",     "class", "colspan",  "compact",     "coords",
    "dir",   "frame",     "headers", "height",   "href",  "hreflang", "hspace",      "id",
    "idref", "ismap",     "lang",    "longdesc", "name",  "nohref",   "nowrap",      "rel",
    "rev",   "rowspan",   "rules",   "scope",    "shape", "space",    "span",        "src",
    "start", "style",     "summary", "tabindex", "title", "type",     "usemap",      "valign",
    "value", "vspace",    "width",   "xml:lang", "xmlns"};

bool is_one_of(std::span<const std::string_view> sorted, std::string_view name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

/// Names of characters HTML has and XML has not (&nbsp;) become blanks of a kind that counts as
/// text: libxml2 knows no others without a document type, which is refused.
std::string without_named_characters(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    plain += text[i];
    if (text[i] != '&') continue;
    std::size_t end = i + 1;
    while (end < text.size() && end < i + 10 &&
           ((text[end] >= 'a' && text[end] <= 'z') || (text[end] >= 'A' && text[end] <= 'Z') ||
            (text[end] >= '0' && text[end] <= '9'))) {
      ++end;
    }
    const std::string_view name = text.substr(i + 1, end - i - 1);
    const bool ends = end < text.size() && text[end] == ';';
    if (!ends || name.empty() || name == "lt" || name == "gt" || name == "amp" || name == "quot" ||
        name == "apos") {
      continue;
    }
    plain.back() = name == "nbsp" || name == "ensp" || name == "emsp" ? ' ' : 'x';
    i = end;
  }
  return plain;
}

struct Findings {
  bool allowed = true;   ///< only elements and attributes narrative may have
  bool content = false;  ///< text or an image
};

bool has_text(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\xc2\xa0") != std::string_view::npos;
}

Result<std::optional<Findings>> examine(EvalContext& context, const Collection& input) {
  if (input.empty()) return std::optional<Findings>();
  CONCORD_ASSIGN(const auto text, context.one_string(input, "the input of htmlChecks()"));
  if (!text) return std::optional<Findings>();
  if (!context.spend(text->size() / 8)) return context.failure();
  Findings found;
  tree::Symbols own_names;
  std::string markup = without_named_characters(*text);
  // A text that is no div is checked as what stands in one.
  if (!markup.starts_with("<div")) {
    markup = "<div xmlns=\"http://www.w3.org/1999/xhtml\">" + markup + "</div>";
  }
  const auto read = xml::read(std::move(markup), own_names);
  if (!read) return std::optional(Findings{false, false});
  const tree::Document& document = *read;
  const tree::Node* at = &document.root();
  found.allowed = document.name(*at) == "div" &&
                  document.text(at->xml_namespace()) == "http://www.w3.org/1999/xhtml";
  while (at != nullptr && found.allowed) {
    const std::string_view name = document.name(*at);
    if (at->is(tree::Flag::attribute)) {
      found.allowed = is_one_of(kAttributes, name);
      // Scripts in links are no formatting.
      if (name == "href" || name == "src") {
        std::string start(at->text().substr(0, 16));
        for (char& c : start) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        found.allowed =
            found.allowed && !start.starts_with("javascript:") && !start.starts_with("vbscript:");
      }
    } else {
      if (at->kind() != tree::Kind::text) found.allowed = is_one_of(kElements, name);
      found.content = found.content || name == "img" || has_text(at->text());
    }
    if (at->first_child() != nullptr) {
      at = at->first_child();
      continue;
    }
    while (at != nullptr && at->next_sibling() == nullptr) at = at->parent();
    at = at == nullptr ? nullptr : at->next_sibling();
  }
  return std::optional(found);
}

/// htmlChecks(): txt-1 and, as R4 uses it for both, txt-2.
Result<Collection> fn_html_checks(EvalContext& context, const Collection& input, Args) {
  CONCORD_ASSIGN(const auto found, examine(context, input));
  return found ? Collection::of(found->allowed && found->content) : Collection();
}

/// htmlChecks2(): there is something to read.
Result<Collection> fn_html_checks2(EvalContext& context, const Collection& input, Args) {
  CONCORD_ASSIGN(const auto found, examine(context, input));
  return found ? Collection::of(found->content) : Collection();
}

constexpr FunctionRow kRows[] = {
    {.name = "htmlChecks", .handler = &fn_html_checks, .returns = Returns::boolean},
    {.name = "htmlChecks2", .handler = &fn_html_checks2, .returns = Returns::boolean},
};

}  // namespace

void register_narrative(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
