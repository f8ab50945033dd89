#include "fhir/mapping/structure_map_read.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <set>

#include "fhir/json/reader.h"
#include "fhir/mapping/lexer.h"
#include "fhir/mapping/parser.h"
#include "fhir/mapping/printer.h"
#include "fhir/xml/reader.h"

namespace concord::mapping {
namespace {

using ast::Value;
using Names = std::initializer_list<std::string_view>;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

class Reader {
 public:
  Reader(const tree::Document& document, const std::string& file, const MapLimits& limits,
         Findings& findings, std::vector<Issue>* lost)
      : document_(document), file_(file), limits_(limits), findings_(findings), lost_(lost) {
    lines_.push_back(0);
    const std::string_view source = document.source();
    for (std::size_t at = source.find('\n'); at != std::string_view::npos;
         at = source.find('\n', at + 1)) {
      lines_.push_back(at + 1);
    }
  }

  ast::Map map();

 private:
  // ---- the tree

  /// By binary search: Document::position counts from the beginning each time.
  Position at(const tree::Node& node) const {
    const std::size_t offset = node.source_offset();
    if (offset == tree::Node::kNoOffset) return {1, 1};
    const auto line = std::upper_bound(lines_.begin(), lines_.end(), offset) - 1;
    return {static_cast<std::uint32_t>(line - lines_.begin() + 1),
            static_cast<std::uint32_t>(offset - *line + 1)};
  }
  const tree::Node* child(const tree::Node& node, std::string_view name) const {
    const tree::Symbol symbol = document_.find(name);
    return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
  }
  std::string text(const tree::Node& node, std::string_view name) const {
    const tree::Node* found = child(node, name);
    return found == nullptr ? std::string() : std::string(found->text());
  }
  ast::Word word(const tree::Node& node) const { return {std::string(node.text()), at(node)}; }
  /// Not written when the element is absent or empty.
  ast::Word word(const tree::Node& node, std::string_view name) const {
    const tree::Node* found = child(node, name);
    return found == nullptr || found->text().empty() ? ast::Word{} : word(*found);
  }
  template <typename Each>
  void each(const tree::Node& node, std::string_view name, Each&& visit) const {
    for (const tree::Node* one = child(node, name); one != nullptr; one = one->next_same()) {
      visit(*one);
    }
  }
  /// The value of an extension, or null.
  const tree::Node* extension(const tree::Node& node, std::string_view url) const;
  const tree::Node* value_of(const tree::Node& node, std::string_view prefix) const;

  void error(const tree::Node& node, std::string_view code, std::string text) {
    findings_.error(file_, at(node), code, std::move(text));
  }
  /// Tells the children nobody reads.
  void reads(const tree::Node& node, Names names);

  // ---- the map
  void headers(ast::Map& map);
  void constants(ast::Map& map);
  void contained_name(ast::Concepts& concepts, const tree::Node& node);
  ast::Uses uses(const tree::Node& node);
  ast::Group group(const tree::Node& node);
  ast::Rule rule(const tree::Node& node, const std::string& place, std::size_t depth);
  ast::Source source(const tree::Node& node);
  ast::Target target(const tree::Node& node);
  ast::Call call(const tree::Node& node);
  ast::Word expression(const tree::Node& node);
  ast::Word expression(const tree::Node& node, std::string_view name) {
    const tree::Node* found = child(node, name);
    return found == nullptr ? ast::Word{} : expression(*found);
  }
  Value value(const tree::Node& node, std::string_view prefix);
  Value id(const tree::Node& node);
  void simplify(ast::Rule& rule) const;

