#include "gateway/exchange/task_index.h"

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"

namespace concord::exchange {

Result<search::IndexValues> index_task(const std::string& body,
                                       const search::Parameters* parameters,
                                       const definitions::Definitions* definitions) {
  if (parameters == nullptr || definitions == nullptr) return search::IndexValues{};
  auto document = json::read(body, definitions->symbols());
  if (!document) return make_error(ErrorCode::internal, "the Task of an exchange cannot be read");
  tree::Builder builder(*document);
  definitions::annotate(builder, *definitions);
  return parameters->extract(*document, document->root());
}

}  // namespace concord::exchange
