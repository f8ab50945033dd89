#include "fhir/mapping/printer.h"

#include <algorithm>
#include <array>

#include "fhir/mapping/lexer.h"
#include "fhir/mapping/structure_map_read.h"

namespace concord::mapping {
namespace {

using ast::Value;

/// A text in quotes, on one line.
std::string quoted(std::string_view text, char quote) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string made(1, quote);
  for (const char c : text) {
    if (c == quote || c == '\\') {
      made += '\\';
      made += c;
    } else if (c == '\n') {
      made += "\\n";
    } else if (c == '\r') {
      made += "\\r";
    } else if (c == '\t') {
      made += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      made += "\\u00";
      made += kHex[static_cast<unsigned char>(c) >> 4];
      made += kHex[static_cast<unsigned char>(c) & 15];
    } else {
      made += c;
    }
  }
  return made + quote;
}

bool is_plain_name(std::string_view text) {
  return is_name_path(text) && text.find('.') == std::string_view::npos;
}

/// A name; in backticks where the grammar could take it for something else.
std::string name(std::string_view text) {
  constexpr std::array<std::string_view, 4> kTaken{"for", "true", "false", "endgroup"};
  const bool taken = std::find(kTaken.begin(), kTaken.end(), text) != kTaken.end();
  return is_plain_name(text) && !taken ? std::string(text) : quoted(text, '`');
}

/// A type is a name, or anything in quotes.
std::string type(std::string_view text) {
  return is_plain_name(text) ? std::string(text) : quoted(text, '"');
}

/// FHIRPath where nothing closes it.
std::string open_path(std::string_view text) {
  std::string normal = normal_path(text);
  return is_expression(normal) ? normal : '(' + normal + ')';
}

class Printer {
 public:
  std::string map(const ast::Map& map);

 private:
  void line(std::size_t depth, std::string_view text) {
    text_.append(2 * depth, ' ');
    text_ += text;
    text_ += '\n';
  }
  void documentation(std::size_t depth, std::string_view text);
  void headers(const ast::Map& map);
  void concepts(const ast::Concepts& concepts);
  void group(const ast::Group& group);
  void rule(const ast::Rule& rule, std::size_t depth);

