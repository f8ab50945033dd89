// concord audit verify: walks the hash chain of a store.
#include <ostream>

#include "fhir/core/digest.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/open_store.h"

namespace concord::app {
namespace {

int verify(const Config& config, Streams& streams) {
  auto opened = open_store_for_reading(config, system_clock());
  const std::string path = store_name(config);
  if (!opened) {
    print_error(streams.err, path, opened.error());
    return kFailed;
  }
  const auto verdict = store::verify_audit(**opened);
  if (!verdict) {
    print_error(streams.err, path, verdict.error());
    return kFailed;
  }
  if (verdict->broken) {
    streams.out << "broken at " << verdict->broken->sequence << ": "
                << audit::fault_name(verdict->broken->fault) << ": " << verdict->broken->text
                << "\nwhole before it: " << verdict->links << " records\n";
    return kFailed;
  }
  streams.out << "whole: " << verdict->links << " records, head " << to_hex(verdict->head) << '\n';
  return kDone;
}

}  // namespace

void register_audit(commands::Table& table) {
  CLI::App& command = table.add("audit", "The record of every change of state",
                                "concord audit verify --store concord.db");
  command.require_subcommand(1);
  CLI::App& below = table.add(
      "verify", "Walk the hash chain from its first record to its head; status 1 where it breaks",
      "concord audit verify --store concord.db", &command);
  struct Options {
    std::string config;
    std::string store;
  };
  const auto options = std::make_shared<Options>();
  add_config_option(below, options->config);
  below.add_option("--store", options->store, "A SQLite file; without it the configured store");
  table.on(below, [options](Streams& streams) -> int {
    if (!options->store.empty()) {
      Config file;
      file.store_path = options->store;
      return verify(file, streams);
    }
    const auto config = load_config(options->config, streams.err);
    return config ? verify(*config, streams) : static_cast<int>(kUsage);
  });
}

}  // namespace concord::app
