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

  /// Three-valued: no item is nothing; a single item that is no boolean is true.
  bool truth(const Collection& items, std::uint32_t offset, std::optional<bool>& out);

  bool matches(const Value& item, const TypeTest& test, bool exact);

 private:
  bool chain(const Op& op, const Frame& frame, Collection& out);
  bool segment(const Segment& segment, const Frame& frame, Collection& current);
  /// Without `out` it stops at the first end it finds and says so.
  bool walk(const Segment& segment, const Collection& input, Collection* out, bool* found);
  bool call(const Segment& segment, const Frame& frame, Collection& current);
  bool index(const Segment& segment, const Frame& frame, Collection& current);
  bool cast(const TypeTest& test, SegmentKind kind, std::uint32_t offset, Collection& current);
  bool binary(const Op& op, const Frame& frame, Collection& out);
  bool logical(const Op& op, const Frame& frame, Collection& out);
  bool resource(bool root, const Frame& frame, Collection& out);
  bool system_step(const Value& item, const WalkStep* step, const WalkStep* end, Collection& out);
  bool fail(ErrorCode code, std::uint32_t offset, std::string what);

  EvalContext& context_;
  EvalContext::State& state_;
  const Program& program_;
};

}  // namespace concord::path::detail
