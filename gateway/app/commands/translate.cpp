// concord translate: one message from standard input, in another format, on standard output.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <ostream>

#include "fhir/definitions/annotate.h"
#include "fhir/json/writer.h"
#include "fhir/mapping/trace.h"
#include "fhir/validate/validator.h"
#include "gateway/api/resource_builder.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/engine.h"
#include "gateway/app/message_input.h"

namespace concord::app {
namespace {

struct Options {
  std::string from = "fhir";
  std::string to;
  std::string now;
  std::vector<std::string> set;
  std::string trace;
  std::string overlays;
  std::string identifiers = "warn";
  std::string losses;  ///< empty: expected, and any where the input cannot be sent back
  std::size_t max_bytes = 5 * 1024 * 1024;
  std::size_t max_depth = 64;
  std::size_t max_nodes = 200'000;
};

/// Issue::detail_code of a loss no table of the format foresaw. Foreseen ones ("not-carried") have
/// a written reason why nothing is missing at the other side.
constexpr std::string_view kUnforeseen = "not-carried-unexpected";

/// The status for what was lost under --losses.
int status_of(const std::vector<Issue>& losses, std::string_view allowed) {
  if (losses.empty() || allowed == "any") return kDone;
  if (allowed == "none") return kLosses;
  const bool unforeseen = std::any_of(losses.begin(), losses.end(), [](const Issue& loss) {
    return loss.detail_code == kUnforeseen;
  });
  return unforeseen ? kLosses : kDone;
}

int refuse(Streams& streams, const tree::Symbols& symbols, const Error& error) {
  streams.err << api::write_outcome(symbols, error, {api::Format::json, true}).body << '\n';
  return kFailed;
}

/// What a translation gave, whichever way it went.
struct Translated {
  std::string bytes;
  std::vector<Issue> heard;  ///< beside the losses: what the reader and the rules passed
  std::vector<Issue> losses;
  std::vector<std::shared_ptr<const tree::Document>> traced;
};

/// A message of FHIR, checked by the rules, in another format.
Result<Translated> encode(const Options& options, Engine& use, const mappers::Mapper& mapper,
                          std::string text, const mappers::Parameters& parameters,
                          mapping::TraceSink* trace) {
  Translated translated;
  CONCORD_ASSIGN(
      auto read,
      read_fhir_text(std::move(text), use.symbols(),
                     {options.max_bytes, options.max_depth, options.max_nodes}, translated.heard));
  // The trace points into it until it is written out.
  auto kept = std::make_shared<tree::Document>(std::move(read));
  const tree::Document& bundle = *kept;
  tree::Builder builder(*kept);
  definitions::annotate(builder, use.definitions());

  validate::Options rules;
  rules.identifiers = validate::IdentifierPolicy::all(
      validate::policy_from(options.identifiers).value_or(validate::Policy::refuse));
  rules.references = rules.identifiers.nhs_number;
  rules.bindings = rules.identifiers.nhs_number;
  validate::Report report = validate::Validator::compile(use.definitions()).validate(bundle, rules);
  if (!report.ok()) {
    Error invalid;
    invalid.code = ErrorCode::invalid;
    // The business rules are asked too: their codes are the published ones.
    if (auto refused = mapper.encode(bundle, parameters, nullptr);
        !refused && refused.error().code == ErrorCode::invalid) {
      invalid.issues = std::move(refused).error().issues;
    }
    invalid.issues.insert(invalid.issues.end(), std::make_move_iterator(report.issues.begin()),
                          std::make_move_iterator(report.issues.end()));
    return invalid;
  }
  translated.heard.insert(translated.heard.end(), std::make_move_iterator(report.issues.begin()),
                          std::make_move_iterator(report.issues.end()));
  CONCORD_ASSIGN(auto encoded, mapper.encode(bundle, parameters, trace));
  translated.bytes = std::move(encoded.bytes);
  translated.losses = std::move(encoded.losses);
  translated.traced = std::move(encoded.traced);
  translated.traced.push_back(std::move(kept));
  return translated;
}

/// A message of another format as FHIR JSON. An answer that says no is a translation like any
/// other: its OperationOutcome is what was asked for.
Result<Translated> decode(const mappers::Mapper& mapper, std::string_view text,
                          const mappers::Parameters& parameters, mapping::TraceSink* trace) {
  Translated translated;
  CONCORD_ASSIGN(auto decoded, mapper.decode(text, {}, parameters, trace));
  CONCORD_ASSIGN(translated.bytes, json::write(*decoded.resource, {.pretty = true}));
  translated.bytes += '\n';
  translated.losses = std::move(decoded.losses);
  translated.traced = std::move(decoded.traced);
  return translated;
}

int translate(const Options& options, Streams& streams) {
  auto engine = Engine::load();
  if (!engine) return refuse(streams, tree::Symbols(), engine.error());
  Engine& use = **engine;
  const auto stop = [&](const Error& error) { return refuse(streams, use.symbols(), error); };

  auto overlays = read_maps(options.overlays);
  if (!overlays) return stop(overlays.error());
  if (const auto added = use.add_mappers(*overlays); !added) return stop(added.error());
  const bool back = options.to == "fhir";
  const mappers::Mapper* mapper = use.mappers().find(back ? options.from : options.to);
  if (mapper == nullptr || (!back && options.from != "fhir")) {
    return stop(make_error(ErrorCode::unsupported, "no translation of that direction"));
  }
  const auto parameters = make_parameters(options.now, options.set);
  if (!parameters) return stop(parameters.error());
  auto text = read_whole("-", options.max_bytes);
  if (!text) return stop(text.error());

  mapping::TraceRecorder trace;
  mapping::TraceSink* sink = options.trace.empty() ? nullptr : &trace;
  const auto translated = back ? decode(*mapper, *text, *parameters, sink)
                               : encode(options, use, *mapper, *std::move(text), *parameters, sink);
  if (!translated) return stop(translated.error());
  if (!options.trace.empty()) {
    std::ofstream file(options.trace, std::ios::binary);
    file << mapping::trace_json_lines(trace);
    if (!file.flush()) {
      return stop(make_error(ErrorCode::not_found, "cannot write the trace to " + options.trace));
    }
  }
  streams.out.write(translated->bytes.data(),
                    static_cast<std::streamsize>(translated->bytes.size()));
  if (!streams.out.flush()) {
    return stop(make_error(ErrorCode::transient, "cannot write to standard output"));
  }
  Error heard;
  heard.code = ErrorCode::unsupported;
  heard.issues = translated->heard;
  heard.issues.insert(heard.issues.end(), translated->losses.begin(), translated->losses.end());
  if (!heard.issues.empty()) refuse(streams, use.symbols(), heard);
  const std::string_view allowed = back ? "any" : "expected";
  return status_of(translated->losses, options.losses.empty() ? allowed : options.losses);
}

}  // namespace

void register_translate(commands::Table& table) {
  CLI::App& command = table.add(
      "translate",
      "Check one message from standard input and translate it to standard output. What stops it, "
      "and "
      "what could not be carried (status 3), is an OperationOutcome on standard error",
      "concord demo-bundle | concord translate --from fhir --to eps --now 2026-01-05T10:00:00Z "
      "--set from_asid=200000001285 --set to_asid=567456789789 --trace /tmp/trace.jsonl");
  const auto options = std::make_shared<Options>();
  command
      .add_option("--from", options->from,
                  "Format of the input: fhir (JSON or XML), or the format of a message to be read "
                  "(eps: XML, SOAP, "
                  "MIME, JSON of the tracker)")
      ->capture_default_str();
  command.add_option("--to", options->to, "Format of the output: eps, or fhir (JSON)")->required();
  command.add_option("--now", options->now, "Instant taken as now; without it the clock's");
  command.add_option("--set", options->set, "Parameter of the format, name=value; repeatable")
      ->take_all()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--trace", options->trace,
                     "File for one JSON line per target write: rule, source, target");
  command
      .add_option("--identifiers", options->identifiers,
                  "Wrong NHS numbers, ODS and SNOMED codes, prescription ids, dangling references, "
                  "codes outside their value set")
      ->check(CLI::IsMember({"refuse", "warn", "accept"}))
      ->capture_default_str();
  command
      .add_option("--losses", options->losses,
                  "Which losses leave status 0: expected (those the format documents; default to "
                  "another format), none, any (default to fhir: an answer cannot be sent back); "
                  "all are listed")
      ->check(CLI::IsMember({"expected", "none", "any"}));
  command.add_option("--overlays", options->overlays, "Folder of maps laid over the shipped ones");
  command.add_option("--max-bytes", options->max_bytes, "Longest input")->capture_default_str();
  command.add_option("--max-depth", options->max_depth, "Deepest nesting")->capture_default_str();
  command.add_option("--max-nodes", options->max_nodes, "Most elements")->capture_default_str();
  table.on(command, [options](Streams& streams) { return translate(*options, streams); });
}

}  // namespace concord::app
