// concord map: mappings, looked at without sending anything. lint stands here, the others beside
// it.
#include <ostream>

#include "fhir/mapping/map_set.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/map_work.h"
#include "mappers/eps/eps.h"

namespace concord::app {
namespace {

struct LintOptions {
  MapWorkOptions work;
  bool alone = false;
};

int lint(const LintOptions& options, Streams& streams) {
  const auto stop = [&](const Error& error) {
    print_error(streams.err, "", error);
    return kFailed;
  };
  auto engine = Engine::load();
  if (!engine) return stop(engine.error());
  // The shipped models and functions, so that overlays are checked against what they overlay.
  if (const auto added = (*engine)->add_mappers(eps::MapperOptions()); !added) {
    return stop(added.error());
  }
  const auto overlays = overlays_from(options.work);
  if (!overlays) return stop(overlays.error());
  const std::vector<mapping::MapSource> sources =
      options.alone ? overlays->maps : layered_maps(*overlays);
  path::FunctionTable functions = path::FunctionTable::standard();
  eps::add_functions(functions);
  mapping::CompileOptions compile;
  compile.functions = &functions;
  compile.parameters = eps::parameter_names();
  const auto tables = eps::code_tables((*engine)->definitions());
  if (!tables) return stop(tables.error());
  compile.concept_maps = *tables;
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

}  // namespace

void register_map(commands::Table& table) {
  CLI::App& command = table.add("map", "Mappings in the FHIR Mapping Language",
                                "concord demo-bundle | concord map trace | head");
  command.require_subcommand(1);
  CLI::App& below = table.add(
      "lint",
      "Compile maps laid over the shipped ones and say what is wrong, with file, line and column",
      "concord map lint", &command);
  const auto options = std::make_shared<LintOptions>();
  add_overlay_options(below, options->work);
  below.add_flag("--alone", options->alone, "Without the shipped maps below them");
  table.on(below, [options](Streams& streams) { return lint(*options, streams); });
}

}  // namespace concord::app
