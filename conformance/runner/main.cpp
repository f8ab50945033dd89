/// concord-conformance: runs TestScripts against FHIR servers and says how they did.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "conformance/runner/claims.h"
#include "conformance/runner/engine.h"
#include "conformance/runner/generator/generator.h"
#include "conformance/runner/load.h"
#include "conformance/runner/reports/reports.h"
#include "conformance/runner/table.h"
#include "fhir/json/writer.h"

namespace {

using namespace concord;
namespace fs = std::filesystem;

constexpr int kUsage = 1;
constexpr int kFailures = 3;
constexpr int kEngine = 4;

struct Given {
  std::vector<std::string> servers, headers, variables, reports;
  std::vector<fs::path> scripts, packages, fixtures;
  std::string filter, table, type;
  double timeout = 30;
  std::uint64_t seed = 0;
  bool all = false, allow_remote = false, claims = false, insecure = false;
  runner::ClientOptions client;
};

int complain(const Error& error, int code = kUsage) {
  fmt::print(stderr, "concord-conformance: {}\n", to_string(error));
  return code;
}

bool write_file(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  out.flush();
  if (!out) fmt::print(stderr, "concord-conformance: cannot write {}\n", file.string());
  return out.good();
}

/// "name=value" or "Name: value" at the first `at`.
std::optional<std::pair<std::string, std::string>> parted(const std::string& text, char at) {
  const auto found = text.find(at);
  if (found == std::string::npos || found == 0) return std::nullopt;
  std::size_t value = found + 1;
  while (value < text.size() && text[value] == ' ') ++value;
  return std::make_pair(text.substr(0, found), text.substr(value));
}

Result<std::vector<runner::Script>> load_all(const Given& given, runner::Standard& standard) {
  CONCORD_ASSIGN(const auto files, runner::find_scripts(given.scripts));
  std::vector<runner::Script> scripts;
  for (const fs::path& file : files) {
    auto script = runner::load_file(file, standard);
    if (!script) {
      Error error = std::move(script).error();
      if (!error.issues.empty()) error.issues[0].text = file.string() + ": " + error.issues[0].text;
      return error;
    }
    scripts.push_back(*std::move(script));
  }
  if (scripts.empty()) return make_error(ErrorCode::not_found, "no TestScript there");
  return scripts;
}

Result<runner::Settings> settings_of(const Given& given) {
  runner::Settings settings;
  for (std::string server : given.servers) {
    if (!server.starts_with("http://") && !server.starts_with("https://")) {
      return make_error(ErrorCode::invalid, "--server wants an address of http or https");
    }
    while (server.ends_with('/')) server.pop_back();
    settings.servers.push_back(std::move(server));
  }
  for (const std::string& header : given.headers) {
    const auto parts = parted(header, ':');
    if (!parts) return make_error(ErrorCode::invalid, "--header wants 'Name: value'");
    settings.headers.push_back({parts->first, parts->second});
  }
  for (const std::string& variable : given.variables) {
    const auto parts = parted(variable, '=');
    if (!parts) return make_error(ErrorCode::invalid, "--variable wants name=value");
    settings.variables[parts->first] = parts->second;
  }
  settings.fixture_folders = given.fixtures;
  settings.allow_remote = given.allow_remote;
  settings.filter = given.filter;
  settings.seed = given.seed;
  if (settings.seed == 0) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    settings.seed = static_cast<std::uint64_t>(now / std::chrono::milliseconds(1));
  }
  return settings;
}

