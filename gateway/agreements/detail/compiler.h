#pragma once
/// One agreement file → one compiled agreement.

#include <optional>

#include "fhir/definitions/definitions.h"
#include "fhir/path/expression.h"
#include "gateway/agreements/detail/compiled.h"
#include "gateway/agreements/detail/yaml.h"

namespace concord::agreements::detail {

/// What compiling needs beside the file. Everything pointed to outlives the agreement.
struct CompileInput {
  const definitions::Definitions& definitions;
  const path::FunctionTable& functions;
  const std::map<std::string, Calendar, std::less<>>& calendars;
};

/// The agreement of a file. Nothing when there is a fault; faults are recorded in `file`.
std::optional<Agreement> compile_agreement(YamlFile& file, std::string_view text,
                                           const CompileInput& input);

/// The expressions that read parties and event out of a message.
Result<Reading> compile_reading(const CompileInput& input);

}  // namespace concord::agreements::detail
