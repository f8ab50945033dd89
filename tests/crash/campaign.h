#pragma once
/// One crash campaign: clients, a gateway that is killed again and again, and the account at the
/// end.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace concord::crash {

struct Plan {
  std::uint64_t kills = 10;
  std::uint64_t prescriptions = 400;
  std::uint64_t clients = 4;
  std::uint64_t seed = 1;
  std::uint64_t flaky = 0;  ///< requests of 1,000 in which the other side misbehaves
  std::filesystem::path folder;
};

struct Account {
  std::uint64_t accepted = 0;
  std::uint64_t attempts = 0;   ///< HTTP requests sent
  std::uint64_t kills = 0;      ///< the gateway was running, and was killed
  std::uint64_t in_flight = 0;  ///< kills with at least one request waiting for its answer
  std::uint64_t replays = 0;    ///< repeated messages that got their first answer again
  std::uint64_t arrivals = 0;   ///< deliveries the other side saw, resends included
  double seconds = 0;
  std::vector<std::string> violations;
};

/// Runs the plan to its end. Gives up, with a violation, when nothing moves for two minutes.
Account run(const Plan& plan);

}  // namespace concord::crash
