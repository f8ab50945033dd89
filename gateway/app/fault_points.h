#pragma once
/// For tests only: the program dies at a named step of a commit or with a message. Compiled into
/// `concord-faulty` (tests/campaign), never into `concord`.

#include <functional>
#include <memory>
#include <string_view>

#include "gateway/channels/channel.h"

namespace concord::app {

/// Kills the process (SIGKILL) at the step that the file named by CONCORD_FAULT_POINT_FILE says, as
/// soon as it says so (tests/campaign/fault_point.h). Empty when there is no such file. Safe from
/// any thread.
std::function<void(std::string_view step)> fault_point();

/// A channel that does harm with messages as CONCORD_FAULT_DELIVERY says, "HERE/ISOLATED:TEXT":
/// with those whose bytes hold TEXT, HERE in the gateway and ISOLATED in a process made for one of
/// them. Each is "crash" (the process aborts), "hang" (it never comes back), "memory" (it takes 640
/// MiB, then aborts) or "none". The channel as it is when the variable is absent.
std::unique_ptr<channels::Channel> with_faults(std::unique_ptr<channels::Channel> channel,
                                               bool isolated);

/// Ends the process as CONCORD_FAULT_ACCEPT says, "HOW:TEXT", when `bytes` hold TEXT: "abort", "trap"
/// (a fault of the processor) or "overflow" (of the stack).
void end_with(std::string_view bytes);

}  // namespace concord::app
