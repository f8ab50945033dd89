#include "fhir/path/units.h"

#include "fhir/path/detail/ucum.h"
#include "fhir/path/detail/units.h"

namespace concord::path {

std::optional<Decimal> convert_unit(const Decimal& value, std::string_view from,
                                    std::string_view to) {
  return detail::convert(value, from, false, to, false);
}

std::optional<BaseValue> in_base_units(const Decimal& value, std::string_view code) {
  constexpr std::string_view kBase[] = {"m", "s", "g", "rad", "K", "C", "cd"};
  const auto unit = detail::parse_ucum(code);
  if (!unit || unit->is_one()) return std::nullopt;
  const auto converted = detail::in_base_units(value, *unit);
  if (!converted) return std::nullopt;
  BaseValue base{*converted, {}};
  const auto add = [&base](std::string_view name, int power) {
    if (power == 0) return;
    if (!base.unit.empty()) base.unit.push_back('.');
    base.unit.append(name);
    if (power != 1) base.unit.append(std::to_string(power));
  };
  for (std::size_t at = 0; at < unit->dimension.size(); ++at) add(kBase[at], unit->dimension[at]);
  add(unit->arbitrary, unit->arbitrary_power);
  return base;
}

}  // namespace concord::path
