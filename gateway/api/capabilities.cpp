#include "gateway/api/capabilities.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "fhir/core/digest.h"
#include "fhir/definitions/definitions.h"
#include "fhir/definitions/r4_generated.h"
#include "gateway/api/resource_builder.h"
#include "gateway/resources/service.h"

namespace concord::api {
namespace {

using Repeats = ResourceBuilder::Repeats;
using tree::Node;

bool is_of_every_type(const Endpoint& endpoint) noexcept {
  return endpoint.stored && endpoint.path.find("{type}") != std::string_view::npos;
}

bool serves(const Endpoint& endpoint, std::string_view type) noexcept {
  return std::find(endpoint.resources.begin(), endpoint.resources.end(), type) !=
         endpoint.resources.end();
}

/// "_revinclude" values of each type: parameters of others that may point at it.
std::map<std::string, std::vector<std::string>, std::less<>> pointed_at(const Services& use) {
  std::map<std::string, std::vector<std::string>, std::less<>> found;
  for (const std::string& type : use.resources->types()) {
    for (std::string& include : use.resources->parameters().includes_of(type)) {
      const std::string_view code = std::string_view(include).substr(type.size() + 1);
      const auto* parameter = use.definitions->search_parameter(type, code);
      if (parameter == nullptr || parameter->target() == nullptr) continue;
      for (const auto* target : *parameter->target()) {
        if (use.resources->serves(target->string_view())) {
          found[target->str()].push_back(include);
        }
      }
    }
  }
  return found;
}

class Statement {
 public:
  Statement(const Services& use, const EndpointTable& table)
      : use_(use), table_(table), out_(*use.symbols, "CapabilityStatement") {}

  ResourceBuilder made() {
    Node& top = out_.root();
    out_.text(top, "url", use_.base_url.empty() ? std::string() : use_.base_url + "/metadata");
    out_.text(top, "version", use_.version);
    out_.text(top, "name", "Concord");
    out_.text(top, "title", "Concord FHIR gateway");
    out_.text(top, "status", "active");
    out_.text(top, "date", format_instant(use_.started_at));
    out_.text(top, "kind", "instance");
    Node& software = out_.element(top, "software");
    out_.text(software, "name", "Concord");
    out_.text(software, "version", use_.version);
    Node& implementation = out_.element(top, "implementation");
    out_.text(implementation, "description",
              "Gateway between GP practices and community pharmacies: takes messages, checks them "
              "against signed agreements, translates and delivers them.");
    out_.text(implementation, "url", use_.base_url);
    out_.text(top, "fhirVersion", "4.0.1");
    out_.text(top, "format", "application/fhir+json", Repeats::yes);
    out_.text(top, "format", "application/fhir+xml", Repeats::yes);
    if (use_.resources != nullptr) {
      out_.text(top, "patchFormat", "application/json-patch+json", Repeats::yes);
      out_.text(top, "patchFormat", "application/fhir+json", Repeats::yes);
      out_.text(top, "patchFormat", "application/fhir+xml", Repeats::yes);
    }
    add_rest(out_.element(top, "rest", Repeats::yes));
    return std::move(out_);
  }

 private:
  void add_rest(Node& rest) {
    out_.text(rest, "mode", "server");
    out_.text(rest, "documentation",
              "Messages go to $process-message; the Task it answers with tells what became of "
              "them.");
    Node& security = out_.element(rest, "security");
    if (!use_.cors_origins.empty()) out_.boolean(security, "cors", true);
    out_.text(security, "description",
              "Callers are not authenticated yet: the gateway listens on loopback addresses only.");
    if (use_.resources != nullptr) revincludes_ = pointed_at(use_);
    for (const std::string& type : types()) add_resource(rest, type);
    add_interactions(rest);
    if (use_.resources != nullptr) add_search(rest, "Resource");
    std::set<std::string_view> known;
    for (const auto& row : table_.rows()) {
      const Endpoint& at = *row.endpoint;
      if (at.operation.empty() || !at.resources.empty() || !known.insert(at.operation).second) {
        continue;
      }
      add_operation(rest, at);
    }
    add_compartments(rest);
  }

  std::set<std::string> types() const {
    std::set<std::string> types;
    if (use_.resources != nullptr) {
      types.insert(use_.resources->types().begin(), use_.resources->types().end());
    }
    for (const auto& row : table_.rows()) {
      types.insert(row.endpoint->resources.begin(), row.endpoint->resources.end());
    }
    return types;
  }

  void add_resource(Node& rest, const std::string& type) {
    Node& resource = out_.element(rest, "resource", Repeats::yes);
    out_.text(resource, "type", type);
    const bool stored = use_.resources != nullptr && use_.resources->serves(type);
    if (stored) out_.text(resource, "profile", "http://hl7.org/fhir/StructureDefinition/" + type);
    std::set<std::string_view> told, operations;
    std::vector<const Endpoint*> own;
    for (const auto& row : table_.rows()) {
      const Endpoint& at = *row.endpoint;
      if (!serves(at, type) && !(stored && is_of_every_type(at))) continue;
      if (!at.operation.empty()) {
        // One operation has a row for each method and level.
        if (operations.insert(at.operation).second) own.push_back(&at);
        continue;
      }
      if (!told.insert(at.interaction).second) continue;
      Node& interaction = out_.element(resource, "interaction", Repeats::yes);
      out_.text(interaction, "code", at.interaction);
      // What holds for every type is said once, below rest.
      if (!is_of_every_type(at)) out_.text(interaction, "documentation", at.documentation);
    }
    if (!told.empty()) out_.text(resource, "versioning", stored ? "versioned-update" : "versioned");
    if (stored) add_policies(resource);
    if (stored) add_search(resource, type);
    for (const Endpoint* at : own) add_operation(resource, *at);
  }

