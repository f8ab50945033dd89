#include "gateway/http/detail/head_parser.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace concord::http::detail {
namespace {

constexpr std::array<bool, 256> token_table() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto kToken = token_table();

bool is_control(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Whether a comma-separated field holds a word, any case.
bool lists(std::string_view value, std::string_view word) noexcept {
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    if (equals_ignoring_case(trimmed(value.substr(0, comma)), word)) return true;
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  return false;
}

Refusal malformed(std::string text) { return refusal(400, ErrorCode::malformed, std::move(text)); }

/// Takes the scheme and authority off an absolute-form target (RFC 9112 section 3.2.2).
std::string_view without_authority(std::string_view target) noexcept {
  for (const std::string_view scheme :
       {std::string_view("http://"), std::string_view("https://")}) {
    if (!equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    const std::size_t path = target.find_first_of("/?", scheme.size());
    return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  return target;
}

std::optional<Refusal> parse_target(std::string_view target, Request& request) {
  request.target = target;
  for (const char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f)
      return malformed("request target holds a byte outside visible ASCII");
  }
  if (target == "*") {
    if (request.method != "OPTIONS") return malformed("request target * is for OPTIONS only");
    return std::nullopt;
  }
  target = without_authority(target);
  if (target.empty() || target.front() != '/')
    return malformed("request target does not start with /");
  if (target.find('#') != std::string_view::npos)
    return malformed("request target holds a fragment");
  const std::size_t mark = target.find('?');
  std::string_view path = target.substr(1, mark == std::string_view::npos ? mark : mark - 1);
  request.query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  while (true) {
    const std::size_t slash = path.find('/');
    auto segment = percent_decode(path.substr(0, slash), false);
    if (!segment) return malformed("request target holds a bad percent escape");
    request.segments.push_back(*std::move(segment));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return std::nullopt;
}

std::optional<Refusal> parse_request_line(std::string_view line, const ServerLimits& limits,
                                          Request& request, Framing& framing) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return malformed("request line is not: method, target, version");
  }
  request.method = line.substr(0, first);
  if (!is_token(request.method) || request.method.size() > 32) {
    return malformed("request method is not a token");
  }
  const std::string_view version = line.substr(last + 1);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (version == "HTTP/1.0") {
    framing.http_1_0 = true;
    framing.keep_alive = false;
  } else if (version.size() == 8 && version.substr(0, 5) == "HTTP/" && version != "HTTP/1.1") {
    return refusal(505, ErrorCode::unsupported, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  } else if (version != "HTTP/1.1") {
    return malformed("request line does not end with an HTTP version");
  }
  if (target.size() > limits.max_target) {
    return refusal(414, ErrorCode::too_long,
                   "request target is longer than " + std::to_string(limits.max_target) + " bytes");
  }
  return parse_target(target, request);
}

/// What the fields say about the body and the connection, each at most once.
std::optional<Refusal> read_framing(const Request& request, Framing& framing) {
  std::size_t hosts = 0;
  std::size_t request_ids = 0;
  std::size_t encodings = 0;
  for (const Field& field : request.fields) {
    if (field.name == "host") {
      ++hosts;
      if (field.value.find_first_of(", @/?#") != std::string_view::npos) {
        return malformed("Host is not a name and port");
      }
    } else if (field.name == "x-request-id") {
      ++request_ids;
    } else if (field.name == "content-length") {
      if (framing.content_length) return malformed("Content-Length is given more than once");
      std::size_t length = 0;
      const char* const end = field.value.data() + field.value.size();
      const auto [at, error] = std::from_chars(field.value.data(), end, length);
      const bool digits =
          !field.value.empty() && field.value.front() >= '0' && field.value.front() <= '9';
      if (error == std::errc::result_out_of_range && digits && at == end) {
        length = std::string_view::npos;  // refused as too long, by whatever limit holds
      } else if (error != std::errc() || at != end || !digits) {
        return malformed("Content-Length is not a number");
      }
      framing.content_length = length;
    } else if (field.name == "transfer-encoding") {
      ++encodings;
      if (!equals_ignoring_case(field.value, "chunked")) {
        return malformed("Transfer-Encoding other than chunked");
      }
      framing.chunked = true;
    } else if (field.name == "connection") {
      if (lists(field.value, "close")) framing.keep_alive = false;
      if (framing.http_1_0 && lists(field.value, "keep-alive")) framing.keep_alive = true;
    } else if (field.name == "expect") {
      if (!equals_ignoring_case(field.value, "100-continue")) {
        return refusal(417, ErrorCode::unsupported, "Expect other than 100-continue");
      }
      framing.expects_continue = !framing.http_1_0;
    }
  }
  if (encodings > 1) return malformed("Transfer-Encoding is given more than once");
  if (framing.chunked && framing.content_length) {
    return malformed("both Content-Length and Transfer-Encoding are given");
  }
  if (framing.chunked && framing.http_1_0) return malformed("Transfer-Encoding in HTTP/1.0");
  if (hosts > 1) return malformed("Host is given more than once");
  if (hosts == 0 && !framing.http_1_0) return malformed("Host is missing");
  if (request_ids > 1) return malformed("X-Request-ID is given more than once");
  return std::nullopt;
}

}  // namespace

Refusal refusal(int status, ErrorCode code, std::string text) {
  return {status, make_error(code, std::move(text))};
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return kToken[static_cast<unsigned char>(c)]; });
}

