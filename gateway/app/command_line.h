#pragma once
/// The command line: each file of commands/ is one subcommand.

#include <CLI/CLI.hpp>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "gateway/app/config.h"

namespace concord::app {

/// Where a command reads and writes.
struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool terminal = false;  ///< a person reads `out` as it comes
};

/// Exit statuses of every command.
enum ExitStatus : int {
  kDone = 0,
  kFailed = 1,  ///< refused, not valid, not found
  kUsage = 2,   ///< the command line itself is wrong
  kLosses = 3,  ///< done, but something unforeseen could not be carried
};

/// Gathers subcommands; the one that was named puts its work into `chosen`.
class CommandTable {
 public:
  using Work = std::function<int(Streams&)>;

  explicit CommandTable(CLI::App& app) : app_(&app) {}

  /// A subcommand whose help ends with an example that can be run as it stands.
  CLI::App& add(std::string name, std::string description, std::string_view example,
                CLI::App* below = nullptr);
  void on(CLI::App& command, Work work);
  /// A subcommand added before (files register in order of their names); null when there is none.
  CLI::App* find(std::string_view name) const {
    const auto found =
        app_->get_subcommands([name](const CLI::App* one) { return one->get_name() == name; });
    return found.empty() ? nullptr : found.front();
  }

  const Work& chosen() const noexcept { return chosen_; }

 private:
  CLI::App* app_;
  Work chosen_;
};

/// Runs the program. Never throws.
int run(int argc, const char* const* argv, Streams& streams);

/// Prints an error as lines "file:line:column: error: text (expression)".
void print_error(std::ostream& err, std::string_view file, const Error& error);

/// Adds --config to a command.
void add_config_option(CLI::App& command, std::string& file);
/// The configuration named, or the default. Prints what is wrong; nothing then.
std::optional<Config> load_config(const std::string& file, std::ostream& err);

}  // namespace concord::app
