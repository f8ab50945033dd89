#include "fhir/mapping/lexer.h"

#include <algorithm>
#include <array>

namespace concord::mapping {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }
constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// The place after white space and comments, or npos when a comment does not end.
std::size_t after_space(std::string_view text, std::size_t at) {
  for (;;) {
    while (at < text.size() && is_space(text[at])) ++at;
    if (text.substr(at, 2) == "//") {
      const std::size_t line = text.find('\n', at);
      at = line == std::string_view::npos ? text.size() : line + 1;
    } else if (text.substr(at, 2) == "/*") {
      const std::size_t close = text.find("*/", at + 2);
      if (close == std::string_view::npos) return close;
      at = close + 2;
    } else {
      return at;
    }
  }
}

/// The place after the string that opens at `at`, or npos when it does not end.
std::size_t after_quoted(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

std::size_t after_temporal(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    const char c = text[at];
    if (!is_digit(c) && c != '-' && c != ':' && c != 'T' && c != 'Z' && c != '.' && c != '+') break;
    if (c == '-' && text.substr(at, 2) == "->") break;
    if (c == '.' && !(at + 1 < text.size() && is_digit(text[at + 1]))) break;
  }
  return at;
}

std::size_t after_number(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  if (at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1])) {
    for (++at; at < text.size() && is_digit(text[at]); ++at) {
    }
  }
  return at;
}

bool is_operator_word(std::string_view word) {
  constexpr std::array<std::string_view, 10> kWords{"and", "or", "xor",      "implies", "is",
                                                    "as",  "in", "contains", "div",     "mod"};
  for (const std::string_view known : kWords) {
    if (word == known) return true;
  }
  return false;
}

bool is_calendar_unit(std::string_view word) {
  if (word.ends_with('s')) word.remove_suffix(1);
  constexpr std::array<std::string_view, 8> kUnits{"year", "month",  "week",   "day",
                                                   "hour", "minute", "second", "millisecond"};
  for (const std::string_view known : kUnits) {
    if (word == known) return true;
  }
  return false;
}

