// Syntax tree → StructureMap resource, in the form of R4 or of R5.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "fhir/mapping/parser.h"
#include "fhir/mapping/printer.h"
#include "fhir/mapping/structure_map.h"
#include "fhir/mapping/structure_map_read.h"
#include "fhir/mapping/types.h"
#include "fhir/tree/builder.h"

namespace concord::mapping {
namespace {

using ast::Value;
using tree::Kind;
using tree::Node;

class Writer {
 public:
  Writer(tree::Document& document, ResourceForm form) : builder_(document), form_(form) {}

  /// False when the document is full.
  bool write(const ast::Map& map);

 private:
  bool r4() const { return form_ == ResourceForm::r4; }
  /// A new child; once the document is full a node nobody will see.
  Node& add(Node& parent, std::string_view name, bool in_array = false, Kind kind = Kind::element) {
    Node* made = full_ ? nullptr : builder_.append(parent, builder_.symbol(name), kind);
    if (made == nullptr) {
      full_ = true;
      return parent;
    }
    builder_.set_flag(*made, tree::Flag::in_array, in_array);
    return *made;
  }
  /// Nothing for an empty text: FHIR has no empty values.
  void text(Node& parent, std::string_view name, std::string_view value, Kind kind = Kind::string,
            bool in_array = false) {
    if (value.empty()) return;
    Node& made = add(parent, name, in_array, kind);
    if (!full_) builder_.set_copy(made, value);
  }
  Node& extension(Node& parent, std::string_view url) {
    Node& made = add(parent, "extension", true);
    text(made, "url", url);
    return made;
  }

  void concept_map(Node& root, const ast::Concepts& concepts);
  void concept_group(Node& resource, const ast::Concepts& concepts, const std::string& source,
                     const std::string& target);
  void unmapped(Node& group, const ast::Concepts::Unmapped& rule);
  void headers(Node& root, const ast::Map& map);
  void constant(Node& root, const ast::Let& let);
  void group(Node& root, const ast::Group& group);
  void rule(Node& parent, const ast::Rule& rule, const std::string& place);
  void source(Node& parent, const ast::Source& source, bool simple);
  void target(Node& parent, const ast::Target& target, bool simple);
  void call(Node& parent, const ast::Call& call);
  void value(Node& parent, const std::string& prefix, const Value& value);
  void typed(Node& parent, const std::string& prefix, std::string_view type,
             std::string_view written, Kind kind = Kind::string);
  void marked(Node& parent, const std::string& prefix, std::string_view kind,
              std::string_view written);

