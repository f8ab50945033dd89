#pragma once
/// Syntax trees → Program: every name becomes a symbol, a row of the definitions or a slot, every
/// type is checked. Internal to the room.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fhir/mapping/findings.h"
#include "fhir/mapping/path_text.h"
#include "fhir/mapping/program.h"

namespace concord::mapping::detail {

/// Compiles `sources`; the Program is usable when `findings` has no error.
std::unique_ptr<Program> compile_program(std::span<const MapSource> sources,
                                         const definitions::Definitions& definitions,
                                         const CompileOptions& options, Findings& findings);

class Compiler {
 public:
  Compiler(Program& program, const CompileOptions& options, Findings& findings)
      : program_(program),
        definitions_(*program.definitions),
        options_(options),
        findings_(findings) {}
  void compile();

 private:
  struct Variable {
    std::string name;
    bool target = false;
    Shape shape;
    Slot slot = kNoSlot;
    Expr::From from = Expr::From::frame;
    Position at{};
    bool used = false;
    bool single = true;
  };
  /// What is visible while one instance is compiled.
  struct Scope {
    Instance* instance = nullptr;
    std::string_view file;
    std::vector<Variable> variables;
    Slot slots = 0;
    Slot focus = kNoSlot;  ///< the first source of the rule around
    Shape focus_shape;
    std::string prefix;  ///< names of the rules around
    std::vector<std::map<std::string, std::pair<Slot, const definitions::Type*>>> shares;
    std::vector<Block*> blocks;
    std::size_t errors = 0;
    Slot slot() noexcept { return slots++; }
  };
  struct Found {
    const Unit* unit = nullptr;
    GroupRef group;
    explicit operator bool() const noexcept { return group.group != nullptr; }
  };
  struct Typed {
    ValueOp op;
    Shape shape;
    bool target = false;  ///< a target variable
  };

  // compile_units.cpp: maps, overlays, imports, constants
  void make_units();
  void check_layer(const Unit& unit, const ast::Map& map);
  void link_imports(Unit& unit);
  void compile_lets(const Unit& unit);
  void compile_waiting();
  void instantiate_typed_groups();
  void instantiate_untyped_entries();
  void instantiate_declared(const Unit& unit, const GroupRef& group, std::vector<Shape> shapes);
  void report_unchecked_groups();
  static const ast::Concepts* own_concepts(const Unit& unit, std::string_view name);
  std::optional<ast::Concepts> concepts_named(const Unit& unit, std::string_view url);
  const ConceptTable* concept_table(const Unit& unit, const std::string& url);

  // compile_groups.cpp: groups and their instances
  const definitions::Type* type_named(const Unit& unit, std::string_view file,
                                      const ast::Word& word, bool quiet = false);
  const definitions::Type* versioned_type(std::string_view url) const;
  const definitions::Type* constrained_type(std::string_view url) const;
  const definitions::Type* only_used(const Unit& unit, bool target);
  const definitions::Type* beside(const definitions::Type* near,
                                  const definitions::Type* wanted) const;
  Found find_group(const Unit& unit, std::string_view name) const;
  Found default_group(const Unit& unit, const definitions::Type& source,
                      const definitions::Type& target);
  Found group_by_source(const Unit& unit, const definitions::Type& source);
  template <typename Visit>
  bool visit_groups(const Unit& unit, Visit&& visit) const;
  Instance* instance_for(const Found& found, std::vector<Shape> arguments, std::string_view file,
                         Position at, std::vector<TypeTest>& tests);
  void compile_body(Instance& instance);
  void extend(Instance& instance, Scope& scope);
  bool extends_itself(const Found& found) const;
  CallOp call(const ast::Call& call, Scope& scope);
  TypeTest test_for(const definitions::Type& type) const;

  // compile_rules.cpp: blocks, rules, sources
  void block(const std::vector<ast::Rule>& rules, Block& to, Scope& scope);
  void rule(const ast::Rule& rule, RuleOp& to, Scope& scope);
  SourceOp source(const ast::Source& source, Scope& scope, Shape& shape);
  void source_place(const ast::Source& source, SourceOp& op, Scope& scope, Shape& shape);
  void source_element(const ast::Source& source, SourceOp& op, Scope& scope, Shape& shape);
  void source_type(const ast::Source& source, SourceOp& op, Scope& scope, Shape& shape);
  void by_default(const ast::Rule& rule, RuleOp& to, const Shape& shape, Scope& scope);
  void close_scope(Scope& scope, std::size_t mark, bool broken);

  // compile_targets.cpp
  TargetOp target(const ast::Target& target, Scope& scope, const RuleOp& rule);
  std::optional<Destination> destination(const ast::Target& target, Scope& scope);
  void make(const ast::Target& target, TargetOp& op, const ast::Value* create, Scope& scope);
  void write(const ast::Target& target, TargetOp& op, Scope& scope);
  void unattached(const ast::Target& target, TargetOp& op, Scope& scope);
  void choose(Destination& into, const definitions::ElementType& choice);
  bool choose_for(Destination& into, const Shape& shape);
  void share(const ast::Target& target, TargetOp& op, Scope& scope);
  const Template* template_of(const definitions::Type& type);
  bool required_content(const definitions::Type& type, Template& to, std::uint32_t parent,
                        std::set<const definitions::Type*>& open, bool& closed);

  // compile_values.cpp
  Typed value(const ast::Value& value, Scope& scope);
  Typed literal(const ast::Value& value, Scope& scope);
  Typed variable(const ast::Value& value, Scope& scope);
  Typed transform(const ast::Value& value, Scope& scope);
  Typed evaluate(const ast::Value& value, Scope& scope);
  const Expr* expression(const ast::Word& word, const Shape& focus, Slot focus_slot, Scope& scope,
                         Shape* result = nullptr);
  Variable* find(Scope& scope, std::string_view name, bool prefer_target);
  void declare(Scope& scope, const ast::Word& name, bool target, const Shape& shape, Slot slot,
               std::size_t rule_mark);

  std::string_view keep(std::string text);
  void error(Scope& scope, Position at, std::string_view code, std::string text) {
    ++scope.errors;
    findings_.error(scope.file, at, code, std::move(text));
  }

  Program& program_;
  const definitions::Definitions& definitions_;
  const CompileOptions& options_;
  Findings& findings_;
  std::size_t rule_mark_ = 0;  ///< first variable of the rule being compiled
  std::map<std::string, std::size_t, std::less<>> units_;
  std::map<const Unit*, std::vector<Variable>> lets_;
  std::vector<Variable> parameters_;
  std::map<std::pair<const ast::Group*, std::vector<std::pair<const void*, std::string>>>,
           Instance*>
      instances_;
  std::vector<Instance*> waiting_;
  std::map<std::pair<const Unit*, std::string>, const ConceptTable*> tables_;
  std::map<const definitions::Type*, const Template*> templates_;
};

}  // namespace concord::mapping::detail