  const tree::Document& document_;
  const std::string& file_;
  const MapLimits& limits_;
  Findings& findings_;
  std::vector<Issue>* lost_;
  std::vector<std::size_t> lines_;  ///< where each line begins
  std::size_t rules_ = 0;
  std::set<std::string, std::less<>> texts_;  ///< that start with "#", of parameters
};

const tree::Node* Reader::extension(const tree::Node& node, std::string_view url) const {
  const tree::Node* found = nullptr;
  each(node, "extension", [&](const tree::Node& one) {
    if (found == nullptr && text(one, "url") == url) found = value_of(one, "value");
  });
  return found;
}

const tree::Node* Reader::value_of(const tree::Node& node, std::string_view prefix) const {
  for (const tree::Node& one : node.children()) {
    const std::string_view name = document_.name(one);
    if (name.size() >= prefix.size() && name.starts_with(prefix)) return &one;
  }
  return nullptr;
}

void Reader::reads(const tree::Node& node, Names names) {
  if (lost_ == nullptr) return;
  for (const tree::Node& one : node.children()) {
    const std::string_view name = document_.name(one);
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    lost_->push_back({Severity::warning,
                      document_.path(one),
                      "has no place in a map's text",
                      at(one),
                      {},
                      "not-carried"});
  }
}

ast::Map Reader::map() {
  ast::Map map;
  map.file = file_;
  const tree::Node& root = document_.root();
  if (document_.text(root.type()) != "StructureMap") {
    error(root, code::kSyntax, "the resource is no StructureMap");
    return map;
  }
  headers(map);
  // First, for the names by which the rules know the concept maps.
  each(root, "group", [&](const tree::Node& one) { map.groups.push_back(group(one)); });
  each(root, "structure", [&](const tree::Node& one) { map.uses.push_back(uses(one)); });
  each(root, "import", [&](const tree::Node& one) { map.imports.push_back(word(one)); });
  constants(map);
  each(root, "contained", [&](const tree::Node& one) {
    if (document_.text(one.type()) != "ConceptMap") {
      if (lost_ != nullptr) {
        lost_->push_back({Severity::warning,
                          document_.path(one),
                          "has no place in a map's text",
                          at(one),
                          {},
                          "not-carried"});
      }
      return;
    }
    ast::Concepts concepts = read_concept_map(document_, one);
    contained_name(concepts, one);
    map.concepts.push_back(std::move(concepts));
  });
  return map;
}

/// "#id", unless the rules only know its url.
void Reader::contained_name(ast::Concepts& concepts, const tree::Node& node) {
  const std::string id = text(node, "id"), url = concepts.url.text;
  const bool by_url = !url.empty() && !texts_.contains('#' + id);
  concepts.also = by_url ? id : url;
  concepts.url = {by_url ? url : '#' + id, at(node)};
}

void Reader::headers(ast::Map& map) {
  const tree::Node& root = document_.root();
  map.url = word(root, "url");
  if (!map.url.written()) error(root, code::kSyntax, "the StructureMap has no url");
  map.name = word(root, "name");
  map.title = text(root, "title");
  map.status = text(root, "status");
  map.version = text(root, "version");
  map.description = text(root, "description");
  for (const tree::Node& one : root.children()) {
    const std::string_view name = document_.name(one);
    if (ast::is_header(name) && one.has_value()) map.headers.emplace_back(name, one.text());
  }
  reads(root, {"url",           "name",     "title",        "status",    "version",   "description",
               "structure",     "import",   "const",        "contained", "group",     "id",
               "implicitRules", "language", "experimental", "date",      "publisher", "purpose",
               "copyright",     "text",     "extension"});
}

void Reader::constants(ast::Map& map) {
  const auto constant = [&](const tree::Node* name, const tree::Node* value) {
    if (name == nullptr || value == nullptr) return;
    map.lets.push_back({word(*name), expression(*value)});
  };
  each(document_.root(), "const",
       [&](const tree::Node& one) { constant(child(one, "name"), child(one, "value")); });
  each(document_.root(), "extension", [&](const tree::Node& one) {
    if (text(one, "url") == extension::kConst) {
      constant(extension(one, "name"), extension(one, "value"));
    } else if (lost_ != nullptr) {
      lost_->push_back({Severity::warning,
                        document_.path(one),
                        "has no place in a map's text",
                        at(one),
                        {},
                        "not-carried"});
    }
  });
}

ast::Uses Reader::uses(const tree::Node& node) {
  reads(node, {"url", "mode", "alias", "documentation"});
  ast::Uses uses;
  uses.url = word(node, "url");
  if (!uses.url.written()) error(node, code::kSyntax, "a structure has no url");
  uses.alias = word(node, "alias");
  uses.documentation = text(node, "documentation");
  const std::string mode = text(node, "mode");
  if (mode == "source") {
    uses.use = ast::Use::source;
  } else if (mode == "target") {
    uses.use = ast::Use::target;
  } else if (mode == "queried") {
    uses.use = ast::Use::queried;
  } else if (mode == "produced") {
    uses.use = ast::Use::produced;
  } else {
    error(node, code::kSyntax, "expected the mode source, target, queried or produced");
  }
  return uses;
}

ast::Group Reader::group(const tree::Node& node) {
  reads(node, {"name", "extends", "typeMode", "documentation", "input", "rule"});
  ast::Group group;
  group.name = word(node, "name");
  if (!group.name.written()) error(node, code::kSyntax, "a group has no name");
  group.extends = word(node, "extends");
  group.documentation = text(node, "documentation");
  const std::string mode = text(node, "typeMode");
  if (mode == "types") {
    group.by_default = ast::Default::types;
  } else if (mode == "type-and-types") {
    group.by_default = ast::Default::type_and_types;
  } else if (!mode.empty() && mode != "none") {
    error(node, code::kSyntax, "expected the typeMode none, types or type-and-types");
  }
  each(node, "input", [&](const tree::Node& one) {
    reads(one, {"name", "type", "mode", "documentation"});
    ast::Input input;
    input.name = word(one, "name");
    if (!input.name.written()) error(one, code::kSyntax, "an input has no name");
    input.type = word(one, "type");
    const std::string way = text(one, "mode");
    input.target = way == "target";
    if (way != "target" && way != "source") {
      error(one, code::kSyntax, "expected the mode source or target");
    }
    if (const std::string more = text(one, "documentation"); !more.empty()) {
      document(group.documentation, input.name.text + ": " + more);
    }
    group.inputs.push_back(std::move(input));
  });
  std::size_t number = 0;
  each(node, "rule", [&](const tree::Node& one) {
    group.rules.push_back(rule(one, "rule-" + std::to_string(++number), 1));
  });
  return group;
}

/// Recursion is bounded by the limit on nested rules.
ast::Rule Reader::rule(const tree::Node& node, const std::string& place, std::size_t depth) {
  reads(node, {"name", "source", "target", "rule", "dependent", "documentation"});
  ast::Rule rule;
  rule.at = at(node);
  rule.documentation = text(node, "documentation");
  if (++rules_ > limits_.max_rules) {
    if (rules_ == limits_.max_rules + 1) {
      error(node, code::kSyntax, "more than " + std::to_string(limits_.max_rules) + " rules");
    }
    return rule;
  }
  if (depth > limits_.max_depth + 1) {
    error(node, code::kSyntax,
          "rules nested more than " + std::to_string(limits_.max_depth) + " deep");
    return rule;
  }
  each(node, "source", [&](const tree::Node& one) { rule.sources.push_back(source(one)); });
  each(node, "target", [&](const tree::Node& one) { rule.targets.push_back(target(one)); });
  each(node, "dependent", [&](const tree::Node& one) { rule.calls.push_back(call(one)); });
  std::size_t number = 0;
  each(node, "rule", [&](const tree::Node& one) {
    rule.rules.push_back(this->rule(one, place + '-' + std::to_string(++number), depth + 1));
  });
  if (rule.sources.empty()) {
    error(node, code::kSyntax, "a rule has no source");
    return rule;
  }
  if (!rule.rules.empty() && !rule.calls.empty()) {
    error(node, code::kUnsupported, "a rule has rules and calls groups: only one of them");
  }
  simplify(rule);
  const std::string derived = derived_name(rule, place);
  rule.name = text(node, "name");
  rule.named = !rule.name.empty() && rule.name != derived;
  if (rule.name.empty()) rule.name = derived;
  return rule;
}

/// `s.a as vvv -> t.b = create() as vvv` is how the reference writes `s.a -> t.b`.
void Reader::simplify(ast::Rule& rule) const {
  if (rule.sources.size() != 1 || rule.targets.size() != 1 || !rule.rules.empty() ||
      !rule.calls.empty()) {
    return;
  }
  ast::Source& from = rule.sources.front();
  ast::Target& into = rule.targets.front();
  const bool creates = into.value.kind == Value::Kind::none ||
                       (into.value.kind == Value::Kind::transform &&
                        into.value.word.text == "create" && into.value.arguments.empty());
  if (!creates || !from.element.written() || !into.element.written()) return;
  if (from.variable.text != kAutomatic || into.variable.text != kAutomatic) {
    if (from.variable.written() || into.variable.written()) return;
  }
  from.variable = {};
  into.variable = {};
  into.value = {};
  rule.simple = true;
}

ast::Source Reader::source(const tree::Node& node) {
  ast::Source source;
  source.at = at(node);
  if (const tree::Node* path = extension(node, extension::kSourceExpression)) {
    source.expression = expression(*path);
  } else {
    source.context = word(node, "context");
    if (!source.context.written()) error(node, code::kSyntax, "a source has no context");
    source.element = word(node, "element");
  }
  source.type = word(node, "type");
  const tree::Node* least = child(node, "min");
  const tree::Node* most = child(node, "max");
  const auto number = [&](const tree::Node& from, std::uint32_t& to) {
    const std::string_view digits = from.text();
    const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), to);
    if (digits.empty() || wrong != std::errc{} || end != digits.data() + digits.size()) {
      error(from, code::kSyntax, "expected a number");
    }
  };
  source.counted = least != nullptr || most != nullptr;
  if (least != nullptr) number(*least, source.min);
  if (most != nullptr && most->text() != "*") number(*most, source.max);
  if (source.max < source.min) {
    error(node, code::kSyntax, "the cardinality ends below its beginning");
  }
  if (value_of(node, "defaultValue") != nullptr) source.fallback = value(node, "defaultValue");
  const std::string mode = text(node, "listMode");
  if (mode == "first") {
    source.pick = ast::Pick::first;
  } else if (mode == "last") {
    source.pick = ast::Pick::last;
  } else if (mode == "not_first") {
    source.pick = ast::Pick::not_first;
  } else if (mode == "not_last") {
    source.pick = ast::Pick::not_last;
  } else if (mode == "only_one") {
    source.pick = ast::Pick::only_one;
  } else if (!mode.empty()) {
    error(node, code::kSyntax,
          "expected the listMode first, not_first, last, not_last or only_one");
  }
  source.variable = word(node, "variable");
  source.where = expression(node, "condition");
  source.check = expression(node, "check");
  source.log = expression(node, "logMessage");
  return source;
}

