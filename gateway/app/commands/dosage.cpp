// concord dosage: the dosages of a resource as text.
#include "fhir/dosage/dosage.h"

#include <ostream>

#include "fhir/json/reader.h"
#include "fhir/xml/reader.h"
#include "gateway/api/resource_builder.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/engine.h"

namespace concord::app {
namespace {

struct Options {
  std::string file = "-";
};

constexpr std::size_t kLongest = std::size_t{16} << 20;

/// One line per resource with dosages: the resource itself, or those a Bundle carries.
Result<std::string> lines_of(const tree::Document& document) {
  const tree::Node& root = document.root();
  if (document.text(root.type()) != "Bundle") {
    CONCORD_ASSIGN(const std::string text, dosage::resource_to_text(document, root));
    return text + '\n';
  }
  std::string lines;
  for (const tree::Node& entry : root.children()) {
    if (document.name(entry) != "entry") continue;
    for (const tree::Node& resource : entry.children()) {
      if (document.name(resource) != "resource" ||
          !dosage::holds_dosages(document.text(resource.type()))) {
        continue;
      }
      CONCORD_ASSIGN(const std::string text, dosage::resource_to_text(document, resource));
      lines += text + '\n';
    }
  }
  return lines;
}

int run(const Options& options, Streams& streams) {
  const tree::Symbols symbols;
  const auto refuse = [&](const Error& error) {
    streams.err << api::write_outcome(symbols, error, {api::Format::json, true}).body << '\n';
    return int{kFailed};
  };
  auto text = read_whole(options.file, kLongest);
  if (!text) return refuse(text.error());
  const std::size_t first = text->find_first_not_of(" \t\r\n\xef\xbb\xbf");
  const bool is_xml = first != std::string::npos && (*text)[first] == '<';
  const auto document =
      is_xml ? xml::read_fhir(*std::move(text), symbols) : json::read(*std::move(text), symbols);
  if (!document) return refuse(document.error());
  const auto lines = lines_of(*document);
  if (!lines) return refuse(lines.error());
  streams.out << *lines;
  return kDone;
}

}  // namespace

void register_dosage(commands::Table& table) {
  CLI::App& command = table.add(
      "dosage",
      "Structured dosages of a MedicationRequest, MedicationDispense or MedicationStatement, or of "
      "all in a Bundle, as English text: one line each. A dosage that cannot be told whole is "
      "refused with an OperationOutcome on standard error",
      "echo '{\"resourceType\":\"MedicationRequest\",\"dosageInstruction\":[{\"timing\":"
      "{\"repeat\":{\"frequency\":2,\"period\":1,\"periodUnit\":\"d\"}}}]}' | concord dosage");
  const auto options = std::make_shared<Options>();
  command.add_option("file", options->file, "FHIR JSON or XML; - is standard input")
      ->capture_default_str();
  table.on(command, [options](Streams& streams) { return run(*options, streams); });
}

}  // namespace concord::app
