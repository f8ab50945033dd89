#include "fhir/mapping/parser.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fhir/core/utf8.h"
#include "fhir/mapping/structure_map_read.h"

namespace concord::mapping {

ast::Map parse(const MapSource& source, const MapLimits& limits, Findings& findings,
               std::vector<Issue>* not_carried) {
  if (source.text.size() > limits.max_bytes) {
    findings.error(source.name, {1, 1}, code::kTooLong,
                   "the map is longer than " + std::to_string(limits.max_bytes) + " bytes");
    ast::Map map;
    map.file = source.name;
    return map;
  }
  if (const std::size_t at = invalid_utf8_at(source.text); at != std::string_view::npos) {
    const auto lines = std::count(source.text.begin(),
                                  source.text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    findings.error(source.name, {static_cast<std::uint32_t>(lines) + 1, 1}, code::kSyntax,
                   "the map is not UTF-8");
    ast::Map map;
    map.file = source.name;
    return map;
  }
  const std::size_t first = source.text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (first != std::string::npos && (source.text[first] == '{' || source.text[first] == '<')) {
    return parse_resource(source, limits, findings, not_carried);
  }
  return detail::Parser(source, limits, findings).parse();
}

std::optional<ast::Value> parse_argument(std::string_view text, const MapLimits& limits) {
  Findings findings;
  const MapSource source{"", std::string(text)};
  return detail::Parser(source, limits, findings).argument();
}

void document(std::string& documentation, std::string_view more) {
  if (more.empty()) return;
  if (!documentation.empty()) documentation += '\n';
  documentation += more;
}

namespace detail {
namespace {

using Prefixes = std::vector<std::pair<std::string, ast::Word>>;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

const ast::Word* prefix_named(const Prefixes& prefixes, std::string_view name) {
  for (const auto& [known, system] : prefixes) {
    if (known == name) return &system;
  }
  return nullptr;
}

}  // namespace

void Parser::fail(Position at, std::string text) {
  if (!ok_) return;
  ok_ = false;
  if (lexer_.failed()) {  // what the lexer met comes before what the parser misses because of it
    at = lexer_.error_at();
    text = lexer_.error_text();
  }
  findings_.error(source_.name, at, code::kSyntax, std::move(text));
}

bool Parser::skip_symbol(std::string_view symbol) {
  if (!ok_ || !at_symbol(symbol)) return false;
  next();
  return true;
}

bool Parser::skip_word(std::string_view word) {
  if (!ok_ || !at_word(word)) return false;
  next();
  return true;
}

void Parser::expect_symbol(std::string_view symbol) {
  if (ok_ && !skip_symbol(symbol)) fail(token().at, "expected \"" + std::string(symbol) + "\"");
}

void Parser::expect_word(std::string_view word) {
  if (ok_ && !skip_word(word)) fail(token().at, "expected \"" + std::string(word) + "\"");
}

ast::Word Parser::name(std::string_view what) {
  if (!ok_) return {};
  if (token().kind != TokenKind::name) {
    fail(token().at, "expected " + std::string(what));
    return {};
  }
  ast::Word word{token().quoted ? Lexer::unescaped(token().text) : std::string(token().text),
                 token().at};
  if (word.text.empty()) fail(word.at, "expected " + std::string(what));
  next();
  return word;
}

ast::Word Parser::string(std::string_view what) {
  if (!ok_) return {};
  if (token().kind != TokenKind::string) {
    fail(token().at, "expected " + std::string(what) + " in quotes");
    return {};
  }
  ast::Word word{Lexer::unescaped(token().text), token().at};
  next();
  return word;
}

ast::Word Parser::url(std::string_view what) {
  ast::Word word = string(what);
  if (ok_ && word.text.empty()) fail(word.at, "expected " + std::string(what));
  return word;
}

ast::Word Parser::path(std::string_view what) {
  if (!ok_) return {};
  ast::Word word;
  word.text = std::string(lexer_.path_text(word.at));
  if (word.text.empty()) fail(word.at, "expected " + std::string(what));
  return word;
}

ast::Map Parser::parse() {
  map_.file = source_.name;
  comment_headers();
  while (ok_ && token().kind != TokenKind::end) declaration();
  document(map_.groups.empty() ? map_.description : map_.groups.back().documentation,
           comments_until(std::string_view::npos, 0));
  if (ok_ && lexer_.failed()) fail(token().at, "");
  if (ok_ && !map_.url.written()) {
    fail({1, 1}, "the map has no url: write map \"url\" = name, or /// url = \"url\"");
  }
  return std::move(map_);
}

/// The comments that begin before `offset` or stand in `line`, taken from those waiting.
std::string Parser::comments_until(std::size_t offset, std::uint32_t line) {
  for (Comment& comment : lexer_.take_comments()) comments_.push_back(std::move(comment));
  std::string text;
  std::size_t taken = 0;
  for (; taken < comments_.size(); ++taken) {
    const Comment& comment = comments_[taken];
    if (comment.begin >= offset && comment.line != line) break;
    if (taken != 0) text += '\n';  // empty lines between others are kept
    text += comment.text;
  }
  comments_.erase(comments_.begin(), comments_.begin() + static_cast<std::ptrdiff_t>(taken));
  return text;
}

/// "/// key = value" lines before the first declaration; other lines that begin so are comments.
/// Comments above the last of them are about the map.
void Parser::comment_headers() {
  comments_ = lexer_.take_comments();
  std::size_t about_map = 0;
  std::vector<bool> header(comments_.size());
  for (std::size_t i = 0; i < comments_.size(); ++i) {
    header[i] = comment_header(comments_[i]);
    if (header[i]) about_map = i + 1;
  }
  for (std::size_t i = 0; i < about_map; ++i) {
    if (!header[i]) document(map_.description, comments_[i].text);
  }
  comments_.erase(comments_.begin(), comments_.begin() + static_cast<std::ptrdiff_t>(about_map));
}

/// Takes "/ key = value", the rest of a line that begins with three strokes.
bool Parser::comment_header(const Comment& comment) {
  const std::size_t equals = comment.text.find('=');
  if (!comment.text.starts_with('/') || equals == std::string::npos) return false;
  const std::string_view line = std::string_view(source_.text).substr(comment.begin);
  const std::string_view key = trimmed(std::string_view(comment.text).substr(1, equals - 1));
  const std::string_view written = trimmed(std::string_view(comment.text).substr(equals + 1));
  const bool quoted = written.size() >= 2 && (written[0] == '\'' || written[0] == '"') &&
                      written.back() == written[0];
  ast::Word word{quoted ? Lexer::unescaped(written) : std::string(written),
                 lexer_.position(comment.begin + (written.empty() ? 0 : line.find(written)))};
  if (key == "url") {
    map_.url = std::move(word);
  } else if (key == "name") {
    map_.name = std::move(word);
  } else if (key == "title") {
    map_.title = std::move(word.text);
  } else if (key == "status") {
    map_.status = std::move(word.text);
  } else if (key == "version") {
    map_.version = std::move(word.text);
  } else if (key == "description") {
    std::string below = std::exchange(map_.description, std::move(word.text));
    document(map_.description, below);
  } else if (ast::is_header(key) &&
             std::none_of(map_.headers.begin(), map_.headers.end(),
                          [&](const auto& known) { return known.first == key; })) {
    map_.headers.emplace_back(key, std::move(word.text));
  } else {
    return false;
  }
  return true;
}

void Parser::declaration() {
  if (at_word("map")) return map_line();
  if (at_word("uses")) return uses();
  if (at_word("conceptmap")) return concept_map();
  if (at_word("let")) return let();
  if (at_word("group")) return group();
  if (skip_word("imports")) {
    map_.imports.push_back(url("the url of a map"));
    skip_symbol(";");
    return;
  }
  fail(token().at, "expected map, uses, imports, let, conceptmap or group");
}

void Parser::map_line() {
  document(map_.description, comments_before());
  const Position at = token().at;
  next();
  if (map_.url.written()) return fail(at, "a second url of the map");
  map_.url = url("the url of the map");
  expect_symbol("=");
  if (!ok_) return;
  map_.name = token().kind == TokenKind::string ? string("the name of the map")
                                                : name("the name of the map");
  skip_symbol(";");
  document(map_.description, comments_behind());
}

void Parser::uses() {
  ast::Uses uses;
  uses.documentation = comments_before();
  next();
  uses.url = url("the url of a structure");
  if (skip_word("alias")) uses.alias = name("an alias");
  expect_word("as");
  const ast::Word word = name("source, target, queried or produced");
  if (!ok_) return;
  constexpr std::array<std::pair<std::string_view, ast::Use>, 4> kUses{
      {{"source", ast::Use::source},
       {"target", ast::Use::target},
       {"queried", ast::Use::queried},
       {"produced", ast::Use::produced}}};
  bool known = false;
  for (const auto& [text, use] : kUses) {
    if (text != word.text) continue;
    uses.use = use;
    known = true;
  }
  if (!known) return fail(word.at, "expected source, target, queried or produced");
  skip_symbol(";");
  document(uses.documentation, comments_behind());
  map_.uses.push_back(std::move(uses));
}

void Parser::let() {
  next();
  ast::Let let;
  let.name = name("the name of a constant");
  expect_symbol("=");
  let.expression = path("a FHIRPath expression");
  expect_symbol(";");
  if (ok_) map_.lets.push_back(std::move(let));
}

void Parser::concept_map() {
  ast::Concepts concepts;
  concepts.documentation = comments_before();
  next();
  concepts.url = url("the name of the concept map");
  expect_symbol("{");
  Prefixes prefixes;
  while (ok_ && !at_symbol("}")) {
    if (at_word("prefix")) {
      next();
      const ast::Word prefix = name("a prefix");
      expect_symbol("=");
      ast::Word system = string("the url of a code system");
      if (!ok_) return;
      if (prefix_named(prefixes, prefix.text) != nullptr) {
        return fail(prefix.at, "the prefix " + prefix.text + " is there already");
      }
      prefixes.emplace_back(prefix.text, std::move(system));
    } else if (at_word("unmapped")) {
      unmapped(prefixes, concepts);
    } else {
      concept_row(prefixes, concepts);
    }
    skip_symbol(";");
  }
  expect_symbol("}");
  document(concepts.documentation, comments_behind());
  if (ok_) map_.concepts.push_back(std::move(concepts));
}

void Parser::concept_row(const Prefixes& prefixes, ast::Concepts& concepts) {
  const auto code = [&](std::string& system) -> std::string {
    const ast::Word prefix = name("a prefix");
    expect_symbol(":");
    if (!ok_) return {};
    const ast::Word* url = prefix_named(prefixes, prefix.text);
    if (url == nullptr) {
      fail(prefix.at, "no prefix " + prefix.text);
      return {};
    }
    system = url->text;
    if (token().kind == TokenKind::string) return string("a code").text;
    if (token().kind == TokenKind::integer || token().kind == TokenKind::decimal) {
      std::string digits(token().text);
      // "0001" and "1a" are codes too: digits, and letters that touch them.
      const std::size_t end = token().end;
      next();
      if (token().kind == TokenKind::name && token().begin == end) digits += name("a code").text;
      return digits;
    }
    return name("a code").text;
  };
  ast::ConceptRow row;
  row.source_code = code(row.source_system);
  if (!ok_) return;
  relation(row.relation);
  row.target_code = code(row.target_system);
  if (ok_) concepts.rows.push_back(std::move(row));
}

/// The longest of the signs that stand here; "--", ">-" and "<-" are two tokens that touch.
void Parser::relation(ast::Relation& to) {
  constexpr const char* kExpected = "expected one of == = <= >= <- >- - -- != ~";
  const Token sign = token();
  for (const ast::RelationSign& row : ast::kRelationSigns) {
    if (sign.kind != TokenKind::symbol || row.text != sign.text) continue;
    to = row.relation;
    next();
    const bool dash = at_symbol("-") && token().begin == sign.end;
    const bool arrow = at_symbol("->") && token().begin == sign.end;
    const bool alone = sign.text != "<" && sign.text != ">";
    if (!dash || arrow) return alone ? void() : fail(sign.at, kExpected);
    if (sign.text == "-") to = ast::Relation::unmatched;
    if (sign.text == "<") to = ast::Relation::specializes;
    if (sign.text == ">") to = ast::Relation::narrower;
    next();
    return;
  }
  fail(sign.at, kExpected);
}

void Parser::unmapped(const Prefixes& prefixes, ast::Concepts& concepts) {
  next();
  expect_word("for");
  const ast::Word prefix = name("a prefix");
  expect_symbol("=");
  if (!ok_) return;
  const ast::Word* url = prefix_named(prefixes, prefix.text);
  if (url == nullptr) return fail(prefix.at, "no prefix " + prefix.text);
  ast::Concepts::Unmapped rule;
  using Mode = ast::Concepts::Unmapped::Mode;
  rule.system = url->text;
  rule.at = token().at;
  if (skip_word("provided")) {
    rule.mode = Mode::provided;
  } else if (skip_word("fixed")) {
    rule.mode = Mode::fixed;
    rule.text = string("a code").text;
  } else if (skip_word("other")) {
    rule.mode = Mode::other;
    rule.text = this->url("the url of a concept map").text;
  } else {
    return fail(token().at, "expected provided, fixed or other");
  }
  if (ok_) concepts.unmapped.push_back(std::move(rule));
}

void Parser::group() {
  ast::Group group;
  group.documentation = comments_before();
  next();
  const bool old_words = at_word("for");
  if (old_words) old_group_head(group);
  group.name = name("the name of a group");
  const bool old_form = !at_symbol("(");
  if (old_form) {
    if (skip_word("extends")) group.extends = name("the name of a group");
    while (ok_ && at_word("input")) group.inputs.push_back(input(true));
    document(group.documentation, comments_behind());
    while (ok_ && !at_word("endgroup") && token().kind != TokenKind::end) rule(group.rules, true);
    document(group.documentation, comments_before());
    expect_word("endgroup");
    skip_symbol(";");
  } else {
    next();
    while (ok_ && !at_symbol(")")) {
      group.inputs.push_back(input(false));
      if (!skip_symbol(",")) break;
    }
    expect_symbol(")");
    if (skip_word("extends")) group.extends = name("the name of a group");
    if (at_symbol("<<")) type_mode(group);
    expect_symbol("{");
    document(group.documentation, comments_behind());
    while (ok_ && !at_symbol("}") && token().kind != TokenKind::end) rule(group.rules, false);
    document(group.documentation, comments_before());
    expect_symbol("}");
  }
  document(group.documentation, comments_behind());
  if (ok_) map_.groups.push_back(std::move(group));
}

/// "for type+types" and "for types" before the name.
void Parser::old_group_head(ast::Group& group) {
  next();
  if (skip_word("types")) {
    group.by_default = ast::Default::types;
    return;
  }
  expect_word("type");
  if (skip_symbol("+")) {
    expect_word("types");
    group.by_default = ast::Default::type_and_types;
  } else {
    group.by_default = ast::Default::types;
  }
}

void Parser::type_mode(ast::Group& group) {
  next();
  if (skip_word("types")) {
    group.by_default = ast::Default::types;
  } else if (skip_word("type")) {
    expect_symbol("+");
    group.by_default = ast::Default::type_and_types;
  } else {
    return fail(token().at, "expected types or type+");
  }
  expect_symbol(">>");
}

ast::Input Parser::input(bool old_form) {
  ast::Input input;
  if (old_form) {
    next();
    input.name = name("the name of an input");
    if (skip_symbol(":")) input.type = name("a type");
    expect_word("as");
  }
  if (at_word("target")) {
    input.target = true;
  } else if (!at_word("source")) {
    fail(token().at, "expected source or target");
    return input;
  }
  next();
  if (old_form) {
    skip_symbol(";");
    return input;
  }
  input.name = name("the name of an input");
  if (skip_symbol(":")) {
    input.type = token().kind == TokenKind::string ? string("a type") : name("a type");
  }
  return input;
}

}  // namespace detail
}  // namespace concord::mapping
