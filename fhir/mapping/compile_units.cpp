#include <algorithm>

#include "fhir/mapping/compiler.h"
#include "fhir/mapping/functions.h"
#include "fhir/mapping/parser.h"
#include "fhir/mapping/structure_map_read.h"

namespace concord::mapping::detail {

using definitions::Type;

namespace {

/// Whether a url is what an import names: each "*" stands for any text. In time linear in the url
/// for each part between stars.
bool names(std::string_view import, std::string_view url) {
  std::size_t star = import.find('*');
  if (star == std::string_view::npos) return import == url;
  if (!url.starts_with(import.substr(0, star))) return false;
  url.remove_prefix(star);
  import.remove_prefix(star + 1);
  for (star = import.find('*'); star != std::string_view::npos; star = import.find('*')) {
    const std::string_view part = import.substr(0, star);
    const std::size_t at = url.find(part);
    if (at == std::string_view::npos) return false;
    url.remove_prefix(at + part.size());
    import.remove_prefix(star + 1);
  }
  return url.ends_with(import);
}

/// A canonical without its version.
std::string_view unversioned(std::string_view url) { return url.substr(0, url.find('|')); }

}  // namespace

std::unique_ptr<Program> compile_program(std::span<const MapSource> sources,
                                         const definitions::Definitions& definitions,
                                         const CompileOptions& options, Findings& findings) {
  auto program = std::make_unique<Program>();
  program->definitions = &definitions;
  program->releases.push_back(&definitions);
  program->releases.insert(program->releases.end(), options.releases.begin(),
                           options.releases.end());
  program->functions =
      options.functions != nullptr ? *options.functions : path::FunctionTable::standard();
  add_functions(program->functions);
  register_transforms(program->transforms);
  program->parameters = options.parameters;
  for (const MapSource& source : sources) {
    program->files.push_back(source.name);
    program->maps.push_back(parse(source, options.limits, findings));
  }
  if (!findings.failed()) Compiler(*program, options, findings).compile();
  return program;
}

void Compiler::compile() {
  for (std::size_t i = 0; i < program_.parameters.size(); ++i) {
    Variable parameter;
    parameter.name = program_.parameters[i];
    parameter.shape.system = "System.String";
    parameter.slot = static_cast<Slot>(i);
    parameter.from = Expr::From::parameter;
    parameters_.push_back(std::move(parameter));
  }
  make_units();
  for (Unit& unit : program_.units) link_imports(unit);
  for (const Unit& unit : program_.units) compile_lets(unit);
  instantiate_typed_groups();
  compile_waiting();
  instantiate_untyped_entries();
  compile_waiting();
  report_unchecked_groups();
}

void Compiler::compile_waiting() {
  while (!waiting_.empty() && !findings_.full()) {
    Instance* next = waiting_.back();
    waiting_.pop_back();
    compile_body(*next);
  }
}

/// Sources with the same url become one unit; a later one overlays the groups of the earlier.
void Compiler::make_units() {
  for (const ast::Map& map : program_.maps) {
    const auto [known, added] = units_.emplace(map.url.text, program_.units.size());
    if (added) {
      program_.units.emplace_back();
      program_.units.back().url = map.url.text;
    }
    Unit& unit = program_.units[known->second];
    check_layer(unit, map);
    unit.layers.push_back(&map);
    for (const ast::Group& group : map.groups) {
      const auto same = std::find_if(unit.groups.begin(), unit.groups.end(), [&](GroupRef other) {
        return other.group->name.text == group.name.text;
      });
      if (same == unit.groups.end()) {
        unit.groups.push_back({&map, &group});
      } else if (same->map != &map) {
        *same = {&map, &group};
      }
    }
  }
}

/// Names given twice within one file, structures nobody knows.
void Compiler::check_layer(const Unit& unit, const ast::Map& map) {
  const auto twice = [&](auto& items, auto&& word_of, std::string_view what) {
    std::set<std::string_view> seen;
    for (const auto& item : items) {
      const ast::Word& word = word_of(item);
      if (!word.written()) continue;
      if (!seen.insert(word.text).second) {
        findings_.error(map.file, word.at, code::kDuplicate,
                        "a second " + std::string(what) + ' ' + word.text);
      }
    }
  };
  const auto name_of = [](const auto& item) -> const ast::Word& { return item.name; };
  twice(map.groups, name_of, "group");
  twice(map.lets, name_of, "constant");
  twice(
      map.concepts, [](const ast::Concepts& table) -> const ast::Word& { return table.url; },
      "concept map");
  for (std::size_t i = 0; i < map.uses.size(); ++i) {
    const ast::Uses& uses = map.uses[i];
    const bool known = type_named(unit, map.file, uses.url, !options_.strict) != nullptr;
    if (!known && !options_.strict) {
      findings_.warning(map.file, uses.url.at, code::kUnknownType, "unknown type " + uses.url.text);
    }
    for (std::size_t j = 0; uses.alias.written() && j < i; ++j) {
      // One structure may be source and target under one alias.
      if (map.uses[j].alias.text != uses.alias.text || map.uses[j].url.text == uses.url.text) {
        continue;
      }
      findings_.error(map.file, uses.alias.at, code::kDuplicate,
                      "a second alias " + uses.alias.text);
    }
  }
  for (const ast::Group& group : map.groups) {
    if (group.inputs.empty()) {
      findings_.error(map.file, group.name.at, code::kWrongCount,
                      "the group " + group.name.text + " has no parameter");
    }
    for (std::size_t i = 0; i < group.inputs.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (group.inputs[i].name.text != group.inputs[j].name.text) continue;
        findings_.error(map.file, group.inputs[i].name.at, code::kDuplicate,
                        "a second parameter " + group.inputs[i].name.text);
      }
    }
  }
}

