#pragma once
/// Objects of JSON lines, written as text: for reports of tools. Pure functions.

#include <concepts>
#include <string>
#include <string_view>

namespace concord::mapping::json_lines {

inline void append(std::string& to, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  to += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      to += '\\';
      to += c;
    } else if (byte < 0x20) {
      to += "\\u00";
      to += kHex[byte >> 4];
      to += kHex[byte & 15];
    } else {
      to += c;
    }
  }
  to += '"';
}

/// The name of a member, with the comma before it when it is not the first.
inline void name(std::string& to, std::string_view name) {
  if (to.back() != '{') to += ',';
  append(to, name);
  to += ':';
}

inline void member(std::string& to, std::string_view of, std::string_view text) {
  name(to, of);
  append(to, text);
}

template <std::unsigned_integral Number>
void member(std::string& to, std::string_view of, Number number) {
  name(to, of);
  if constexpr (std::same_as<Number, bool>) {
    to += number ? "true" : "false";
  } else {
    to += std::to_string(number);
  }
}

}  // namespace concord::mapping::json_lines