  std::string text_;
};

void Printer::documentation(std::size_t depth, std::string_view text) {
  if (text.empty()) return;
  for (;;) {
    const std::size_t end = text.find('\n');
    std::string_view one = text.substr(0, end);
    while (!one.empty() && (one.back() == ' ' || one.back() == '\t' || one.back() == '\r')) {
      one.remove_suffix(1);
    }
    line(depth, one.empty() ? "//" : "// " + std::string(one));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

void Printer::headers(const ast::Map& map) {
  const auto header = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) line(0, "/// " + std::string(key) + " = " + quoted(value, '\''));
  };
  header("url", map.url.text);
  header("version", map.version);
  header("name", map.name.text);
  header("title", map.title);
  header("status", map.status);
  for (const auto& [key, value] : map.headers) header(key, value);
  header("description", map.description);
}

std::string use_name(ast::Use use) {
  switch (use) {
    case ast::Use::source:
      return "source";
    case ast::Use::target:
      return "target";
    case ast::Use::queried:
      return "queried";
    case ast::Use::produced:
      break;
  }
  return "produced";
}

std::string Printer::map(const ast::Map& map) {
  headers(map);
  if (!map.uses.empty()) text_ += '\n';
  for (const ast::Uses& uses : map.uses) {
    std::string made = "uses " + quoted(uses.url.text, '"');
    if (uses.alias.written()) made += " alias " + name(uses.alias.text);
    made += " as " + use_name(uses.use);
    if (uses.documentation.find('\n') != std::string::npos) {
      documentation(0, uses.documentation);
    } else if (!uses.documentation.empty()) {
      made += " // " + uses.documentation;
    }
    line(0, made);
  }
  if (!map.imports.empty()) text_ += '\n';
  for (const ast::Word& import : map.imports) line(0, "imports " + quoted(import.text, '"'));
  if (!map.lets.empty()) text_ += '\n';
  for (const ast::Let& let : map.lets) {
    line(0, "let " + name(let.name.text) + " = " + open_path(let.expression.text) + ";");
  }
  for (const ast::Concepts& one : map.concepts) concepts(one);
  for (const ast::Group& one : map.groups) group(one);
  return std::move(text_);
}

void Printer::concepts(const ast::Concepts& concepts) {
  using Mode = ast::Concepts::Unmapped::Mode;
  text_ += '\n';
  documentation(0, concepts.documentation);
  line(0, "conceptmap " + quoted(concepts.url.text, '"') + " {");
  std::vector<std::string> systems;
  const auto prefix = [&](const std::string& system) {
    const auto at = std::find(systems.begin(), systems.end(), system);
    const auto number = static_cast<std::size_t>(at - systems.begin());
    if (at == systems.end()) systems.push_back(system);
    // s, t, then s3, s4 …
    return number == 0 ? std::string("s") : number == 1 ? "t" : 's' + std::to_string(number + 1);
  };
  const auto code = [](const std::string& text) {
    return is_plain_name(text) ? text : quoted(text, '"');
  };
  std::vector<std::string> lines;
  for (const ast::ConceptRow& row : concepts.rows) {
    std::string made = prefix(row.source_system) + ':' + code(row.source_code);
    for (const ast::RelationSign& sign : ast::kRelationSigns) {
      if (sign.relation != row.relation) continue;
      made += ' ';
      made += sign.text;
      if (sign.text == "<" || sign.text == ">") made += '-';
    }
    lines.push_back(made + ' ' + prefix(row.target_system) + ':' + code(row.target_code));
  }
  for (const ast::Concepts::Unmapped& rule : concepts.unmapped) {
    std::string made = "unmapped for " + prefix(rule.system) + " = ";
    made += rule.mode == Mode::provided ? "provided"
            : rule.mode == Mode::fixed  ? "fixed "
                                        : "other ";
    if (rule.mode != Mode::provided) made += quoted(rule.text, '"');
    lines.push_back(std::move(made));
  }
  for (const std::string& system : std::vector<std::string>(systems)) {
    line(1, "prefix " + prefix(system) + " = " + quoted(system, '"'));
  }
  if (!systems.empty()) text_ += '\n';
  for (const std::string& one : lines) line(1, one);
  line(0, "}");
}

void Printer::group(const ast::Group& group) {
  text_ += '\n';
  documentation(0, group.documentation);
  std::string made = "group " + name(group.name.text) + '(';
  for (std::size_t i = 0; i < group.inputs.size(); ++i) {
    const ast::Input& input = group.inputs[i];
    made += i == 0 ? "" : ", ";
    made += (input.target ? "target " : "source ") + name(input.name.text);
    if (input.type.written()) made += " : " + type(input.type.text);
  }
  made += ')';
  if (group.extends.written()) made += " extends " + name(group.extends.text);
  if (group.by_default == ast::Default::types) made += " <<types>>";
  if (group.by_default == ast::Default::type_and_types) made += " <<type+>>";
  line(0, made + " {");
  for (const ast::Rule& one : group.rules) rule(one, 1);
  line(0, "}");
}

std::string pick_name(ast::Pick pick) {
  switch (pick) {
    case ast::Pick::all:
      break;
    case ast::Pick::first:
      return " first";
    case ast::Pick::last:
      return " last";
    case ast::Pick::not_first:
      return " not_first";
    case ast::Pick::not_last:
      return " not_last";
    case ast::Pick::only_one:
      return " only_one";
  }
  return {};
}

std::string source_text(const ast::Source& source) {
  std::string made = source.expression.written() ? '(' + normal_path(source.expression.text) + ')'
                                                 : name(source.context.text);
  if (source.element.written()) made += '.' + name(source.element.text);
  if (source.type.written()) made += " : " + type(source.type.text);
  if (source.counted) {
    made += ' ' + std::to_string(source.min) + "..";
    made += source.max == UINT32_MAX ? "*" : std::to_string(source.max);
  }
  if (source.fallback.kind != Value::Kind::none) made += " default " + print_value(source.fallback);
  made += pick_name(source.pick);
  if (source.variable.written()) made += " as " + name(source.variable.text);
  if (source.where.written()) made += " where " + open_path(source.where.text);
  if (source.check.written()) made += " check " + open_path(source.check.text);
  if (source.log.written()) {
    const std::string log = normal_path(source.log.text);
    const PathToken first = next_path_token(log, 0);
    const bool text = first.kind == PathToken::Kind::string && first.end == log.size();
    made += " log " + (text || log.starts_with('(') ? open_path(log) : '(' + log + ')');
  }
  return made;
}

std::string place_name(const ast::Target& target) {
  switch (target.place) {
    case ast::Place::add:
      break;
    case ast::Place::first:
      return " first";
    case ast::Place::last:
      return " last";
    case ast::Place::single:
      return " single";
    case ast::Place::share:
      return " share " + name(target.share.text);
  }
  return {};
}

std::string target_text(const ast::Target& target) {
  std::string made;
  if (target.context.written()) made += name(target.context.text);
  if (target.element.written()) made += '.' + name(target.element.text);
  if (target.value.kind != Value::Kind::none) {
    if (!made.empty()) made += " = ";
    // Behind "=" a path stands in parentheses, or the text would be of another value.
    const bool path = target.value.kind == Value::Kind::path;
    made += path ? '(' + normal_path(target.value.word.text) + ')' : print_value(target.value);
  }
  if (target.variable.written()) made += " as " + name(target.variable.text);
  return made + place_name(target);
}

template <typename Items, typename Text>
std::string joined(const Items& items, Text&& text) {
  std::string made;
  for (const auto& item : items) {
    if (!made.empty()) made += ", ";
    made += text(item);
  }
  return made;
}

/// Recursion is bounded by the limit on nested rules.
void Printer::rule(const ast::Rule& rule, std::size_t depth) {
  documentation(depth, rule.documentation);
  std::string made = joined(rule.sources, source_text);
  if (!rule.targets.empty()) made += " -> " + joined(rule.targets, target_text);
  if (!rule.calls.empty()) {
    made += " then " + joined(rule.calls, [](const ast::Call& call) {
              return name(call.name.text) + '(' + joined(call.arguments, print_value) + ')';
            });
  }
  if (!rule.rules.empty()) {
    line(depth, made + " then {");
    for (const ast::Rule& one : rule.rules) this->rule(one, depth + 1);
    made = "}";
  }
  if (rule.named && rule.name != derived_name(rule, "")) made += ' ' + quoted(rule.name, '"');
  line(depth, made + ';');
}

}  // namespace