ast::Target Reader::target(const tree::Node& node) {
  reads(node, {"context", "contextType", "element", "variable", "listMode", "listRuleId",
               "transform", "parameter"});
  ast::Target target;
  target.at = at(node);
  target.context = word(node, "context");
  if (const tree::Node* kind = child(node, "contextType");
      kind != nullptr && kind->text() != "variable" && target.context.written()) {
    error(*kind, code::kUnsupported, "a target's context is a variable");
  }
  target.element = word(node, "element");
  target.variable = word(node, "variable");
  each(node, "listMode", [&](const tree::Node& one) {
    const std::string_view mode = one.text();
    ast::Place place = ast::Place::add;
    if (mode == "first") {
      place = ast::Place::first;
    } else if (mode == "last") {
      place = ast::Place::last;
    } else if (mode == "share") {
      place = ast::Place::share;
    } else if (mode == "single" || mode == "collate") {
      place = ast::Place::single;
    } else {
      error(one, code::kSyntax, "expected the listMode first, last, share, single or collate");
    }
    // Of several the one that changes what is made counts: first and last move nothing.
    if (target.place < place || target.place == ast::Place::add) target.place = place;
  });
  if (target.place == ast::Place::share) {
    target.share = word(node, "listRuleId");
    if (!target.share.written()) target.share = target.variable;
    if (!target.share.written()) error(node, code::kSyntax, "share without listRuleId");
  }
  std::vector<Value> parameters;
  const ast::Word transform = word(node, "transform");
  const bool evaluates = transform.text == "evaluate";
  each(node, "parameter", [&](const tree::Node& one) {
    Value given = value(one, "value");
    // The last parameter of evaluate is FHIRPath, whatever its type; the one before a variable.
    if (evaluates) given.kind = Value::Kind::path;
    if (given.kind == Value::Kind::literal && given.word.text.starts_with('#')) {
      texts_.insert(given.word.text);
    }
    parameters.push_back(std::move(given));
  });
  if (!transform.written()) {
    if (!parameters.empty()) error(node, code::kSyntax, "parameters without a transform");
    return target;
  }
  if (evaluates && !parameters.empty() && !is_expression(parameters.back().word.text)) {
    error(node, code::kPath, "the parameter of evaluate is no expression");
    return target;
  }
  if (parameters.size() == 1 && (transform.text == "copy" || evaluates)) {
    target.value = std::move(parameters.front());
    // `t as x`
    if (!target.context.written() && target.value.kind == Value::Kind::variable) {
      target.context = std::exchange(target.value, {}).word;
    }
    return target;
  }
  target.value.kind = Value::Kind::transform;
  target.value.word = transform;
  target.value.arguments = std::move(parameters);
  target.value.end = target.at;
  return target;
}

