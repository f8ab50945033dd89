// FHIR capabilities: http://hl7.org/fhir/R4/http.html#capabilities
#include <algorithm>

#include "gateway/api/api.h"
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/resource_builder.h"

namespace concord::api {
namespace {

using Repeats = ResourceBuilder::Repeats;

constexpr Endpoint kEndpoint{
    .interaction = "capabilities",
    .method = "GET",
    .path = "/FHIR/R4/metadata",
    .scope = {},
    .documentation =
        "The CapabilityStatement of this gateway: the calls it answers, generated from "
        "the table that serves them."};
constexpr Endpoint kShort{.interaction = "capabilities",
                          .method = "GET",
                          .path = "/metadata",
                          .scope = {},
                          .documentation = "The same at the root."};

void add_operation(ResourceBuilder& out, tree::Node& parent, const Endpoint& endpoint) {
  tree::Node& operation = out.element(parent, "operation", Repeats::yes);
  out.text(operation, "name", endpoint.operation);
  out.text(operation, "definition", endpoint.definition);
  out.text(operation, "documentation", endpoint.documentation);
}

void add_resources(ResourceBuilder& out, tree::Node& rest, const EndpointTable& table) {
  std::vector<std::string_view> types;
  for (const auto& row : table.rows()) {
    for (const std::string_view type : row.endpoint->resources) {
      if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
    }
  }
  std::sort(types.begin(), types.end());
  for (const std::string_view type : types) {
    tree::Node& resource = out.element(rest, "resource", Repeats::yes);
    out.text(resource, "type", type);
    std::vector<const Endpoint*> operations;
    bool stored = false;
    for (const auto& row : table.rows()) {
      const auto& served = row.endpoint->resources;
      if (std::find(served.begin(), served.end(), type) == served.end()) continue;
      if (!row.endpoint->operation.empty()) {
        // One operation has a row for each method and level.
        const bool known = std::any_of(
            operations.begin(), operations.end(),
            [&](const Endpoint* at) { return at->operation == row.endpoint->operation; });
        if (!known) operations.push_back(row.endpoint);
        continue;
      }
      stored = true;
      tree::Node& interaction = out.element(resource, "interaction", Repeats::yes);
      out.text(interaction, "code", row.endpoint->interaction);
      out.text(interaction, "documentation", row.endpoint->documentation);
    }
    if (stored) out.text(resource, "versioning", "versioned");
    for (const Endpoint* at : operations) {
      add_operation(out, resource, *at);
    }
  }
}

void add_operations(ResourceBuilder& out, tree::Node& rest, const EndpointTable& table) {
  for (const auto& row : table.rows()) {
    if (row.endpoint->operation.empty() || !row.endpoint->resources.empty()) continue;
    add_operation(out, rest, *row.endpoint);
  }
}

Result<http::Response> metadata(Call& call, const Services& use) {
  ResourceBuilder out(*use.symbols, "CapabilityStatement");
  tree::Node& top = out.root();
  out.text(top, "name", "Concord");
  out.text(top, "title", "Concord FHIR gateway");
  out.text(top, "status", "active");
  out.text(top, "date", format_instant(use.started_at));
  out.text(top, "kind", "instance");
  tree::Node& software = out.element(top, "software");
  out.text(software, "name", "Concord");
  out.text(software, "version", use.version);
  tree::Node& implementation = out.element(top, "implementation");
  out.text(implementation, "description",
           "Gateway between GP practices and community pharmacies: takes messages, checks them "
           "against signed agreements, translates and delivers them.");
  out.text(implementation, "url", use.base_url);
  out.text(top, "fhirVersion", "4.0.1");
  out.text(top, "format", "application/fhir+json", Repeats::yes);
  out.text(top, "format", "application/fhir+xml", Repeats::yes);
  tree::Node& rest = out.element(top, "rest", Repeats::yes);
  out.text(rest, "mode", "server");
  out.text(rest, "documentation",
           "Messages go to $process-message; the Task it answers with tells what became of them.");
  out.text(out.element(rest, "security"), "description",
           "Callers are not authenticated yet: the gateway listens on loopback addresses only.");
  add_resources(out, rest, *use.endpoints);
  add_operations(out, rest, *use.endpoints);
  return resource_response(200, out, call);
}

}  // namespace

void register_metadata(endpoints::Table& table) {
  table.add(kEndpoint, &metadata);
  table.add(kShort, &metadata);
}

}  // namespace concord::api
