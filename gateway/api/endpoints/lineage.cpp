// Where each element of a translated message comes from. As Provenance:
// http://hl7.org/fhir/R4/provenance.html; as plain JSON for tools.
#include <algorithm>

#include "fhir/mapping/json_lines.h"
#include "gateway/api/api.h"
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/resource_builder.h"

namespace concord::api {
namespace {

using Repeats = ResourceBuilder::Repeats;
using exchange::LineageView;
using mapping::LineagePlace;
using mapping::LineageWrite;
using mapping::RuleRow;

constexpr std::string_view kResources[] = {"Task"};
constexpr Endpoint kEndpoint{
    .interaction = "operation",
    .resources = kResources,
    .method = "GET",
    .path = "/FHIR/R4/Task/{id}/$lineage",
    .scope = "Task.read",
    .documentation =
        "Which rule of which map wrote each element of the message that was sent, and from which "
        "element of the message received: a Provenance with one extension for each write. With "
        "Accept: application/json (or _format=application/json) the same as plain JSON, rules "
        "listed once. Holds names, places and offsets, no values.",
    .operation = "lineage",
    .definition = "https://concord.example/OperationDefinition/lineage"};

constexpr std::string_view kElementLineage =
    "https://concord.example/StructureDefinition/element-lineage";

void part(ResourceBuilder& out, tree::Node& parent, std::string_view url, std::string_view type,
          std::string_view value) {
  tree::Node& extension = out.element(parent, "extension", Repeats::yes);
  out.text(extension, "url", url);
  out.text(extension, type, value);
}

std::string place_of(const RuleRow& rule) {
  return rule.file + ':' + std::to_string(rule.at.line) + ':' + std::to_string(rule.at.column);
}

void add_write(ResourceBuilder& out, const LineageView& view, const LineageWrite& write) {
  const RuleRow& rule = view.tables[write.table][write.rule];
  tree::Node& extension = out.element(out.root(), "extension", Repeats::yes);
  part(out, extension, "target", "valueString", view.lineage.targets[write.target].path);
  if (write.source != LineageWrite::kNone) {
    const LineagePlace& source = view.lineage.sources[write.source];
    part(out, extension, "source", "valueString", source.path);
    if (source.offset != LineageWrite::kNone) {
      tree::Node& offset = out.element(extension, "extension", Repeats::yes);
      out.text(offset, "url", "offset");
      out.integer(offset, "valueInteger", source.offset);
    }
  }
  part(out, extension, "map", "valueUri", rule.map);
  part(out, extension, "group", "valueString", rule.group);
  part(out, extension, "rule", "valueString", rule.rule);
  part(out, extension, "place", "valueString", place_of(rule));
  out.text(extension, "url", kElementLineage);
}

ResourceBuilder provenance_of(const LineageView& view, const Services& use) {
  ResourceBuilder out(*use.symbols, "Provenance");
  for (const LineageWrite& write : view.lineage.writes) add_write(out, view, write);
  tree::Node& target = out.element(out.root(), "target", Repeats::yes);
  out.text(target, "reference", "Task/" + view.task);
  out.text(out.root(), "recorded", format_instant(view.recorded_at));
  for (const Sha256& digest : view.lineage.tables) {
    out.text(out.root(), "policy", "https://concord.example/maps/" + to_hex(digest), Repeats::yes);
  }
  out.text(out.element(out.root(), "activity"), "text", "translation of a " + view.message_kind);
  tree::Node& agent = out.element(out.root(), "agent", Repeats::yes);
  tree::Node& coding = out.element(out.element(agent, "type"), "coding", Repeats::yes);
  out.text(coding, "system", "http://terminology.hl7.org/CodeSystem/provenance-participant-type");
  out.text(coding, "code", "assembler");
  tree::Node& who = out.element(agent, "who");
  out.text(who, "type", "Device");
  out.text(who, "display", "Concord gateway " + view.node);
  tree::Node& entity = out.element(out.root(), "entity", Repeats::yes);
  out.text(entity, "role", "source");
  tree::Node& what = out.element(entity, "what");
  tree::Node& identifier = out.element(what, "identifier");
  out.text(identifier, "system", "https://concord.example/Id/message-sha256");
  out.text(identifier, "value", view.source_digest);
  out.text(what, "display", "the message as received, " + view.content_type);
  return out;
}

/// Rules that wrote something, each once, and writes by their numbers.
std::string plain_json(const LineageView& view) {
  namespace json = mapping::json_lines;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> rules;
  for (const LineageWrite& write : view.lineage.writes) rules.emplace_back(write.table, write.rule);
  std::sort(rules.begin(), rules.end());
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
  std::string text = "{";
  json::member(text, "task", view.task);
  json::member(text, "exchange", view.exchange);
  json::member(text, "recorded", format_instant(view.recorded_at));
  json::member(text, "kind", view.message_kind);
  json::member(text, "sourceSha256", view.source_digest);
  json::member(text, "sourceType", view.content_type);
  json::name(text, "maps");
  text += '[';
  for (const Sha256& digest : view.lineage.tables) {
    if (text.back() != '[') text += ',';
    json::append(text, to_hex(digest));
  }
  text += ']';
  json::name(text, "rules");
  text += '[';
  for (const auto& [table, number] : rules) {
    const RuleRow& rule = view.tables[table][number];
    text += text.back() == '[' ? "{" : ",{";
    json::member(text, "map", rule.map);
    json::member(text, "group", rule.group);
    json::member(text, "rule", rule.rule);
    json::member(text, "file", rule.file);
    json::member(text, "line", rule.at.line);
    json::member(text, "column", rule.at.column);
    text += '}';
  }
  text += ']';
  json::name(text, "writes");
  text += '[';
  for (const LineageWrite& write : view.lineage.writes) {
    text += text.back() == '[' ? "{" : ",{";
    json::member(text, "target", view.lineage.targets[write.target].path);
    if (write.source != LineageWrite::kNone) {
      const LineagePlace& source = view.lineage.sources[write.source];
      json::member(text, "source", source.path);
      if (source.offset != LineageWrite::kNone) json::member(text, "offset", source.offset);
    }
    const auto at =
        std::lower_bound(rules.begin(), rules.end(), std::pair{write.table, write.rule});
    json::member(text, "rule", static_cast<std::size_t>(at - rules.begin()));
    text += '}';
  }
  return text + "]}\n";
}

/// Whether plain JSON is asked for: FHIR has its own media type.
bool wants_plain(const Call& call) {
  const std::string_view format = call.query_value("_format");
  if (!format.empty()) return format == "application/json";
  const std::string accept = call.request.joined_field("accept");
  if (accept.find("fhir") != std::string::npos) return false;
  const auto type = parse_media_type(accept.substr(0, accept.find(',')));
  return type && type->type == "application/json";
}

Result<http::Response> lineage(Call& call, const Services& use) {
  std::optional<LineageView> view;
  if (use.lineage) {
    CONCORD_ASSIGN(view, use.lineage(call.path_value("id")));
  }
  if (!view) return make_error(ErrorCode::not_found, "there is no lineage of a Task of this id");
  if (!wants_plain(call)) return resource_response(200, provenance_of(*view, use), call);
  http::Response response;
  response.header("Content-Type", "application/json; charset=utf-8");
  response.body = plain_json(*view);
  return response;
}

}  // namespace

void register_lineage(endpoints::Table& table) { table.add(kEndpoint, &lineage); }

}  // namespace concord::api
