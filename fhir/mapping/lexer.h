#pragma once
/// Tokens of the FHIR Mapping Language. Internal to the room.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/core/error.h"
#include "fhir/core/result.h"

namespace concord::mapping {

enum class TokenKind : std::uint8_t {
  end,
  name,      ///< letters, digits, _ ; or anything in backticks
  string,    ///< in ' or "
  integer,   ///< digits
  decimal,   ///< digits with a point
  temporal,  ///< @2020-01-01…
  symbol,    ///< one of -> .. << >> == <= >= != or a single character
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;  ///< as written
  std::size_t begin = 0;
  std::size_t end = 0;
  Position at{};
  bool quoted = false;  ///< a name in backticks: no keyword
};

/// A comment between tokens, without its `//` or `/*`.
struct Comment {
  std::string text;  ///< of several lines for `/* */`
  std::size_t begin = 0;
  std::uint32_t line = 0;
};

/// One token of look-ahead over a text. A lexical error is kept as the token `end` and told by
/// `error()`.
class Lexer {
 public:
  explicit Lexer(std::string_view text);

  const Token& token() const noexcept { return token_; }
  void next();
  bool failed() const noexcept { return !error_text_.empty(); }
  const std::string& error_text() const noexcept { return error_text_; }
  Position error_at() const noexcept { return error_at_; }
  std::string_view source() const noexcept { return text_; }
  Position position(std::size_t offset) const noexcept;

  /// Reads a FHIRPath expression that begins at the current token and ends before whatever cannot
  /// belong to it: "->", "," ";" ")" "}" outside parentheses, or a word or string that follows a
  /// complete operand and is no operator. The text is as written, without outer white space; the
  /// current token is then the one after it. `at` gets its place.
  std::string_view path_text(Position& at);

  /// The value of a string token or of the name in backticks.
  static std::string unescaped(std::string_view written);

  /// Comments met since the last call, in order, up to the token that is now the current one.
  std::vector<Comment> take_comments() { return std::exchange(comments_, {}); }
  void give_back(std::vector<Comment> comments) { comments_ = std::move(comments); }

 private:
  void note_comments(std::size_t from, std::size_t to);
  void fail(std::size_t at, std::string text);
  void lex();

  std::string_view text_;
  std::size_t at_ = 0;
  // Position of a place already counted, so that counting goes forward only.
  mutable std::size_t counted_ = 0;
  mutable Position counted_at_{1, 1};
  Token token_;
  std::string error_text_;
  Position error_at_{};
  std::vector<Comment> comments_;
};

/// One token of FHIRPath, as far as a map must know: enough to find the end of an expression and
/// the variables in it.
struct PathToken {
  enum class Kind : std::uint8_t {
    end,
    name,
    variable,
    string,
    number,
    operator_word,
    symbol,
    bad
  };
  Kind kind = Kind::end;
  std::size_t begin = 0;
  std::size_t end = 0;
  char symbol = 0;
};

/// The token at or after `from`, white space and comments skipped.
PathToken next_path_token(std::string_view text, std::size_t from);

}  // namespace concord::mapping
