#include "fhir/search/parameters.h"

#include <algorithm>

#include "fhir/definitions/r4_generated.h"
#include "fhir/search/detail/compiled.h"
#include "fhir/search/detail/extractor.h"

namespace concord::search {

namespace {

using detail::Definition;
using detail::Kind;
using detail::Parameter;
using detail::TypePlan;

std::string text_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string() : text->str();
}

std::vector<std::string> texts_of(
    const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* texts) {
  std::vector<std::string> list;
  if (texts == nullptr) return list;
  for (const auto* text : *texts) list.push_back(text->str());
  return list;
}

Definition from_pack(const definitions::pack::SearchParameter& row) {
  Definition made{text_of(row.url()),
                  text_of(row.code()),
                  text_of(row.type()),
                  text_of(row.expression()),
                  texts_of(row.base()),
                  texts_of(row.target()),
                  {}};
  if (row.components() != nullptr) {
    for (const auto* component : *row.components()) {
      made.components.emplace_back(text_of(component->definition()),
                                   text_of(component->expression()));
    }
  }
  return made;
}

}  // namespace

namespace detail {

Definition read_definition(const tree::Document& document, const tree::Node& resource) {
  const auto child = [&](const tree::Node& node, std::string_view name) {
    return node.child(document.find(name));
  };
  const auto text = [&](const tree::Node& node, std::string_view name) {
    const tree::Node* at = child(node, name);
    return at == nullptr ? std::string() : std::string(at->text());
  };
  const auto texts = [&](std::string_view name) {
    std::vector<std::string> list;
    for (const auto* at = child(resource, name); at != nullptr; at = at->next_same()) {
      if (!at->text().empty()) list.emplace_back(at->text());
    }
    return list;
  };
  Definition made{text(resource, "url"),
                  text(resource, "code"),
                  text(resource, "type"),
                  text(resource, "expression"),
                  texts("base"),
                  texts("target"),
                  {}};
  for (const auto* at = child(resource, "component"); at != nullptr; at = at->next_same()) {
    made.components.emplace_back(text(*at, "definition"), text(*at, "expression"));
  }
  return made;
}

}  // namespace detail

Parameters::Parameters(std::unique_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
Parameters::Parameters(Parameters&&) noexcept = default;
Parameters& Parameters::operator=(Parameters&&) noexcept = default;
Parameters::~Parameters() = default;

Result<Parameters> Parameters::compile(const Sources& sources) {
  if (sources.definitions == nullptr || sources.functions == nullptr) {
    return make_error(ErrorCode::internal, "search parameters need definitions and functions");
  }
  const auto& definitions = *sources.definitions;
  auto compiled = std::make_unique<Compiled>(definitions, *sources.functions, sources.terminology);
  compiled->base_url = sources.base_url;
  if (const auto* rows = definitions.pack().search_parameters()) {
    for (const auto* row : *rows) compiled->catalogue.add(from_pack(*row));
  }
  for (const tree::Document* document : sources.more) {
    compiled->catalogue.add(detail::read_definition(*document, document->root()));
  }
  compiled->catalogue.build();
  if (const auto* rows = definitions.pack().compartments()) {
    for (const auto* row : *rows) {
      auto& members = compiled->compartments[text_of(row->code())];
      if (row->resources() == nullptr) continue;
      for (const auto* resource : *row->resources()) {
        members[text_of(resource->code())] = texts_of(resource->params());
      }
    }
  }
  return Parameters(std::move(compiled));
}

Result<IndexValues> Parameters::extract(const tree::Document& document,
                                        const tree::Node& resource) const {
  IndexValues values;
  const TypePlan* plan = compiled_->catalogue.plan(resource.type());
  if (plan == nullptr) return values;
  detail::Extractor extractor(compiled_->catalogue, compiled_->base_url, document, values);
  extractor.walk(plan->walk, detail::Walk::kRoot, resource);
  if (!plan->expressions.empty()) {
    thread_local path::EvalContext context;  // its memory is kept from one resource to the next
    context.reset();
    for (const detail::Part* part : plan->expressions) {
      auto found = part->expression->evaluate(context, path::Collection::of(document, resource));
      if (found) {
        extractor.items(*part, *found, context);
      } else if (found.error().code == ErrorCode::too_costly) {
        return std::move(found).error();
      }
      context.reset();
    }
  }
  if (extractor.spent()) {
    return make_error(ErrorCode::too_costly, "the resource has too many values to be found by");
  }
  detail::settle(values);
  return values;
}

std::vector<std::string> Parameters::compartment_types(std::string_view compartment) const {
  std::vector<std::string> types;
  const auto members = compiled_->compartments.find(compartment);
  if (members == compiled_->compartments.end()) return types;
  for (const auto& [type, parameters] : members->second) {
    if (!parameters.empty() || type == compartment) types.push_back(type);
  }
  return types;
}

std::vector<ParameterView> Parameters::of_type(std::string_view type) const {
  std::vector<ParameterView> views;
  const TypePlan* plan = compiled_->catalogue.plan(type);
  if (plan == nullptr) return views;
  for (const auto& [code, parameter] : plan->parameters) {
    if (!parameter.not_served.empty()) continue;
    views.push_back({code, detail::kind_name(parameter.kind), parameter.definition->url,
                     parameter.definition->expression});
  }
  return views;
}

std::vector<std::string> Parameters::includes_of(std::string_view type) const {
  std::vector<std::string> includes;
  const TypePlan* plan = compiled_->catalogue.plan(type);
  if (plan == nullptr) return includes;
  for (const auto& [code, parameter] : plan->parameters) {
    if (parameter.kind != Kind::reference || !parameter.not_served.empty()) continue;
    includes.push_back(plan->type + ":" + code);
  }
  return includes;
}

std::vector<NotServed> Parameters::not_served() const {
  std::vector<NotServed> list;
  for (const TypePlan& plan : compiled_->catalogue.plans()) {
    for (const auto& [code, parameter] : plan.parameters) {
      if (!parameter.not_served.empty()) list.push_back({plan.type, code, parameter.not_served});
    }
  }
  return list;
}

std::int64_t Parameters::version() const noexcept { return compiled_->catalogue.version(); }

}  // namespace concord::search
