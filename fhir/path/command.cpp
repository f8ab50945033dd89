#include "fhir/path/command.h"

#include "fhir/definitions/definitions.h"
#include "fhir/json/writer.h"
#include "fhir/path/expression.h"

namespace concord::path {

Result<std::string> check_to_text(std::string_view text, std::string_view type, bool strict,
                                  const definitions::Definitions& definitions,
                                  tree::Symbols& symbols) {
  if (definitions.type(type) == nullptr) {
    return make_error(ErrorCode::not_found, "no type of that name");
  }
  const FunctionTable functions = FunctionTable::standard();
  CompileContext compile{symbols, functions};
  compile.definitions = &definitions;
  compile.focus_type = type;
  compile.strict = strict;
  CONCORD_ASSIGN(const Expression expression, Expression::compile(text, compile));
  const ResultType& result = expression.result_type();
  std::string line;
  for (const tree::Symbol name : result.types) {
    if (!line.empty()) line += " | ";
    line += symbols.text(name);
  }
  if (line.empty()) line = "unknown";
  return line + (result.single ? ", at most one\n" : ", any number\n");
}

Result<std::string> evaluate_to_text(std::string_view text, const tree::Document& document,
                                     const definitions::Definitions& definitions,
                                     tree::Symbols& symbols, Instant now, bool strict) {
  const FunctionTable functions = FunctionTable::standard();
  CompileContext compile{symbols, functions};
  compile.definitions = &definitions;
  compile.focus_type = document.text(document.root().type());
  compile.strict = strict;
  CONCORD_ASSIGN(const Expression expression, Expression::compile(text, compile));
  EvalContext context;
  context.now = now;
  CONCORD_ASSIGN(const Collection items,
                 expression.evaluate(context, Collection::of(document, document.root())));
  std::string lines;
  for (const Value& item : items) {
    if (item.is_node() && !item.node().has_value()) {
      CONCORD_ASSIGN(const std::string json, json::write(item.document(), item.node()));
      lines += json;
    } else if (item.tag() == Tag::type_info) {
      lines += std::string(item.type_info().space) + "." + std::string(item.type_info().name);
    } else {
      lines += context.text_of(item).value_or("");
    }
    lines += '\n';
  }
  return lines;
}

}  // namespace concord::path
