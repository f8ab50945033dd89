#pragma once
/// What the compiler makes and the evaluator runs: flat tables of operations over symbols.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/path/expression.h"
#include "fhir/path/function_table.h"
#include "fhir/path/value.h"
#include "fhir/tree/arena.h"
#include "fhir/tree/symbols.h"

namespace concord::path::detail {

enum class Code : std::uint8_t {
  constant,  ///< a: constants
  focus,     ///< $this
  index,     ///< $index
  total,     ///< $total
  context,   ///< %context
  resource,
  root_resource,
  bound,  ///< a: slot of the host
  local,  ///< a: slot of defineVariable()
  chain,  ///< a: operation of the base; b: first segment; c: number of segments
  negate,
  plus,
  // from here: a and b are operations; of equal, not_equal and in c is kOnTexts or 0
  multiply,
  divide,
  integer_divide,
  modulo,
  add,
  subtract,
  concatenate,
  unite,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  equivalent,
  not_equivalent,
  in,
  contains,
  logical_and,
  logical_or,
  logical_xor,
  implies,
  // a: operation; b: type tests
  is_type,
  as_type,
};

using OpIndex = std::uint32_t;

/// Op::c of a comparison whose right side is a constant of nothing but strings; of `=` and `!=`
/// just one.
inline constexpr std::uint32_t kOnTexts = 1;

struct Op {
  Code code = Code::constant;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  std::uint32_t offset = 0;  ///< bytes into the text, for errors
};

enum class SegmentKind : std::uint8_t {
  walk,       ///< a: first step; b: number of steps
  walk_any,   ///< as walk, then exists()
  walk_none,  ///< as walk, then empty()
  index,      ///< a: operation of the index
  call,       ///< a: calls
  where,      ///< a: calls
  iif,        ///< a: calls
  of_type,    ///< a: type tests
  is_type,
  as_type,
  define,  ///< defineVariable: a: local slot; b: operation, or kNoOp for the input itself
};
inline constexpr OpIndex kNoOp = 0xFFFFFFFF;

struct Segment {
  SegmentKind kind = SegmentKind::walk;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t offset = 0;
};

enum class StepKind : std::uint8_t {
  child,          ///< children of that name
  child_in,       ///< children whose name is in a set (choice elements)
  self_or_child,  ///< the node itself when it has that type, else children of that name
  of_type,        ///< the node itself when it has that type
};

struct WalkStep {
  StepKind kind = StepKind::child;
  tree::Symbol name = tree::Symbol::kNone;
  std::uint32_t set = 0;  ///< name sets or type tests
};

/// Shared symbols as a bit set: one test per node, however many names.
class SymbolSet {
 public:
  void insert(tree::Symbol symbol) {
    const std::size_t word = tree::number(symbol) / 64;
    if (word >= words_.size()) words_.resize(word + 1);
    words_[word] |= std::uint64_t{1} << (tree::number(symbol) % 64);
  }
  bool contains(tree::Symbol symbol) const noexcept {
    const std::size_t word = tree::number(symbol) / 64;
    return word < words_.size() && ((words_[word] >> (tree::number(symbol) % 64)) & 1) != 0;
  }

 private:
  std::vector<std::uint64_t> words_;
};

/// A type specifier, resolved.
struct TypeTest {
  std::string name;        ///< as written, for messages
  bool is_system = false;  ///< `system` counts
  Tag system = Tag::boolean;
  bool is_fhir = false;  ///< `fhir` and `exact` count
  bool is_primitive = false;
  tree::Symbol exact = tree::Symbol::kNone;
  SymbolSet fhir;  ///< the type and all derived from it
};

struct Call {
  const FunctionRow* row = nullptr;  ///< points into `rows` of the program
  std::vector<OpIndex> arguments;
  std::vector<Lambda> lambdas;
  std::vector<Collection> constants;  ///< the arguments, when all are constant
  std::shared_ptr<const void> prepared;
};

/// Names every expression may need; interned when the expression is compiled.
struct WellKnown {
  WellKnown() = default;
  explicit WellKnown(tree::Symbols& symbols)
      : value(symbols.intern("value")),
        unit(symbols.intern("unit")),
        code(symbols.intern("code")),
        system(symbols.intern("system")),
        extension(symbols.intern("extension")),
        url(symbols.intern("url")),
        id(symbols.intern("id")),
        contained(symbols.intern("contained")),
        entry(symbols.intern("entry")),
        full_url(symbols.intern("fullUrl")),
        resource(symbols.intern("resource")),
        reference(symbols.intern("reference")),
        bundle(symbols.intern("Bundle")),
        coding(symbols.intern("coding")),
        modifier_extension(symbols.intern("modifierExtension")) {}
  tree::Symbol value = tree::Symbol::kNone;
  tree::Symbol unit = tree::Symbol::kNone;
  tree::Symbol code = tree::Symbol::kNone;
  tree::Symbol system = tree::Symbol::kNone;
  tree::Symbol extension = tree::Symbol::kNone;
  tree::Symbol url = tree::Symbol::kNone;
  tree::Symbol id = tree::Symbol::kNone;
  tree::Symbol contained = tree::Symbol::kNone;
  tree::Symbol entry = tree::Symbol::kNone;
  tree::Symbol full_url = tree::Symbol::kNone;
  tree::Symbol resource = tree::Symbol::kNone;
  tree::Symbol reference = tree::Symbol::kNone;
  tree::Symbol bundle = tree::Symbol::kNone;
  tree::Symbol coding = tree::Symbol::kNone;
  tree::Symbol modifier_extension = tree::Symbol::kNone;
};

class Program {
 public:
  Program(std::string source, Location where, tree::Symbols& symbols)
      : text(std::move(source)), location(std::move(where)), names(symbols), arena(256) {}

  std::string text;
  Location location;
  WellKnown names;
  const definitions::Definitions* definitions = nullptr;
  tree::Arena arena;  ///< constants
  std::vector<Op> ops;
  std::vector<Segment> segments;
  std::vector<WalkStep> steps;
  std::vector<std::string> step_names;  ///< text of each step's name
  std::vector<SymbolSet> name_sets;
  std::vector<std::vector<std::string>> name_set_texts;
  std::vector<TypeTest> type_tests;
  std::vector<Call> calls;
  std::vector<std::unique_ptr<FunctionRow>> rows;
  std::vector<Collection> constants;
  std::uint32_t local_count = 0;
  OpIndex root = 0;
  ResultType result;

  /// Line and column in the file of a byte of the text.
  Position position(std::uint32_t offset) const noexcept;
  /// An error of this expression with its place.
  Error fail(ErrorCode code, std::uint32_t offset, std::string what) const;
};

}  // namespace concord::path::detail
