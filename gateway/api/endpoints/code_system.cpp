// CodeSystem/$lookup, $validate-code and $subsumes, for the type and for one code system.
// Source: hl7.org/fhir/R4/codesystem-operations.html.
#include <algorithm>

#include "fhir/packages/registry.h"
#include "fhir/terminology/terminology.h"
#include "gateway/api/api.h"
#include "gateway/api/code_answer.h"
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/parameters.h"

namespace concord::api {
namespace {

using terminology::Code;
using terminology::Lookup;
using tree::Node;

constexpr std::string_view kTypes[] = {"CodeSystem"};
constexpr std::string_view kLookup =
    "What is known of a code: display, definition, designations, parents, children and properties "
    "(all, or those named by `property`).";
constexpr std::string_view kValidate =
    "Whether a code, Coding or CodeableConcept is one of a code system, and its display right.";
constexpr std::string_view kSubsumes = "How two codes of one code system stand to one another.";

constexpr Endpoint endpoint(std::string_view method, std::string_view path,
                            std::string_view operation, std::string_view definition,
                            std::string_view documentation) {
  return terminology_operation(kTypes, method, path, operation, definition, documentation);
}

constexpr std::string_view kLookupDefinition =
    "http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup";
constexpr std::string_view kValidateDefinition =
    "http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code";
constexpr std::string_view kSubsumesDefinition =
    "http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes";
constexpr Endpoint kRows[] = {
    endpoint("GET", "/FHIR/R4/CodeSystem/$lookup", "lookup", kLookupDefinition, kLookup),
    endpoint("POST", "/FHIR/R4/CodeSystem/$lookup", "lookup", kLookupDefinition, kLookup),
    endpoint("GET", "/FHIR/R4/CodeSystem/$validate-code", "validate-code", kValidateDefinition,
             kValidate),
    endpoint("POST", "/FHIR/R4/CodeSystem/$validate-code", "validate-code", kValidateDefinition,
             kValidate),
    endpoint("GET", "/FHIR/R4/CodeSystem/{id}/$validate-code", "validate-code", kValidateDefinition,
             kValidate),
    endpoint("POST", "/FHIR/R4/CodeSystem/{id}/$validate-code", "validate-code",
             kValidateDefinition, kValidate),
    endpoint("GET", "/FHIR/R4/CodeSystem/$subsumes", "subsumes", kSubsumesDefinition, kSubsumes),
    endpoint("POST", "/FHIR/R4/CodeSystem/$subsumes", "subsumes", kSubsumesDefinition, kSubsumes),
    endpoint("GET", "/FHIR/R4/CodeSystem/{id}/$subsumes", "subsumes", kSubsumesDefinition,
             kSubsumes),
    endpoint("POST", "/FHIR/R4/CodeSystem/{id}/$subsumes", "subsumes", kSubsumesDefinition,
             kSubsumes)};

constexpr std::string_view kLookupParameters[] = {"code", "system",          "version", "coding",
                                                  "date", "displayLanguage", "property"};
/// `system` is not the standard's here, but clients send it for `url`.
constexpr std::string_view kValidateParameters[] = {
    "url",    "codeSystem",      "code", "version",  "display",
    "coding", "codeableConcept", "date", "abstract", "displayLanguage",
    "system"};
constexpr std::string_view kSubsumesParameters[] = {"codeA",   "codeB",   "system",
                                                    "version", "codingA", "codingB"};

/// Errors: malformed (no code, or none with a system).
Result<Code> one_code(const Inputs& inputs) {
  Code code{inputs.text("system"), inputs.text("code"), {}, inputs.text("version")};
  if (inputs.has("coding")) {
    const auto codings = inputs.codings("coding");
    if (!codings.empty()) code = codings.front();
  }
  if (code.code.empty() || code.system.empty()) {
    return bad_request("code and system, or coding, must be given", "required");
  }
  return code;
}

Result<http::Response> lookup(Call& call, const Services& use) {
  CONCORD_TRY(terminology_served(use));
  CONCORD_ASSIGN(const Inputs inputs, Inputs::read(call, use, kLookupParameters));
  CONCORD_ASSIGN(const Code code, one_code(inputs));
  CONCORD_ASSIGN(const Terms terms, use.stored_terms->over(systems_of({code})));
  CONCORD_ASSIGN(const Lookup found, terms->lookup(code, inputs.text("displayLanguage")));
  const std::vector<std::string> wanted = inputs.all("property");
  const auto shown = [&](std::string_view name) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end() ||
           std::find(wanted.begin(), wanted.end(), "*") != wanted.end();
  };
  const terminology::CodeSystem& system = *found.system;
  Outputs out(*use.symbols);
  out.value("name", "valueString", system.name().empty() ? system.url() : system.name());
  out.value("version", "valueString", system.version());
  // A code of a grammar is its own name.
  out.value("display", "valueString", found.display.empty() ? found.code : found.display);
  if (shown("designation")) {
    for (const terminology::Designation& name : found.designations) {
      Node& node = out.parameter("designation");
      out.value(node, "language", "valueCode", name.language);
      if (!name.use_code.empty()) {
        out.coding(node, "use", name.use_system, {}, name.use_code, name.use_display);
      }
      out.value(node, "value", "valueString", name.value);
    }
  }
  const auto property = [&](std::string_view name, std::string_view type, std::string_view value,
                            std::string_view description = {}) {
    if (value.empty() || !shown(name)) return;
    Node& node = out.parameter("property");
    out.value(node, "code", "valueCode", name);
    if (type == "valueBoolean") {
      out.out().boolean(out.part(node, "value"), type, value == "true");
    } else {
      out.value(node, "value", type, value);
    }
    out.value(node, "description", "valueString", description);
  };
  property("definition", "valueString", found.definition);
  if (found.number != terminology::kNoConcept) {
    property("inactive", "valueBoolean", found.inactive ? "true" : "false");
    if (found.abstract) property("notSelectable", "valueBoolean", "true");
  }
  for (const auto at : found.parents) {
    property("parent", "valueCode", system.code(at), system.display(at));
  }
  for (const auto at : found.children) {
    property("child", "valueCode", system.code(at), system.display(at));
  }
  for (const terminology::Property& at : found.properties) {
    if (at.code == "inactive" || at.code == "notSelectable") continue;
    property(at.code,
             at.type == "boolean"                       ? "valueBoolean"
             : at.type == "code" || at.type == "Coding" ? "valueCode"
                                                        : "valueString",
             at.value);
  }
  return resource_response(200, out.out(), call);
}

/// The code system the address or the parameters name, else nothing.
Result<std::string> system_url(const Call& call, const Inputs& inputs, std::string_view name,
                               const Services& use) {
  if (const std::string_view id = call.path_value("id"); !id.empty()) {
    std::string canonical;
    CONCORD_ASSIGN(const auto stored, use.stored_terms->stored("CodeSystem", id));
    if (stored) {
      canonical = canonical_of(*stored, stored->root());
    } else {
      CONCORD_ASSIGN(canonical, canonical_of("CodeSystem", id, use));
    }
    return canonical.substr(0, canonical.find('|'));
  }
  return std::string(inputs.text(name));
}

Result<http::Response> validate_code(Call& call, const Services& use) {
  CONCORD_TRY(terminology_served(use));
  CONCORD_ASSIGN(const Inputs inputs, Inputs::read(call, use, kValidateParameters));
  if (inputs.has("codeSystem")) {
    return bad_request("the parameter codeSystem is not supported", "not-supported");
  }
  CONCORD_ASSIGN(const std::string url, system_url(call, inputs, "url", use));
  CONCORD_ASSIGN(CodeQuestion question, read_question(inputs, "version", url));
  for (Code& code : question.codes) {
    if (!url.empty() && code.system != url) {
      return bad_request("the coding is of another code system than url", "invalid");
    }
    if (code.system.empty()) {
      return bad_request("url or an id must name the code system", "required");
    }
  }
  CONCORD_ASSIGN(const Terms terms, use.stored_terms->over(systems_of(question.codes)));
  if (terms->code_system(question.codes.front().system) == nullptr) {
    return make_error(ErrorCode::not_found, "the code system is not known");
  }
  return answer_code(question, nullptr, terms, call, use);
}

Result<http::Response> subsumes(Call& call, const Services& use) {
  CONCORD_TRY(terminology_served(use));
  CONCORD_ASSIGN(const Inputs inputs, Inputs::read(call, use, kSubsumesParameters));
  CONCORD_ASSIGN(std::string url, system_url(call, inputs, "system", use));
  std::string_view a = inputs.text("codeA"), b = inputs.text("codeB");
  if (inputs.has("codingA") || inputs.has("codingB")) {
    const auto first = inputs.codings("codingA"), second = inputs.codings("codingB");
    if (first.empty() || second.empty()) {
      return bad_request("codingA and codingB must both be given", "required");
    }
    if (first[0].system != second[0].system) {
      return bad_request("the codings are of two code systems", "invalid");
    }
    a = first[0].code;
    b = second[0].code;
    url = first[0].system;
  }
  if (url.empty() || a.empty() || b.empty()) {
    return bad_request("system, codeA and codeB, or codingA and codingB, must be given",
                       "required");
  }
  CONCORD_ASSIGN(const Terms terms, use.stored_terms->over({{"CodeSystem", url}}));
  CONCORD_ASSIGN(const terminology::Subsumption found,
                 terms->subsumes(url, inputs.text("version"), a, b));
  Outputs out(*use.symbols);
  out.value("outcome", "valueCode", terminology::subsumption_name(found));
  return resource_response(200, out.out(), call);
}

}  // namespace

void register_code_system(endpoints::Table& table) {
  for (const Endpoint& row : kRows) {
    table.add(row, row.operation == "lookup"     ? &lookup
                   : row.operation == "subsumes" ? &subsumes
                                                 : &validate_code);
  }
}

}  // namespace concord::api
