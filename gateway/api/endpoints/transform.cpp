// A dry run of the chain: everything but the commit, with the trace of every target write.
#include "fhir/core/digest.h"
#include "fhir/mapping/trace.h"
#include "gateway/api/api.h"
#include "gateway/api/arrival.h"
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/resource_builder.h"

namespace concord::api {
namespace {

using Repeats = ResourceBuilder::Repeats;

constexpr Endpoint kEndpoint{
    .interaction = "operation",
    .method = "POST",
    .path = "/FHIR/R4/$transform",
    .scope = "message.read",
    .documentation =
        "Takes a message Bundle through the chain without its commit: nothing is stored or sent. "
        "Answers Parameters with the message as it would be sent (Binary), its digest, the "
        "decisions of the agreements, the warnings and one `trace` for each target write of the "
        "mapping. _trace=false leaves the trace out.",
    .operation = "transform",
    .definition = "https://concord.example/OperationDefinition/transform"};

/// More writes than this are counted, not listed.
constexpr std::size_t kLongestTrace = 5000;

/// Notes paths while the documents of the run live.
class TraceNotes final : public mapping::TraceSink {
 public:
  struct Line {
    std::string map, group, rule, source, target;
    std::uint32_t offset = tree::Node::kNoOffset;
  };

  void write(const mapping::TargetWrite& write) override { recorder_.write(write); }

  void finished() override {
    for (const mapping::TargetWrite& write : recorder_.writes()) {
      if (lines_.size() == kLongestTrace) break;
      Line line;
      line.map = write.map;
      line.group = write.group;
      line.rule = write.rule;
      if (write.source != nullptr) {
        line.source = write.source_document->path(*write.source);
        line.offset = write.source->source_offset();
      }
      if (write.target != nullptr) line.target = write.target_document->path(*write.target);
      lines_.push_back(std::move(line));
    }
    total_ += recorder_.writes().size();
    recorder_.clear();
  }

  const std::vector<Line>& lines() const noexcept { return lines_; }
  std::size_t total() const noexcept { return total_; }

 private:
  mapping::TraceRecorder recorder_;
  std::vector<Line> lines_;
  std::size_t total_ = 0;
};

class Writer {
 public:
  explicit Writer(const tree::Symbols& symbols) : out_(symbols, "Parameters") {}

  tree::Node& parameter(std::string_view name) { return named(out_.root(), "parameter", name); }
  tree::Node& part(tree::Node& parent, std::string_view name) {
    return named(parent, "part", name);
  }
  void text(tree::Node& parent, std::string_view name, std::string_view value) {
    if (!value.empty()) out_.text(part(parent, name), "valueString", value);
  }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) out_.text(parameter(name), "valueString", value);
  }
  ResourceBuilder& out() noexcept { return out_; }

 private:
  tree::Node& named(tree::Node& parent, std::string_view element, std::string_view name) {
    tree::Node& node = out_.element(parent, element, Repeats::yes);
    out_.text(node, "name", name);
    return node;
  }
  ResourceBuilder out_;
};

void add_decisions(Writer& writer, const agreements::Decisions& decisions) {
  writer.text("outcome", agreements::effect_name(decisions.outcome));
  for (const agreements::Decision& decision : decisions.all) {
    tree::Node& node = writer.parameter("decision");
    writer.text(node, "agreement", decision.agreement);
    writer.out().integer(writer.part(node, "version"), "valueInteger", decision.version);
    writer.text(node, "rule", decision.rule);
    writer.text(node, "enforcement", agreements::enforcement_name(decision.mode));
    writer.text(node, "result", agreements::outcome_name(decision.outcome));
    writer.text(node, "effect", agreements::effect_name(decision.effect));
    writer.text(node, "explanation", decision.explanation);
    writer.text(node, "reason", decision.reason);
  }
}

void add_trace(Writer& writer, const TraceNotes& trace) {
  for (const TraceNotes::Line& line : trace.lines()) {
    tree::Node& node = writer.parameter("trace");
    writer.text(node, "map", line.map);
    writer.text(node, "group", line.group);
    writer.text(node, "rule", line.rule);
    writer.text(node, "source", line.source);
    if (line.offset != tree::Node::kNoOffset) {
      writer.out().integer(writer.part(node, "offset"), "valueInteger", line.offset);
    }
    writer.text(node, "target", line.target);
  }
  if (trace.total() > trace.lines().size()) {
    writer.out().integer(writer.parameter("trace-left-out"), "valueInteger",
                         static_cast<std::int64_t>(trace.total() - trace.lines().size()));
  }
}

Result<http::Response> transform(Call& call, const Services& use) {
  const bool traced = call.query_value("_trace") != "false";
  TraceNotes trace;
  CONCORD_ASSIGN(exchange::DryRun run,
                 use.transform(arrival_from(call, use.clock), traced ? &trace : nullptr));
  Writer writer(*use.symbols);
  ResourceBuilder& out = writer.out();
  writer.text("kind", run.message_kind);
  writer.text("destination", run.destination);
  writer.text("channel", run.channel);
  writer.text("format", run.format);
  writer.text("interaction", run.interaction);
  writer.text("message-id", run.message_id);
  writer.text("digest", run.digest);
  tree::Node& message = out.resource(writer.parameter("message"), "resource", "Binary");
  out.text(message, "contentType", run.content_type);
  out.text(message, "data", base64_encode(run.bytes));
  add_decisions(writer, run.decisions);
  tree::Node& issues = out.resource(writer.parameter("issues"), "resource", "OperationOutcome");
  add_issues(out, issues, "informational", run.issues);
  for (const exchange::HopTime& hop : run.hops) {
    tree::Node& node = writer.parameter("hop");
    writer.text(node, "name", hop.hop);
    out.integer(writer.part(node, "microseconds"), "valueInteger", hop.took.count());
  }
  add_trace(writer, trace);
  return resource_response(200, out, call);
}

}  // namespace

void register_transform(endpoints::Table& table) { table.add(kEndpoint, &transform); }

}  // namespace concord::api
