// dateOp(v, '+' | '-', n, unit): a date or dateTime moved by n years, months, weeks, days, hours,
// minutes or seconds; n is a literal or a value. Its precision stays. The standard leaves the
// parameters open.
#include <array>

#include "fhir/mapping/transforms/registry.h"

namespace concord::mapping {
namespace {

Result<std::string> as_path(std::span<const transforms::Written> arguments) {
  const transforms::Written& sign = arguments[1];
  const transforms::Written& count = arguments[2];
  const transforms::Written& unit = arguments[3];
  constexpr std::array<std::string_view, 7> kUnits{"year", "month",  "week",  "day",
                                                   "hour", "minute", "second"};
  bool known = false;
  std::string_view word = unit.text;
  if (word.ends_with('s')) word.remove_suffix(1);
  for (const std::string_view one : kUnits) known = known || word == one;
  if (!sign.literal || (sign.text != "+" && sign.text != "-") || !unit.literal || !known) {
    return make_error(ErrorCode::invalid, "dateOp takes a value, '+' or '-', a number and a unit");
  }
  const std::string units = std::string(word) + 's';
  if (count.literal) {
    if (count.text.empty() || count.text.find_first_not_of("0123456789") != std::string::npos) {
      return make_error(ErrorCode::invalid, "the number of dateOp is a whole one, without a sign");
    }
    return '(' + arguments[0].path + ' ' + sign.text + ' ' + count.text + ' ' + units + ')';
  }
  // A number only the message knows: by way of a quantity, or what is none would write nothing.
  const std::string text = '(' + count.path + ".toString() & ' " + units + "')";
  return "iif(" + count.path + ".empty(), {}, " + arguments[0].path + ' ' + sign.text + " iif(" +
         text + ".convertsToQuantity(), " + text + ".toQuantity(), " + count.path +
         ".fail('INVALID_VALUE', 'is no number of " + units + "')))";
}

}  // namespace

void register_date_op(transforms::Table& table) {
  table.add({.name = "dateOp", .min = 4, .max = 4, .as_path = &as_path});
}

}  // namespace concord::mapping
