// concord snapshot: a StructureDefinition with the snapshot its differential gives.
#include <ostream>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/packages/registry.h"
#include "fhir/snapshot/generator.h"
#include "fhir/xml/reader.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/engine.h"

namespace concord::app {
namespace {

constexpr std::size_t kLongest = std::size_t{64} << 20;

struct Options {
  std::vector<std::string> packages;
  std::vector<std::string> definitions;
  std::vector<std::string> folders;
  std::string cache;
  std::string file;
  snapshot::GenerateOptions generate;
};

/// Definitions as they are published: what is only badly written is told and read all the same.
Result<tree::Document> read_definition(const std::string& file, Engine& engine, std::ostream& err) {
  CONCORD_ASSIGN(std::string text, read_whole(file, kLongest));
  const std::size_t first = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  const bool is_xml = first != std::string::npos && text[first] == '<';
  tree::Limits limits;
  limits.max_bytes = kLongest;
  tree::Reading reading = is_xml
                              ? xml::read_fhir_collecting(std::move(text), engine.symbols(), limits)
                              : json::read_collecting(std::move(text), engine.symbols(), limits);
  Error findings;
  for (const tree::SyntaxFinding& finding : reading.findings) {
    findings.issues.push_back(Issue{finding.severity,
                                    finding.path,
                                    finding.text,
                                    finding.position,
                                    {},
                                    std::string(finding.message_id)});
  }
  if (!reading.document) {
    findings.code = ErrorCode::malformed;
    return findings;
  }
  if (!findings.issues.empty()) print_error(err, file, findings);
  tree::Builder builder(*reading.document);
  definitions::annotate(builder, engine.definitions());
  return *std::move(reading.document);
}

Result<void> load(const Options& options, packages::Registry& registry, std::ostream& err) {
  packages::AddOptions how;
  how.folders.assign(options.folders.begin(), options.folders.end());
  how.cache = options.cache;
  for (const auto* list : {&options.packages, &options.definitions}) {
    for (const std::string& what : *list) {
      CONCORD_ASSIGN(const packages::Loaded loaded, registry.add(what, how));
      Error warnings;
      warnings.issues = loaded.warnings;
      if (!warnings.issues.empty()) print_error(err, what, warnings);
    }
  }
  return {};
}

int print_snapshot(const Options& options, Streams& streams) {
  const auto failed = [&](const Error& error, std::string_view file) {
    print_error(streams.err, file, error);
    return kFailed;
  };
  auto engine = Engine::load();
  if (!engine) return failed(engine.error(), "");
  packages::Registry registry((*engine)->definitions());
  if (auto done = load(options, registry, streams.err); !done) return failed(done.error(), "");
  auto definition = read_definition(options.file, **engine, streams.err);
  if (!definition) return failed(definition.error(), options.file);
  const auto generated = snapshot::generate(*definition, registry, options.generate);
  if (!generated) return failed(generated.error(), options.file);
  json::WriteOptions write;
  write.pretty = true;
  write.limits = generated->definition.limits();
  const auto text = json::write(generated->definition, write);
  if (!text) return failed(text.error(), options.file);
  streams.out << *text << '\n';
  Error messages;
  messages.issues = generated->messages;
  if (!messages.issues.empty()) print_error(streams.err, options.file, messages);
  for (const Issue& issue : messages.issues) {
    if (issue.severity == Severity::error || issue.severity == Severity::fatal) return kFailed;
  }
  return kDone;
}

}  // namespace

void register_snapshot(commands::Table& table) {
  CLI::App& command = table.add(
      "snapshot",
      "Print a StructureDefinition with the snapshot its differential gives, as JSON. What was "
      "found on the way goes to standard error; status 1 when an error was among it",
      "echo '{\"resourceType\":\"StructureDefinition\",\"url\":\"https://example.org/Born\","
      "\"name\":\"Born\",\"status\":\"draft\",\"kind\":\"resource\",\"abstract\":false,"
      "\"type\":\"Patient\","
      "\"baseDefinition\":\"http://hl7.org/fhir/StructureDefinition/Patient\","
      "\"derivation\":\"constraint\",\"differential\":{\"element\":[{\"path\":"
      "\"Patient.birthDate\",\"min\":1}]}}' | concord snapshot -");
  const auto options = std::make_shared<Options>();
  command.add_option("file", options->file, "JSON or XML; - is standard input")->required();
  command.add_option("--package", options->packages,
                     "Package with bases, types and extensions: a .tgz, a folder or id#version");
  command.add_option("--definitions", options->definitions,
                     "Folder or file with definitions that are in no package");
  command.add_option("--folder", options->folders,
                     "Folder in which packages named id#version and dependencies are looked for");
  command.add_option("--cache", options->cache, "FHIR package cache, read only");
  command.add_flag("--sort", options->generate.sort_differential,
                   "Bring the differential into the order of its base first");
  command.add_flag("--fix-slice-names", options->generate.fix_slice_names,
                   "Give slices of choices the names they must have");
  command.add_flag("--complete-slicing", options->generate.complete_slicing,
                   "Write down the cardinalities that slices imply");
  table.on(command, [options](Streams& streams) { return print_snapshot(*options, streams); });
}

}  // namespace concord::app
