#include <array>
#include <charconv>
#include <utility>

#include "fhir/mapping/parser.h"

namespace concord::mapping::detail {

/// [name ":" "for"] source {"," source} ["->" target {"," target}] ["then" …] [name] ";"
void Parser::rule(std::vector<ast::Rule>& to, bool old_form) {
  ast::Rule made;
  made.at = token().at;
  made.documentation = comments_before();
  std::string given;
  if (++rules_ > limits_.max_rules) {
    return fail(made.at, "more than " + std::to_string(limits_.max_rules) + " rules");
  }
  if (old_form) {
    if (!at_word("for")) {
      given = token().kind == TokenKind::string ? string("a name").text : name("a rule").text;
      while (skip_symbol(".")) given += '.' + name("the name of a rule").text;
      expect_symbol(":");
    }
    expect_word("for");
  }
  do {
    made.sources.push_back(source(old_form));
  } while (skip_symbol(","));
  if (old_form ? skip_word("make") : skip_symbol("->")) {
    do {
      made.targets.push_back(target());
      const ast::Source& from = made.sources.front();
      if (ok_ && at_symbol(":") && made.sources.size() == 1 && !from.element.written() &&
          made.targets.size() == 1 && !made.targets.front().element.written()) {
        return batch(to, made);
      }
    } while (skip_symbol(","));
  }
  if (skip_word("then")) after(made, old_form);
  if (!ok_) return;
  if (token().kind == TokenKind::string && !old_form) {
    given = string("the name of the rule").text;
  } else if (token().kind == TokenKind::name && !old_form) {
    given = name("the name of the rule").text;
  }
  rule_name(made, old_form, std::move(given));
  if (old_form) {
    skip_symbol(";");
  } else {
    expect_symbol(";");
  }
  document(made.documentation, comments_behind());
  if (!ok_) return;
  const auto bare = [](const ast::Rule& rule) {
    const ast::Source& from = rule.sources.front();
    const ast::Target& into = rule.targets.front();
    return from.element.written() && !from.variable.written() && into.element.written() &&
           !into.variable.written() && into.value.kind == ast::Value::Kind::none;
  };
  made.simple = made.sources.size() == 1 && made.targets.size() == 1 && made.rules.empty() &&
                made.calls.empty() && bare(made);
  to.push_back(std::move(made));
}

/// "src -> tgt : a, b, c;" stands for "src.a -> tgt.a;" and so on.
void Parser::batch(std::vector<ast::Rule>& to, const ast::Rule& head) {
  next();
  std::vector<ast::Rule> made;
  do {
    ast::Rule rule;
    rule.at = token().at;
    rule.simple = true;
    const ast::Word element = name("an element");
    rule.name = element.text;
    rule.sources.push_back(head.sources.front());
    rule.sources.back().element = element;
    rule.targets.push_back(head.targets.front());
    rule.targets.back().element = element;
    made.push_back(std::move(rule));
  } while (skip_symbol(","));
  rules_ += made.size() - 1;
  if (ok_ && token().kind == TokenKind::string) {
    const std::string given = string("the name of the rule").text;
    for (ast::Rule& rule : made) {
      rule.name = given + '.' + rule.name;
      rule.named = true;
    }
  }
  expect_symbol(";");
  made.front().documentation = head.documentation;
  document(made.front().documentation, comments_behind());
  for (ast::Rule& rule : made) to.push_back(std::move(rule));
}

void Parser::rule_name(ast::Rule& rule, bool old_form, std::string given) {
  if (!given.empty()) {
    rule.name = std::move(given);
    rule.named = true;
    return;
  }
  const ast::Source& first = rule.sources.front();
  if (first.element.written() && !old_form) {
    rule.name = first.element.text;
    if (first.type.written()) rule.name += '-' + first.type.text;
  } else {
    rule.name = "line " + std::to_string(rule.at.line);
  }
}

ast::Source Parser::source(bool old_form) {
  ast::Source source;
  source.at = token().at;
  if (skip_symbol("(")) {
    source.expression = path("a FHIRPath expression");
    expect_symbol(")");
  } else {
    source.context = name("a variable");
    if (skip_symbol(".")) source.element = name("an element");
  }
  if (skip_symbol(":")) {
    if (!ok_) return source;
    source.type = token().kind == TokenKind::string ? string("a type") : name("a type");
  }
  static_cast<void>(old_form);
  source_clauses(source);
  return source;
}

void Parser::source_clauses(ast::Source& source) {
  constexpr std::array<std::pair<std::string_view, ast::Pick>, 5> kPicks{
      {{"first", ast::Pick::first},
       {"last", ast::Pick::last},
       {"not_first", ast::Pick::not_first},
       {"not_last", ast::Pick::not_last},
       {"only_one", ast::Pick::only_one}}};
  const auto once = [&](bool written, Position at, const char* what) {
    if (written) fail(at, std::string("a second ") + what + " of one source");
  };
  for (bool more = true; ok_ && more;) {
    const Position at = token().at;
    more = true;
    if (token().kind == TokenKind::integer) {
      once(source.counted, at, "cardinality");
      cardinality(source);
    } else if (skip_word("default")) {
      once(source.fallback.kind != ast::Value::Kind::none, at, "default");
      source.fallback = value(true);
    } else if (skip_word("as")) {
      once(source.variable.written(), at, "variable");
      source.variable = name("a variable");
    } else if (skip_word("where")) {
      once(source.where.written(), at, "where");
      source.where = path("a FHIRPath expression");
    } else if (skip_word("check")) {
      once(source.check.written(), at, "check");
      source.check = path("a FHIRPath expression");
    } else if (skip_word("log")) {
      once(source.log.written(), at, "log");
      if (token().kind == TokenKind::string) {
        // A text alone, in either quotes, is FHIRPath as well once it stands in single ones.
        source.log.at = at;
        std::string quoted = "'";
        for (const char c : Lexer::unescaped(token().text)) {
          if (c == '\'' || c == '\\') quoted += '\\';
          quoted += c;
        }
        source.log.text = quoted + '\'';
        next();
      } else {
        source.log = path("a FHIRPath expression");
      }
    } else {
      more = false;
      for (const auto& [word, pick] : kPicks) {
        if (!skip_word(word)) continue;
        once(source.pick != ast::Pick::all, at, "list mode");
        source.pick = pick;
        more = true;
        break;
      }
    }
  }
}

void Parser::cardinality(ast::Source& source) {
  const auto number = [&](std::uint32_t& to) {
    const std::string_view text = token().text;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
    if (token().kind != TokenKind::integer || error != std::errc{} ||
        end != text.data() + text.size()) {
      return fail(token().at, "expected a number");
    }
    next();
  };
  const Position at = token().at;
  source.counted = true;
  number(source.min);
  expect_symbol("..");
  if (!ok_ || skip_symbol("*")) return;
  number(source.max);
  if (ok_ && source.max < source.min) fail(at, "the cardinality ends below its beginning");
}

ast::Target Parser::target() {
  ast::Target target;
  target.at = token().at;
  if (at_symbol("(") || token().kind == TokenKind::string) {
    target.value = value(false);
  } else {
    ast::Word first = name("a variable");
    if (at_symbol("(")) {
      target.value = transform(std::move(first));
    } else {
      target.context = std::move(first);
      if (skip_symbol(".")) target.element = name("an element");
      if (skip_symbol("=")) target.value = value(false);
    }
  }
  target_clauses(target);
  return target;
}

void Parser::target_clauses(ast::Target& target) {
  const auto place = [&](ast::Place chosen, Position at) {
    if (target.place != ast::Place::add) fail(at, "a second list mode of one target");
    target.place = chosen;
  };
  for (bool more = true; ok_ && more;) {
    const Position at = token().at;
    if (skip_word("as")) {
      if (target.variable.written()) fail(at, "a second variable of one target");
      target.variable = name("a variable");
    } else if (skip_word("first")) {
      place(ast::Place::first, at);
    } else if (skip_word("last")) {
      place(ast::Place::last, at);
    } else if (skip_word("single") || skip_word("collate")) {
      place(ast::Place::single, at);
    } else if (skip_word("share")) {
      place(ast::Place::share, at);
      target.share = name("the mark of a shared element");
    } else {
      more = false;
    }
  }
}

/// A literal, a variable, a path from a variable, "(fhirpath)" or, outside arguments, a transform.
ast::Value Parser::value(bool in_arguments) {
  using Kind = ast::Value::Kind;
  ast::Value made;
  made.word.at = token().at;
  if (!ok_) return made;
  std::string sign;
  if (at_symbol("-")) {
    sign = "-";
    next();
    if (token().kind != TokenKind::integer && token().kind != TokenKind::decimal) {
      fail(token().at, "expected a number");
      return made;
    }
  }
  made.kind = Kind::literal;
  switch (token().kind) {
    case TokenKind::string:
      made.word.text = Lexer::unescaped(token().text);
      break;
    case TokenKind::integer:
    case TokenKind::decimal:
      made.word.text = sign + std::string(token().text);
      made.literal =
          token().kind == TokenKind::integer ? ast::Literal::integer : ast::Literal::decimal;
      break;
    case TokenKind::temporal:
      made.word.text = std::string(token().text.substr(1));
      made.literal = ast::Literal::temporal;
      break;
    case TokenKind::symbol:
      made.kind = Kind::path;
      if (at_symbol("%")) {
        made.word = path("a FHIRPath expression");
        return made;
      }
      if (!skip_symbol("(")) {
        fail(token().at, "expected a value");
        return made;
      }
      made.word = path("a FHIRPath expression");
      expect_symbol(")");
      return made;
    case TokenKind::name: {
      if (at_word("true") || at_word("false")) {
        made.literal = ast::Literal::boolean;
        made.word.text = std::string(token().text);
        break;
      }
      const std::size_t begin = token().begin;
      ast::Word first = name("a value");
      if (at_symbol("(") && !in_arguments) return transform(std::move(first));
      made.kind = Kind::variable;
      made.word = std::move(first);
      while (ok_ && at_symbol(".")) {  // v.element.element: FHIRPath without parentheses
        next();
        made.kind = Kind::path;
        static_cast<void>(name("an element"));
        const std::string_view text = lexer_.source().substr(0, token().begin);
        made.word.text =
            std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin));
      }
      return made;
    }
    case TokenKind::end:
      fail(token().at, "expected a value");
      return made;
  }
  next();
  return made;
}

