#include "mappers/eps/functions/escape_xml.h"

#include "mappers/eps/functions/registry.h"

namespace concord::eps {
namespace {

/// escapeXml() : String
Result<path::Collection> fn_escape_xml(path::EvalContext& context, const path::Collection& input,
                                       path::Args) {
  return functions::for_each_text(context, input, [](std::string_view text) -> Result<std::string> {
    return escape_xml(text);
  });
}

constexpr path::FunctionRow kRows[] = {
    {.name = "escapeXml",
     .handler = &fn_escape_xml,
     .returns = path::Returns::strings,
     .pure = true,
     .documentation = "text with & < > as entities"},
};

}  // namespace

std::string escape_xml(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

void register_escape_xml(functions::Table& table) { table.add(kRows); }

}  // namespace concord::eps
