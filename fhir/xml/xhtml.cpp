#include "fhir/xml/xhtml.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "fhir/xml/detail/tokeniser.h"

namespace concord::xml {

namespace {

constexpr std::string_view kXmlNamespace = "http://www.w3.org/XML/1998/namespace";
constexpr std::string_view kWhite = " \t\n\r";

template <std::size_t N>
constexpr bool is_sorted(const std::array<std::string_view, N>& names) {
  for (std::size_t i = 1; i < N; ++i) {
    if (!(names[i - 1] < names[i])) return false;
  }
  return true;
}

constexpr std::array<std::string_view, 53> kElements{
    "a",  "abbr",    "acronym", "address", "area",   "b",        "bdo", "big",   "blockquote",
    "br", "caption", "cite",    "code",    "col",    "colgroup", "dd",  "dfn",   "div",
    "dl", "dt",      "em",      "h1",      "h2",     "h3",       "h4",  "h5",    "h6",
    "hr", "i",       "img",     "kbd",     "li",     "map",      "ol",  "p",     "pre",
    "q",  "samp",    "small",   "span",    "strong", "sub",      "sup", "table", "tbody",
    "td", "tfoot",   "th",      "thead",   "tr",     "tt",       "ul",  "var"};
static_assert(is_sorted(kElements));

constexpr std::array<std::string_view, 21> kAttributes{
    "abbr",    "accesskey", "align",    "axis",  "char",   "charoff", "class",
    "colspan", "dir",       "headers",  "id",    "lang",   "rowspan", "scope",
    "span",    "style",     "tabindex", "title", "valign", "width",   "xml:lang"};
static_assert(is_sorted(kAttributes));

/// Attributes that may stand on one element only.
constexpr std::array<std::pair<std::string_view, std::string_view>, 35> kOnOne{{
    {"a", "charset"},
    {"a", "coords"},
    {"a", "href"},
    {"a", "hreflang"},
    {"a", "name"},
    {"a", "rel"},
    {"a", "rev"},
    {"a", "shape"},
    {"a", "type"},
    {"area", "alt"},
    {"area", "coords"},
    {"area", "href"},
    {"area", "nohref"},
    {"area", "shape"},
    {"blockquote", "cite"},
    {"div", "xmlns"},
    {"img", "alt"},
    {"img", "border"},
    {"img", "height"},
    {"img", "ismap"},
    {"img", "longdesc"},
    {"img", "src"},
    {"img", "usemap"},
    {"img", "width"},
    {"map", "name"},
    {"pre", "space"},
    {"q", "cite"},
    {"table", "border"},
    {"table", "cellpadding"},
    {"table", "cellspacing"},
    {"table", "frame"},
    {"table", "rules"},
    {"table", "summary"},
    {"table", "width"},
    {"td", "nowrap"},

}};

bool is_native_entity(std::string_view name) {
  return name == "amp" || name == "lt" || name == "gt" || name == "quot" || name == "apos";
}

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Entities of HTML become spaces, as many as they had bytes, and their names are told.
void take_entities(std::string& text, std::vector<std::string>& names) {
  constexpr std::size_t kLongestName = 16;
  constexpr std::size_t kMostNames = 64;
  for (std::size_t at = text.find('&'); at != std::string::npos; at = text.find('&', at + 1)) {
    std::size_t end = at + 1;
    while (end < text.size() && end - at <= kLongestName && is_name_byte(text[end])) ++end;
    if (end == at + 1 || end >= text.size() || text[end] != ';') continue;
    const std::string_view name(text.data() + at + 1, end - at - 1);
    if (is_native_entity(name)) continue;
    if (names.size() < kMostNames && std::find(names.begin(), names.end(), name) == names.end()) {
      names.emplace_back(name);
    }
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(at),
              text.begin() + static_cast<std::ptrdiff_t>(end + 1), ' ');
  }
}

}  // namespace

/// Builds the list from the events of the tokeniser.
class XhtmlEvents final : public detail::Events {
 public:
  XhtmlEvents(Xhtml& into, const tree::Limits& limits)
      : into_(into),
        most_nodes_(limits.max_nodes),
        most_depth_(std::min(limits.max_depth, detail::kMostDepth)) {}

  void begin(const detail::Element& element) override {
    if (open_.size() >= most_depth_ || !has_room()) return;
    XhtmlNode node;
    node.name = keep(element.name);
    node.name_space = keep_namespace(element.name_space);
    node.parent = open_.empty() ? XhtmlNode::kRoot : open_.back();
    node.first_attribute = static_cast<std::uint32_t>(into_.attributes_.size());
    for (const detail::Attribute& attribute : element.attributes) {
      XhtmlAttribute made{keep(attribute.name), lasting(attribute.value)};
      if (attribute.name_space == kXmlNamespace) {
        made.name = copy("xml:" + std::string(attribute.name));
      }
      into_.attributes_.push_back(made);
    }
    node.attributes = static_cast<std::uint32_t>(into_.attributes_.size()) - node.first_attribute;
    open_.push_back(static_cast<std::uint32_t>(into_.nodes_.size()));
    into_.nodes_.push_back(node);
  }

