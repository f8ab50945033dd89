#include "mappers/eps/functions/signature_xml.h"

#include "fhir/core/digest.h"
#include "mappers/eps/functions/registry.h"
#include "mappers/eps/published_error.h"

namespace concord::eps {
namespace {

/// signatureXml() : String
Result<path::Collection> fn_signature_xml(path::EvalContext& context, const path::Collection& input,
                                          path::Args) {
  return functions::for_each_text(context, input, signature_xml);
}

constexpr path::FunctionRow kRows[] = {
    {.name = "signatureXml",
     .handler = &fn_signature_xml,
     .returns = path::Returns::strings,
     .pure = true,
     .documentation = "the XML text inside a base64 signature"},
};

}  // namespace

Result<std::string> signature_xml(std::string_view base64) {
  auto decoded = base64_decode(base64);
  if (!decoded) return invalid_value("is not base64");
  if (decoded->empty()) return invalid_value("holds no signature");
  return decoded;
}

void register_signature_xml(functions::Table& table) { table.add(kRows); }

}  // namespace concord::eps
