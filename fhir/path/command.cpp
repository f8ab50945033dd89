#include "fhir/path/command.h"

#include "fhir/json/writer.h"
#include "fhir/path/expression.h"

namespace concord::path {

Result<std::string> evaluate_to_text(std::string_view text, const tree::Document& document,
                                     const definitions::Definitions& definitions,
                                     tree::Symbols& symbols, Instant now) {
  const FunctionTable functions = FunctionTable::standard();
  CompileContext compile{symbols, functions};
  compile.definitions = &definitions;
  compile.focus_type = document.text(document.root().type());
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
