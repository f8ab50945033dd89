#include "gateway/resources/cut.h"

#include <algorithm>
#include <array>

namespace concord::resources {
namespace {

using search::SummaryMode;

struct SummaryName {
  std::string_view name;
  SummaryMode mode;
};
constexpr std::array kSummaries{
    SummaryName{"true", SummaryMode::yes}, SummaryName{"false", SummaryMode::no},
    SummaryName{"text", SummaryMode::text}, SummaryName{"data", SummaryMode::data},
    SummaryName{"count", SummaryMode::count}};

Error bad_parameter(std::string text, std::string_view name) {
  Error error = make_error(ErrorCode::malformed, std::move(text), "http." + std::string(name));
  error.issues.front().code = "invalid";
  return error;
}

Result<std::vector<std::string>> element_names(std::string_view list) {
  const Error wrong = bad_parameter("_elements must list names of elements", "_elements");
  std::vector<std::string> names;
  while (true) {
    const std::size_t comma = list.find(',');
    const std::string_view name = list.substr(0, comma);
    const bool good =
        !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '.' || c == '[' || c == ']';
        });
    if (!good || names.size() == 200) return wrong;
    names.emplace_back(name);
    if (comma == std::string_view::npos) return names;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

Result<Cut> cut_asked(const search::QueryParameters& parameters) {
  Cut cut;
  for (const auto& [name, value] : parameters) {
    if (name == "_summary") {
      const auto* at = std::find_if(kSummaries.begin(), kSummaries.end(),
                                    [&](const SummaryName& row) { return row.name == value; });
      if (at == kSummaries.end()) {
        return bad_parameter("_summary must be true, false, text, data or count", "_summary");
      }
      cut.summary = at->mode;
    } else if (name == "_elements") {
      CONCORD_ASSIGN(std::vector<std::string> elements, element_names(value));
      cut.elements.insert(cut.elements.end(), elements.begin(), elements.end());
    }
  }
  return cut;
}

Error count_is_for_searches() {
  return bad_parameter("_summary=count is for searches", "_summary");
}

}  // namespace concord::resources
