// What text must not carry, because of what becomes of it on a screen: tags of HTML in strings and
// markdown, characters that turn the direction of writing without turning it back.
// Source: hl7.org/fhir/R4/security.html#narrative, datatypes.html#markdown;
// unicode.org/reports/tr9.

#include <algorithm>
#include <string>

#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using definitions::Type;
using tree::Node;

constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_word(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; }
constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

/// Whether what stands between `<` and `>` reads as the inside of a tag: a name, alone or followed
/// by white space and anything.
bool is_tag_content(std::string_view content) {
  if (content.empty() || !is_letter(content.front())) return false;
  std::size_t at = 1;
  while (at < content.size() && is_word(content[at])) ++at;
  return at == content.size() || is_space(content[at]);
}

/// A tag that is followed by another `<`: "a <b>c</b>" has one, "a < b > c" and "<b>" have none.
bool has_html_tags(std::string_view text) {
  std::size_t open = text.find('<');
  while (open != std::string_view::npos) {
    const std::size_t next = text.find('<', open + 1);
    if (next == std::string_view::npos) return false;
    const std::string_view between = text.substr(open + 1, next - open - 1);
    const std::size_t close = between.find('>');
    if (close != std::string_view::npos && is_tag_content(between.substr(0, close))) return true;
    open = next;
  }
  return false;
}

/// Whether markdown holds a tag of HTML that is not escaped, or a comment, declaration or
/// instruction.
bool has_html_in_markdown(std::string_view text) {
  for (std::size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    std::size_t name = at + 1;
    if (name < text.size() && (text[name] == '!' || text[name] == '?')) return true;
    if (at > 0 && text[at - 1] == '\\') continue;
    if (name < text.size() && text[name] == '/') ++name;
    if (name >= text.size() || !is_letter(text[name])) continue;
    while (name < text.size() && (is_letter(text[name]) || text[name] == '-' ||
                                  (text[name] >= '0' && text[name] <= '9'))) {
      ++name;
    }
    if (name < text.size() && (text[name] == '>' || is_space(text[name]))) return true;
  }
  return false;
}

/// What is wrong with the characters that turn the direction of writing: none, or an opening
/// without its end on the same line.
enum class Bidi { none, balanced, open };

Bidi bidi_of(std::string_view text) {
  // U+202A..202E and U+2066..2069 are E2 80 AA..AE and E2 81 A6..A9.
  Bidi found = Bidi::none;
  std::size_t embeddings = 0, isolates = 0;
  for (std::size_t at = text.find('\xE2'); at != std::string_view::npos;
       at = text.find('\xE2', at + 1)) {
    if (at + 2 >= text.size()) break;
    const auto second = static_cast<unsigned char>(text[at + 1]);
    const auto third = static_cast<unsigned char>(text[at + 2]);
    if (second == 0x80 && third >= 0xAA && third <= 0xAE) {
      found = found == Bidi::open ? found : Bidi::balanced;
      if (third != 0xAC) {
        ++embeddings;
      } else if (embeddings == 0) {
        found = Bidi::open;
      } else {
        --embeddings;
      }
    } else if (second == 0x81 && third >= 0xA6 && third <= 0xA9) {
      found = found == Bidi::open ? found : Bidi::balanced;
      if (third != 0xA9) {
        ++isolates;
      } else if (isolates == 0) {
        found = Bidi::open;
      } else {
        --isolates;
      }
    }
  }
  return embeddings + isolates > 0 ? Bidi::open : found;
}

class TextContent final : public Rule {
 public:
  std::string_view id() const override { return "text-content"; }

  void prepare(const definitions::Definitions& definitions) override {
    markdown_ = definitions.type("markdown");
  }

  void compile(const Type& type, Plan& plan) override {
    if (!type.is_primitive() || type.value_kind() != tree::Kind::string) return;
    if (type.text() == "xhtml" || type.text() == "base64Binary") return;
    plan.on_node(type.is(*markdown_) ? &check_markdown : &check_text);
  }

 private:
  static void check_markdown(const void*, const Node& node, Context& context) {
    check(node, true, context);
    if (!node.has_value() || !has_html_in_markdown(node.text())) return;
    context.report(context.options().no_html_in_markdown ? Severity::error : Severity::warning,
                   "TYPE_SPECIFIC_CHECKS_DT_MARKDOWN_HTML", "invalid", node,
                   "The markdown contains content that appears to be an embedded HTML tag. This "
                   "will (or SHOULD) be escaped by the presentation layer. The content should be "
                   "checked to confirm that this is the desired behaviour");
  }

  static void check_text(const void*, const Node& node, Context& context) {
    check(node, false, context);
  }

  static void check(const Node& node, bool is_markdown, Context& context) {
    if (!node.has_value()) return;
    const std::string_view text = node.text();
    if (text.find('<') != std::string_view::npos && has_html_tags(text)) {
      if (context.options().security_checks) {
        context.error("SECURITY_STRING_CONTENT_ERROR", "invalid", node,
                      "The string value contains text that looks like embedded HTML tags, which "
                      "are not allowed for security reasons in this context");
      } else if (!is_markdown) {
        context.information("SECURITY_STRING_CONTENT_WARNING", "invalid", node,
                            "The string value contains text that looks like embedded HTML tags. If "
                            "this content is rendered to HTML without appropriate "
                            "post-processing, it may be a security risk");
      }
    }
    if (text.find('\xE2') == std::string_view::npos) return;
    const Bidi bidi = bidi_of(text);
    if (bidi == Bidi::none) return;
    if (context.options().no_unicode_bidi_controls) {
      context.error("UNICODE_BIDI_CONTROLS_CHARS_DISALLOWED", "invalid", node,
                    "The Unicode sequence has bi-di control characters which are not allowed in "
                    "this context");
    } else if (bidi == Bidi::open) {
      context.warning("UNICODE_BIDI_CONTROLS_CHARS_MATCH", "invalid", node,
                      "The Unicode sequence has unterminated bi-di control characters (see "
                      "CVE-2021-42574)");
    }
  }

  const Type* markdown_ = nullptr;
};

}  // namespace

void register_text_content(rules::Table& table) { table.add(std::make_unique<TextContent>()); }

}  // namespace concord::validate
