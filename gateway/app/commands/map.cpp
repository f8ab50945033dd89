// concord map lint | trace: mappings, looked at without sending anything.
#include <ostream>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/mapping/map_set.h"
#include "fhir/mapping/trace.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/engine.h"
#include "mappers/eps/eps.h"

namespace concord::app {
namespace {

constexpr std::size_t kLongest = std::size_t{4} << 20;

struct LintOptions {
  std::vector<std::string> files;
  bool alone = false;
};

int lint(const LintOptions& options, Streams& streams) {
  auto engine = Engine::load();
  if (!engine) {
    print_error(streams.err, "", engine.error());
    return kFailed;
  }
  // The shipped models and functions, so that overlays are checked against what they overlay.
  if (const auto added = (*engine)->add_mappers(eps::MapperOptions()); !added) {
    print_error(streams.err, "", added.error());
    return kFailed;
  }
  std::vector<mapping::MapSource> sources;
  if (!options.alone) sources = eps::shipped_maps();
  for (const std::string& file : options.files) {
    auto text = read_whole(file, kLongest);
    if (!text) {
      print_error(streams.err, file, text.error());
      return kFailed;
    }
    sources.push_back({file, *std::move(text)});
  }
  path::FunctionTable functions = path::FunctionTable::standard();
  eps::add_functions(functions);
  mapping::CompileOptions compile;
  compile.functions = &functions;
  compile.parameters = eps::parameter_names();
  const auto findings = mapping::lint(sources, (*engine)->definitions(), compile);
  streams.out << mapping::findings_text(findings);
  bool failed = false;
  for (const mapping::Finding& finding : findings) {
    failed = failed || finding.severity <= Severity::error;
  }
  if (!failed) {
    streams.out << sources.size() << " maps compile, " << findings.size() << " warnings\n";
  }
  return failed ? kFailed : kDone;
}

struct TraceOptions {
  std::vector<std::string> files;
  std::string source;
  std::string now;
  std::vector<std::string> set;
  bool json = false;
};

Result<std::string> trace(const TraceOptions& options) {
  CONCORD_ASSIGN(auto engine, Engine::load());
  std::vector<mapping::MapSource> overlays;
  for (const std::string& file : options.files) {
    CONCORD_ASSIGN(std::string text, read_whole(file, kLongest));
    overlays.push_back({file, std::move(text)});
  }
  CONCORD_TRY(engine->add_mappers(overlays));
  CONCORD_ASSIGN(std::string text, read_whole(options.source, kLongest));
  CONCORD_ASSIGN(tree::Document bundle, json::read(std::move(text), engine->symbols()));
  tree::Builder builder(bundle);
  definitions::annotate(builder, engine->definitions());
  const mappers::Mapper* mapper = engine->mappers().recognise(bundle);
  if (mapper == nullptr) {
    return make_error(ErrorCode::unsupported, "no format has a message for this Bundle");
  }
  mappers::Parameters parameters;
  parameters.now = system_clock()();
  if (!options.now.empty()) {
    CONCORD_ASSIGN(parameters.now, parse_instant(options.now));
  }
  for (const std::string& pair : options.set) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos)
      return make_error(ErrorCode::invalid, "--set takes name=value");
    parameters.values[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  mapping::TraceRecorder recorder;
  CONCORD_ASSIGN(const mappers::Encoded encoded, mapper->encode(bundle, parameters, &recorder));
  return options.json ? mapping::trace_json_lines(recorder) : mapping::trace_text(recorder);
}

void add_lint(commands::Table& table, CLI::App& command) {
  CLI::App& below = table.add(
      "lint",
      "Compile maps laid over the shipped ones and say what is wrong, with file, line and column",
      "concord map lint overlays/line_item.map", &command);
  const auto options = std::make_shared<LintOptions>();
  below.add_option("files", options->files, "Maps; none: the shipped ones alone");
  below.add_flag("--alone", options->alone, "Without the shipped maps below them");
  table.on(below, [options](Streams& streams) { return lint(*options, streams); });
}

void add_trace(commands::Table& table, CLI::App& command) {
  CLI::App& below = table.add(
      "trace",
      "Translate a Bundle and print, for each value written, target, source, group, rule and line",
      "concord demo-bundle | concord map trace --source - | head", &command);
  const auto options = std::make_shared<TraceOptions>();
  below.add_option("files", options->files, "Maps laid over the shipped ones");
  below.add_option("--source", options->source, "The Bundle (JSON); - is standard input")
      ->required();
  below.add_option("--now", options->now, "Instant taken as now; without it the clock's");
  below.add_option("--set", options->set, "Parameter of the format, name=value; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  below.add_flag("--json", options->json, "JSON lines");
  table.on(below, [options](Streams& streams) -> int {
    const auto lines = trace(*options);
    if (!lines) {
      print_error(streams.err, options->source, lines.error());
      return kFailed;
    }
    streams.out << *lines;
    return kDone;
  });
}

}  // namespace

void register_map(commands::Table& table) {
  CLI::App& command = table.add("map", "Mappings in the FHIR Mapping Language",
                                "concord demo-bundle | concord map trace --source - | head");
  command.require_subcommand(1);
  add_lint(table, command);
  add_trace(table, command);
}

}  // namespace concord::app
