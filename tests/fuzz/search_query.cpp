// Queries of any form over types of any name: read or refused within bounds, and what was read says
// the same when it is read again.
// DEPENDS fhir/definitions fhir/packages fhir/path fhir/terminology fhir/search

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fhir/packages/registry.h"
#include "fhir/path/function_table.h"
#include "fhir/search/criteria_text.h"
#include "fhir/search/parameters.h"
#include "fhir/terminology/terminology.h"

using namespace concord;

namespace {

struct Loaded {
  tree::Symbols symbols;
  definitions::Definitions r4 = *definitions::Definitions::r4(symbols);
  packages::Registry registry{r4};
  terminology::Terminology terminology{registry};
  path::FunctionTable functions = path::FunctionTable::standard();
  search::Parameters parameters = *search::Parameters::compile(
      {&r4, &functions, &terminology, {}, "https://here.example/FHIR/R4"});
};

std::string_view next(std::string_view& rest, char end) {
  const std::size_t at = rest.find(end);
  const std::string_view found = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return found;
}

std::string text_of(const search::Query& query) {
  std::string text;
  for (const search::Condition& where : query.where) text += to_text(where, true) + "\n";
  for (const search::Include& include : query.includes) text += to_text(include) + "\n";
  return text;
}

}  // namespace

// "Patient?name=a&birthdate=ge2000"
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Loaded loaded;
  if (size > 4'096) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty() && (rest.back() == '\n' || rest.back() == '\r')) rest.remove_suffix(1);
  const std::string_view type = next(rest, '?');
  search::QueryParameters parameters;
  while (!rest.empty()) {
    std::string_view one = next(rest, '&');
    const std::string_view name = next(one, '=');
    parameters.emplace_back(name, one);
  }
  for (const auto handling : {search::Handling::strict, search::Handling::lenient}) {
    search::Parameters::Reading reading;
    reading.handling = handling;
    reading.base_url = "https://here.example/FHIR/R4";
    const auto query = loaded.parameters.parse(type, parameters, reading);
    if (!query) {
      if (query.error().issues.empty() || query.error().code == ErrorCode::internal) std::abort();
      continue;
    }
    if (query->where.size() != query->types.size() || query->count > reading.limits.max_count) {
      std::abort();
    }
    if (!query->sort.empty() && query->sort.size() != query->types.size()) std::abort();
    const auto again = loaded.parameters.parse(type, query->used, reading);
    if (!again || text_of(*again) != text_of(*query)) std::abort();
  }
  return 0;
}
