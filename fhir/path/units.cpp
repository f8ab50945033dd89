#include "fhir/path/units.h"

#include "fhir/path/detail/units.h"

namespace concord::path {

std::optional<Decimal> convert_unit(const Decimal& value, std::string_view from,
                                    std::string_view to) {
  return detail::convert(value, from, false, to, false);
}

}  // namespace concord::path
