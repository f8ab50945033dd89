#include "fhir/validate/syntax.h"

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/xml/reader.h"

namespace concord::validate {

tree::Reading read_for_validation(std::string text, const definitions::Definitions& definitions,
                                  const SyntaxOptions& options, const tree::Limits& limits) {
  const std::size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  const bool is_xml = first != std::string::npos && text[first] == '<';
  tree::Reading reading =
      is_xml ? xml::read_fhir_collecting(std::move(text), definitions.symbols(), limits)
             : json::read_collecting(std::move(text), definitions.symbols(), limits,
                                     {.comments = options.allow_comments});
  if (reading.document) {
    tree::Builder builder(*reading.document);
    definitions::annotate(builder, definitions);
  }
  return reading;
}

}  // namespace concord::validate
