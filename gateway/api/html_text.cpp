#include "gateway/api/html_text.h"

#include <fmt/format.h>

#include <iterator>

namespace concord::api {
namespace {

/// The code point of an override or isolate of direction, a mark of direction, or a separator of
/// lines that begins the text; 0: none does. All of them are three bytes of UTF-8.
unsigned hidden_character(std::string_view text) noexcept {
  if (text.size() < 3 || text[0] != '\xE2') return 0;
  const auto second = static_cast<unsigned char>(text[1]),
             third = static_cast<unsigned char>(text[2]);
  const unsigned code = 0x2000U + (second - 0x80U) * 64U + (third - 0x80U);
  const bool hidden = (code >= 0x200E && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
                      (code >= 0x2066 && code <= 0x2069);
  return hidden ? code : 0;
}

void append(std::string& out, std::string_view text, bool json) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += json ? "\\&quot;" : "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '\\':
        out += json ? "\\\\" : "\\";
        break;
      case '\n':
        out += json ? "\\n" : " ";
        break;
      case '\t':
        out += json ? "\\t" : " ";
        break;
      default:
        if (byte < 0x20 || byte == 0x7f) {
          fmt::format_to(std::back_inserter(out), "\\u{:04X}", byte);
        } else if (const unsigned code = hidden_character(text.substr(i)); code != 0) {
          fmt::format_to(std::back_inserter(out), "\\u{:04X}", code);
          i += 2;
        } else {
          out += c;
        }
    }
  }
}

}  // namespace

void append_html(std::string& out, std::string_view text) { append(out, text, false); }

void append_html_json(std::string& out, std::string_view text) { append(out, text, true); }

}  // namespace concord::api
