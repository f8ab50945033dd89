#include "fhir/mapping/path_text.h"

#include <algorithm>

#include "fhir/mapping/lexer.h"

namespace concord::mapping {
namespace {

std::string plain_name(std::string_view name) {
  const bool delimited = name.size() >= 2 && (name[0] == '`' || name[0] == '\'' || name[0] == '"');
  return delimited ? Lexer::unescaped(name) : std::string(name);
}

Position advance(std::string_view text, std::size_t offset, Position at) {
  for (std::size_t i = 0; i < offset && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++at.line;
      at.column = 1;
    } else {
      ++at.column;
    }
  }
  return at;
}

}  // namespace

PathText rewrite(std::string_view written,
                 const std::function<bool(std::string_view)>& is_variable) {
  using Kind = PathToken::Kind;
  PathText made;
  made.written = std::string(written);
  made.steps.emplace_back(0, 0);
  const auto use = [&](std::string name) {
    if (std::find(made.names.begin(), made.names.end(), name) == made.names.end()) {
      made.names.push_back(std::move(name));
    }
  };
  std::size_t copied = 0;
  const auto copy_to = [&](std::size_t end) {
    made.text += written.substr(copied, end - copied);
    copied = end;
  };
  PathToken before, before_that;
  for (std::size_t at = 0;;) {
    const PathToken token = next_path_token(written, at);
    if (token.kind == Kind::end || token.kind == Kind::bad) break;
    const std::string_view word = written.substr(token.begin, token.end - token.begin);
    const auto text_of = [&](const PathToken& other) {
      return written.substr(other.begin, other.end - other.begin);
    };
    if (token.kind == Kind::variable && word[0] == '%') {
      use(plain_name(word.substr(1)));
    } else if (token.kind == Kind::string && word[0] == '"') {
      copy_to(token.begin);
      made.text += path_string(Lexer::unescaped(word));
      copied = token.end;
      made.steps.emplace_back(made.text.size(), copied);
    } else if (token.kind == Kind::name || token.kind == Kind::operator_word) {
      const bool after_point = before.symbol == '.' && before.kind == Kind::symbol;
      const bool after_type_word = before.kind == Kind::operator_word &&
                                   (text_of(before) == "is" || text_of(before) == "as") &&
                                   before_that.end != 0 &&
                                   !(before_that.kind == Kind::symbol && before_that.symbol == '.');
      const bool in_type_call = before.kind == Kind::symbol && before.symbol == '(' &&
                                (text_of(before_that) == "ofType" || text_of(before_that) == "is" ||
                                 text_of(before_that) == "as");
      const PathToken after = next_path_token(written, token.end);
      const bool called = after.kind == Kind::symbol && after.symbol == '(';
      if (token.kind == Kind::name && !after_point && !after_type_word && !in_type_call &&
          !called && before.kind != Kind::number && is_variable(plain_name(word))) {
        copy_to(token.begin);
        made.text += '%';
        made.steps.emplace_back(made.text.size(), token.begin);
        use(plain_name(word));
      }
    }
    before_that = before;
    before = token;
    at = token.end;
  }
  copy_to(written.size());
  return made;
}

Position PathText::original(Position place, Position at) const {
  if (place.line == 0) return at;
  // The place as an offset in `text`, which begins at `at`.
  std::size_t offset = 0;
  std::uint32_t line = at.line;
  while (line < place.line && offset < text.size()) {
    if (text[offset++] == '\n') ++line;
  }
  const std::uint32_t first = place.line == at.line ? at.column : 1;
  if (place.column > first) offset += place.column - first;
  offset = std::min(offset, text.size());
  std::size_t old = 0;
  for (const auto& [rewritten, original_offset] : steps) {
    if (rewritten <= offset) old = original_offset + (offset - rewritten);
  }
  return advance(written, std::min(old, written.size()), at);
}

std::string path_string(std::string_view text) {
  std::string made = "'";
  for (const char c : text) {
    switch (c) {
      case '\'':
        made += "\\'";
        break;
      case '\\':
        made += "\\\\";
        break;
      case '\n':
        made += "\\n";
        break;
      case '\r':
        made += "\\r";
        break;
      case '\t':
        made += "\\t";
        break;
      case '\f':
        made += "\\f";
        break;
      default:
        made += c;
    }
  }
  return made + '\'';
}

}  // namespace concord::mapping
