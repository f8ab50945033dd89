#include "fhir/mapping/overlay_diff.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fhir/mapping/ast.h"
#include "fhir/mapping/findings.h"
#include "fhir/mapping/json_lines.h"
#include "fhir/mapping/lexer.h"
#include "fhir/mapping/parser.h"

namespace concord::mapping {
namespace {

std::size_t offset_of(std::string_view text, Position at) {
  std::size_t offset = 0;
  for (std::uint32_t line = 1; line < at.line; ++line) {
    const std::size_t end = text.find('\n', offset);
    if (end == std::string_view::npos) return text.size();
    offset = end + 1;
  }
  return std::min(offset + at.column - 1, text.size());
}

/// A part of a map as it is shown and as it is compared.
struct Piece {
  std::string shown;                ///< on one line
  std::vector<std::string> tokens;  ///< without comments and white space
  std::string subject;              ///< first name, its element, what the first target is
};

std::string on_one_line(std::string_view text) {
  std::string line;
  bool space = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      space = !line.empty();
      continue;
    }
    if (space) line += ' ';
    space = false;
    line += c;
  }
  return line;
}

/// From a place to the end of what begins there: the `;` of a rule or declaration, the `{` of a
/// group's head, or the `}` of a concept map.
enum class Until : std::uint8_t { semicolon, brace, closing };

Piece piece_at(std::string_view text, Position at, Until until) {
  const std::string_view from = text.substr(offset_of(text, at));
  Lexer lexer(from);
  Piece piece;
  std::size_t depth = 0, end = 0;
  for (; lexer.token().kind != TokenKind::end; lexer.next()) {
    const Token& token = lexer.token();
    const bool symbol = token.kind == TokenKind::symbol;
    if (symbol && until == Until::brace && token.text == "{") break;
    if (symbol && (token.text == "{" || token.text == "(")) ++depth;
    if (symbol && (token.text == "}" || token.text == ")")) {
      if (depth == 0) break;
      --depth;
    }
    end = token.end;
    piece.tokens.emplace_back(token.text);
    if (symbol && until == Until::closing && token.text == "}" && depth == 0) break;
    if (symbol && until == Until::semicolon && token.text == ";" && depth == 0) break;
  }
  piece.shown = on_one_line(from.substr(0, end));
  return piece;
}

/// A rule with its text. The name is not part of what is compared.
struct RuleText {
  const ast::Rule* rule;
  Piece piece;
};

Piece rule_piece(std::string_view text, const ast::Rule& rule) {
  Piece piece = piece_at(text, rule.at, Until::semicolon);
  const auto name = [&](std::string_view token) {
    return !token.empty() && (token.front() == '"' || token.front() == '\'') &&
           Lexer::unescaped(token) == rule.name;
  };
  if (piece.tokens.size() > 2 && name(piece.tokens[piece.tokens.size() - 2])) {
    piece.tokens.erase(piece.tokens.end() - 2);
  }
  const ast::Source& source = rule.sources.front();
  piece.subject = source.context.text + '.' + source.element.text + source.expression.text;
  if (!rule.targets.empty()) {
    piece.subject +=
        '>' + rule.targets.front().context.text + '.' + rule.targets.front().element.text;
  }
  return piece;
}

/// Which old rule each new one stands for: the same name, else the same text, else the same source
/// and target.
class Pairing {
 public:
  Pairing(const std::vector<RuleText>& before, const std::vector<RuleText>& after)
      : before_(before),
        after_(after),
        partner_(after.size(), kNone),
        taken_(before.size(), false) {
    pair([](const RuleText& a, const RuleText& b) { return a.rule->name == b.rule->name; });
    pair([](const RuleText& a, const RuleText& b) { return a.piece.tokens == b.piece.tokens; });
    pair([](const RuleText& a, const RuleText& b) { return a.piece.subject == b.piece.subject; });
  }
  static constexpr std::size_t kNone = SIZE_MAX;
  std::size_t partner(std::size_t after) const { return partner_[after]; }
  bool taken(std::size_t before) const { return taken_[before]; }

 private:
  template <typename Same>
  void pair(const Same& same) {
    for (std::size_t i = 0; i < after_.size(); ++i) {
      if (partner_[i] != kNone) continue;
      for (std::size_t j = 0; j < before_.size(); ++j) {
        if (taken_[j] || !same(before_[j], after_[i])) continue;
        partner_[i] = j;
        taken_[j] = true;
        break;
      }
    }
  }

  const std::vector<RuleText>& before_;
  const std::vector<RuleText>& after_;
  std::vector<std::size_t> partner_;
  std::vector<bool> taken_;
};

/// A declaration of one map: where it stands and what it says.
struct Declaration {
  std::string what, name;
  const MapSource* source;
  Position at{};
  Piece piece;
  const ast::Group* group = nullptr;
};

