#include "fhir/mapping/functions.h"

#include <string>

#include "fhir/path/context.h"

namespace concord::mapping {
namespace {

Result<path::Collection> fn_fail(path::EvalContext& context, const path::Collection& input,
                                 path::Args args) {
  auto code = context.one_string(args[0], "the code of fail()");
  if (!code) return std::move(code).error();
  auto text = context.one_string(args[1], "the text of fail()");
  if (!text) return std::move(text).error();
  Issue issue;
  issue.text = std::string((*text).value_or("refused"));
  issue.detail_code = std::string((*code).value_or(""));
  if (input.size() == 1 && input.front().is_node()) {
    issue.expression = input.front().document().path(input.front().node());
    issue.position = input.front().document().position(input.front().node());
  }
  Error error;
  error.code = ErrorCode::invalid;
  error.issues.push_back(std::move(issue));
  return error;
}

constexpr path::FunctionRow kFail{
    .name = "fail",
    .min = 2,
    .max = 2,
    .handler = &fn_fail,
    .documentation = "fail(code, text): ends the map with the documented code"};

}  // namespace

void add_functions(path::FunctionTable& table) { table.add(kFail); }

}  // namespace concord::mapping
