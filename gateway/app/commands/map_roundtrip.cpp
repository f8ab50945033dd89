// concord map roundtrip: FHIR to a format and back, and what did not survive.
#include <ostream>

#include "gateway/app/commands/registry.h"
#include "gateway/app/map_work.h"
#include "mappers/core/round_trip.h"

namespace concord::app {
namespace {

struct Options {
  MapWorkOptions work;
  std::string format;
  bool json = false;
  bool values = false;
};

Result<std::string> report(const Options& options) {
  CONCORD_ASSIGN(const Overlays overlays, overlays_from(options.work));
  CONCORD_ASSIGN(const mappers::Parameters parameters,
                 parameters_from(options.work.now, options.work.set));
  CONCORD_ASSIGN(auto engine, Engine::load());
  CONCORD_TRY(engine->add_mappers(overlays.maps));
  CONCORD_ASSIGN(const MapMessage message, read_message(*engine, options.work.source));
  if (!message.fhir) return make_error(ErrorCode::unsupported, "the way begins with FHIR");
  const mappers::Mapper* mapper =
      options.format.empty() ? message.mapper : engine->mappers().find(options.format);
  if (mapper == nullptr) return make_error(ErrorCode::not_found, "no such format");
  CONCORD_ASSIGN(const mappers::RoundTrip done,
                 mappers::round_trip(*message.fhir, *mapper, parameters));
  return options.json ? mappers::round_trip_json_lines(done, options.values)
                      : mappers::round_trip_text(done, options.values);
}

}  // namespace

void register_map_roundtrip(commands::Table& table) {
  CLI::App& below = table.add(
      "roundtrip",
      "Translate a FHIR message to its format and back, and list every value that is lost or "
      "changed, with the rule",
      "concord demo-bundle | concord map roundtrip", table.find("map"));
  const auto options = std::make_shared<Options>();
  add_map_options(below, options->work);
  below.add_option("--format", options->format, "Format by name; without it the message's own");
  below.add_flag("--values", options->values, "Show the values: they may be a patient's");
  below.add_flag("--json", options->json, "JSON lines");
  table.on(below, [options](Streams& streams) -> int {
    const auto text = report(*options);
    if (!text) {
      print_error(streams.err, options->work.source, text.error());
      return kFailed;
    }
    streams.out << *text;
    return kDone;
  });
}

}  // namespace concord::app
