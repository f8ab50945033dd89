// ValueSet/$expand and $validate-code, for a type and for one value set.
// Source: hl7.org/fhir/R4/valueset-operation-expand.html, valueset-operation-validate-code.html.
#include "fhir/terminology/terminology.h"
#include "gateway/api/api.h"
#include "gateway/api/code_answer.h"
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/parameters.h"

namespace concord::api {
namespace {

using Repeats = ResourceBuilder::Repeats;
using terminology::ExpandOptions;
using terminology::Expansion;
using terminology::ExpansionLine;
using terminology::ValueSet;
using tree::Node;

constexpr std::string_view kTypes[] = {"ValueSet"};
constexpr std::string_view kExpand =
    "Lists the codes of a value set: by url, by id, or given as parameter valueSet. filter, "
    "offset, "
    "count, activeOnly, includeDesignations, designation, displayLanguage, excludeNested, "
    "excludeNotForUI and the parameters on versions of systems are understood.";
constexpr std::string_view kValidate =
    "Whether a code, Coding or CodeableConcept is in a value set, and its display right.";

constexpr Endpoint endpoint(std::string_view method, std::string_view path,
                            std::string_view operation, std::string_view definition,
                            std::string_view documentation) {
  return terminology_operation(kTypes, method, path, operation, definition, documentation);
}

constexpr std::string_view kExpandDefinition =
    "http://hl7.org/fhir/OperationDefinition/ValueSet-expand";
constexpr std::string_view kValidateDefinition =
    "http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code";
constexpr Endpoint kRows[] = {
    endpoint("GET", "/FHIR/R4/ValueSet/$expand", "expand", kExpandDefinition, kExpand),
    endpoint("POST", "/FHIR/R4/ValueSet/$expand", "expand", kExpandDefinition, kExpand),
    endpoint("GET", "/FHIR/R4/ValueSet/{id}/$expand", "expand", kExpandDefinition, kExpand),
    endpoint("POST", "/FHIR/R4/ValueSet/{id}/$expand", "expand", kExpandDefinition, kExpand),
    endpoint("GET", "/FHIR/R4/ValueSet/$validate-code", "validate-code", kValidateDefinition,
             kValidate),
    endpoint("POST", "/FHIR/R4/ValueSet/$validate-code", "validate-code", kValidateDefinition,
             kValidate),
    endpoint("GET", "/FHIR/R4/ValueSet/{id}/$validate-code", "validate-code", kValidateDefinition,
             kValidate),
    endpoint("POST", "/FHIR/R4/ValueSet/{id}/$validate-code", "validate-code", kValidateDefinition,
             kValidate)};

constexpr std::string_view kExpandParameters[] = {"url",
                                                  "valueSet",
                                                  "valueSetVersion",
                                                  "context",
                                                  "contextDirection",
                                                  "filter",
                                                  "date",
                                                  "offset",
                                                  "count",
                                                  "includeDesignations",
                                                  "designation",
                                                  "includeDefinition",
                                                  "activeOnly",
                                                  "excludeNested",
                                                  "excludeNotForUI",
                                                  "excludePostCoordinated",
                                                  "displayLanguage",
                                                  "exclude-system",
                                                  "system-version",
                                                  "check-system-version",
                                                  "force-system-version"};
constexpr std::string_view kValidateParameters[] = {
    "url",           "context", "valueSet",        "valueSetVersion", "code", "system",  "display",
    "systemVersion", "coding",  "codeableConcept", "displayLanguage", "date", "abstract"};

/// A value set with the terminology it was compiled in.
struct Named {
  Terms terms;
  std::shared_ptr<const ValueSet> set;
};

/// One that is written out: stored here, or given with the call.
Result<Named> written_out(const tree::Document& document, const Node& resource,
                          std::vector<CanonicalName> more, const Services& use) {
  std::vector<CanonicalName> names = drawn_on(document, resource);
  names.insert(names.end(), more.begin(), more.end());
  CONCORD_ASSIGN(Terms terms, use.stored_terms->over(std::move(names)));
  CONCORD_ASSIGN(auto set, terms->compile(document, resource));
  return Named{std::move(terms), std::move(set)};
}

/// The value set meant: of the address, the parameter valueSet, or url with valueSetVersion.
/// `more`: what else the call asks about.
/// Errors: not_found, malformed (none is named), invalid (what is given is no ValueSet).
Result<Named> value_set(const Call& call, const Inputs& inputs, std::vector<CanonicalName> more,
                        const Services& use) {
  if (inputs.has("context")) {
    return bad_request("the parameter context is not supported", "not-supported");
  }
  std::string canonical;
  if (const std::string_view id = call.path_value("id"); !id.empty()) {
    CONCORD_ASSIGN(const auto stored, use.stored_terms->stored("ValueSet", id));
    if (stored) return written_out(*stored, stored->root(), std::move(more), use);
    CONCORD_ASSIGN(canonical, canonical_of("ValueSet", id, use));
  } else if (const Node* given = inputs.resource("valueSet")) {
    return written_out(inputs.document(), *given, std::move(more), use);
  } else {
    canonical = inputs.text("url");
    const std::string_view version = inputs.text("valueSetVersion");
    if (!canonical.empty() && !version.empty() && canonical.find('|') == std::string::npos) {
      canonical.append("|").append(version);
    }
  }
  if (canonical.empty()) {
    return bad_request("url, valueSet or an id must name the value set", "required");
  }
  more.insert(more.begin(), {"ValueSet", canonical});
  CONCORD_ASSIGN(Terms terms, use.stored_terms->over(std::move(more)));
  auto set = terms->value_set(canonical);
  if (set == nullptr) return make_error(ErrorCode::not_found, "the value set is not known");
  return Named{std::move(terms), std::move(set)};
}

Result<ExpandOptions> expand_options(const Inputs& inputs) {
  ExpandOptions options;
  options.filter = inputs.text("filter");
  CONCORD_ASSIGN(const auto offset, inputs.count("offset"));
  options.offset = offset.value_or(0);
  CONCORD_ASSIGN(options.count, inputs.count("count"));
  CONCORD_ASSIGN(options.active_only, inputs.truth("activeOnly", false));
  CONCORD_ASSIGN(options.exclude_nested, inputs.truth("excludeNested", false));
  CONCORD_ASSIGN(options.exclude_not_for_ui, inputs.truth("excludeNotForUI", false));
  CONCORD_ASSIGN(options.include_designations, inputs.truth("includeDesignations", false));
  options.designations = inputs.all("designation");
  options.display_language = inputs.text("displayLanguage");
  options.exclude_systems = inputs.all("exclude-system");
  options.system_versions = inputs.all("system-version");
  options.force_system_versions = inputs.all("force-system-version");
  options.check_system_versions = inputs.all("check-system-version");
  return options;
}

void write_line(ResourceBuilder& out, Node& node, const ExpansionLine& line) {
  out.text(node, "system", line.system);
  if (line.abstract) out.boolean(node, "abstract", true);
  if (line.inactive) out.boolean(node, "inactive", true);
  out.text(node, "version", line.version);
  out.text(node, "code", line.code);
  out.text(node, "display", line.display);
  for (const terminology::Designation& name : line.designations) {
    Node& designation = out.element(node, "designation", Repeats::yes);
    out.text(designation, "language", name.language);
    if (!name.use_code.empty()) {
      Node& use = out.element(designation, "use");
      out.text(use, "system", name.use_system);
      out.text(use, "code", name.use_code);
      out.text(use, "display", name.use_display);
    }
    out.text(designation, "value", name.value);
  }
}

void write_parameter(ResourceBuilder& out, Node& expansion, std::string_view name,
                     std::string_view value) {
  Node& node = out.element(expansion, "parameter", Repeats::yes);
  out.text(node, "name", name);
  if (value == "true") {
    out.boolean(node, "valueBoolean", true);
  } else if (name == "offset" || name == "count") {
    std::int64_t number = 0;
    for (const char c : value) number = number * 10 + (c - '0');
    out.integer(node, "valueInteger", number);
  } else {
    out.text(node, name == "filter" || name == "displayLanguage" ? "valueString" : "valueUri",
             value);
  }
}

Result<http::Response> expand(Call& call, const Services& use) {
  CONCORD_TRY(terminology_served(use));
  CONCORD_ASSIGN(const Inputs inputs, Inputs::read(call, use, kExpandParameters));
  CONCORD_ASSIGN(const ExpandOptions options, expand_options(inputs));
  CONCORD_ASSIGN(const Named named, value_set(call, inputs, {}, use));
  CONCORD_ASSIGN(const Expansion expansion, named.terms->expand(named.set, options));
  ResourceBuilder out(*use.symbols, "ValueSet");
  Node& top = out.root();
  const ValueSet& from = *expansion.value_set;
  out.text(top, "url", from.url());
  out.text(top, "version", from.version());
  out.text(top, "title", from.title() == from.url() ? std::string_view{} : from.title());
  out.text(top, "status", from.status().empty() ? std::string_view("unknown") : from.status());
  Node& node = out.element(top, "expansion");
  out.text(node, "timestamp", format_instant(use.clock()));
  out.integer(node, "total", static_cast<std::int64_t>(expansion.total));
  if (expansion.paged) {
    out.integer(node, "offset", static_cast<std::int64_t>(expansion.offset));
  }
  for (const auto& [name, value] : expansion.parameters) write_parameter(out, node, name, value);
  std::vector<Node*> nodes;
  nodes.reserve(expansion.lines.size());
  for (const ExpansionLine& line : expansion.lines) {
    Node& parent = line.parent < nodes.size() ? *nodes[line.parent] : node;
    Node& contains = out.element(parent, "contains", Repeats::yes);
    write_line(out, contains, line);
    nodes.push_back(&contains);
  }
  return resource_response(200, out, call);
}

Result<http::Response> validate_code(Call& call, const Services& use) {
  CONCORD_TRY(terminology_served(use));
  CONCORD_ASSIGN(const Inputs inputs, Inputs::read(call, use, kValidateParameters));
  CONCORD_ASSIGN(const CodeQuestion question, read_question(inputs, "systemVersion", {}));
  CONCORD_ASSIGN(const Named named, value_set(call, inputs, systems_of(question.codes), use));
  return answer_code(question, named.set, named.terms, call, use);
}

}  // namespace

void register_value_set(endpoints::Table& table) {
  for (const Endpoint& row : kRows) {
    table.add(row, row.operation == "expand" ? &expand : &validate_code);
  }
}

}  // namespace concord::api
