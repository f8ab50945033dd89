#pragma once
/// FHIRPath text to tokens. Source: hl7.org/fhirpath/N1, section 9 and the grammar in appendix B.

#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/core/result.h"

namespace concord::path::detail {

enum class TokenKind : std::uint8_t {
  end,
  identifier,  ///< also keywords: the parser decides by place
  delimited,   ///< `identifier`, escapes resolved
  string,      ///< escapes resolved
  integer,
  long_integer,  ///< text without "L"
  decimal,
  date,       ///< text without "@"
  date_time,  ///< text without "@"
  time,       ///< text without "@T"
  dollar,     ///< $this: text "this"
  percent,    ///< %name, %`name`, %'name': text is the name
  symbol,     ///< punctuation and operators: text as written
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t offset = 0;
  std::string text;

  bool is(std::string_view symbol) const { return kind == TokenKind::symbol && text == symbol; }
  bool is_word(std::string_view word) const {
    return kind == TokenKind::identifier && text == word;
  }
};

/// Reads one token after the other. The text must outlive it.
class Lexer {
 public:
  Lexer(std::string_view text, bool double_quoted_names)
      : text_(text), double_quoted_names_(double_quoted_names) {}

  /// The next token; `end` at the end, again and again.
  /// Errors: malformed, with the byte offset in `failed_at()`.
  Result<Token> next();

  std::uint32_t failed_at() const noexcept { return failed_at_; }

 private:
  Result<void> skip_blank();
  Result<std::string> quoted(char quote);
  Token temporal();
  Token number();
  Error fail(std::size_t at, std::string text);
  char at(std::size_t ahead = 0) const noexcept {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }

  std::string_view text_;
  bool double_quoted_names_;
  std::size_t position_ = 0;
  std::uint32_t failed_at_ = 0;
};

}  // namespace concord::path::detail
