// A resource against R4, the profiles it claims and those named.
// Source: hl7.org/fhir/R4/resource-operation-validate.html.
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/xml/reader.h"
#include "gateway/api/api.h"
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/resource_builder.h"

namespace concord::api {
namespace {

using tree::Document;
using tree::Node;

constexpr Endpoint kEndpoint{
    .interaction = "operation",
    .method = "POST",
    .path = "/FHIR/R4/$validate",
    .scope = "message.read",
    .documentation =
        "Checks a resource against R4, the profiles it claims in meta.profile and those asked for. "
        "Takes the resource, or Parameters with `resource`, `profile` (repeats) and `mode`; "
        "?profile= names profiles too. Nothing is stored. Answers an OperationOutcome.",
    .operation = "validate",
    .definition = "http://hl7.org/fhir/OperationDefinition/Resource-validate"};

constexpr Endpoint kOfType{.interaction = "operation",
                           .method = "POST",
                           .path = "/FHIR/R4/{type}/$validate",
                           .scope = "message.read",
                           .documentation = "$validate for a resource that must be of that type."};

/// What is to be checked.
struct Asked {
  std::string text;
  std::string type;
  std::vector<std::string> profiles;
};

const Node* member(const Document& document, const Node& node, std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
}

/// The resource a parameter holds, as a text of its own.
Result<std::string> alone(const Document& document, const Node& resource,
                          const tree::Symbols& symbols) {
  ResourceBuilder out(symbols, document.text(resource.type()));
  tree::Builder builder = out.builder();
  for (const Node& child : resource.children()) {
    if (builder.copy_into(out.root(), document, child, builder.symbol(document.name(child))) ==
        nullptr) {
      return make_error(ErrorCode::too_long, "the resource has too many elements");
    }
  }
  return json::write(out.document());
}

/// Parameters are taken apart; anything else is the resource itself.
Result<Asked> read(std::string body, const tree::Symbols& symbols) {
  Asked asked;
  const std::size_t first = body.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  const bool is_xml = first != std::string::npos && body[first] == '<';
  const auto document = is_xml ? xml::read_fhir(body, symbols) : json::read(body, symbols);
  if (!document) {  // whatever is wrong is for the validator to say
    asked.text = std::move(body);
    return asked;
  }
  asked.type = document->text(document->root().type());
  if (asked.type != "Parameters") {
    asked.text = std::move(body);
    return asked;
  }
  const tree::Symbol parameter = document->find("parameter");
  const Node* at = parameter == tree::Symbol::kNone ? nullptr : document->root().child(parameter);
  const Node* resource = nullptr;
  for (; at != nullptr; at = at->next_same()) {
    const Node* name = member(*document, *at, "name");
    if (name == nullptr) continue;
    if (name->text() == "resource") resource = member(*document, *at, "resource");
    for (const Node& value : at->children()) {
      if (!document->name(value).starts_with("value")) continue;
      if (name->text() == "profile") asked.profiles.emplace_back(value.text());
      if (name->text() == "mode" && value.text() == "delete") {
        return make_error(ErrorCode::unsupported, "mode delete is not supported", "Parameters");
      }
    }
  }
  if (resource == nullptr || !resource->is(tree::Flag::resource)) {
    return make_error(ErrorCode::invalid, "Parameters without a parameter resource", "Parameters");
  }
  asked.type = document->text(resource->type());
  CONCORD_ASSIGN(asked.text, alone(*document, *resource, symbols));
  return asked;
}

Result<http::Response> validate(Call& call, const Services& use) {
  if (!use.validate) return make_error(ErrorCode::unsupported, "$validate is not served here");
  CONCORD_ASSIGN(Asked asked, read(std::move(call.request.body), *use.symbols));
  for (const auto& [name, value] : call.query) {
    if (name == "profile") asked.profiles.push_back(value);
  }
  const std::string_view type = call.path_value("type");
  if (!type.empty() && !asked.type.empty() && type != asked.type) {
    return make_error(ErrorCode::invalid, "the resource is of another type than the url says",
                      asked.type);
  }
  CONCORD_ASSIGN(const std::vector<Issue> issues,
                 use.validate(std::move(asked.text), asked.profiles));
  ResourceBuilder out(*use.symbols, "OperationOutcome");
  add_issues(out, out.root(), "invalid", issues);
  return resource_response(200, out, call);
}

}  // namespace

void register_validate(endpoints::Table& table) {
  table.add(kEndpoint, &validate);
  table.add(kOfType, &validate);
}

}  // namespace concord::api
