// concord map convert: a map as text and as StructureMap resource.
#include <ostream>

#include "fhir/json/writer.h"
#include "fhir/mapping/structure_map.h"
#include "fhir/xml/writer.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/engine.h"

namespace concord::app {
namespace {

constexpr std::size_t kLongest = std::size_t{4} << 20;

struct Options {
  std::string file = "-";
  std::string to;
  std::string release = "r4";
};

/// Without --to the other form: of a text the resource, of a resource the text.
std::string wanted(const Options& options, std::string_view text) {
  if (!options.to.empty()) return options.to;
  const std::size_t first = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  const bool resource =
      first != std::string_view::npos && (text[first] == '{' || text[first] == '<');
  return resource ? "text" : "json";
}

Result<std::string> convert(const Options& options, std::vector<Issue>& not_carried) {
  CONCORD_ASSIGN(std::string text, read_whole(options.file, kLongest));
  const mapping::MapSource source{options.file == "-" ? "stdin" : options.file, std::move(text)};
  const std::string to = wanted(options, source.text);
  if (to == "text") return mapping::to_text(source, {}, &not_carried);
  const tree::Symbols symbols;
  const auto form = options.release == "r5" ? mapping::ResourceForm::r5 : mapping::ResourceForm::r4;
  CONCORD_ASSIGN(const tree::Document resource,
                 mapping::to_resource(source, symbols, form, {}, &not_carried));
  CONCORD_ASSIGN(std::string made, to == "xml" ? xml::write_fhir(resource, {.indent = 2})
                                               : json::write(resource, {.pretty = true}));
  return made + '\n';
}

/// 3 when the map has elements that found no place.
int run(const Options& options, Streams& streams) {
  std::vector<Issue> not_carried;
  const auto made = convert(options, not_carried);
  if (!made) {
    print_error(streams.err, "", made.error());
    return kFailed;
  }
  streams.out << *made;
  if (not_carried.empty()) return kDone;
  print_error(streams.err, options.file, Error{ErrorCode::unsupported, not_carried, {}});
  return kLosses;
}

}  // namespace

void register_map_convert(commands::Table& table) {
  CLI::App& command = table.add(
      "convert",
      "A map as the other form: text in the FHIR Mapping Language becomes a StructureMap, a "
      "StructureMap (R4 or R5, JSON or XML) text in one form",
      "echo 'map \"https://example.org/m\" = M' | concord map convert", table.find("map"));
  const auto options = std::make_shared<Options>();
  command.add_option("file", options->file, "Map or StructureMap; - is standard input")
      ->capture_default_str();
  command.add_option("--to", options->to, "Form to write, whatever the map has now")
      ->check(CLI::IsMember({"text", "json", "xml"}));
  command.add_option("--release", options->release, "Release of the StructureMap written")
      ->check(CLI::IsMember({"r4", "r5"}))
      ->capture_default_str();
  table.on(command, [options](Streams& streams) { return run(*options, streams); });
}

}  // namespace concord::app
