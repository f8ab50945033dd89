#pragma once
/// A compiled map: plain structures that hold symbols, rows of definitions and slots, and nothing
/// to look up by name. Made by the compiler, read by the executor; internal to the room.

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/mapping/ast.h"
#include "fhir/mapping/concept_table.h"
#include "fhir/mapping/lineage.h"
#include "fhir/mapping/map_set.h"
#include "fhir/mapping/transforms/registry.h"
#include "fhir/mapping/types.h"
#include "fhir/path/expression.h"
#include "fhir/path/function_table.h"
#include "fhir/tree/image.h"

namespace concord::mapping::detail {

using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = UINT32_MAX;

/// Where a rule stands, for traces and errors.
struct RuleInfo {
  std::string_view map, group, file;
  std::string name;
  Position at{};
  std::uint32_t id = 0;  ///< its place in Program::rules
};

/// A FHIRPath expression and where its variables come from.
struct Expr {
  enum class From : std::uint8_t { frame, parameter, let };
  struct Bind {
    From from = From::frame;
    Slot index = 0;
  };
  path::Expression expression;
  std::vector<Bind> binds;
  Slot focus = kNoSlot;  ///< $this; kNoSlot: given by the caller
};

/// A test `: Type` that only the value itself can answer.
struct TypeTest {
  const definitions::Type* type = nullptr;
  bool exact = true;  ///< no type is derived from it
};

/// Nodes that come with an element of a logical model: required, fixed values.
struct Template {
  struct Item {
    tree::Symbol name, type, space;
    tree::Kind kind = tree::Kind::element;
    bool attribute = false, in_array = false, has_text = false;
    bool on_parent = false;  ///< xmlText: no node, the text of the parent
    std::string text;
    std::uint32_t parent = 0;  ///< 0: the element itself, else 1 + index of an item
  };
  std::vector<Item> items;
  tree::Image image;     ///< the items that are nodes, by prepare()
  std::string own_text;  ///< of the element itself, when `has_own_text`
  bool has_own_text = false;
};

/// Where a target writes.
struct Destination {
  Slot context = kNoSlot;
  const definitions::Type* owner = nullptr;       ///< type of the context
  const definitions::Element* element = nullptr;  ///< null: the context itself
  const definitions::Type* type = nullptr;        ///< null: picked by the value (choice)
  const Template* fixed = nullptr;
  tree::Symbol name = tree::Symbol::kNone;
  tree::Kind kind = tree::Kind::element;
  bool repeats = false;
  bool attribute = false;
  bool on_parent = false;  ///< xmlText: the text of the context
  bool model = false;      ///< part of a logical model: empty texts are written
};

struct ValueOp {
  enum class Kind : std::uint8_t { none, literal, slot, expr, transform };
  Kind kind = Kind::none;
  Fit fit = Fit::yes;  ///< to the destination
  Slot slot = kNoSlot;
  path::Collection literal;
  const Expr* expr = nullptr;
  const transforms::Row* row = nullptr;
  const ConceptTable* concepts = nullptr;
  std::vector<ValueOp> arguments;
};

struct TargetOp {
  enum class Kind : std::uint8_t {
    make,   ///< t.e as x, t.e = create(T) as x
    write,  ///< t.e = value
    fill,   ///< t.e = cc(…): makes and fills
    self,   ///< t = value
    bind,   ///< value as x, t as x
    alone,  ///< create(T) as x, attached to nothing
  };
  Kind kind = Kind::make;
  ast::Place place = ast::Place::add;
  Destination into;
  ValueOp value;
  Slot variable = kNoSlot;
  Slot share = kNoSlot;
  bool reference = false;  ///< the text becomes the `reference` of a new Reference
};

struct Instance;

struct CallOp {
  const Instance* group = nullptr;
  std::vector<ValueOp> arguments;
  std::vector<TypeTest> tests;  ///< one per argument; null type: nothing to look at
};

struct SourceOp {
  enum class From : std::uint8_t {
    variable,    ///< the value itself
    child,       ///< children of one name
    choice,      ///< children of one of several names
    text,        ///< xmlText: the text of the context
    expression,  ///< items of a FHIRPath expression
  };
  /// How it is run over, by prepare(): the first that is true of it.
  enum class Way : std::uint8_t {
    general,  ///< items are gathered, then tested, then run over
    plain,    ///< a variable as it is
    simple,   ///< children as they are
    tested,   ///< a variable or children with nothing but tests: one item needs no gathering
  };
  From from = From::variable;
  Way way = Way::general;
  ast::Pick pick = ast::Pick::all;
  bool counted = false;
  bool leaf = false;   ///< primitive: running over it reads it
  bool whole = false;  ///< a rule that does nothing else: reads everything below
  Slot context = kNoSlot;
  Slot variable = kNoSlot;  ///< always there
  tree::Symbol name = tree::Symbol::kNone;
  std::string_view element;         ///< for messages
  std::vector<tree::Symbol> names;  ///< choice, sorted
  const Expr* expression = nullptr;
  TypeTest type;
  std::uint32_t min = 0, max = UINT32_MAX;
  ValueOp fallback;
  const Expr* where = nullptr;
  const Expr* check = nullptr;
  const Expr* log = nullptr;
};

struct Block;

/// What `s.a -> t.b` comes to for one type of the source.
struct Case {
  TypeTest type;  ///< null type: any
  TargetOp target;
  const Instance* group = nullptr;
};

/// Targets of a rule that come to the same subtree whenever the first of them makes its element;
/// with an empty image just one target.
struct Subtree {
  std::uint32_t first = 0, count = 1;  ///< of RuleOp::targets
  tree::Image image;                   ///< part 0: the element the first one makes
  std::vector<std::pair<Slot, std::uint32_t>> variables;  ///< and the parts they stand for
  std::vector<std::uint32_t> written;                     ///< parts in the order of the writes
  bool fhir = false;                                      ///< some of it is no logical model
};

struct RuleOp {
  const RuleInfo* info = nullptr;
  std::vector<SourceOp> sources;
  std::vector<TargetOp> targets;
  std::vector<Subtree> subtrees;  ///< all of `targets`, by prepare()
  std::vector<Case> cases;        ///< of simple rules and bare create(); instead of targets
  std::vector<CallOp> calls;
  std::unique_ptr<Block> nested;
};

struct Block {
  std::vector<RuleOp> rules;
  std::vector<Slot> shares;  ///< emptied when the block begins
};

/// A group after overlays.
struct GroupRef {
  const ast::Map* map = nullptr;  ///< where its text stands: aliases of `uses` come from its unit
  const ast::Group* group = nullptr;
};

/// A map after overlays.
struct Unit {
  std::string url;
  std::vector<const ast::Map*> layers;
  std::vector<GroupRef> groups;
  std::vector<std::size_t> imports;  ///< of other units, all that match
};

/// A group compiled for one combination of types.
struct Instance {
  const Unit* unit = nullptr;
  GroupRef source;
  std::vector<Shape> shapes;  ///< of the arguments
  Slot slots = 0;
  bool declared = false;                    ///< of the types the group declares, all of them
  const Template* root_template = nullptr;  ///< what comes with the target of such a group
  CallOp base;                              ///< extends; group null: none
  Block body;
};

struct LetOp {
  const Expr* expr = nullptr;
};

struct Program {
  const definitions::Definitions* definitions = nullptr;
  std::vector<const definitions::Definitions*> releases;  ///< `definitions` first, then others

  /// The definitions a type comes from.
  const definitions::Definitions& home(const definitions::Type& type) const noexcept {
    for (const definitions::Definitions* release : releases) {
      if (release->type(type.name()) == &type) return *release;
    }
    return *definitions;
  }

  path::FunctionTable functions;
  transforms::Table transforms;
  std::vector<std::string> parameters;
  std::vector<std::string> files;
  std::deque<ast::Map> maps;
  std::deque<Unit> units;
  std::deque<Instance> instances;
  std::deque<Expr> expressions;
  std::deque<RuleInfo> rules;
  std::deque<Template> templates;
  std::deque<ConceptTable> concepts;
  std::deque<std::string> texts;  ///< of literals
  std::vector<LetOp> lets;
  std::vector<Finding> warnings;
  std::shared_ptr<const RuleTable> table;  ///< of `rules`, for what is kept of runs
};

/// Prepares what is the same in every run, once a program is compiled: images of templates and of
/// the subtrees that rules write.
void prepare(Program& program);

}  // namespace concord::mapping::detail
