#pragma once
/// The first answer as it is kept for the same message coming again. Pure, safe from any thread.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"

namespace concord::exchange {

/// What has to be said again, word for word.
struct KeptAnswer {
  std::string task_id;
  std::string task;
  std::string destination;
  std::vector<Issue> issues;
  friend bool operator==(const KeptAnswer&, const KeptAnswer&) = default;
};

/// A text of length-prefixed fields; grammar in README.md of this room.
std::string write_answer(const KeptAnswer& answer);

/// Errors: internal (not what write_answer made, or of a later version).
Result<KeptAnswer> read_answer(std::string_view text);

}  // namespace concord::exchange
