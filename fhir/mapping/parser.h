#pragma once
/// Text of a map → syntax tree. Internal to the room.

#include <optional>

#include "fhir/mapping/ast.h"
#include "fhir/mapping/findings.h"
#include "fhir/mapping/lexer.h"
#include "fhir/mapping/map_set.h"

namespace concord::mapping {

/// Reads one source: a text, or a StructureMap resource in JSON or XML. The first syntax error ends
/// it and is added to `findings`; what was read so far is then returned and not to be compiled.
ast::Map parse(const MapSource& source, const MapLimits& limits, Findings& findings,
               std::vector<Issue>* not_carried = nullptr);

/// Reads one argument of a group or transform, as text writes it, and nothing behind it. Nothing
/// when it is none.
std::optional<ast::Value> parse_argument(std::string_view text, const MapLimits& limits);

/// Adds lines to a documentation.
void document(std::string& documentation, std::string_view more);

namespace detail {

/// Recursive descent over the lexer; rules nest no deeper than MapLimits::max_depth.
class Parser {
 public:
  Parser(const MapSource& source, const MapLimits& limits, Findings& findings)
      : source_(source), limits_(limits), findings_(findings), lexer_(source.text) {}
  ast::Map parse();
  std::optional<ast::Value> argument();

 private:
  // parser.cpp: the file and its declarations
  void comment_headers();
  bool comment_header(const Comment& comment);
  void declaration();
  void map_line();
  void uses();
  void concept_map();
  void concept_row(const std::vector<std::pair<std::string, ast::Word>>& prefixes,
                   ast::Concepts& concepts);
  void relation(ast::Relation& to);
  void unmapped(const std::vector<std::pair<std::string, ast::Word>>& prefixes,
                ast::Concepts& concepts);
  void let();
  void group();
  void old_group_head(ast::Group& group);
  ast::Input input(bool old_form);
  void type_mode(ast::Group& group);

  // parser_rules.cpp
  void rule(std::vector<ast::Rule>& to, bool old_form);
  void batch(std::vector<ast::Rule>& to, const ast::Rule& head);
  ast::Source source(bool old_form);
  void source_clauses(ast::Source& source);
  void cardinality(ast::Source& source);
  ast::Target target();
  void target_clauses(ast::Target& target);
  ast::Value value(bool in_arguments);
  ast::Value transform(ast::Word name);
  void after(ast::Rule& rule, bool old_form);
  void rule_name(ast::Rule& rule, bool old_form, std::string given);

  // comments
  std::string comments_until(std::size_t offset, std::uint32_t line);
  std::string comments_before() { return comments_until(token().begin, 0); }
  /// What is left of the construct that just ended: inside it, or behind it in the same line.
  std::string comments_behind() { return comments_until(ended_, ended_line_); }

  // tokens
  void next() {
    ended_ = token().end;
    ended_line_ = token().at.line;
    lexer_.next();
  }
  const Token& token() const noexcept { return lexer_.token(); }
  bool at_symbol(std::string_view symbol) const noexcept {
    return token().kind == TokenKind::symbol && token().text == symbol;
  }
  bool at_word(std::string_view word) const noexcept {
    return token().kind == TokenKind::name && !token().quoted && token().text == word;
  }
  bool skip_symbol(std::string_view symbol);
  bool skip_word(std::string_view word);
  void expect_symbol(std::string_view symbol);
  void expect_word(std::string_view word);
  ast::Word name(std::string_view what);
  ast::Word string(std::string_view what);
  ast::Word url(std::string_view what);  ///< a string that is not empty
  ast::Word path(std::string_view what);
  void fail(Position at, std::string text);
  bool ok() const noexcept { return ok_; }

  const MapSource& source_;
  const MapLimits& limits_;
  Findings& findings_;
  Lexer lexer_;
  ast::Map map_;
  bool ok_ = true;
  std::size_t depth_ = 0;
  std::size_t rules_ = 0;
  std::vector<Comment> comments_;  ///< of nothing yet
  std::size_t ended_ = 0;          ///< where the token before the current one ends
  std::uint32_t ended_line_ = 0;
};

}  // namespace detail
}  // namespace concord::mapping