int write_reports(const Given& given, const runner::RunResult& run,
                  const runner::Standard& standard) {
  for (const std::string& report : given.reports) {
    const auto parts = parted(report, '=');
    if (!parts) return complain(make_error(ErrorCode::invalid, "--report wants kind=FILE"));
    const fs::path file = parts->second;
    std::error_code failed;
    if (file.has_parent_path()) fs::create_directories(file.parent_path(), failed);
    if (parts->first == "html") {
      if (!write_file(file, runner::html_page(run))) return kEngine;
    } else if (parts->first == "junit" || parts->first == "json") {
      const auto text = parts->first == "junit" ? runner::junit_xml(run) : runner::json_record(run);
      if (!text) return complain(text.error(), kEngine);
      if (!write_file(file, *text)) return kEngine;
    } else if (parts->first == "testreport") {
      fs::create_directories(file, failed);
      for (const auto& script : run.scripts) {
        const auto text = runner::test_report(run, script, standard);
        if (!text) return complain(text.error(), kEngine);
        if (!write_file(file / (runner::file_name(script.name) + ".json"), *text)) return kEngine;
      }
    } else {
      return complain(
          make_error(ErrorCode::invalid, "--report knows html, junit, json and testreport"));
    }
  }
  return 0;
}

int run_scripts(const Given& given) {
  auto settings = settings_of(given);
  if (!settings) return complain(settings.error());
  auto standard = runner::Standard::load(given.packages, system_clock());
  if (!standard) return complain(standard.error());
  const auto scripts = load_all(given, **standard);
  if (!scripts) return complain(scripts.error());
  runner::ClientOptions options = given.client;
  options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(given.timeout * 1000));
  options.verify = !given.insecure;
  runner::Client client(options);
  runner::Engine engine(**standard, *settings, client.transport(), runner::system_timing());
  const auto run = engine.run(*scripts, [&](const runner::ScriptResult& script) {
    fmt::print("{}", runner::console_text(script, given.all));
    std::fflush(stdout);
  });
  fmt::print("{}", runner::console_totals(run));
  if (given.claims) {
    if (const auto* statement = engine.statement(1)) {
      fmt::print("\n{}", runner::claims_text(runner::check_claims(run, *statement)));
    }
  }
  if (const int failed = write_reports(given, run, **standard); failed != 0) return failed;
  if (!given.table.empty()) {
    const auto features = runner::features();
    if (!features) return complain(features.error());
    const auto text = runner::read_file(given.table);
    if (!text) return complain(text.error());
    const auto made = runner::with_table(*text, runner::features_table(*features, run));
    if (!made) return complain(made.error());
    if (!write_file(given.table, *made)) return kEngine;
  }
  if (run.unreadable && runner::count(run).passed == 0) return kEngine;
  return runner::exit_code(run);
}

int list_scripts(const Given& given) {
  auto standard = runner::Standard::load(given.packages, system_clock());
  if (!standard) return complain(standard.error());
  const auto scripts = load_all(given, **standard);
  if (!scripts) return complain(scripts.error());
  std::size_t tests = 0;
  for (const runner::Script& script : *scripts) {
    fmt::print("{}  {}\n", script.name.empty() ? script.file.stem().string() : script.name,
               script.file.string());
    for (const runner::Test& test : script.tests) {
      fmt::print("  {}\n", test.name.empty() ? test.id : test.name);
    }
    tests += script.tests.size();
  }
  fmt::print("{} scripts, {} tests\n", scripts->size(), tests);
  return 0;
}

int check_scripts(const Given& given) {
  auto standard = runner::Standard::load(given.packages, system_clock());
  if (!standard) return complain(standard.error());
  const auto files = runner::find_scripts(given.scripts);
  if (!files) return complain(files.error());
  bool sound = true;
  for (const fs::path& file : *files) {
    const auto script = runner::load_file(file, **standard);
    if (!script) {
      complain(script.error());
      fmt::print("{}: cannot be read\n", file.string());
      sound = false;
      continue;
    }
    sound = sound && script->sound();
    fmt::print("{}: {}\n", file.string(), script->sound() ? "ok" : "wrong");
    for (const Issue& issue : script->issues) {
      if (issue.severity > Severity::error && !given.all) continue;
      fmt::print("  {}:{} {} {}: {}\n", issue.position.line, issue.position.column,
                 severity_name(issue.severity), issue.expression, issue.text);
    }
  }
  return sound ? 0 : kFailures;
}

