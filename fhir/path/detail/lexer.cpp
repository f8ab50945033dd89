#include "fhir/path/detail/lexer.h"

#include <array>

#include "fhir/path/detail/unicode.h"

namespace concord::path::detail {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Error Lexer::fail(std::size_t where, std::string text) {
  failed_at_ = static_cast<std::uint32_t>(where);
  return make_error(ErrorCode::malformed, std::move(text));
}

Result<void> Lexer::skip_blank() {
  for (;;) {
    const char c = at();
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++position_;
    } else if (c == '/' && at(1) == '/') {
      while (position_ < text_.size() && text_[position_] != '\n') ++position_;
    } else if (c == '/' && at(1) == '*') {
      const std::size_t close = text_.find("*/", position_ + 2);
      if (close == std::string_view::npos) return fail(position_, "comment without end");
      position_ = close + 2;
    } else {
      return {};
    }
  }
}

Result<std::string> Lexer::quoted(char quote) {
  const std::size_t start = position_;
  ++position_;
  std::string text;
  while (position_ < text_.size()) {
    const char c = text_[position_];
    if (c == quote) {
      ++position_;
      return text;
    }
    if (c != '\\') {
      text += c;
      ++position_;
      continue;
    }
    const char escape = at(1);
    position_ += 2;
    switch (escape) {
      case '\'':
      case '"':
      case '`':
      case '\\':
      case '/':
        text += escape;
        break;
      case 'f':
        text += '\f';
        break;
      case 'n':
        text += '\n';
        break;
      case 'r':
        text += '\r';
        break;
      case 't':
        text += '\t';
        break;
      case 'u': {
        const auto unit = [&]() -> std::int32_t {
          std::int32_t value = 0;
          for (std::size_t i = 0; i < 4; ++i) {
            const int digit = hex_digit(at(i));
            if (digit < 0) return -1;
            value = value * 16 + digit;
          }
          position_ += 4;
          return value;
        };
        std::int32_t code = unit();
        if (code >= 0xD800 && code < 0xDC00 && at() == '\\' && at(1) == 'u') {
          position_ += 2;
          const std::int32_t low = unit();
          code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
                                               : -1;
        }
        if (code < 0 || (code >= 0xD800 && code < 0xE000)) {
          return fail(position_, "\\u needs four hexadecimal digits of a character");
        }
        append_utf8(text, static_cast<char32_t>(code));
        break;
      }
      default:
        return fail(position_ - 2, "unknown escape in a quoted text");
    }
  }
  return fail(start, "quoted text without end");
}

Token Lexer::temporal() {
  Token token;
  token.offset = static_cast<std::uint32_t>(position_);
  ++position_;  // @
  const auto digits = [&](std::size_t from, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_digit(at(from + i))) return false;
    }
    return true;
  };
  const auto take = [&](std::size_t count) {
    token.text += text_.substr(position_, count);
    position_ += count;
  };
  token.kind = TokenKind::date;
  if (at() != 'T') {
    if (!digits(0, 4)) return token;  // text stays empty: no date
    take(4);
    if (at() == '-' && digits(1, 2)) {
      take(3);
      if (at() == '-' && digits(1, 2)) take(3);
    }
    if (at() != 'T') return token;
    take(1);
    token.kind = TokenKind::date_time;
  } else {
    ++position_;
    token.kind = TokenKind::time;
    if (!digits(0, 2)) return token;
  }
  if (digits(0, 2)) {
    take(2);
    if (at() == ':' && digits(1, 2)) {
      take(3);
      if (at() == ':' && digits(1, 2)) {
        take(3);
        if (at() == '.' && is_digit(at(1))) {
          take(2);
          while (is_digit(at())) take(1);
        }
      }
    }
    if (token.kind == TokenKind::date_time) {
      if (at() == 'Z') {
        take(1);
      } else if ((at() == '+' || at() == '-') && digits(1, 2) && at(3) == ':' && digits(4, 2)) {
        take(6);
      }
    }
  }
  return token;
}

Token Lexer::number() {
  Token token;
  token.kind = TokenKind::integer;
  token.offset = static_cast<std::uint32_t>(position_);
  const std::size_t start = position_;
  while (is_digit(at())) ++position_;
  if (at() == '.' && is_digit(at(1))) {
    token.kind = TokenKind::decimal;
    ++position_;
    while (is_digit(at())) ++position_;
  }
  token.text = text_.substr(start, position_ - start);
  if (token.kind == TokenKind::integer && at() == 'L' && !is_letter(at(1)) && !is_digit(at(1))) {
    token.kind = TokenKind::long_integer;
    ++position_;
  }
  return token;
}

Result<Token> Lexer::next() {
  CONCORD_TRY(skip_blank());
  Token token;
  token.offset = static_cast<std::uint32_t>(position_);
  if (position_ >= text_.size()) return token;
  const char c = at();
  if (is_letter(c)) {
    const std::size_t start = position_;
    while (is_letter(at()) || is_digit(at())) ++position_;
    token.kind = TokenKind::identifier;
    token.text = text_.substr(start, position_ - start);
    return token;
  }
  if (is_digit(c)) return number();
  switch (c) {
    case '"':
      if (!double_quoted_names_) {
        return fail(position_, "names are quoted with `, strings with '");
      }
      [[fallthrough]];
    case '`':
    case '\'': {
      token.kind = c == '\'' ? TokenKind::string : TokenKind::delimited;
      CONCORD_ASSIGN(token.text, quoted(c));
      return token;
    }
    case '@': {
      token = temporal();
      if (token.text.empty()) return fail(token.offset, "a date or time must follow @");
      return token;
    }
    case '$': {
      const std::size_t start = ++position_;
      while (is_letter(at())) ++position_;
      token.kind = TokenKind::dollar;
      token.text = text_.substr(start, position_ - start);
      if (token.text != "this" && token.text != "index" && token.text != "total") {
        return fail(token.offset, "only $this, $index and $total begin with $");
      }
      return token;
    }
    case '%': {
      ++position_;
      token.kind = TokenKind::percent;
      if (at() == '`' || at() == '\'' || (double_quoted_names_ && at() == '"')) {
        CONCORD_ASSIGN(token.text, quoted(at()));
        return token;
      }
      const std::size_t start = position_;
      while (is_letter(at()) || is_digit(at())) ++position_;
      token.text = text_.substr(start, position_ - start);
      if (token.text.empty()) return fail(token.offset, "a name must follow %");
      return token;
    }
    default:
      break;
  }
  token.kind = TokenKind::symbol;
  constexpr std::array<std::string_view, 4> kTwo{"<=", ">=", "!=", "!~"};
  for (const std::string_view two : kTwo) {
    if (text_.substr(position_, 2) == two) {
      token.text = two;
      position_ += 2;
      return token;
    }
  }
  constexpr std::string_view kOne = ".,()[]{}+-*/&|=~<>";
  if (kOne.find(c) == std::string_view::npos) {
    return fail(position_, "a character that has no meaning here");
  }
  token.text = c;
  ++position_;
  return token;
}

}  // namespace concord::path::detail
