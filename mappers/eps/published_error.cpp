#include "mappers/eps/published_error.h"

#include <utility>

namespace concord::eps {

Error published_error(std::string_view detail_code, std::string text, std::string expression,
                      Position position) {
  Error error;
  error.code = ErrorCode::invalid;
  error.issues.push_back(Issue{Severity::error,
                               std::move(expression),
                               std::move(text),
                               position,
                               {},
                               std::string(detail_code)});
  return error;
}

}  // namespace concord::eps
