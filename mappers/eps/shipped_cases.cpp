#include "mappers/core/golden.h"
#include "mappers/eps/eps.h"

namespace concord::eps {

Result<std::vector<mappers::GoldenCase>> shipped_cases() {
  return mappers::golden_cases(resources(), "eps/");
}

}  // namespace concord::eps