void append_utf8(std::string& to, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { to += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | (point >> 6));
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | (point >> 12));
    put(0x80 | ((point >> 6) & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | (point >> 18));
    put(0x80 | ((point >> 12) & 0x3F));
    put(0x80 | ((point >> 6) & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

/// Four hex digits at `at`; 0x110000 when there are none.
std::uint32_t hex4(std::string_view text, std::size_t at) {
  constexpr std::uint32_t kNone = 0x110000;
  if (at + 4 > text.size()) return kNone;
  std::uint32_t value = 0;
  for (const char c : text.substr(at, 4)) {
    const auto digit = is_digit(c)              ? c - '0'
                       : (c >= 'a' && c <= 'f') ? c - 'a' + 10
                       : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                                : -1;
    if (digit < 0) return kNone;
    value = value * 16 + static_cast<std::uint32_t>(digit);
  }
  return value;
}

}  // namespace

Lexer::Lexer(std::string_view text) : text_(text) {
  if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  lex();
}

void Lexer::next() {
  if (token_.kind != TokenKind::end) lex();
}

Position Lexer::position(std::size_t offset) const noexcept {
  if (offset < counted_) {
    counted_ = 0;
    counted_at_ = {1, 1};
  }
  for (; counted_ < offset && counted_ < text_.size(); ++counted_) {
    if (text_[counted_] == '\n') {
      ++counted_at_.line;
      counted_at_.column = 1;
    } else {
      ++counted_at_.column;
    }
  }
  return counted_at_;
}

void Lexer::fail(std::size_t at, std::string text) {
  error_text_ = std::move(text);
  error_at_ = position(at);
  at_ = text_.size();
  token_ = Token{TokenKind::end, {}, at, at, error_at_, false};
}

/// Keeps the comments of a stretch that holds nothing but them and white space.
void Lexer::note_comments(std::size_t from, std::size_t to) {
  while (from < to) {
    const std::size_t begin = text_.find('/', from);
    if (begin == std::string_view::npos || begin >= to) return;
    const bool line = text_[begin + 1] == '/';
    const std::size_t close = text_.find(line ? "\n" : "*/", begin + 2);
    const std::size_t end = close == std::string_view::npos ? text_.size() : close;
    std::string text;
    std::string_view inner = text_.substr(begin + 2, end - begin - 2);
    for (bool first = true; first || !inner.empty(); first = false) {
      std::string_view one = inner.substr(0, inner.find('\n'));
      inner.remove_prefix(std::min(one.size() + 1, inner.size()));
      while (!one.empty() && is_space(one.back())) one.remove_suffix(1);
      if (line) {
        if (one.starts_with(' ')) one.remove_prefix(1);
      } else {  // "  * text" of a block drawn with a margin
        while (!one.empty() && is_space(one.front())) one.remove_prefix(1);
        if (!first && one.starts_with('*')) one.remove_prefix(one.starts_with("* ") ? 2 : 1);
      }
      if (!first) text += '\n';
      text += one;
    }
    comments_.push_back({std::move(text), begin, position(begin).line});
    from = line ? end + 1 : end + 2;
  }
}

void Lexer::lex() {
  const std::size_t begin = after_space(text_, at_);
  if (begin == std::string_view::npos) return fail(at_, "a comment is not closed");
  note_comments(at_, begin);
  token_ = Token{TokenKind::end, {}, begin, begin, position(begin), false};
  at_ = begin;
  if (begin >= text_.size()) return;
  const char c = text_[begin];
  std::size_t end = begin + 1;
  if (is_name_start(c)) {
    while (end < text_.size() && is_name_part(text_[end])) ++end;
    token_.kind = TokenKind::name;
  } else if (c == '\'' || c == '"' || c == '`') {
    end = after_quoted(text_, begin);
    if (end == std::string_view::npos) return fail(begin, "a string is not closed");
    token_.kind = c == '`' ? TokenKind::name : TokenKind::string;
    token_.quoted = c == '`';
  } else if (is_digit(c)) {
    end = after_number(text_, begin);
    token_.kind = text_.substr(begin, end - begin).find('.') == std::string_view::npos
                      ? TokenKind::integer
                      : TokenKind::decimal;
  } else if (c == '@') {
    end = after_temporal(text_, begin);
    token_.kind = TokenKind::temporal;
  } else {
    token_.kind = TokenKind::symbol;
    constexpr std::array<std::string_view, 8> kPairs{"->", "..", "<<", ">>",
                                                     "==", "<=", ">=", "!="};
    for (const std::string_view pair : kPairs) {
      if (text_.substr(begin, 2) == pair) end = begin + 2;
    }
    constexpr std::string_view kSingle = "().,;:={}<>+-*~%$[]|&/!#";
    if (end == begin + 1 && kSingle.find(c) == std::string_view::npos) {
      return fail(begin, "a character that has no meaning here");
    }
  }
  token_.text = text_.substr(begin, end - begin);
  token_.end = end;
  at_ = end;
}

PathToken next_path_token(std::string_view text, std::size_t from) {
  using Kind = PathToken::Kind;
  PathToken token;
  token.begin = after_space(text, from);
  if (token.begin == std::string_view::npos) {
    token.begin = token.end = from;
    token.kind = Kind::bad;
    return token;
  }
  token.end = token.begin;
  if (token.begin >= text.size()) return token;
  const char c = text[token.begin];
  token.end = token.begin + 1;
  const auto name_end = [&](std::size_t at) {
    while (at < text.size() && is_name_part(text[at])) ++at;
    return at;
  };
  if (is_name_start(c)) {
    token.end = name_end(token.begin);
    token.kind = is_operator_word(text.substr(token.begin, token.end - token.begin))
                     ? Kind::operator_word
                     : Kind::name;
  } else if (c == '$') {
    token.end = name_end(token.end);
    token.kind = Kind::variable;
  } else if (c == '%') {
    const char quote = token.end < text.size() ? text[token.end] : '\0';
    token.end = quote == '`' || quote == '\'' || quote == '"' ? after_quoted(text, token.end)
                                                              : name_end(token.end);
    token.kind = Kind::variable;
  } else if (c == '\'' || c == '"' || c == '`') {
    token.end = after_quoted(text, token.begin);
    token.kind = c == '`' ? Kind::name : Kind::string;
  } else if (is_digit(c)) {
    token.end = after_number(text, token.begin);
    token.kind = Kind::number;
  } else if (c == '@') {
    token.end = after_temporal(text, token.begin);
    token.kind = Kind::number;
  } else {
    token.kind = Kind::symbol;
    token.symbol = c;
  }
  if (token.end == std::string_view::npos) {
    token.end = text.size();
    token.kind = Kind::bad;
  }
  return token;
}

std::string_view Lexer::path_text(Position& at) {
  using Kind = PathToken::Kind;
  const std::size_t begin = token_.begin;
  at = token_.at;
  std::size_t end = begin;
  std::size_t open = 0;
  bool complete = false;  // an operand stands before this place
  bool number = false;    // and it is a number, which a calendar unit may follow
  for (;;) {
    const PathToken token = next_path_token(text_, end);
    if (token.kind == Kind::end) break;
    if (token.kind == Kind::bad) {
      fail(token.begin, "a string or comment is not closed");
      return {};
    }
    const std::string_view word = text_.substr(token.begin, token.end - token.begin);
    if (token.kind == Kind::symbol) {
      const char c = token.symbol;
      if (c == '(' || c == '[') {
        ++open;
        complete = false;
      } else if (c == ')' || c == ']') {
        if (open == 0) break;
        --open;
        complete = true;
      } else if (c == '{') {
        const PathToken close = next_path_token(text_, token.end);
        if (complete || close.symbol != '}') break;
        note_comments(end, token.begin);
        end = close.end;
        complete = true;
        number = false;
        continue;
      } else if (c == '}' || c == ';' || (open == 0 && c == ',') ||
                 text_.substr(token.begin, 2) == "->") {
        break;
      } else {
        complete = false;
      }
      number = false;
    } else if (token.kind == Kind::operator_word && complete) {
      complete = false;
      number = false;
    } else {
      if (complete && !(number && (token.kind == Kind::string || is_calendar_unit(word)))) break;
      if (complete && open == 0 && token.kind == Kind::string && word.starts_with('"')) break;
      complete = true;
      number = !number && token.kind == Kind::number;
    }
    note_comments(end, token.begin);
    end = token.end;
  }
  at_ = end;
  lex();
  return text_.substr(begin, end - begin);
}

std::string Lexer::unescaped(std::string_view written) {
  std::string value;
  if (written.size() < 2) return value;
  const std::string_view inner = written.substr(1, written.size() - 2);
  for (std::size_t at = 0; at < inner.size(); ++at) {
    if (inner[at] != '\\' || at + 1 == inner.size()) {
      value += inner[at];
      continue;
    }
    switch (const char c = inner[++at]; c) {
      case 'n':
        value += '\n';
        break;
      case 'r':
        value += '\r';
        break;
      case 't':
        value += '\t';
        break;
      case 'f':
        value += '\f';
        break;
      case 'u': {
        std::uint32_t point = hex4(inner, at + 1);
        if (point > 0xFFFF) {
          value += c;
          break;
        }
        at += 4;
        if (point >= 0xD800 && point < 0xDC00 && inner.substr(at + 1, 2) == "\\u") {
          const std::uint32_t low = hex4(inner, at + 3);
          if (low >= 0xDC00 && low < 0xE000) {
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
            at += 6;
          }
        }
        if (point >= 0xD800 && point < 0xE000) point = 0xFFFD;  // half a pair is no character
        append_utf8(value, point);
        break;
      }
      default:
        value += c;
    }
  }
  return value;
}

}  // namespace concord::mapping
