#include "gateway/app/command_line.h"

#include <unistd.h>

#include <ostream>

#include "gateway/api/endpoint.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/gateway.h"
#include "gateway/app/isolation.h"

namespace concord::app {

void register_commands(commands::Table& table);

CLI::App& CommandTable::add(std::string name, std::string description, std::string_view example,
                            CLI::App* below) {
  CLI::App* command =
      (below == nullptr ? app_ : below)->add_subcommand(std::move(name), std::move(description));
  command->footer("\nExample:\n  " + std::string(example));
  return *command;
}

void CommandTable::on(CLI::App& command, Work work) {
  command.callback([this, work = std::move(work)] { chosen_ = work; });
}

int run(int argc, const char* const* argv, Streams& streams) {
  try {
    // Not a command: what a gateway starts for a message that has ended it.
    if (argc == 2 && std::string_view(argv[1]) == kIsolatedDelivery) {
      return isolated_delivery(STDIN_FILENO, STDOUT_FILENO);
    }
    CLI::App app(
        "Concord: FHIR R4 gateway between GP practices and community pharmacies.\n"
        "Takes messages, checks them against signed agreements, translates and delivers them.",
        "concord");
    app.footer(
        "\nExit status: 0 done, 1 refused or failed, 2 wrong command line, 3 done with losses.\n"
        "Example:\n  concord demo-bundle | concord translate --from fhir --to eps");
    app.set_version_flag("--version", "concord " + std::string(version()));
    bool describe = false;
    app.add_flag("--describe-api", describe, "Print every call the gateway answers, and end");
    app.require_subcommand(0, 1);
    CommandTable table(app);
    register_commands(table);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& stopped) {
      const int code = app.exit(stopped, streams.out, streams.err);
      return code == 0 ? kDone : kUsage;
    }
    if (describe) {
      streams.out << api::EndpointTable::standard().describe();
      return kDone;
    }
    if (!table.chosen()) {
      streams.err << app.help();
      return kUsage;
    }
    return table.chosen()(streams);
  } catch (const std::exception& failure) {
    streams.err << "concord: " << failure.what() << '\n';
    return kFailed;
  }
}

void print_error(std::ostream& err, std::string_view file, const Error& error) {
  for (const Issue& issue : error.issues) {
    if (!file.empty()) {
      err << file << ':';
      if (issue.position.line != 0)
        err << issue.position.line << ':' << issue.position.column << ':';
      err << ' ';
    }
    err << severity_name(issue.severity) << ": " << issue.text;
    if (!issue.expression.empty()) err << " (" << issue.expression << ')';
    if (!issue.detail_code.empty()) err << " [" << issue.detail_code << ']';
    err << '\n';
  }
  if (error.issues.empty()) err << "error: " << error_row(error.code).name << '\n';
}

void add_config_option(CLI::App& command, std::string& file) {
  command.add_option("--config", file, "Configuration (YAML); without it the default holds");
}

std::optional<Config> load_config(const std::string& file, std::ostream& err) {
  auto config =
      read_config(file.empty() ? std::nullopt : std::optional<std::filesystem::path>(file),
                  process_environment());
  if (config) return *std::move(config);
  print_error(err, "", config.error());
  return std::nullopt;
}

}  // namespace concord::app
