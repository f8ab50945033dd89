#pragma once
/// Runs a Program over trees.

#include "fhir/path/detail/program.h"
#include "fhir/path/detail/state.h"

namespace concord::path::detail {

/// Cheap to make; one per call into the evaluator. Every function answers false after it has put an
/// error into the state. Its recursion is bounded by the nesting of the expression, which the
/// parser bounds; never by the data.
class Evaluator {
 public:
  Evaluator(EvalContext& context, const Program& program)
      : context_(context), state_(context.state()), program_(program) {}

  bool evaluate(OpIndex at, const Frame& frame, Collection& out);

  /// Evaluates as a condition: evaluate() and then truth(), but comparisons of texts and logic make
  /// no collections. `offset` is for the error of several items.
  bool condition(OpIndex at, const Frame& frame, std::uint32_t offset, std::optional<bool>& out);

  /// Three-valued: no item is nothing; a single item that is no boolean is true.
  bool truth(const Collection& items, std::uint32_t offset, std::optional<bool>& out);

  bool matches(const Value& item, const TypeTest& test, bool exact);

  /// What one_item() found.
  enum class One : std::uint8_t { none, one, open };
  /// The only item an operation gives; open: not to be had without evaluating it.
  One one_item(OpIndex at, const Frame& frame, Value& out);
  /// A comparison with constant texts; false: to be evaluated like any other.
  bool compare_texts(const Op& op, const Frame& frame, std::optional<bool>& out);

 private:
  bool chain(const Op& op, const Frame& frame, Collection& out);
  bool segment(const Segment& segment, const Frame& frame, Collection& current);
  /// The items of an operation that stand somewhere already; null for what must be computed.
  const Collection* standing(const Op& op, const Frame& frame) const;
  /// Without `out` it stops at the first end it finds and says so.
  bool walk(const Segment& segment, const Collection& input, Collection* out, bool* found);
  bool call(const Segment& segment, const Frame& frame, Collection& current);
  bool index(const Segment& segment, const Frame& frame, Collection& current);
  bool cast(const TypeTest& test, SegmentKind kind, std::uint32_t offset, Collection& current);
  bool binary(const Op& op, const Frame& frame, Collection& out);
  bool logical(const Op& op, const Frame& frame, std::optional<bool>& out);
  bool where(const Segment& segment, const Frame& frame, Collection& current);
  bool iif(const Segment& segment, const Frame& frame, Collection& current);

  One descend(const Segment& walk, Value& item);
  /// The text of a value that counts as a String; nothing for any other.
  std::optional<std::string_view> string_of(const Value& value) const;
  bool resource(bool root, const Frame& frame, Collection& out);
  bool system_step(const Value& item, const WalkStep* step, const WalkStep* end, Collection& out);
  bool fail(ErrorCode code, std::uint32_t offset, std::string what);

  EvalContext& context_;
  EvalContext::State& state_;
  const Program& program_;
};

}  // namespace concord::path::detail
