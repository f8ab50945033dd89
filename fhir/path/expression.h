#pragma once
/// FHIRPath expressions: compiled once at load, evaluated many times over trees.
/// Source: hl7.org/fhirpath/N1; hl7.org/fhir/R4/fhirpath.html.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/path/context.h"
#include "fhir/path/function_table.h"
#include "fhir/path/value.h"
#include "fhir/tree/symbols.h"

namespace concord::path {

/// A %name an expression may use. `type` as in CompileContext::focus_type.
struct VariableDeclaration {
  std::string name;
  std::string type;
  bool single = true;
};

/// Where the expression stands, for errors: the text begins at this line and column of `file`.
struct Location {
  std::string file;
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// What an expression is compiled against. Everything pointed to must outlive the expression.
struct CompileContext {
  tree::Symbols& symbols;
  const FunctionTable& functions;
  /// Without definitions nothing is typed: paths work by name, choice elements only by full name.
  const definitions::Definitions* definitions = nullptr;
  /// Type of the focus: "Patient", "Bundle.entry", "System.String"; empty when not known.
  std::string focus_type = {};
  /// Slot i of EvalContext::bind() is variables[i]. Names that are neither declared here nor
  /// standard are an error.
  std::vector<VariableDeclaration> variables = {};
  /// Unknown elements, wrong input types and choice elements by full name (valueQuantity) are
  /// errors where types are known. Otherwise they evaluate to what is there.
  bool strict = false;
  /// Texts in double quotes are delimited names, as FHIRPath before 1.0 wrote them: "div".
  /// Otherwise they are errors.
  bool double_quoted_names = false;
  Location location = {};
  std::size_t max_length = 64 * 1024;  ///< bytes of text; more: too_long
  std::size_t max_depth = 128;  ///< nesting of parentheses, calls and operators; more: too_long
};

/// What is known of a result before evaluation. No types: not known. System types are written
/// "System.String".
struct ResultType {
  std::vector<tree::Symbol> types;
  bool single = false;  ///< never more than one item
};

namespace detail {
class Program;
}

/// A compiled expression. Immutable, cheap to copy, shared by any number of threads.
class Expression {
 public:
  /// Errors: malformed (syntax), invalid (unknown function, variable or type, wrong number of
  /// arguments; in strict mode also unknown elements and types that cannot fit), too_long. Every
  /// issue has line and column in the file of `context.location`, and its text begins with the
  /// name of that file when there is one.
  /// Names in the text become shared symbols for good: compile what an operator loads, never what a
  /// message brings.
  static Result<Expression> compile(std::string_view text, const CompileContext& context);

  /// The value of the expression with `focus` as $this and %context. The result lives in `context`
  /// (until reset()), in the documents of the focus and in this expression.
  /// Errors: invalid (an operator or function met items it has no meaning for), too_costly,
  /// timeout.
  Result<Collection> evaluate(EvalContext& context, const Collection& focus) const;

  /// Evaluates criteria: true only for a single true; no value or false is false. A single item
  /// that is not a boolean counts as true (N1 section 4.5). Frees what the evaluation allocated.
  /// Errors: as evaluate(); invalid when there are several items.
  Result<bool> test(EvalContext& context, const Collection& focus) const;

  const ResultType& result_type() const noexcept;
  /// The text as given.
  std::string_view text() const noexcept;

 private:
  explicit Expression(std::shared_ptr<const detail::Program> program)
      : program_(std::move(program)) {}
  std::shared_ptr<const detail::Program> program_;
};

}  // namespace concord::path
