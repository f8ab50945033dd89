#pragma once
/// For tests only: the program dies at a named step of a commit. Compiled into `concord-faulty`
/// (tests/campaign), never into `concord`.

#include <functional>
#include <string_view>

namespace concord::app {

/// Kills the process (SIGKILL) at the step named by CONCORD_FAULT_POINT, "STEP:N": the Nth time the
/// step is reached in this life; "*" is any step. Empty when the variable is absent or says nothing
/// of the kind. Safe from any thread.
std::function<void(std::string_view step)> fault_point();

}  // namespace concord::app
