#include "mappers/eps/functions/telecom.h"

#include "mappers/eps/functions/registry.h"

namespace concord::eps {
namespace {

/// Bytes of the white space character at the start of `text`; 0 when there is none. White space is
/// that of ECMAScript, which the published translation uses.
std::size_t white_space(std::string_view text) {
  const auto byte = [&](std::size_t at) -> unsigned {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
  };
  const unsigned first = byte(0);
  if (first == ' ' || (first >= '\t' && first <= '\r')) return 1;
  if (first == 0xC2 && byte(1) == 0xA0) return 2;  // U+00A0
  const unsigned code = byte(1) << 8 | byte(2);
  switch (first) {
    case 0xE1:
      return code == 0x9A80 ? 3 : 0;  // U+1680
    case 0xE2:                        // U+2000..200A, 2028, 2029, 202F, 205F
      return (code >= 0x8080 && code <= 0x808A) || code == 0x80A8 || code == 0x80A9 ||
                     code == 0x80AF || code == 0x819F
                 ? 3
                 : 0;
    case 0xE3:
      return code == 0x8080 ? 3 : 0;  // U+3000
    case 0xEF:
      return code == 0xBBBF ? 3 : 0;  // U+FEFF
    default:
      return 0;
  }
}

/// telecomValue() : String
Result<path::Collection> fn_telecom_value(path::EvalContext& context, const path::Collection& input,
                                          path::Args) {
  return functions::for_each_text(
      context, input,
      [](std::string_view value) -> Result<std::string> { return telecom_value(value); });
}

constexpr path::FunctionRow kRows[] = {
    {.name = "telecomValue",
     .handler = &fn_telecom_value,
     .returns = path::Returns::strings,
     .pure = true,
     .documentation = "a telecom as a tel: address without white space"},
};

}  // namespace

std::string telecom_value(std::string_view value) {
  constexpr std::string_view kScheme = "tel:";
  std::string kept(kScheme);
  kept.reserve(value.size() + kScheme.size());
  while (!value.empty()) {
    const std::size_t space = white_space(value);
    if (space == 0) kept += value.front();
    value.remove_prefix(space == 0 ? 1 : space);
  }
  if (std::string_view(kept).substr(kScheme.size()).starts_with(kScheme)) {
    kept.erase(0, kScheme.size());
  }
  return kept;
}

void register_telecom(functions::Table& table) { table.add(kRows); }

}  // namespace concord::eps
