#include "mappers/eps/functions/identifiers.h"

#include "fhir/core/uuid.h"
#include "mappers/eps/functions/registry.h"

namespace concord::eps {
namespace {

/// globalIdentifier() : String
Result<path::Collection> fn_global_identifier(path::EvalContext& context,
                                              const path::Collection& input, path::Args) {
  return functions::for_each_text(
      context, input,
      [](std::string_view value) -> Result<std::string> { return global_identifier(value); });
}

constexpr path::FunctionRow kRows[] = {
    {.name = "globalIdentifier",
     .handler = &fn_global_identifier,
     .returns = path::Returns::strings,
     .pure = true,
     .documentation = "an identifier as HL7 v3 writes it: upper case when it holds a UUID"},
};

}  // namespace

std::string global_identifier(std::string_view value) {
  std::string written(value);
  if (!is_uuid(value) && !contains_uuid(value)) return written;
  for (char& c : written) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return written;
}

void register_identifiers(functions::Table& table) { table.add(kRows); }

}  // namespace concord::eps
