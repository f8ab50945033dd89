// CodeSystem/$lookup and $subsumes. Source: hl7.org/fhir/R4/codesystem-operation-lookup.html,
// codesystem-operation-subsumes.html.

#include "fhir/terminology/detail/displays.h"
#include "fhir/terminology/detail/state.h"

namespace concord::terminology {

std::string_view subsumption_name(Subsumption value) noexcept {
  switch (value) {
    case Subsumption::equivalent:
      return "equivalent";
    case Subsumption::subsumes:
      return "subsumes";
    case Subsumption::subsumed_by:
      return "subsumed-by";
    case Subsumption::not_subsumed:
      break;
  }
  return "not-subsumed";
}

namespace {

Error no_system(std::string_view url) {
  return make_error(ErrorCode::not_found, "the code system " + std::string(url) + " is not loaded");
}

}  // namespace

Result<Lookup> Terminology::lookup(const Code& code, std::string_view language) const {
  if (code.system.empty() || code.code.empty()) {
    return make_error(ErrorCode::invalid, "system or code is missing");
  }
  const CodeSystem* system = state_->code_system(detail::join(code.system, code.version), nullptr);
  if (system == nullptr) return no_system(detail::join(code.system, code.version));
  if (system->content() == Content::supplement) {
    return make_error(ErrorCode::invalid, "a supplement is no code system of its own");
  }
  Lookup result;
  result.system = system;
  result.number = system->find(code.code);
  if (result.number == kNoConcept) {
    if (system->content() != Content::grammar || !system->has(code.code)) {
      return make_error(ErrorCode::not_found,
                        "the code system " + std::string(code.system) + " has no such code");
    }
    result.code = code.code;
    return result;
  }
  const Concept at = result.number;
  result.code = system->code(at);
  result.display = detail::preferred_display(*system, at, detail::languages(language));
  result.definition = system->definition(at);
  result.inactive = system->is_inactive(at);
  result.abstract = system->is_abstract(at);
  system->designations(at, [&](const Designation& name) { result.designations.push_back(name); });
  system->properties(at, [&](const Property& property) {
    if (property.code != "parent" && property.code != "child") {
      result.properties.push_back(property);
    }
  });
  result.parents = system->parents(at);
  result.children = system->children(at);
  return result;
}

Result<Subsumption> Terminology::subsumes(std::string_view url, std::string_view version,
                                          std::string_view code_a, std::string_view code_b) const {
  if (url.empty() || code_a.empty() || code_b.empty()) {
    return make_error(ErrorCode::invalid, "system or code is missing");
  }
  const CodeSystem* system = state_->code_system(detail::join(url, version), nullptr);
  if (system == nullptr) return no_system(detail::join(url, version));
  if (system->content() == Content::grammar) {
    return make_error(ErrorCode::unsupported,
                      "the code system " + std::string(url) + " has no hierarchy");
  }
  const Concept a = system->find(code_a), b = system->find(code_b);
  if (a == kNoConcept || b == kNoConcept) {
    return make_error(ErrorCode::not_found, "the code system " + std::string(url) +
                                                " does not have " +
                                                (a == kNoConcept ? "code A" : "code B"));
  }
  if (a == b) return Subsumption::equivalent;
  if (system->is_a(b, a)) return Subsumption::subsumes;
  if (system->is_a(a, b)) return Subsumption::subsumed_by;
  return Subsumption::not_subsumed;
}

}  // namespace concord::terminology
