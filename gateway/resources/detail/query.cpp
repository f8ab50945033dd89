#include "gateway/resources/detail/query.h"

#include <algorithm>
#include <charconv>

namespace concord::resources::detail {
namespace {

constexpr std::size_t kMostParameters = 200;

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+') {
      c = ' ';
    } else if (c == '%') {
      const int high = i + 2 < text.size() ? hex(text[i + 1]) : -1;
      const int low = high < 0 ? -1 : hex(text[i + 2]);
      if (low < 0) {
        return make_error(ErrorCode::malformed, "the query holds a '%' without two hex digits");
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      return make_error(ErrorCode::malformed, "the query holds a control character");
    }
    out += c;
  }
  return out;
}

void encode(std::string_view text, std::string& out) {
  constexpr std::string_view kPlain = "-._~:/,$*!()";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
        kPlain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
}

}  // namespace

Result<search::QueryParameters> read_query(std::string_view text) {
  search::QueryParameters parameters;
  if (text.starts_with('?')) text.remove_prefix(1);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals + 1 == part.size() || equals == 0) continue;
    if (parameters.size() == kMostParameters) {
      return make_error(ErrorCode::too_long, "the query has too many parameters");
    }
    CONCORD_ASSIGN(std::string name, decode(part.substr(0, equals)));
    CONCORD_ASSIGN(std::string value, decode(part.substr(equals + 1)));
    parameters.emplace_back(std::move(name), std::move(value));
  }
  return parameters;
}

std::string write_query(const search::QueryParameters& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    encode(name, out);
    out += '=';
    encode(value, out);
  }
  return out;
}

std::string with_query(std::string_view path, const search::QueryParameters& parameters) {
  std::string out(path);
  if (!parameters.empty()) out += '?' + write_query(parameters);
  return out;
}

std::optional<std::string> take(search::QueryParameters& parameters, std::string_view name) {
  std::optional<std::string> last;
  std::erase_if(parameters, [&](auto& parameter) {
    if (parameter.first != name) return false;
    last = std::move(parameter.second);
    return true;
  });
  return last;
}

std::string write_cursor(const PageCursor& cursor, Instant until) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(until).time_since_epoch().count();
  return (cursor.backwards ? 'b' : 'f') + std::to_string(seconds) + '.' + cursor.cursor;
}

Result<PageCursor> read_cursor(std::string_view text, Instant now) {
  const Error no_cursor = make_error(ErrorCode::malformed, "_cursor is not from a link of a page");
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || (text[0] != 'b' && text[0] != 'f')) return no_cursor;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + dot, seconds);
  if (error != std::errc{} || end != text.data() + dot) return no_cursor;
  if (std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count() > seconds) {
    return make_error(ErrorCode::gone, "the link to this page is over; search again");
  }
  return PageCursor{text[0] == 'b', std::string(text.substr(dot + 1))};
}

Error of_query(Error error) {
  if (error.code != ErrorCode::invalid && error.code != ErrorCode::unsupported) return error;
  for (Issue& issue : error.issues) {
    if (issue.code.empty()) issue.code = error_row(error.code).issue_type;
  }
  error.code = ErrorCode::malformed;
  return error;
}

}  // namespace concord::resources::detail