bool is_plain_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.' || c == ':';
  });
}

std::size_t find_head_end(std::string_view bytes, std::size_t& scanned) noexcept {
  std::size_t at = scanned;
  while ((at = bytes.find('\n', at)) != std::string_view::npos) {
    const std::size_t next = at + 1;
    if (next < bytes.size() && bytes[next] == '\n') return next + 1;
    if (next + 1 < bytes.size() && bytes[next] == '\r' && bytes[next + 1] == '\n') return next + 2;
    if (next + 1 >= bytes.size() && (next == bytes.size() || bytes[next] == '\r')) {
      scanned = at;  // the two bytes after it are still to come
      return 0;
    }
    at = next;
  }
  scanned = bytes.size();
  return 0;
}

std::optional<Refusal> parse_head(std::span<char> bytes, const ServerLimits& limits,
                                  Request& request, Framing& framing) {
  std::string_view head(bytes.data(), bytes.size());
  bool first = true;
  while (true) {
    const std::size_t feed = head.find('\n');
    if (feed == std::string_view::npos) return malformed("request head does not end");
    if (feed == 0 || head[feed - 1] != '\r') return malformed("line feed without carriage return");
    const std::string_view line = head.substr(0, feed - 1);
    head.remove_prefix(feed + 1);
    if (first) {
      first = false;
      if (auto refused = parse_request_line(line, limits, request, framing)) return refused;
      continue;
    }
    if (line.empty()) break;
    if (line.front() == ' ' || line.front() == '\t') return malformed("folded header field");
    if (line.size() > limits.max_field) {
      return refusal(
          431, ErrorCode::too_long,
          "a header field is longer than " + std::to_string(limits.max_field) + " bytes");
    }
    if (request.fields.size() >= limits.max_fields) {
      return refusal(431, ErrorCode::too_long,
                     "more than " + std::to_string(limits.max_fields) + " header fields");
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return malformed("header field without a colon");
    if (!is_token(line.substr(0, colon))) return malformed("header field name is not a token");
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (std::any_of(value.begin(), value.end(),
                    [](char c) { return is_control(c) && c != '\t'; })) {
      return malformed("header field value holds a control character");
    }
    // Names are compared often: lower case once, in place.
    char* const name = bytes.data() + (line.data() - bytes.data());
    std::transform(name, name + colon, name, lower);
    request.fields.push_back({line.substr(0, colon), value});
  }
  return read_framing(request, framing);
}

std::optional<std::size_t> parse_chunk_size(std::string_view line) noexcept {
  const std::size_t end = std::min(line.find_first_of("; \t"), line.size());
  if (end == 0 || end > 8) return std::nullopt;
  std::size_t size = 0;
  const auto [at, error] = std::from_chars(line.data(), line.data() + end, size, 16);
  if (error != std::errc() || at != line.data() + end) return std::nullopt;
  const std::string_view extension = line.substr(end);
  if (extension.size() > 256 || (!extension.empty() && trimmed(extension).substr(0, 1) != ";") ||
      std::any_of(extension.begin(), extension.end(),
                  [](char c) { return is_control(c) && c != '\t'; })) {
    return std::nullopt;
  }
  return size;
}

}  // namespace concord::http::detail
