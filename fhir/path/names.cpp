#include "fhir/path/names.h"

#include <algorithm>
#include <array>
#include <vector>

#include "fhir/path/detail/lexer.h"

namespace concord::path {
namespace {

using detail::Lexer;
using detail::Token;
using detail::TokenKind;

constexpr std::size_t kMostBytes = 4096;

/// Words of the grammar and types of the System namespace. Source: hl7.org/fhirpath/N1, appendix B
/// and section 4.1.
constexpr std::string_view kWords[] = {
    "Any",         "Boolean",      "Date",   "DateTime", "Decimal", "FHIR",    "Integer",  "Long",
    "Quantity",    "String",       "System", "Time",     "and",     "as",      "contains", "day",
    "days",        "div",          "false",  "hour",     "hours",   "implies", "in",       "is",
    "millisecond", "milliseconds", "minute", "minutes",  "mod",     "month",   "months",   "or",
    "second",      "seconds",      "true",   "week",     "weeks",   "xor",     "year",     "years"};

constexpr std::string_view kClocks[] = {"now", "today", "timeOfDay"};

template <std::size_t N>
bool among(const std::string_view (&words)[N], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

bool is_name(const Token& token) {
  return token.kind == TokenKind::identifier || token.kind == TokenKind::delimited;
}

Result<std::vector<Token>> tokens_of(std::string_view text) {
  if (text.size() > kMostBytes) {
    return make_error(ErrorCode::too_long,
                      "an expression of more than " + std::to_string(kMostBytes) + " bytes");
  }
  Lexer lexer(text, false);
  std::vector<Token> tokens;
  for (;;) {
    auto token = lexer.next();
    if (!token) return std::move(token).error();
    tokens.push_back(*std::move(token));
    if (tokens.back().kind == TokenKind::end) return tokens;
  }
}

}  // namespace

Result<void> check_foreign(std::string_view text, const tree::Symbols& symbols) {
  CONCORD_ASSIGN(const std::vector<Token> tokens, tokens_of(text));
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (!is_name(token)) continue;
    if (tokens[i + 1].is("(")) {
      if (among(kClocks, token.text)) {
        return make_error(ErrorCode::invalid,
                          "a function that asks for the time has no place here");
      }
      continue;
    }
    if (among(kWords, token.text) || symbols.find(token.text) != tree::Symbol::kNone) continue;
    return make_error(ErrorCode::invalid, "a name that is no element, type or function");
  }
  return {};
}

Result<LastStep> split_last_step(std::string_view text) {
  CONCORD_ASSIGN(const std::vector<Token> tokens, tokens_of(text));
  const auto no_path = [] {
    return make_error(ErrorCode::malformed, "no path that ends with the name of an element");
  };
  const std::size_t count = tokens.size() - 1;  // the end is one
  if (count < 3 || !is_name(tokens[count - 1]) || !tokens[count - 2].is(".")) return no_path();
  std::size_t open = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Token& token = tokens[i];
    if (token.is("(") || token.is("[")) {
      ++open;
    } else if (token.is(")") || token.is("]")) {
      if (open == 0) return no_path();
      --open;
    } else if (open == 0) {
      const bool step = is_name(token) && !among(kWords, token.text);
      const bool variable = token.kind == TokenKind::percent || token.kind == TokenKind::dollar;
      if (!step && !variable && !token.is(".")) return no_path();
    }
  }
  if (open != 0) return no_path();
  return LastStep{std::string(text.substr(0, tokens[count - 2].offset)), tokens[count - 1].text};
}

}  // namespace concord::path
