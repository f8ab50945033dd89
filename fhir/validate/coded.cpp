#include "fhir/validate/coded.h"

#include <algorithm>
#include <array>

#include "fhir/packages/registry.h"

namespace concord::validate {

namespace {

using definitions::BindingStrength;
using terminology::Answer;
using terminology::Code;
using terminology::CodeCheck;
using terminology::DisplayStanding;
using terminology::Membership;
using terminology::Standing;
using tree::Node;

constexpr std::string_view kUnits = "http://unitsofmeasure.org";
constexpr std::string_view kOurs = "http://hl7.org/fhir";
constexpr std::string_view kHl7 = "http://terminology.hl7.org";

const Node* child(const Node& node, std::string_view name, const Context& context) {
  return node.child(context.document().find(name));
}

std::string_view text(const Node* node) {
  return node == nullptr ? std::string_view{} : node->text();
}

std::string named(std::string_view url, std::string_view version) {
  std::string name(url);
  if (!version.empty()) name.append("|").append(version);
  return name;
}

/// At a part when it is there, else at the part that is missing.
void report_at(Context& context, Severity severity, std::string_view id, std::string_view type,
               const Node& owner, const Node* part, std::string_view member, std::string text) {
  if (part != nullptr) {
    context.report(severity, id, type, *part, std::move(text));
  } else {
    context.report(severity, id, type, owner, std::move(text), member);
  }
}

/// What the status of a code system means for those who use it.
void report_status(const terminology::CodeSystem& system, const terminology::ValueSet* from,
                   const Node& owner, Context& context) {
  const std::string_view standing = system.standards_status(), status = system.status();
  const auto say = [&](std::string_view id, std::string_view what) {
    context.information(
        id, "business-rule", owner,
        "the code system " + named(system.url(), system.version()) + " is " + std::string(what));
  };
  if (standing == "deprecated") return say("MSG_DEPRECATED", "deprecated");
  if (standing == "withdrawn") return say("MSG_WITHDRAWN", "withdrawn");
  if (status == "retired") return say("MSG_RETIRED", "retired");
  if (system.is_experimental() && from != nullptr && !from->is_experimental() &&
      context.options().for_publication) {
    return say("MSG_EXPERIMENTAL", "experimental");
  }
  // Those of terminology.hl7.org have been published since, in packages of their own.
  if ((status == "draft" || standing == "draft") && !system.url().starts_with(kHl7) &&
      (from == nullptr || (from->status() != "draft" && from->standards_status() != "draft"))) {
    say("MSG_DRAFT", "a draft");
  }
}

void report_display(const CodeCheck& check, const CodedNode& coded, Context& context) {
  const auto say = [&](Severity severity, std::string_view id, std::string what) {
    report_at(context, severity, id, "invalid", *coded.node, coded.display_node, "display",
              std::move(what));
  };
  std::string allowed;
  for (const std::string_view name : check.displays) {
    if (allowed.size() > 300) {
      allowed += ", …";
      break;
    }
    if (!allowed.empty()) allowed += ", ";
    allowed.append("'").append(name).append("'");
  }
  switch (check.display) {
    case DisplayStanding::right:
    case DisplayStanding::unknown:
      return;
    case DisplayStanding::wrong:
      return say(Severity::error, "Display_Name_for__should_be_one_of__instead_of",
                 "the display is not the code's; it is called " + allowed);
    case DisplayStanding::white_space:
      return say(Severity::error, "Display_Name_WS_for__should_be_one_of__instead_of",
                 "the display has other white space than the code's: " + allowed);
    case DisplayStanding::default_language:
      return say(Severity::information, "NO_VALID_DISPLAY_FOUND_NONE_FOR_LANG_OK",
                 "the code system has no display in this language; this is the default one");
    case DisplayStanding::none_in_language:
      return say(Severity::error, "NO_VALID_DISPLAY_FOUND_NONE_FOR_LANG_ERR",
                 "the code system has no display in this language; the default one is " + allowed);
  }
}

bool is_one_of_ours(std::string_view system) {
  return system.starts_with(kOurs) || system.starts_with(kHl7);
}

}  // namespace

CodedNode read_coded(const Node& node, const Context& context) {
  CodedNode coded;
  coded.node = &node;
  const bool quantity = context.document().text(node.type()) == "Quantity";
  coded.system_node = child(node, "system", context);
  coded.code_node = child(node, "code", context);
  if (!quantity) {
    coded.display_node = child(node, "display", context);
    coded.version = text(child(node, "version", context));
  }
  coded.system = text(coded.system_node);
  coded.code = text(coded.code_node);
  coded.display = text(coded.display_node);
  return coded;
}

std::vector<CodedNode> read_codings(const Node& concept_node, const Context& context) {
  std::vector<CodedNode> codings;
  for (const Node* at = child(concept_node, "coding", context); at != nullptr;
       at = at->next_same()) {
    codings.push_back(read_coded(*at, context));
  }
  return codings;
}

std::string_view display_language(const Node& node, const Context& context) {
  for (const Node* at = &node; at != nullptr; at = at->parent()) {
    if (!at->is(tree::Flag::resource)) continue;
    const std::string_view language = text(child(*at, "language", context));
    if (!language.empty()) return language;
  }
  const std::string& asked = context.options().language;
  return asked.empty() ? std::string_view("en") : std::string_view(asked);
}

CodedOutcome check_code(const CodedNode& coded, const Node& owner,
                        const std::shared_ptr<const terminology::ValueSet>& value_set,
                        const packages::Entry* asked_from, Context& context) {
  CodedOutcome outcome;
  const terminology::Terminology* terms = context.terminology();
  if (terms == nullptr) return outcome;
  Code code{coded.system, coded.code, {}, coded.version};
  Membership membership;
  if (value_set != nullptr) {
    membership = terms->contains(value_set, code, {}, asked_from);
    outcome.member = membership.answer;
    outcome.gap = membership.gap;
    outcome.subject = std::move(membership.subject);
  } else {
    membership.code = terms->check(code, {}, asked_from);
  }
  CodeCheck& check = membership.code;
  const auto at_code = [&](Severity severity, std::string_view id, std::string_view type,
                           std::string what) {
    report_at(context, severity, id, type, *coded.node, coded.code_node, "code", std::move(what));
  };
  const std::string system = check.system == nullptr
                                 ? std::string(coded.system)
                                 : named(check.system->url(), check.system->version());
  switch (check.standing) {
    case Standing::no_system:
      return outcome;
    case Standing::unknown_system:
    case Standing::unknown_version:
    case Standing::value_set:
      outcome.system_unknown = true;
      return outcome;
    case Standing::supplement:
      outcome.wrong = true;
      report_at(context, Severity::error, "CODESYSTEM_CS_NO_SUPPLEMENT", "not-found", *coded.node,
                coded.system_node, "system",
                "the code system " + system + " is a supplement, which no Coding may name");
      return outcome;
    case Standing::unknown_code:
      if (coded.code.empty()) {
        at_code(Severity::warning,
                check.system->version().empty() ? "NO_CODE_PROVIDED" : "NO_CODE_PROVIDED_VERSION",
                "value", "no code of the code system " + system + " is given");
        return outcome;
      }
      // The table of units is wide, not whole.
      outcome.wrong = coded.system != kUnits;
      at_code(outcome.wrong ? Severity::error : Severity::warning, "Unknown_Code_in_Version",
              "code-invalid", "the code system " + system + " has no such code");
      break;
    case Standing::not_checked:
      if (check.system != nullptr && check.system->content() == terminology::Content::fragment) {
        at_code(Severity::warning, "UNKNOWN_CODE_IN_FRAGMENT", "code-invalid",
                "the code is not in the part of the code system " + system + " that is here");
      }
      return outcome;
    case Standing::valid:
      break;
  }
  report_status(*check.system, value_set.get(), owner, context);
  if (check.standing != Standing::valid) return outcome;
  if (check.other_case) {
    at_code(Severity::information, "CODE_CASE_DIFFERENCE", "business-rule",
            "the code is written in another case in the code system " + system);
  }
  if (check.inactive) {
    context.warning("INACTIVE_CONCEPT_FOUND", "business-rule", owner,
                    "a code of the code system " + system + " is no longer in use");
  }
  if (coded.display.empty() || check.number == terminology::kNoConcept ||
      coded.display == check.system->display(check.number)) {
    return outcome;
  }
  code.display = coded.display;
  const std::string_view language = display_language(*coded.node, context);
  const CodeCheck names = value_set == nullptr
                              ? terms->check(code, language, asked_from)
                              : terms->contains(value_set, code, language, asked_from).code;
  report_display(names, coded, context);
  outcome.wrong = names.display == DisplayStanding::wrong ||
                  names.display == DisplayStanding::white_space ||
                  names.display == DisplayStanding::none_in_language;
  return outcome;
}

void report_unknown_system(const CodedNode& coded, BindingStrength strength, Context& context,
                           Severity otherwise) {
  const bool error = strength == BindingStrength::required && is_one_of_ours(coded.system);
  const bool versioned =
      !coded.version.empty() && context.terminology()->code_system(coded.system) != nullptr;
  report_at(context, error ? Severity::error : otherwise,
            versioned ? "UNKNOWN_CODESYSTEM_VERSION" : "UNKNOWN_CODESYSTEM",
            otherwise == Severity::information ? "unknown" : "not-found", *coded.node,
            coded.system_node, "system",
            versioned ? "the code system " + std::string(coded.system) +
                            " is not known in this version, so the code cannot be checked"
                      : "the code system is not known, so the code cannot be checked");
}

void check_concept_alone(const Node& node, Context& context) {
  if (context.terminology() == nullptr) return;
  for (const CodedNode& coded : read_codings(node, context)) {
    if (coded.system.empty()) {
      context.warning("Coding_has_no_system__cannot_validate", "invalid", *coded.node,
                      "a code without a system means nothing and cannot be checked");
      continue;
    }
    const CodedOutcome outcome = check_code(coded, node, nullptr, nullptr, context);
    if (outcome.system_unknown) report_unknown_system(coded, BindingStrength::none, context);
  }
}

void check_coding_alone(const Node& node, const packages::Entry* asked_from, Context& context) {
  const terminology::Terminology* terms = context.terminology();
  if (terms == nullptr) return;
  const CodedNode coded = read_coded(node, context);
  const std::string_view system = coded.system;
  if (system.empty() || coded.code.empty()) return;
  const auto wrong = [&](std::string_view id, std::string what) {
    context.error(id, "code-invalid", node, std::move(what));
  };
  if (!system.starts_with("http:") && !system.starts_with("https:") &&
      !system.starts_with("urn:")) {
    return wrong("Terminology_TX_System_Relative", "the system must be an absolute address");
  }
  const bool known = terms->code_system(system, asked_from) != nullptr;
  if (!known && terms->registry().value_set(system, asked_from)) {
    return wrong("Terminology_TX_System_ValueSet2",
                 "the system is the address of a value set, not of a code system");
  }
  if (!known && !terminology::Terminology::needs_release(system)) {
    constexpr std::array kMisspelt{std::string_view("http://snomed.info/sct"),
                                   std::string_view("http://loinc.org"),
                                   std::string_view("http://unitsofmeasure.org"),
                                   std::string_view("http://www.nlm.nih.gov/research/umls/rxnorm")};
    if (system.starts_with("http://build.fhir.org") ||
        system.starts_with("https://build.fhir.org")) {
      return wrong("TERMINOLOGY_TX_SYSTEM_WRONG_BUILD",
                   "the system must not be an address of build.fhir.org");
    }
    const bool of_fhir = system.starts_with(kOurs) || system.starts_with("https://hl7.org/fhir") ||
                         system.starts_with("http://www.hl7.org/fhir") ||
                         system.starts_with("https://www.hl7.org/fhir");
    if (of_fhir) {
      if (system.starts_with("http://hl7.org/fhir/test")) return;
      if (system.ends_with(".html")) {
        return wrong("TERMINOLOGY_TX_SYSTEM_WRONG_HTML", "the system must not be a web page");
      }
      return wrong("Terminology_TX_System_Unknown", "FHIR has no such code system");
    }
    if (std::any_of(kMisspelt.begin(), kMisspelt.end(),
                    [&](std::string_view at) { return system.starts_with(at); })) {
      return wrong("Terminology_TX_System_Invalid", "the system is not quite a known one");
    }
    if (system.starts_with("https:") && system.size() > 7) {
      const std::string plain = "http:" + std::string(system.substr(6));
      const bool meant = terms->code_system(plain, asked_from) != nullptr ||
                         std::find(kMisspelt.begin(), kMisspelt.end(), plain) != kMisspelt.end();
      if (meant) {
        return wrong("TERMINOLOGY_TX_SYSTEM_HTTPS",
                     "the system starts with https: instead of http:");
      }
    }
    const bool example =
        system.starts_with("http://example.org") || system.starts_with("https://example.org");
    if (example && context.options().allow_examples) return;
    return report_unknown_system(coded, BindingStrength::none, context, Severity::information);
  }
  const CodedOutcome outcome = check_code(coded, node, nullptr, asked_from, context);
  if (outcome.system_unknown) report_unknown_system(coded, BindingStrength::none, context);
}

}  // namespace concord::validate