void Compiler::link_imports(Unit& unit) {
  for (const ast::Map* map : unit.layers) {
    for (const ast::Word& import : map->imports) {
      bool any = false;
      for (std::size_t i = 0; i < program_.units.size(); ++i) {
        if (!names(import.text, program_.units[i].url)) continue;
        any = true;
        if (&program_.units[i] != &unit) unit.imports.push_back(i);
      }
      if (any) continue;
      if (!options_.strict || import.text.find('*') != std::string::npos) {
        findings_.warning(map->file, import.at, code::kUnknownMap, "no map matches " + import.text);
      } else {
        findings_.error(map->file, import.at, code::kUnknownMap, "no map " + import.text);
      }
    }
  }
}

/// Constants may use parameters and the constants before them.
void Compiler::compile_lets(const Unit& unit) {
  Instance nowhere;
  nowhere.unit = &unit;
  for (const ast::Map* map : unit.layers) {
    for (const ast::Let& let : map->lets) {
      Scope scope;
      scope.instance = &nowhere;
      scope.file = map->file;
      Variable made;
      made.name = let.name.text;
      made.from = Expr::From::let;
      made.at = let.name.at;
      made.slot = static_cast<Slot>(program_.lets.size());
      made.single = false;
      const Expr* expr = expression(let.expression, {}, kNoSlot, scope, &made.shape);
      made.shape.broken = expr == nullptr;
      program_.lets.push_back({expr});
      std::vector<Variable>& known = lets_[&unit];
      const auto same = std::find_if(known.begin(), known.end(), [&](const Variable& other) {
        return other.name == made.name;
      });
      if (same == known.end()) {
        known.push_back(std::move(made));
      } else {
        *same = std::move(made);  // an overlay's
      }
    }
  }
}

/// The structure a map uses as source or as target, when it is one; null otherwise.
const Type* Compiler::only_used(const Unit& unit, bool target) {
  const Type* only = nullptr;
  for (const ast::Map* layer : unit.layers) {
    for (const ast::Uses& uses : layer->uses) {
      if (uses.use != (target ? ast::Use::target : ast::Use::source)) continue;
      const Type* type = type_named(unit, layer->file, uses.url, true);
      if (type == nullptr || (only != nullptr && only != type)) return nullptr;
      only = type;
    }
  }
  return only;
}

void Compiler::instantiate_typed_groups() {
  for (const Unit& unit : program_.units) {
    for (const GroupRef& group : unit.groups) {
      std::vector<Shape> shapes;
      for (const ast::Input& input : group.group->inputs) {
        if (!input.type.written()) break;
        Shape shape;
        shape.type = type_named(unit, group.map->file, input.type);
        if (shape.type == nullptr) break;
        shapes.push_back(shape);
      }
      instantiate_declared(unit, group, std::move(shapes));
    }
  }
}

/// First groups without types that nothing calls: those of the structures the map uses.
void Compiler::instantiate_untyped_entries() {
  for (const Unit& unit : program_.units) {
    if (unit.groups.empty()) continue;
    const GroupRef& group = unit.groups.front();
    const bool called =
        std::any_of(program_.instances.begin(), program_.instances.end(),
                    [&](const Instance& instance) { return instance.source.group == group.group; });
    if (called) continue;
    std::vector<Shape> shapes;
    for (const ast::Input& input : group.group->inputs) {
      Shape shape;
      shape.type = input.type.written() ? type_named(unit, group.map->file, input.type)
                                        : only_used(unit, input.target);
      if (shape.type == nullptr) break;
      shapes.push_back(shape);
    }
    instantiate_declared(unit, group, std::move(shapes));
  }
}