std::string print(const ast::Map& map) { return Printer().map(map); }

std::string print_value(const ast::Value& value) {
  switch (value.kind) {
    case Value::Kind::none:
      break;
    case Value::Kind::literal:
      if (value.literal == ast::Literal::string) return quoted(value.word.text, '\'');
      return (value.literal == ast::Literal::temporal ? "@" : "") + value.word.text;
    case Value::Kind::variable:
      return name(value.word.text);
    case Value::Kind::path:
      return is_name_path(value.word.text) ? value.word.text
                                           : '(' + normal_path(value.word.text) + ')';
    case Value::Kind::transform: {
      const std::string& transform = value.word.text;
      if (transform == "copy" && value.arguments.size() == 1) {
        const Value& copied = value.arguments.front();
        return copied.kind == Value::Kind::path ? '(' + normal_path(copied.word.text) + ')'
                                                : print_value(copied);
      }
      const bool evaluates = transform == "evaluate";
      if (evaluates && value.arguments.size() == 1) {
        return '(' + normal_path(value.arguments.front().word.text) + ')';
      }
      return name(transform) + '(' +
             joined(value.arguments,
                    [&](const Value& argument) {
                      return evaluates ? open_path(argument.word.text) : print_value(argument);
                    }) +
             ')';
    }
  }
  return {};
}

std::string normal_path(std::string_view text) {
  std::string made;
  std::size_t end = 0;
  for (;;) {
    const PathToken token = next_path_token(text, end);
    if (token.kind == PathToken::Kind::end || token.kind == PathToken::Kind::bad) break;
    if (token.begin > end && !made.empty()) made += ' ';
    made += text.substr(token.begin, token.end - token.begin);
    end = token.end;
  }
  return made;
}

bool is_name_path(std::string_view text) {
  bool start = true;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (c == '.' ? start : !letter && (start || c < '0' || c > '9')) return false;
    start = c == '.';
  }
  return !start;
}

}  // namespace concord::mapping
