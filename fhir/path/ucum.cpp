#include "fhir/path/ucum.h"

#include "fhir/path/detail/ucum.h"

namespace concord::path {

bool is_ucum(std::string_view code) { return detail::parse_ucum(code).has_value(); }

}  // namespace concord::path
