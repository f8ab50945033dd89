// concord fhirpath: an expression over a resource.
#include <ostream>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/path/command.h"
#include "fhir/xml/reader.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/engine.h"

namespace concord::app {
namespace {

struct Options {
  std::string expression;
  std::string file;
  std::string now;
  std::string type;
  bool strict = false;
};

Result<std::string> evaluate(const Options& options) {
  constexpr std::size_t kLongest = std::size_t{64} << 20;
  CONCORD_ASSIGN(auto engine, Engine::load());
  if (options.file.empty()) {
    return path::check_to_text(options.expression, options.type, options.strict,
                               engine->definitions(), engine->symbols());
  }
  CONCORD_ASSIGN(std::string text, read_whole(options.file, kLongest));
  const std::size_t first = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  const bool is_xml = first != std::string::npos && text[first] == '<';
  tree::Limits limits;
  limits.max_bytes = kLongest;
  auto read = is_xml ? xml::read_fhir(std::move(text), engine->symbols(), limits)
                     : json::read(std::move(text), engine->symbols(), limits);
  if (!read) return std::move(read).error();
  tree::Builder builder(*read);
  definitions::annotate(builder, engine->definitions());
  Instant now = system_clock()();
  if (!options.now.empty()) {
    CONCORD_ASSIGN(now, parse_instant(options.now));
  }
  return path::evaluate_to_text(options.expression, *read, engine->definitions(), engine->symbols(),
                                now, options.strict);
}

}  // namespace

void register_fhirpath(commands::Table& table) {
  CLI::App& command =
      table.add("fhirpath", "Evaluate a FHIRPath expression over a resource, one line per item",
                "concord demo-bundle | concord fhirpath "
                "'Bundle.entry.resource.ofType(MedicationRequest).status' -");
  const auto options = std::make_shared<Options>();
  command.add_option("expression", options->expression, "FHIRPath (N1)")->required();
  CLI::Option* file =
      command.add_option("file", options->file, "FHIR JSON or XML; - is standard input");
  CLI::Option* type =
      command.add_option("--type", options->type,
                         "Without a file: check the expression against this type (Patient, "
                         "Bundle.entry) and print what it gives");
  file->excludes(type);
  command.add_flag("--strict", options->strict,
                   "Refuse elements a type does not have and types that cannot meet");
  command.add_option("--now", options->now, "Instant now() answers; without it the clock's");
  table.on(command, [options](Streams& streams) -> int {
    if (options->file.empty() && options->type.empty()) {
      streams.err << "fhirpath: a file or --type is needed\n";
      return kUsage;
    }
    const auto lines = evaluate(*options);
    if (!lines) {
      print_error(streams.err, "fhirpath", lines.error());
      return kFailed;
    }
    streams.out << *lines;
    if (!lines->empty() && lines->back() != '\n') streams.out << '\n';
    return kDone;
  });
}

}  // namespace concord::app