ast::Call Reader::call(const tree::Node& node) {
  reads(node, {"name", "variable", "parameter"});
  ast::Call call;
  call.name = word(node, "name");
  if (!call.name.written()) error(node, code::kSyntax, "a dependent has no name");
  each(node, "variable", [&](const tree::Node& one) {
    // R4 has names here; what else an argument can be is written as a text of the language.
    if (is_name_path(one.text())) {
      call.arguments.push_back(id(one));
      return;
    }
    std::optional<Value> argument = parse_argument(one.text(), limits_);
    if (!argument) {
      error(one, code::kSyntax, "expected a value");
      return;
    }
    argument->word.at = at(one);
    call.arguments.push_back(*std::move(argument));
  });
  each(node, "parameter",
       [&](const tree::Node& one) { call.arguments.push_back(value(one, "value")); });
  return call;
}

ast::Word Reader::expression(const tree::Node& node) {
  ast::Word made = word(node);
  made.text = trimmed(made.text);
  if (!is_expression(made.text)) error(node, code::kPath, "expected a FHIRPath expression");
  return made;
}

/// The name of a variable, or a path from one.
Value Reader::id(const tree::Node& node) {
  Value made;
  made.word = word(node);
  made.kind = node.text().find('.') != std::string_view::npos && is_name_path(node.text())
                  ? Value::Kind::path
                  : Value::Kind::variable;
  return made;
}

