#include "fhir/json/detail/faults.h"

namespace concord::json::detail {

std::string_view fault_text(Fault fault) {
  switch (fault) {
    case Fault::empty:
      return "there is no JSON value";
    case Fault::after_end:
      return "bytes after the end of the JSON value";
    case Fault::value:
      return "not a JSON value";
    case Fault::name:
      return "the name of a member is missing";
    case Fault::colon:
      return "a colon is missing after the name of a member";
    case Fault::comma_or_brace:
      return "a comma or } is missing after a member";
    case Fault::comma_or_bracket:
      return "a comma or ] is missing after a member of an array";
    case Fault::escape:
      return "an escape JSON does not have";
    case Fault::surrogate:
      return "a surrogate without its other half";
    case Fault::unterminated:
      return "a string without its closing quote";
    case Fault::control:
      return "a control character inside a string";
    case Fault::number:
      return "not a JSON number";
    case Fault::huge_number:
      return "a number too large for any system";
    default:
      return "not JSON";
  }
}

std::optional<TokenError> bad_escape(std::string_view text, std::size_t from) {
  const auto hex = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  const auto unit_at = [&](std::size_t at) {  // of the escape at `at`, or -1
    if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
    int unit = 0;
    for (std::size_t i = at + 2; i < at + 6; ++i) {
      const int digit = hex(text[i]);
      if (digit < 0) return -1;
      unit = unit << 4 | digit;
    }
    return unit;
  };
  for (std::size_t at = from; (at = text.find('\\', at)) != std::string_view::npos; at += 2) {
    const int unit = unit_at(at);
    if (unit == 0) return TokenError{Fault::escape, at};
    if (unit < 0xD800 || unit > 0xDFFF) continue;
    if (unit >= 0xDC00) return TokenError{Fault::surrogate, at};
    at += 4;  // the six of the high one and the two the loop adds leave the low one behind
    if (const int low = unit_at(at + 2); low >= 0xDC00 && low <= 0xDFFF) at += 6;
  }
  return std::nullopt;
}

}  // namespace concord::json::detail
