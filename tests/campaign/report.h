#pragma once
/// What is told of a round: to whoever waits, and in a file for whoever asks later.

#include <filesystem>
#include <optional>
#include <string>

#include "tests/campaign/campaign.h"

namespace concord::campaign {

/// In words: how many of what, the faults by kind and how many of each met requests, the steps of a
/// commit at which gateways died, times, violations.
std::string report_of(const Account& account, const std::string& title);

/// What a report file says of a round that is over.
struct Done {
  bool sound = false;
  std::uint64_t messages = 0, faults = 0;
};

/// Writes `seed-N.txt` of a round: the report, and a last line for read_report(). False: it could
/// not be written.
bool write_report(const std::filesystem::path& folder, const Plan& plan, const Account& account,
                  const std::string& report);
/// Nothing when the round was not played to its end, or by another command line.
std::optional<Done> read_report(const std::filesystem::path& folder, const Plan& plan);

}  // namespace concord::campaign