  void end(std::size_t) override {
    if (open_.empty()) return;
    into_.nodes_[open_.back()].end = static_cast<std::uint32_t>(into_.nodes_.size());
    open_.pop_back();
  }

  void text(const detail::Text& run, std::size_t) override {
    if (open_.empty()) return;
    // White space that comes in pieces need not be kept in pieces.
    if (run.text.find_first_not_of(kWhite) == std::string_view::npos || !has_room()) return;
    XhtmlNode node;
    node.text = lasting(run);
    node.parent = open_.back();
    node.end = static_cast<std::uint32_t>(into_.nodes_.size() + 1);
    into_.nodes_.push_back(node);
  }
  void cdata(const detail::Text&, std::size_t) override {}  // counts for nothing

 private:
  bool has_room() {
    if (into_.nodes_.size() < most_nodes_) return true;
    stop(make_error(ErrorCode::too_long, "the narrative has too many elements"));
    return false;
  }
  std::string_view copy(std::string text) {
    return *into_.texts_.emplace_back(std::make_unique<std::string>(std::move(text)));
  }
  /// Names have one address each: of few, as a rule.
  std::string_view keep(std::string_view name) {
    for (const auto& [from, to] : names_) {
      if (from == name.data() && to.size() == name.size()) return to;
    }
    const std::string_view kept = copy(std::string(name));
    if (names_.size() < kMostNames) names_.emplace_back(name.data(), kept);
    return kept;
  }
  std::string_view keep_namespace(std::string_view name_space) {
    if (name_space.empty()) return {};
    if (name_space == kXhtmlNamespace) return kXhtmlNamespace;
    return keep(name_space);
  }
  std::string_view lasting(const detail::Text& text) {
    return text.in_source ? text.text : copy(std::string(text.text));
  }

  static constexpr std::size_t kMostNames = 128;
  Xhtml& into_;
  std::size_t most_nodes_;
  std::size_t most_depth_;
  std::vector<std::uint32_t> open_;
  std::vector<std::pair<const char*, std::string_view>> names_;
};

std::string_view Xhtml::attribute(const XhtmlNode& node, std::string_view name) const noexcept {
  for (const XhtmlAttribute& at : attributes(node)) {
    if (at.name == name) return at.value.data() == nullptr ? std::string_view("") : at.value;
  }
  return {};
}

std::string Xhtml::path(const XhtmlNode& node) const {
  std::vector<std::string_view> names;
  const XhtmlNode* at = &node;
  while (true) {
    if (at->is_element()) names.push_back(at->name);
    if (at->parent == XhtmlNode::kRoot) break;
    at = &nodes_[at->parent];
  }
  std::string path;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (!path.empty()) path += '/';
    path += *name;
  }
  return path;
}

Result<Xhtml> read_xhtml(std::string_view text, const tree::Limits& limits) {
  try {
    Xhtml made;
    made.source_ = std::make_unique<std::string>(text);
    take_entities(*made.source_, made.entities_);
    CONCORD_TRY(detail::check_before_parsing(*made.source_, limits));
    XhtmlEvents events(made, limits);
    CONCORD_TRY(detail::tokenise(*made.source_, events));
    if (made.nodes_.empty()) return make_error(ErrorCode::malformed, "the narrative is empty");
    return made;
  } catch (const std::bad_alloc&) {
    return make_error(ErrorCode::transient, "no memory to read the narrative");
  }
}

bool is_narrative_element(std::string_view name) noexcept {
  return std::binary_search(kElements.begin(), kElements.end(), name);
}

bool is_narrative_attribute(std::string_view element, std::string_view attribute) noexcept {
  return attribute.starts_with("xmlns") ||
         std::binary_search(kAttributes.begin(), kAttributes.end(), attribute) ||
         std::binary_search(kOnOne.begin(), kOnOne.end(), std::pair(element, attribute));
}

bool has_narrative_names_only(const Xhtml& narrative) noexcept {
  for (const XhtmlNode& node : narrative.nodes()) {
    if (!node.is_element()) continue;
    if (!is_narrative_element(node.name)) return false;
    for (const XhtmlAttribute& at : narrative.attributes(node)) {
      if (at.name != "xml:space" && !is_narrative_attribute(node.name, at.name)) return false;
    }
  }
  return true;
}

bool has_content(const Xhtml& narrative) noexcept {
  return std::any_of(narrative.nodes().begin(), narrative.nodes().end(), [](const XhtmlNode& node) {
    return node.is_element() ? node.name == "img" : true;
  });
}

}  // namespace concord::xml