int generate(const Given& given) {
  auto standard = runner::Standard::load({}, system_clock());
  if (!standard) return complain(standard.error());
  const generator::Generator make((*standard)->definitions, &*(*standard)->terminology);
  const auto types = given.type == "all" ? make.types() : std::vector<std::string>{given.type};
  for (const std::string& type : types) {
    const auto document = make.resource(type, given.seed);
    if (!document) return complain(document.error());
    const auto text = json::write(*document, {.pretty = given.type != "all"});
    if (!text) return complain(text.error(), kEngine);
    fmt::print("{}\n", *text);
  }
  return 0;
}

void add_scripts(CLI::App* command, Given& given) {
  command->add_option("scripts,--scripts", given.scripts, "TestScripts, or folders of them")
      ->required();
  command->add_option("--package", given.packages,
                      "FHIR package, folder or file with profiles to check against");
}

void add_run(CLI::App& program, Given& given) {
  CLI::App* const run = program.add_subcommand("run", "run TestScripts against a server");
  add_scripts(run, given);
  run->add_option("--server", given.servers,
                  "base address; several are destination 1, 2 …: --server URL --server URL")
      ->required();
  run->add_option("--report", given.reports, "html=FILE, junit=FILE, json=FILE, testreport=FOLDER")
      ->delimiter(',');
  run->add_option("--filter", given.filter, "only tests with this in script/test");
  run->add_option("--header", given.headers,
                  "'Name: value' sent with every request; secrets are masked in reports");
  run->add_option("--variable", given.variables, "name=value, before what the script says");
  run->add_option("--fixtures", given.fixtures, "folders with the files fixtures name");
  run->add_option("--timeout", given.timeout, "seconds of one exchange")->capture_default_str();
  run->add_option("--seed", given.seed,
                  "of random texts and generated resources; 0: another one each time")
      ->capture_default_str();
  run->add_option("--ca", given.client.ca_file, "PEM file of authorities to trust");
  run->add_option("--certificate", given.client.certificate, "PEM file of a client certificate");
  run->add_option("--key", given.client.key, "PEM file of its key");
  run->add_flag("--insecure", given.insecure, "trust any certificate; for trials only");
  run->add_flag("--allow-remote", given.allow_remote,
                "ask addresses outside of --server when a script does");
  run->add_flag("--all", given.all, "print every test, not only those that failed");
  run->add_flag("--claims", given.claims,
                "hold the results against /metadata: claimed but fails, works unclaimed");
  run->add_option("--table", given.table,
                  "rewrite the table of features in this Markdown file from the results");
  run->footer(
      "Exit codes: 0 passed, 1 usage, 3 failures, 4 engine or network.\n\n"
      "  concord-conformance run conformance/suites --server http://127.0.0.1:8080/FHIR/R4\n"
      "  concord-conformance run scripts --server https://test.example/r4 --ca ca.pem \\\n"
      "      --header 'Authorization: Bearer …' --report html=out.html,junit=out.xml --claims\n");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program{"Runs FHIR R4 TestScripts against servers and says how they did."};
  program.require_subcommand(1);
  Given given;
  add_run(program, given);
  CLI::App* const list = program.add_subcommand("list", "list scripts and their tests");
  add_scripts(list, given);
  list->footer("  concord-conformance list conformance/suites\n");
  CLI::App* const check = program.add_subcommand(
      "check", "check scripts against R4 and tst-1 to tst-13, with line and column");
  add_scripts(check, given);
  check->add_flag("--all", given.all, "warnings as well");
  check->footer("  concord-conformance check my-script.json --all\n");
  CLI::App* const make = program.add_subcommand("generate", "make a minimal valid resource");
  make->add_option("type", given.type, "resource type, or all")->required();
  make->add_option("--seed", given.seed, "same seed, same bytes")->capture_default_str();
  make->footer("  concord-conformance generate MedicationRequest\n");
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = program.exit(error);
    return code == 0 ? 0 : kUsage;
  }
  if (*list) return list_scripts(given);
  if (*check) return check_scripts(given);
  if (*make) return generate(given);
  return run_scripts(given);
}