ast::Value Parser::transform(ast::Word name) {
  ast::Value made;
  made.kind = ast::Value::Kind::transform;
  made.word = std::move(name);
  expect_symbol("(");
  while (ok_ && !at_symbol(")")) {
    if (made.word.text == "evaluate") {  // evaluate([v,] fhirpath): nothing but expressions
      ast::Value argument;
      argument.kind = ast::Value::Kind::path;
      argument.word = path("a FHIRPath expression");
      made.arguments.push_back(std::move(argument));
    } else {
      made.arguments.push_back(value(true));
    }
    if (!skip_symbol(",")) break;
  }
  made.end = token().at;
  expect_symbol(")");
  return made;
}

std::optional<ast::Value> Parser::argument() {
  ast::Value made = value(true);
  if (!ok_ || lexer_.failed() || token().kind != TokenKind::end) return std::nullopt;
  return made;
}

/// "{ rules }" or "Group(a, b), Other(c, d)".
void Parser::after(ast::Rule& rule, bool old_form) {
  if (skip_symbol("{")) {
    if (++depth_ > limits_.max_depth) {
      return fail(rule.at, "rules nested more than " + std::to_string(limits_.max_depth) + " deep");
    }
    document(rule.documentation, comments_behind());
    while (ok_ && !at_symbol("}") && token().kind != TokenKind::end) {
      this->rule(rule.rules, old_form);
    }
    --depth_;
    document(rule.documentation, comments_before());
    expect_symbol("}");
    return;
  }
  do {
    ast::Call call;
    call.name = name("the name of a group");
    expect_symbol("(");
    while (ok_ && !at_symbol(")")) {
      call.arguments.push_back(value(true));
      if (!skip_symbol(",")) break;
    }
    expect_symbol(")");
    if (ok_) rule.calls.push_back(std::move(call));
  } while (skip_symbol(","));
}

}  // namespace concord::mapping::detail
