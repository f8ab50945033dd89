#pragma once
/// The workload: what practices send, how often they repeat themselves, and what they do when no
/// answer comes. Every request is an operation of the history.

#include <cstdint>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "tests/campaign/board.h"

namespace concord::campaign {

/// Resources the clients change together.
struct SharedResources {
  std::mutex lock;
  std::vector<std::string> places;  ///< "Basic/id"
};

/// One client, until the messages of the plan are sent and its faults caused: prescriptions; one in
/// five sent again, at once or after later ones; one in fifty with other content under the same
/// identity (it has to be refused); one in ten followed by cancellations; and between them
/// resources created under If-None-Exist and updated under If-Match. Runs on a thread of its own.
void run_client(Board& board, SharedResources& resources, std::uint64_t number);

}  // namespace concord::campaign