std::vector<RuleText> rules_of(const Declaration& group) {
  std::vector<RuleText> rules;
  for (const ast::Rule& rule : group.group->rules) {
    rules.push_back({&rule, rule_piece(group.source->text, rule)});
  }
  return rules;
}

void compare_rules(const Declaration* before, const Declaration& after, DeclarationChange& to) {
  const std::vector<RuleText> olds =
      before == nullptr ? std::vector<RuleText>() : rules_of(*before);
  const std::vector<RuleText> news = rules_of(after);
  const Pairing pairs(olds, news);
  const auto removed = [&](std::size_t j) {
    RuleChange change;
    change.kind = ChangeKind::removed;
    change.name = change.before_name = olds[j].rule->name;
    change.before = olds[j].piece.shown;
    change.before_at = {before->source->name, olds[j].rule->at};
    to.rules.push_back(std::move(change));
  };
  std::size_t next = 0;  // of the old rules, so that what went stands where it was
  for (std::size_t i = 0; i < news.size(); ++i) {
    const std::size_t j = pairs.partner(i);
    for (; j != Pairing::kNone && next < j; ++next) {
      if (!pairs.taken(next)) removed(next);
    }
    RuleChange change;
    change.name = news[i].rule->name;
    change.after = news[i].piece.shown;
    change.after_at = {after.source->name, news[i].rule->at};
    change.kind = ChangeKind::added;
    if (j != Pairing::kNone) {
      next = std::max(next, j + 1);
      change.before_name = olds[j].rule->name;
      change.before = olds[j].piece.shown;
      change.before_at = {before->source->name, olds[j].rule->at};
      const bool same = olds[j].piece.tokens == news[i].piece.tokens;
      if (same && change.name == change.before_name) {
        ++to.unchanged;
        continue;
      }
      change.kind = same ? ChangeKind::renamed : ChangeKind::changed;
    }
    to.rules.push_back(std::move(change));
  }
  for (; next < olds.size(); ++next) {
    if (!pairs.taken(next)) removed(next);
  }
}

std::vector<Declaration> declarations_of(const MapSource& source, const ast::Map& map) {
  std::vector<Declaration> all;
  const auto add = [&](std::string what, std::string name, Position at, Until until) {
    all.push_back(
        {std::move(what), std::move(name), &source, at, piece_at(source.text, at, until)});
  };
  // Where a declaration's word stands is not kept: its first name is close enough for people.
  for (const ast::Uses& uses : map.uses) {
    Declaration made{
        "uses", uses.alias.written() ? uses.alias.text : uses.url.text, &source, uses.url.at, {}};
    made.piece.shown = uses.url.text;
    made.piece.tokens = {uses.url.text, std::to_string(static_cast<int>(uses.use))};
    all.push_back(std::move(made));
  }
  for (const ast::Word& import : map.imports) {
    Declaration made{"imports", import.text, &source, import.at, {}};
    made.piece.shown = import.text;
    made.piece.tokens = {import.text};
    all.push_back(std::move(made));
  }
  for (const ast::Let& let : map.lets) add("let", let.name.text, let.name.at, Until::semicolon);
  for (const ast::Concepts& table : map.concepts) {
    add("conceptmap", table.url.text, table.url.at, Until::closing);
  }
  for (const ast::Group& group : map.groups) {
    add("group", group.name.text, group.name.at, Until::brace);
    all.back().group = &group;
  }
  return all;
}

/// A map after the layers so far.
struct Layered {
  std::string url;
  std::vector<Declaration> declarations;
};

}  // namespace

std::string text_of_rule(std::string_view map, Position at) {
  return at.line == 0 ? std::string() : piece_at(map, at, Until::semicolon).shown;
}

std::string_view change_name(ChangeKind kind) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"added", "removed", "changed", "renamed"};
  return kNames[static_cast<std::size_t>(kind)];
}