Value Reader::value(const tree::Node& node, std::string_view prefix) {
  Value made;
  const tree::Node* found = value_of(node, prefix);
  if (found == nullptr) {
    error(node, code::kSyntax, "expected a value");
    return made;
  }
  const std::string_view type = document_.name(*found).substr(prefix.size());
  if (type == "Id") return id(*found);
  made.kind = Value::Kind::literal;
  made.word = word(*found);
  if (type == "Boolean") {
    made.literal = ast::Literal::boolean;
  } else if (type == "Integer" || type == "PositiveInt" || type == "UnsignedInt") {
    made.literal = ast::Literal::integer;
  } else if (type == "Decimal") {
    made.literal = ast::Literal::decimal;
  } else if (type == "Date" || type == "DateTime" || type == "Time" || type == "Instant") {
    made.literal = ast::Literal::temporal;
    if (type == "Time") made.word.text.insert(0, 1, 'T');
  } else if (!type.empty() && type != "String" && type != "Code" && type != "Uri" &&
             type != "Url" && type != "Canonical" && type != "Markdown") {
    error(*found, code::kUnsupported, "a value of a type maps cannot write");
  }
  const tree::Node* kind = extension(*found, extension::kValueKind);
  if (kind == nullptr) {
    if (made.literal == ast::Literal::string) return made;
    // As text would write it, so that 1e5 and what is no date do not come this way.
    const std::string written =
        (made.literal == ast::Literal::temporal ? "@" : "") + made.word.text;
    const std::optional<Value> read = parse_argument(written, limits_);
    if (!read || read->kind != Value::Kind::literal || read->literal != made.literal ||
        read->word.text != made.word.text) {
      error(*found, code::kSyntax, "expected a literal");
    }
    return made;
  }
  if (kind->text() == "expression") {
    made.kind = Value::Kind::path;
    if (!is_expression(made.word.text)) {
      error(*found, code::kPath, "expected a FHIRPath expression");
    }
    return made;
  }
  // The text of a literal, as the language writes it.
  const std::optional<Value> literal = parse_argument(made.word.text, limits_);
  if (!literal || literal->kind != Value::Kind::literal) {
    error(*found, code::kSyntax, "expected a literal");
    return made;
  }
  made.literal = literal->literal;
  made.word.text = literal->word.text;
  return made;
}

}  // namespace

std::string derived_name(const ast::Rule& rule, const std::string& place) {
  const ast::Source& first = rule.sources.front();
  if (!first.element.written()) return place;
  return first.element.text + (first.type.written() ? '-' + first.type.text : std::string());
}

bool is_expression(std::string_view text) {
  Lexer lexer(text);
  Position at;
  const std::string_view read = lexer.path_text(at);
  return !lexer.failed() && !read.empty() && lexer.token().kind == TokenKind::end &&
         read == trimmed(text);
}

ast::Map parse_resource(const MapSource& source, const MapLimits& limits, Findings& findings,
                        std::vector<Issue>* lost) {
  const tree::Symbols symbols;
  const tree::Limits bounds{.max_bytes = limits.max_bytes};
  const bool is_json = source.text[source.text.find_first_not_of(" \t\r\n\xef\xbb\xbf")] == '{';
  const auto document = is_json ? json::read(source.text, symbols, bounds)
                                : xml::read_fhir(source.text, symbols, bounds);
  if (!document) {
    const Error& error = document.error();
    const bool too_long = error.code == ErrorCode::too_long;
    for (const Issue& issue : error.issues) {
      const Position at = issue.position.line == 0 ? Position{1, 1} : issue.position;
      findings.error(source.name, at, too_long ? code::kTooLong : code::kSyntax, issue.text);
    }
    ast::Map map;
    map.file = source.name;
    return map;
  }
  return Reader(*document, source.name, limits, findings, lost).map();
}

}  // namespace concord::mapping
