// concord eps prepare, concord eps verify: signatures over prescriptions.
#include "mappers/eps/eps.h"

#include <ostream>

#include "fhir/definitions/annotate.h"
#include "fhir/json/writer.h"
#include "fhir/tree/builder.h"
#include "fhir/xml/reader.h"
#include "gateway/api/resource_builder.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/engine.h"
#include "gateway/app/message_input.h"
#include "gateway/app/trust_files.h"
#include "mappers/eps/signing/verify.h"

namespace concord::app {
namespace {

constexpr tree::Limits kLimits{5 * 1024 * 1024, 64, 200'000};

struct Options {
  std::string now;
  std::vector<std::string> set;
  std::string overlays;
  std::vector<std::string> anchors, authorities, lists;
  std::string unreachable = "refuse";
  std::string sha1_until;
  int least_key_bits = 2048;
};

int refuse(Streams& streams, const tree::Symbols& symbols, const Error& error) {
  streams.err << api::write_outcome(symbols, error, {api::Format::json, true}).body << '\n';
  return kFailed;
}

/// The trust store of the options. Without anchors chains are not judged, and it is said so.
Result<std::shared_ptr<const eps::TrustStore>> trust_of(const Options& options) {
  if (options.anchors.empty() && options.authorities.empty() && options.lists.empty()) {
    return eps::TrustStore::unjudged();
  }
  TrustPaths paths;
  paths.anchors = options.anchors;
  paths.authorities = options.authorities;
  paths.revocation_lists = options.lists;
  paths.rules.unreachable =
      options.unreachable == "warn" ? eps::Unreachable::warn : eps::Unreachable::refuse;
  paths.rules.no_anchors = eps::NoAnchors::warn;
  paths.rules.least_key_bits = options.least_key_bits;
  paths.rules.sha1_until = Instant::max();
  if (!options.sha1_until.empty()) {
    CONCORD_ASSIGN(paths.rules.sha1_until, parse_instant(options.sha1_until));
  }
  return load_trust(paths);
}

/// Everything both commands need, loaded.
struct Bench {
  std::unique_ptr<Engine> engine;
  const mappers::Mapper* mapper = nullptr;
  mappers::Parameters parameters;
  std::string text;
};

Result<Bench> set_up(const Options& options, const eps::TrustSource& trust) {
  Bench bench;
  CONCORD_ASSIGN(bench.engine, Engine::load());
  CONCORD_ASSIGN(const auto overlays, read_maps(options.overlays));
  CONCORD_TRY(bench.engine->add_mappers(overlays, trust));
  bench.mapper = bench.engine->mappers().find("eps");
  CONCORD_ASSIGN(bench.parameters, make_parameters(options.now, options.set));
  CONCORD_ASSIGN(bench.text, read_whole("-", kLimits.max_bytes));
  return bench;
}

Result<tree::Document> read_bundle(Bench& bench) {
  std::vector<Issue> passed;  // empty arrays, which say nothing
  CONCORD_ASSIGN(tree::Document bundle,
                 read_fhir_text(std::move(bench.text), bench.engine->symbols(), kLimits, passed));
  tree::Builder builder(bundle);
  definitions::annotate(builder, bench.engine->definitions());
  return bundle;
}

int prepare(const Options& options, Streams& streams) {
  auto bench = set_up(options, {});
  if (!bench) return refuse(streams, tree::Symbols(), bench.error());
  const tree::Symbols& symbols = bench->engine->symbols();
  const auto bundle = read_bundle(*bench);
  if (!bundle) return refuse(streams, symbols, bundle.error());
  const auto prepared = bench->mapper->signatures()->prepare(*bundle, bench->parameters);
  if (!prepared) return refuse(streams, symbols, prepared.error());
  const auto written = json::write(*prepared->resource, {.pretty = true});
  if (!written) return refuse(streams, symbols, written.error());
  streams.out << *written << '\n';
  return kDone;
}

/// Every ParentPrescription of an HL7 v3 document, however deep it lies.
std::vector<const tree::Node*> prescriptions_in(const tree::Document& document) {
  std::vector<const tree::Node*> found, open{&document.root()};
  while (!open.empty()) {
    const tree::Node* node = open.back();
    open.pop_back();
    if (document.name(*node) == "ParentPrescription") {
      found.push_back(node);
      continue;
    }
    for (const tree::Node& child : node->children()) {
      if (child.first_child() != nullptr) open.push_back(&child);
    }
  }
  return found;
}

/// HL7 v3: one prescription, or a message with some in it.
Result<std::vector<Issue>> verify_v3(const Bench& bench, const eps::TrustStore& trust) {
  CONCORD_ASSIGN(const tree::Document message, xml::read(bench.text, bench.engine->symbols()));
  const auto prescriptions = prescriptions_in(message);
  if (prescriptions.empty()) {
    return make_error(ErrorCode::unsupported, "holds no ParentPrescription");
  }
  std::vector<Issue> all;
  for (const tree::Node* prescription : prescriptions) {
    CONCORD_ASSIGN(const std::vector<Issue> issues,
                   eps::verify_prescription(message, *prescription, trust, bench.parameters.now));
    all.insert(all.end(), issues.begin(), issues.end());
  }
  return all;
}

/// FHIR XML has its own namespace on the root element; everything else that is XML is HL7 v3.
bool is_v3(const std::string& text) {
  return is_xml_text(text) && text.find("\"http://hl7.org/fhir\"") == std::string::npos;
}

int verify(const Options& options, Streams& streams) {
  const auto trust = trust_of(options);
  if (!trust) return refuse(streams, tree::Symbols(), trust.error());
  auto bench = set_up(options, [store = *trust] { return store; });
  if (!bench) return refuse(streams, tree::Symbols(), bench.error());
  const tree::Symbols& symbols = bench->engine->symbols();
  auto issues = is_v3(bench->text)
                    ? verify_v3(*bench, **trust)
                    : read_bundle(*bench).and_then([&](tree::Document&& bundle) {
                        return bench->mapper->signatures()->verify(bundle, bench->parameters);
                      });
  if (!issues) return refuse(streams, symbols, issues.error());
  for (const std::string& warning : (*trust)->warnings(bench->parameters.now)) {
    issues->push_back({Severity::warning, {}, warning, {}, {}, "trust"});
  }
  api::ResourceBuilder outcome(symbols, "OperationOutcome");
  api::add_issues(outcome, outcome.root(), "informational", *issues);
  const auto written = outcome.written({api::Format::json, true});
  if (!written) return refuse(streams, symbols, written.error());
  streams.out << *written << '\n';
  return eps::signature_holds(*issues) ? kDone : kFailed;
}

void add_common(CLI::App& command, Options& options) {
  command.add_option("--now", options.now, "The time of translation, a FHIR instant");
  command.add_option("--set", options.set,
                     "A parameter, name=value; may be repeated. algorithm=RS1 prepares for SHA-1, "
                     "display=true adds what is signed as text");
  command.add_option("--overlays", options.overlays, "Folder of *.map files laid over the shipped");
}

}  // namespace

void register_eps(commands::Table& table) {
  CLI::App& group = table.add("eps", "Signatures of the Electronic Prescription Service",
                              "concord demo-bundle | concord eps prepare");
  group.require_subcommand(1);

  const auto preparing = std::make_shared<Options>();
  CLI::App& prepare_command = table.add(
      "prepare",
      "What a prescriber is to sign: a prescription-order Bundle on standard input, Parameters "
      "with "
      "digest, timestamp and algorithm on standard output. A refusal is an OperationOutcome on "
      "standard error",
      "concord demo-bundle | concord eps prepare --set display=true", &group);
  add_common(prepare_command, *preparing);
  table.on(prepare_command, [preparing](Streams& streams) { return prepare(*preparing, streams); });

  const auto verifying = std::make_shared<Options>();
  CLI::App& verify_command = table.add(
      "verify",
      "Checks the signature of a prescription-order Bundle, or of every ParentPrescription of an "
      "HL7 v3 message, on standard input. Answers an OperationOutcome on standard output; status 1 "
      "when a signature does not hold. Without --anchor nobody is trusted or mistrusted: the chain "
      "of the certificate is not judged, which a warning says",
      "concord demo-bundle | concord eps verify", &group);
  add_common(verify_command, *verifying);
  verify_command.add_option("--anchor", verifying->anchors,
                            "Certificate authority to trust, PEM or DER, or a folder of them");
  verify_command.add_option("--authority", verifying->authorities,
                            "Further authority: between signer and anchor, or above an anchor");
  verify_command.add_option("--crl", verifying->lists, "Revocation list, PEM or DER, or a folder");
  verify_command
      .add_option("--unreachable", verifying->unreachable,
                  "When no current list covers a certificate: refuse or warn")
      ->check(CLI::IsMember({"refuse", "warn"}))
      ->capture_default_str();
  verify_command.add_option("--sha1-until", verifying->sha1_until,
                            "Until when RSA with SHA-1 counts, a FHIR instant; else always");
  verify_command
      .add_option("--least-key-bits", verifying->least_key_bits, "Shorter keys are not trusted")
      ->capture_default_str();
  table.on(verify_command, [verifying](Streams& streams) { return verify(*verifying, streams); });
}

}  // namespace concord::app