Result<std::vector<DeclarationChange>> overlay_changes(std::span<const MapSource> sources,
                                                       std::size_t first_overlay,
                                                       const MapLimits& limits) {
  Findings findings;
  std::vector<ast::Map> maps;
  std::vector<std::string> files;
  maps.reserve(sources.size());
  for (const MapSource& source : sources) {
    files.push_back(source.name);
    maps.push_back(parse(source, limits, findings));
  }
  if (findings.failed()) return to_error(findings.sorted(files));

  std::vector<Layered> layered;
  std::vector<DeclarationChange> changes;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const std::string& url = maps[i].url.text;
    const auto known = std::find_if(layered.begin(), layered.end(),
                                    [&](const Layered& one) { return one.url == url; });
    if (known == layered.end()) {
      layered.push_back({url, declarations_of(sources[i], maps[i])});
      if (i < first_overlay) continue;
      DeclarationChange change{
          url, "map", url, ChangeKind::added, {}, {sources[i].name, maps[i].url.at}, {}, {}, {}, 0};
      changes.push_back(std::move(change));
      continue;
    }
    for (Declaration& made : declarations_of(sources[i], maps[i])) {
      const auto same = std::find_if(
          known->declarations.begin(), known->declarations.end(),
          [&](const Declaration& one) { return one.what == made.what && one.name == made.name; });
      const bool there = same != known->declarations.end();
      if (i >= first_overlay) {
        DeclarationChange change{url,       made.what,
                                 made.name, there ? ChangeKind::changed : ChangeKind::added,
                                 {},        {sources[i].name, made.at},
                                 {},        made.piece.shown,
                                 {},        0};
        if (there) {
          change.before_at = {same->source->name, same->at};
          change.before = same->piece.shown;
        }
        if (made.group != nullptr) compare_rules(there ? &*same : nullptr, made, change);
        if (made.group != nullptr || !there || same->piece.tokens != made.piece.tokens) {
          changes.push_back(std::move(change));
        }
      }
      if (there) {
        *same = std::move(made);
      } else {
        known->declarations.push_back(std::move(made));
      }
    }
  }
  return changes;
}

namespace {

std::string told(const TextPlace& place) {
  return place.file + ':' + std::to_string(place.at.line) + ':' + std::to_string(place.at.column);
}

void append_place(std::string& to, std::string_view name, const TextPlace& place) {
  if (place.file.empty()) return;
  json_lines::name(to, name);
  to += '{';
  json_lines::member(to, "file", place.file);
  json_lines::member(to, "line", place.at.line);
  json_lines::member(to, "column", place.at.column);
  to += '}';
}

}  // namespace

std::string changes_text(std::span<const DeclarationChange> changes) {
  std::string text;
  for (const DeclarationChange& change : changes) {
    text += change.what + ' ' + change.name + ' ';
    text += change.kind == ChangeKind::changed ? "replaced" : change_name(change.kind);
    if (change.what != "map") text += " in " + change.map;
    text += "\n  ";
    if (!change.before_at.file.empty()) text += told(change.before_at) + " -> ";
    text += told(change.after_at) + '\n';
    if (change.before != change.after) {
      if (!change.before.empty()) text += "  - " + change.before + '\n';
      if (!change.after.empty()) text += "  + " + change.after + '\n';
    }
    for (const RuleChange& rule : change.rules) {
      text += "  " + std::string(change_name(rule.kind)) + " \"" + rule.name + '"';
      if (rule.name != rule.before_name && !rule.before_name.empty()) {
        text += ", was \"" + rule.before_name + '"';
      }
      text += " (" + told(rule.after_at.file.empty() ? rule.before_at : rule.after_at) + ")\n";
      if (!rule.before.empty()) text += "    - " + rule.before + '\n';
      if (!rule.after.empty()) text += "    + " + rule.after + '\n';
    }
    if (change.unchanged > 0) {
      text += "  unchanged: " + std::to_string(change.unchanged) + " rules\n";
    }
    text += '\n';
  }
  return text;
}

std::string changes_json_lines(std::span<const DeclarationChange> changes) {
  std::string lines;
  for (const DeclarationChange& change : changes) {
    lines += '{';
    json_lines::member(lines, "map", change.map);
    json_lines::member(lines, "what", change.what);
    json_lines::member(lines, "name", change.name);
    json_lines::member(lines, "change", change_name(change.kind));
    append_place(lines, "beforeAt", change.before_at);
    append_place(lines, "afterAt", change.after_at);
    if (!change.before.empty()) json_lines::member(lines, "before", change.before);
    if (!change.after.empty()) json_lines::member(lines, "after", change.after);
    if (change.what == "group") {
      json_lines::name(lines, "rules");
      lines += '[';
      for (const RuleChange& rule : change.rules) {
        if (&rule != &change.rules.front()) lines += ',';
        lines += '{';
        json_lines::member(lines, "change", change_name(rule.kind));
        json_lines::member(lines, "name", rule.name);
        if (!rule.before_name.empty()) json_lines::member(lines, "beforeName", rule.before_name);
        if (!rule.before.empty()) json_lines::member(lines, "before", rule.before);
        if (!rule.after.empty()) json_lines::member(lines, "after", rule.after);
        append_place(lines, "beforeAt", rule.before_at);
        append_place(lines, "afterAt", rule.after_at);
        lines += '}';
      }
      lines += ']';
      json_lines::member(lines, "unchanged", change.unchanged);
    }
    lines += "}\n";
  }
  return lines;
}

}  // namespace concord::mapping