  tree::Builder builder_;
  ResourceForm form_;
  bool full_ = false;
};

bool Writer::write(const ast::Map& map) {
  Node& root = builder_.root();
  builder_.set_type(root, builder_.symbol("StructureMap"));
  builder_.set_flag(root, tree::Flag::resource);
  headers(root, map);
  for (const ast::Uses& uses : map.uses) {
    Node& made = add(root, "structure", true);
    text(made, "url", uses.url.text);
    constexpr std::array<std::string_view, 4> kModes{"source", "target", "queried", "produced"};
    text(made, "mode", kModes[static_cast<std::size_t>(uses.use)]);
    text(made, "alias", uses.alias.text);
    text(made, "documentation", uses.documentation);
  }
  if (!r4()) {
    for (const ast::Let& let : map.lets) {
      Node& made = add(root, "const", true);
      text(made, "name", let.name.text);
      text(made, "value", normal_path(let.expression.text));
    }
  }
  for (const ast::Word& import : map.imports) text(root, "import", import.text, Kind::string, true);
  for (const ast::Group& one : map.groups) group(root, one);
  return !full_;
}

void Writer::headers(Node& root, const ast::Map& map) {
  const auto given = [&](std::string_view key) {
    for (const auto& [known, value] : map.headers) {
      if (known != key) continue;
      const bool truth = key == "experimental" && (value == "true" || value == "false");
      text(root, key, value, truth ? Kind::boolean : Kind::string);
    }
  };
  given("id");
  given("implicitRules");
  given("language");
  for (const ast::Concepts& one : map.concepts) concept_map(root, one);
  if (r4()) {
    for (const ast::Let& let : map.lets) constant(root, let);
  }
  text(root, "url", map.url.text);
  text(root, "version", map.version);
  const std::string_view url = map.url.text;
  text(root, "name",
       map.name.written() ? std::string_view(map.name.text) : url.substr(url.rfind('/') + 1));
  text(root, "title", map.title);
  text(root, "status", map.status.empty() ? "draft" : map.status);
  given("experimental");
  given("date");
  given("publisher");
  text(root, "description", map.description);
  given("purpose");
  given("copyright");
}

/// R5's StructureMap.const as R4 carries it.
void Writer::constant(Node& root, const ast::Let& let) {
  Node& made = extension(root, extension::kConst);
  text(extension(made, "name"), "valueId", let.name.text);
  text(extension(made, "value"), "valueString", normal_path(let.expression.text));
}

/// Contained, one group for each pair of systems in order of their first row.
void Writer::concept_map(Node& root, const ast::Concepts& concepts) {
  Node& made = add(root, "contained", true);
  if (full_) return;
  builder_.set_type(made, builder_.symbol("ConceptMap"));
  builder_.set_flag(made, tree::Flag::resource);
  std::string_view url = concepts.url.text;
  // One of its own url is found by it as well as by its id.
  const bool local = url.starts_with('#') || url.find(':') == std::string_view::npos;
  if (url.starts_with('#')) url.remove_prefix(1);
  text(made, "id", local ? url : url.substr(url.find_last_of("/:#") + 1));
  if (!local) text(made, "url", url);
  text(made, "status", "draft");
  text(made, "description", concepts.documentation);
  std::vector<std::pair<std::string, std::string>> groups;
  const auto wanted = [&](const std::string& source, const std::string& target) {
    std::pair<std::string, std::string> pair{source, target};
    if (std::find(groups.begin(), groups.end(), pair) == groups.end()) {
      groups.push_back(std::move(pair));
    }
  };
  for (const ast::ConceptRow& row : concepts.rows) wanted(row.source_system, row.target_system);
  for (const ast::Concepts::Unmapped& rule : concepts.unmapped) {
    const bool there = std::any_of(groups.begin(), groups.end(),
                                   [&](const auto& pair) { return pair.first == rule.system; });
    if (!there) wanted(rule.system, rule.target_system);
  }
  for (const auto& [source, target] : groups) concept_group(made, concepts, source, target);
}

void Writer::concept_group(Node& resource, const ast::Concepts& concepts, const std::string& source,
                           const std::string& target) {
  Node& group = add(resource, "group", true);
  text(group, "source", source);
  text(group, "target", target);
  std::map<std::string_view, Node*> elements;
  for (const ast::ConceptRow& row : concepts.rows) {
    if (row.source_system != source || row.target_system != target) continue;
    Node*& element = elements[row.source_code];
    if (element == nullptr) {
      element = &add(group, "element", true);
      text(*element, "code", row.source_code);
    }
    Node& made = add(*element, "target", true);
    text(made, "code", row.target_code);
    text(made, "display", row.display);
    for (const ast::RelationSign& sign : ast::kRelationSigns) {
      if (sign.relation != row.relation) continue;
      text(made, r4() ? "equivalence" : "relationship", r4() ? sign.r4 : sign.r5);
    }
  }
  // Once for each source system: in its first group.
  const auto first =
      std::find_if(concepts.rows.begin(), concepts.rows.end(),
                   [&](const ast::ConceptRow& row) { return row.source_system == source; });
  if (first != concepts.rows.end() && first->target_system != target) return;
  for (const ast::Concepts::Unmapped& rule : concepts.unmapped) {
    if (rule.system == source) return unmapped(group, rule);
  }
}

void Writer::unmapped(Node& group, const ast::Concepts::Unmapped& rule) {
  using Mode = ast::Concepts::Unmapped::Mode;
  Node& made = add(group, "unmapped");
  switch (rule.mode) {
    case Mode::provided:
      return text(made, "mode", r4() ? "provided" : "use-source-code");
    case Mode::fixed:
      text(made, "mode", "fixed");
      text(made, "code", rule.text);
      return text(made, "display", rule.display);
    case Mode::other:
      text(made, "mode", "other-map");
      return text(made, r4() ? "url" : "otherMap", rule.text);
  }
}

void Writer::group(Node& root, const ast::Group& group) {
  Node& made = add(root, "group", true);
  text(made, "name", group.name.text);
  text(made, "extends", group.extends.text);
  if (group.by_default == ast::Default::types) {
    text(made, "typeMode", "types");
  } else if (group.by_default == ast::Default::type_and_types) {
    text(made, "typeMode", "type-and-types");
  } else if (r4()) {
    text(made, "typeMode", "none");
  }
  text(made, "documentation", group.documentation);
  for (const ast::Input& input : group.inputs) {
    Node& one = add(made, "input", true);
    text(one, "name", input.name.text);
    text(one, "type", input.type.text);
    text(one, "mode", input.target ? "target" : "source");
  }
  std::size_t number = 0;
  for (const ast::Rule& one : group.rules) rule(made, one, "rule-" + std::to_string(++number));
}

/// Recursion is bounded by the limit on nested rules.
void Writer::rule(Node& parent, const ast::Rule& rule, const std::string& place) {
  Node& made = add(parent, "rule", true);
  if (full_) return;
  text(made, "name", rule.named ? rule.name : derived_name(rule, place));
  for (const ast::Source& one : rule.sources) source(made, one, rule.simple);
  for (const ast::Target& one : rule.targets) target(made, one, rule.simple);
  std::size_t number = 0;
  for (const ast::Rule& one : rule.rules) {
    this->rule(made, one, place + '-' + std::to_string(++number));
  }
  for (const ast::Call& one : rule.calls) call(made, one);
  text(made, "documentation", rule.documentation);
}

void Writer::source(Node& parent, const ast::Source& source, bool simple) {
  Node& made = add(parent, "source", true);
  if (source.expression.written()) {
    text(extension(made, extension::kSourceExpression), "valueString",
         normal_path(source.expression.text));
    text(made, "context", "expression");  // there must be one
  } else {
    text(made, "context", source.context.text);
  }
  if (source.counted) {
    const std::string least = std::to_string(source.min);
    text(made, "min", least, Kind::number);
    text(made, "max", source.max == UINT32_MAX ? "*" : std::to_string(source.max));
  }
  text(made, "type", source.type.text);
  if (source.fallback.kind != Value::Kind::none) {
    value(made, "defaultValue", source.fallback);
  }
  text(made, "element", source.element.text);
  constexpr std::array<std::string_view, 6> kPicks{"",          "first",    "last",
                                                   "not_first", "not_last", "only_one"};
  text(made, "listMode", kPicks[static_cast<std::size_t>(source.pick)]);
  text(made, "variable", simple ? kAutomatic : std::string_view(source.variable.text));
  text(made, "condition", normal_path(source.where.text));
  text(made, "check", normal_path(source.check.text));
  text(made, "logMessage", normal_path(source.log.text));
}

void Writer::target(Node& parent, const ast::Target& target, bool simple) {
  using Is = Value::Kind;
  Node& made = add(parent, "target", true);
  const Value& given = target.value;
  const bool renames = !target.element.written() && given.kind == Is::none;  // t as x
  if (!renames) text(made, "context", target.context.text);
  if (r4()) text(made, "contextType", "variable");
  text(made, "element", target.element.text);
  text(made, "variable", simple ? kAutomatic : std::string_view(target.variable.text));
  constexpr std::array<std::string_view, 5> kPlaces{"", "first", "last", "single", "share"};
  std::string_view place = kPlaces[static_cast<std::size_t>(target.place)];
  if (r4() && target.place == ast::Place::single) place = "collate";
  text(made, "listMode", place, tree::Kind::string, true);
  text(made, "listRuleId", target.share.text);
  const auto parameter = [&](const Value& one) {
    value(add(made, "parameter", true), "value", one);
  };
  const auto expression = [&](const Value& one) {
    text(add(made, "parameter", true), "valueString", normal_path(one.word.text));
  };
  if (renames) {
    text(made, "transform", "copy");
    text(add(made, "parameter", true), "valueId", target.context.text);
    return;
  }
  switch (given.kind) {
    case Is::none:
      if (simple) text(made, "transform", "create");
      return;
    case Is::literal:
    case Is::variable:
      text(made, "transform", "copy");
      return parameter(given);
    case Is::path:
      text(made, "transform", "evaluate");
      return expression(given);
    case Is::transform:
      break;
  }
  text(made, "transform", given.word.text);
  const bool evaluates = given.word.text == "evaluate";
  for (std::size_t i = 0; i < given.arguments.size(); ++i) {
    const Value& one = given.arguments[i];
    if (!evaluates) {
      parameter(one);
    } else if (i + 1 < given.arguments.size() && is_name_path(one.word.text)) {
      text(add(made, "parameter", true), "valueId", one.word.text);
    } else {
      expression(one);
    }
  }
}

void Writer::call(Node& parent, const ast::Call& call) {
  Node& made = add(parent, "dependent", true);
  text(made, "name", call.name.text);
  for (const Value& one : call.arguments) {
    if (!r4()) {
      value(add(made, "parameter", true), "value", one);
    } else if (one.kind == Value::Kind::variable) {
      const bool plain =
          is_name_path(one.word.text) && one.word.text.find('.') == std::string::npos;
      text(made, "variable", plain ? one.word.text : print_value(one), tree::Kind::string, true);
    } else {
      text(made, "variable", print_value(one), tree::Kind::string, true);
    }
  }
}

void Writer::typed(Node& parent, const std::string& prefix, std::string_view type,
                   std::string_view written, Kind kind) {
  Node& made = add(parent, prefix + std::string(type), false, kind);
  if (!full_) builder_.set_copy(made, written);
}

/// A text with a word on what it really is.
void Writer::marked(Node& parent, const std::string& prefix, std::string_view kind,
                    std::string_view written) {
  const bool plain = !r4() && prefix == "defaultValue";
  Node& made = add(parent, prefix + (plain ? "" : "String"), false, Kind::string);
  if (full_) return;
  builder_.set_copy(made, written);
  text(extension(made, extension::kValueKind), "valueCode", kind);
}

/// Choices in the order the language has literals; R5's defaultValue is a string whatever it holds.
void Writer::value(Node& parent, const std::string& prefix, const Value& value) {
  const std::string& written = value.word.text;
  const bool only_text = prefix == "defaultValue" && !r4();
  switch (value.kind) {
    case Value::Kind::none:
      return;
    case Value::Kind::variable:
      if (written.find('.') != std::string::npos || !is_name_path(written)) {
        return marked(parent, prefix, "expression", '%' + print_value(value));
      }
      if (only_text) return marked(parent, prefix, "expression", written);
      return typed(parent, prefix, "Id", written);
    case Value::Kind::path:
      if (is_name_path(written) && !only_text) return typed(parent, prefix, "Id", written);
      return marked(parent, prefix, "expression", normal_path(written));
    case Value::Kind::transform:
      return marked(parent, prefix, "expression", print_value(value));
    case Value::Kind::literal:
      break;
  }
  switch (value.literal) {
    case ast::Literal::string:
      return typed(parent, prefix, only_text ? "" : "String", written);
    case ast::Literal::boolean:
      if (only_text) return marked(parent, prefix, "boolean", written);
      return typed(parent, prefix, "Boolean", written, Kind::boolean);
    case ast::Literal::integer: {
      std::int32_t number = 0;
      const auto [end, wrong] =
          std::from_chars(written.data(), written.data() + written.size(), number);
      const bool fits = wrong == std::errc{} && has_form(Primitive::integer, written);
      if (only_text || !fits) return marked(parent, prefix, "integer", written);
      return typed(parent, prefix, "Integer", written, Kind::number);
    }
    case ast::Literal::decimal:
      if (only_text || !has_form(Primitive::decimal, written)) {
        return marked(parent, prefix, "decimal", written);
      }
      return typed(parent, prefix, "Decimal", written, Kind::number);
    case ast::Literal::temporal:
      if (r4() || only_text) return marked(parent, prefix, "temporal", '@' + written);
      if (has_form(Primitive::date, written)) return typed(parent, prefix, "Date", written);
      if (has_form(Primitive::date_time, written))
        return typed(parent, prefix, "DateTime", written);
      if (written.starts_with('T') && has_form(Primitive::time, written.substr(1))) {
        return typed(parent, prefix, "Time", written.substr(1));
      }
      return marked(parent, prefix, "temporal", '@' + written);
  }
}

}  // namespace

Result<tree::Document> to_resource(const MapSource& source, const tree::Symbols& symbols,
                                   ResourceForm form, const MapLimits& limits,
                                   std::vector<Issue>* not_carried) {
  CONCORD_ASSIGN(const ast::Map map, read_map(source, limits, not_carried));
  tree::Document document(symbols);
  if (!Writer(document, form).write(map)) {
    return make_error(ErrorCode::too_long, "the StructureMap has too many elements");
  }
  return document;
}

}  // namespace concord::mapping
