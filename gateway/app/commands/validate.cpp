// concord validate: files against R4 and the identifier checks.
#include <ostream>

#include "fhir/validate/validator.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/engine.h"

namespace concord::app {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string identifiers = "refuse";
  std::size_t max_bytes = 64 * 1024 * 1024;
};

int validate_files(const Options& options, Streams& streams) {
  auto engine = Engine::load();
  if (!engine) {
    print_error(streams.err, "", engine.error());
    return kFailed;
  }
  const auto validator = validate::Validator::compile((*engine)->definitions());
  validate::Options rules;
  rules.identifiers = validate::IdentifierPolicy::all(
      validate::policy_from(options.identifiers).value_or(validate::Policy::refuse));
  tree::Limits limits;
  limits.max_bytes = options.max_bytes;
  std::size_t bad = 0;
  for (const std::string& file : options.files) {
    auto text = read_whole(file, options.max_bytes);
    if (!text) {
      print_error(streams.out, file, text.error());
      ++bad;
      continue;
    }
    const validate::Report report = validate::validate_text(
        *std::move(text), validator, (*engine)->definitions(), rules, limits);
    Error found;
    found.issues = report.issues;
    if (!found.issues.empty()) print_error(streams.out, file, found);
    if (report.ok()) streams.out << file << ": valid\n";
    bad += report.ok() ? 0 : 1;
  }
  return bad == 0 ? kDone : kFailed;
}

}  // namespace

void register_validate(commands::Table& table) {
  CLI::App& command = table.add(
      "validate",
      "Check FHIR R4 files (JSON or XML, - is standard input): structure, cardinality, types, "
      "formats, references inside Bundles, identifiers. One line per finding",
      "concord demo-bundle > /tmp/order.json && concord validate /tmp/order.json");
  const auto options = std::make_shared<Options>();
  command.add_option("files", options->files, "Files")->required();
  command
      .add_option("--identifiers", options->identifiers,
                  "Wrong NHS numbers, ODS codes, SNOMED codes, prescription ids")
      ->check(CLI::IsMember({"refuse", "warn", "accept"}))
      ->capture_default_str();
  command.add_option("--max-bytes", options->max_bytes, "Longest file")->capture_default_str();
  table.on(command, [options](Streams& streams) { return validate_files(*options, streams); });
}

}  // namespace concord::app