  void add_policies(Node& resource) {
    out_.boolean(resource, "readHistory", true);
    out_.boolean(resource, "updateCreate", use_.update_creates);
    out_.boolean(resource, "conditionalCreate", true);
    out_.text(resource, "conditionalRead", "full-support");
    out_.boolean(resource, "conditionalUpdate", true);
    out_.text(resource, "conditionalDelete", use_.delete_many > 1 ? "multiple" : "single");
    for (const char* policy : {"literal", "logical"}) {
      out_.text(resource, "referencePolicy", policy, Repeats::yes);
    }
  }

  void add_search(Node& parent, const std::string& type) {
    const search::Parameters& parameters = use_.resources->parameters();
    if (type != "Resource") {
      out_.text(parent, "searchInclude", "*", Repeats::yes);
      for (const std::string& include : parameters.includes_of(type)) {
        out_.text(parent, "searchInclude", include, Repeats::yes);
      }
      out_.text(parent, "searchRevInclude", "*", Repeats::yes);
      if (const auto at = revincludes_.find(type); at != revincludes_.end()) {
        for (const std::string& include : at->second) {
          out_.text(parent, "searchRevInclude", include, Repeats::yes);
        }
      }
    }
    for (const search::ParameterView& view : parameters.of_type(type)) {
      Node& parameter = out_.element(parent, "searchParam", Repeats::yes);
      out_.text(parameter, "name", view.code);
      out_.text(parameter, "definition", view.url);
      out_.text(parameter, "type", view.type);
      out_.text(parameter, "documentation", view.documentation);
    }
    if (type == "Resource") add_result_parameters(parent);
  }

  /// What shapes the result of a search of any type.
  /// Source: hl7.org/fhir/R4/search.html#return, #has.
  void add_result_parameters(Node& rest) {
    constexpr std::array<std::pair<const char*, const char*>, 9> kParameters{{
        {"_has", "Reverse chaining: Patient?_has:Observation:subject:code=1234-5"},
        {"_sort", "Several keys, each with - for descending; a history by _lastUpdated only"},
        {"_count", "Resources of a page"},
        {"_include", "Also with :iterate, and * for every reference"},
        {"_revinclude", "Also with :iterate, and * for every reference"},
        {"_summary", "true, text, data, count, false; a history: count"},
        {"_elements", "Also Type.element; mandatory elements stay"},
        {"_total", "none, estimate, accurate"},
        {"_type", "Types of a search of the whole system"},
    }};
    for (const auto& [name, documentation] : kParameters) {
      Node& parameter = out_.element(rest, "searchParam", Repeats::yes);
      out_.text(parameter, "name", name);
      out_.text(parameter, "type", "special");
      out_.text(parameter, "documentation", documentation);
    }
  }

  void add_interactions(Node& rest) {
    std::set<std::string_view> told;
    for (const auto& row : table_.rows()) {
      const Endpoint& at = *row.endpoint;
      constexpr std::array<std::string_view, 4> kOfSystem{"transaction", "batch", "search-system",
                                                          "history-system"};
      const bool of_system =
          std::find(kOfSystem.begin(), kOfSystem.end(), at.interaction) != kOfSystem.end();
      if (!of_system || !told.insert(at.interaction).second) continue;
      Node& interaction = out_.element(rest, "interaction", Repeats::yes);
      out_.text(interaction, "code", at.interaction);
      out_.text(interaction, "documentation", at.documentation);
    }
  }

  void add_operation(Node& parent, const Endpoint& endpoint) {
    Node& operation = out_.element(parent, "operation", Repeats::yes);
    out_.text(operation, "name", endpoint.operation);
    out_.text(operation, "definition", endpoint.definition);
    out_.text(operation, "documentation", endpoint.documentation);
  }

  void add_compartments(Node& rest) {
    if (use_.resources == nullptr) return;
    for (const std::string& type : use_.resources->types()) {
      if (use_.resources->parameters().compartment_types(type).empty()) continue;
      std::string name = type;
      name[0] = static_cast<char>(name[0] - 'A' + 'a');
      out_.text(rest, "compartment", "http://hl7.org/fhir/CompartmentDefinition/" + name,
                Repeats::yes);
    }
  }

  const Services& use_;
  const EndpointTable& table_;
  ResourceBuilder out_;
  std::map<std::string, std::vector<std::string>, std::less<>> revincludes_;
};

}  // namespace

struct Capabilities::Kept {
  Kept(const Services& services, const EndpointTable& endpoints)
      : use(services), table(endpoints) {}
  const Services& use;
  const EndpointTable& table;
  std::mutex mutex;
  std::optional<ResourceBuilder> made;
  std::array<std::optional<Text>, 4> texts;
};

Capabilities::Capabilities(const Services& use, const EndpointTable& endpoints)
    : kept_(std::make_unique<Kept>(use, endpoints)) {}
Capabilities::~Capabilities() = default;

Result<const Capabilities::Text*> Capabilities::text(const Answering& answering) const {
  const std::size_t layout =
      (answering.format == Format::xml ? 2U : 0U) + (answering.pretty ? 1U : 0U);
  const std::lock_guard lock(kept_->mutex);
  std::optional<Text>& kept = kept_->texts[layout];
  if (!kept) {
    if (!kept_->made) kept_->made.emplace(Statement(kept_->use, kept_->table).made());
    Text text;
    CONCORD_ASSIGN(text.body, kept_->made->written(answering));
    text.etag = "W/\"" + to_hex(sha256(text.body)).substr(0, 24) + "\"";
    kept = std::move(text);
  }
  return static_cast<const Text*>(&*kept);
}

}  // namespace concord::api
