#include "gateway/app/map_work.h"

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/mapping/overlay_diff.h"
#include "fhir/tree/builder.h"
#include "fhir/xml/reader.h"
#include "mappers/eps/eps.h"

namespace concord::app {
namespace {

constexpr std::size_t kLongest = std::size_t{16} << 20;

bool is_xml(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  return first != std::string_view::npos && text[first] == '<';
}

std::string content_type_of(std::string_view text) {
  return is_xml(text) ? "application/xml" : "application/json";
}

}  // namespace

void add_overlay_options(CLI::App& command, MapWorkOptions& options) {
  command.add_option("files", options.files, "Maps laid over the shipped ones");
  command.add_option("--overlays", options.overlays, "Folder of maps laid over the shipped ones");
}

void add_map_options(CLI::App& command, MapWorkOptions& options) {
  add_overlay_options(command, options);
  command
      .add_option("--source", options.source,
                  "The message: FHIR (JSON or XML) or of a format; - is standard input")
      ->capture_default_str();
  command.add_option("--now", options.now, "Instant taken as now; without it the clock's");
  command.add_option("--set", options.set, "Parameter of the format, name=value; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

Result<mappers::Parameters> parameters_from(const std::string& now,
                                            const std::vector<std::string>& set) {
  mappers::Parameters parameters;
  if (now.empty()) {
    parameters.now = system_clock()();
  } else {
    CONCORD_ASSIGN(parameters.now, parse_instant(now));
  }
  for (const std::string& pair : set) {
    const std::size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return make_error(ErrorCode::invalid, "--set takes name=value");
    }
    parameters.values[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return parameters;
}

Result<Overlays> overlays_from(const MapWorkOptions& options) {
  CONCORD_ASSIGN(Overlays overlays, read_overlays(options.overlays));
  for (const std::string& file : options.files) {
    CONCORD_ASSIGN(std::string text, read_whole(file, kLongest));
    overlays.maps.push_back({file, std::move(text)});
  }
  return overlays;
}

std::vector<mapping::MapSource> layered_maps(const Overlays& overlays) {
  std::vector<mapping::MapSource> sources = eps::shipped_maps();
  sources.insert(sources.end(), overlays.maps.begin(), overlays.maps.end());
  return sources;
}

Result<MapMessage> read_message(Engine& engine, const std::string& source) {
  MapMessage message;
  CONCORD_ASSIGN(message.text, read_whole(source, kLongest));
  auto fhir = is_xml(message.text) ? xml::read_fhir(message.text, engine.symbols())
                                   : json::read(message.text, engine.symbols());
  if (fhir && fhir->root().is(tree::Flag::resource) &&
      engine.definitions().type(fhir->root().type()) != nullptr) {
    tree::Builder builder(*fhir);
    definitions::annotate(builder, engine.definitions());
    message.mapper = engine.mappers().recognise(*fhir);
    if (message.mapper == nullptr) {
      return make_error(ErrorCode::unsupported, "no format has a message for this resource");
    }
    message.fhir = *std::move(fhir);
    return message;
  }
  // A format says of bytes that are none of its own that they are unsupported.
  std::optional<Error> refused;
  for (const std::string_view name : engine.mappers().names()) {
    const mappers::Mapper* mapper = engine.mappers().find(name);
    const auto decoded = mapper->decode(message.text, content_type_of(message.text), {}, nullptr);
    if (decoded || decoded.error().code != ErrorCode::unsupported) {
      message.mapper = mapper;
      return message;
    }
    refused = decoded.error();
  }
  if (refused) return *std::move(refused);
  return make_error(ErrorCode::unsupported, "no format reads this message");
}

Result<std::unique_ptr<MapWork>> MapWork::run(const MapWorkOptions& options) {
  std::unique_ptr<MapWork> work(new MapWork);
  CONCORD_ASSIGN(const Overlays overlays, overlays_from(options));
  CONCORD_ASSIGN(const mappers::Parameters parameters, parameters_from(options.now, options.set));
  CONCORD_ASSIGN(work->engine_, Engine::load());
  CONCORD_TRY(work->engine_->add_mappers(overlays.maps));
  work->sources_ = layered_maps(overlays);
  CONCORD_ASSIGN(work->message_, read_message(*work->engine_, options.source));
  MapMessage& message = work->message_;
  if (message.fhir) {
    const auto encoded = message.mapper->encode(*message.fhir, parameters, &work->recorder_);
    if (!encoded) work->stopped_ = encoded.error();
  } else {
    const auto decoded = message.mapper->decode(message.text, content_type_of(message.text),
                                                parameters, &work->recorder_);
    if (!decoded) work->stopped_ = decoded.error();
  }
  if (work->runs().empty()) {
    if (work->stopped_) return *std::move(work->stopped_);
    return make_error(ErrorCode::unsupported, "the format has no maps to look at");
  }
  return work;
}

std::string MapWork::rule_text(const mapping::RuleRow& rule) const {
  for (const mapping::MapSource& source : sources_) {
    if (source.name == rule.file) return mapping::text_of_rule(source.text, rule.at);
  }
  return {};
}

std::string told(const mapping::RuleRow& rule) {
  return rule.group + " \"" + rule.rule + "\" (" + rule.file + ':' + std::to_string(rule.at.line) +
         ':' + std::to_string(rule.at.column) + ')';
}

}  // namespace concord::app
