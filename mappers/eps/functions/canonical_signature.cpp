#include "mappers/eps/functions/canonical_signature.h"

#include "fhir/core/digest.h"
#include "fhir/xml/canonical.h"
#include "fhir/xml/writer.h"
#include "mappers/eps/functions/registry.h"

namespace concord::eps {
namespace {

/// canonicalSignature() : String
Result<path::Collection> fn_canonical_signature(path::EvalContext& context,
                                                const path::Collection& input, path::Args) {
  path::Collection made;
  for (const path::Value& item : input) {
    if (!item.is_node()) continue;
    auto data = canonical_signature(item.document(), item.node());
    if (!data) return functions::at(std::move(data).error(), item);
    if (context.reads != nullptr) functions::mark_read(*context.reads, item.node());
    if (!made.add(context, context.string(*data))) return context.failure();
  }
  return made;
}

constexpr path::FunctionRow kRows[] = {
    {.name = "canonicalSignature",
     .handler = &fn_canonical_signature,
     .returns = path::Returns::strings,
     .accepts = path::Accepts::node,
     .pure = true,
     .documentation = "an XML element in exclusive canonical form, base64"},
};

}  // namespace

Result<std::string> canonical_signature(const tree::Document& document,
                                        const tree::Node& signature) {
  xml::WriteOptions plain;
  plain.declaration = false;
  plain.indent = 0;
  CONCORD_ASSIGN(const std::string written, xml::write(document, signature, plain));
  CONCORD_ASSIGN(const std::string canonical, xml::canonicalise(written));
  return base64_encode(canonical);
}

void register_canonical_signature(functions::Table& table) { table.add(kRows); }

}  // namespace concord::eps
