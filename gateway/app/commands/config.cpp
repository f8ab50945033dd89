// concord config: the defaults with their meaning, or what holds in the end.
#include <ostream>

#include "gateway/app/commands/registry.h"

namespace concord::app {

void register_config(commands::Table& table) {
  CLI::App& command =
      table.add("config",
                "Print the default configuration with every key explained; with --config or "
                "--effective what holds in the end, environment included",
                "concord config > concord.yaml && concord config --check --config concord.yaml");
  struct Options {
    std::string file;
    bool check = false;
    bool effective = false;
  };
  const auto options = std::make_shared<Options>();
  add_config_option(command, options->file);
  command.add_flag("--check", options->check, "Only say whether it is right");
  command.add_flag("--effective", options->effective, "Print the values that hold");
  table.on(command, [options](Streams& streams) -> int {
    if (options->file.empty() && !options->check && !options->effective) {
      streams.out << default_config();
      return kDone;
    }
    const auto config = load_config(options->file, streams.err);
    if (!config) return kFailed;
    if (!options->check) streams.out << to_yaml(*config);
    return kDone;
  });
}

}  // namespace concord::app