/// A group that may be started with; nothing unless every parameter has a type.
void Compiler::instantiate_declared(const Unit& unit, const GroupRef& group,
                                    std::vector<Shape> shapes) {
  if (shapes.size() != group.group->inputs.size() || shapes.empty()) return;
  std::vector<TypeTest> tests;
  const Type* last = shapes.back().type;
  Instance* made =
      instance_for({&unit, group}, std::move(shapes), group.map->file, group.group->name.at, tests);
  if (made == nullptr) return;
  made->declared = true;
  made->root_template = template_of(*last);
  definitions_.symbols().intern(last->label());  // the name of a root
}

void Compiler::report_unchecked_groups() {
  for (const Unit& unit : program_.units) {
    for (const GroupRef& group : unit.groups) {
      const bool compiled = std::any_of(
          program_.instances.begin(), program_.instances.end(),
          [&](const Instance& instance) { return instance.source.group == group.group; });
      if (compiled || findings_.failed()) continue;
      findings_.warning(group.map->file, group.group->name.at, code::kNotChecked,
                        "the group " + group.group->name.text +
                            " is never called and has parameters without type: not checked");
    }
  }
}

/// The concept map `name` (with or without "#") of a map, its overlays first; null: none.
const ast::Concepts* Compiler::own_concepts(const Unit& unit, std::string_view name) {
  if (name.starts_with('#')) name.remove_prefix(1);
  for (auto layer = unit.layers.rbegin(); layer != unit.layers.rend(); ++layer) {
    for (const ast::Concepts& concepts : (*layer)->concepts) {
      std::string_view own = concepts.url.text;
      if (own.starts_with('#')) own.remove_prefix(1);
      if (own == name || (!concepts.also.empty() && concepts.also == name)) return &concepts;
    }
  }
  return nullptr;
}

/// What a name of a concept map means: one of the map itself, `url#id` of another map, one with
/// that url in a map of the set, a registered resource, one the definitions bring.
std::optional<ast::Concepts> Compiler::concepts_named(const Unit& unit, std::string_view url) {
  if (const ast::Concepts* own = own_concepts(unit, url)) return *own;
  const std::size_t hash = url.rfind('#');
  if (hash != std::string_view::npos && hash > 0) {
    const auto other = units_.find(unversioned(url.substr(0, hash)));
    const ast::Concepts* inner =
        other == units_.end() ? nullptr
                              : own_concepts(program_.units[other->second], url.substr(hash));
    if (inner != nullptr) return *inner;
  }
  if (hash == 0) return std::nullopt;
  for (const Unit& other : program_.units) {
    if (const ast::Concepts* there = own_concepts(other, url)) return *there;
  }
  const std::string_view bare = unversioned(url);
  for (const tree::Document& resource : options_.concept_maps) {
    const tree::Symbol symbol = resource.find("url");
    const tree::Node* found =
        symbol == tree::Symbol::kNone ? nullptr : resource.root().child(symbol);
    if (found == nullptr || (found->text() != url && found->text() != bare)) continue;
    return read_concept_map(resource, resource.root());
  }
  return carried_concepts(definitions_, bare);
}

const ConceptTable* Compiler::concept_table(const Unit& unit, const std::string& url) {
  const auto [place, added] = tables_.emplace(std::make_pair(&unit, url), nullptr);
  if (!added) return place->second;
  const std::optional<ast::Concepts> found = concepts_named(unit, url);
  if (!found) return nullptr;
  ConceptTable& table = program_.concepts.emplace_back(ConceptTable::from(*found));
  place->second = &table;
  // One that names itself finds the table just made.
  for (ConceptTable::Unmapped& rule : table.unmapped()) {
    if (rule.mode != ast::Concepts::Unmapped::Mode::other) continue;
    rule.other = concept_table(unit, rule.text);
    if (rule.other != nullptr) continue;
    findings_.error(unit.layers.front()->file,
                    found->url.written() ? found->url.at : Position{1, 1}, code::kUnknownConceptMap,
                    "no concept map " + rule.text + " for what " + url + " does not map");
  }
  return &table;
}

std::string_view Compiler::keep(std::string text) {
  return program_.texts.emplace_back(std::move(text));
}

}  // namespace concord::mapping::detail
