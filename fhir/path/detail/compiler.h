#pragma once
/// A syntax tree to a Program: names become symbols, choice elements the names they are written
/// under, functions rows of the table, constants values. Everything that can be wrong with an
/// expression before it meets data is found here.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/path/detail/ast.h"
#include "fhir/path/detail/program.h"
#include "fhir/path/detail/types.h"
#include "fhir/path/expression.h"

namespace concord::path::detail {

class Compiler {
 public:
  Compiler(const CompileContext& context, Program& program, const Ast& ast)
      : context_(context), program_(program), ast_(ast) {}

  /// Fills the program. Errors: invalid.
  Result<void> run();

 private:
  struct Typed {
    OpIndex op = 0;
    Static type;
  };
  struct Local {
    std::string name;
    std::uint32_t slot;
    Static type;
  };
  /// A chain under construction: name steps gather until something else ends the walk.
  struct Chain {
    std::vector<Segment> segments;
    std::vector<WalkStep> steps;
    std::vector<std::string> step_names;
    Static type;
    bool constant = false;  ///< the base and every step so far are constant
  };

  Result<Typed> compile(AstIndex at);
  Result<Typed> literal(const AstNode& node);
  Result<Typed> external(const AstNode& node);
  Result<Typed> unary(const AstNode& node);
  Result<Typed> binary(const AstNode& node);
  Result<Typed> type_operator(const AstNode& node);
  Result<Typed> chain(AstIndex at);

  // paths.cpp
  Result<void> member(Chain& chain, const AstNode& node, bool first);
  bool self(Chain& chain, const AstNode& node, Error& error);
  struct Found {
    std::vector<tree::Symbol> names;
    Static type;
    bool choice_by_full_name = false;
  };
  void find_children(const Static& parents, tree::Symbol name, Found& found, bool& open) const;
  void add_child(const definitions::Child& child, tree::Symbol name, Found& found) const;
  const std::vector<tree::Symbol>& choice_names(tree::Symbol base);
  void flush(Chain& chain, std::uint32_t offset);

  // calls.cpp
  Result<void> call(Chain& chain, const AstNode& node);
  Result<void> define_variable(Chain& chain, const AstNode& node);
  Result<void> type_function(Chain& chain, const AstNode& node, SegmentKind kind);
  Result<void> index(Chain& chain, const AstNode& node);
  Result<std::uint32_t> type_test(std::string_view name, std::uint32_t offset, Static& type);
  Static result_of(const FunctionRow& row, const Static& input,
                   const std::vector<Static>& arguments) const;
  void narrow(SegmentKind kind, const Static& target, Static& type) const;

  Static declared(std::string_view type, bool single) const;
  OpIndex add(Op op);
  OpIndex add_constant(Collection value, std::uint32_t offset);
  /// The value of an operation that is a constant, else null.
  const Collection* constant(OpIndex op) const;
  /// Computes an operation over constants once and for all, when it can be computed.
  OpIndex fold(OpIndex op);
  Collection keep(const Collection& value);
  Value keep(const Value& value);
  Error fail(std::uint32_t offset, std::string text) const;

  const CompileContext& context_;
  Program& program_;
  const Ast& ast_;
  Static focus_;
  Static total_ = Static::unknown();
  bool in_iteration_ = false;  ///< $index means something
  bool in_aggregate_ = false;  ///< $total means something
  std::vector<Local> locals_;
  std::map<tree::Symbol, std::vector<tree::Symbol>> choice_names_;
};

}  // namespace concord::path::detail
