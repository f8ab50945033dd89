// What every resource that others name by its url says of itself: whether it is an experiment, and,
// for those of HL7, which work group answers for it. Search parameters of a CapabilityStatement.
// Source: hl7.org/fhir/R4/canonicalresource.html, extension structuredefinition-wg; work groups:
// hl7.org/Special/committees.

#include <array>
#include <string>

#include "fhir/definitions/r4_generated.h"
#include "fhir/validate/canonical_types.h"
#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using tree::Node;
using tree::Symbol;

constexpr std::string_view kRule = "business-rule";
constexpr std::string_view kWorkGroup =
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-wg";

struct WorkGroup {
  std::string_view code, name, page;
};
/// Sorted. The page stands behind http://www.hl7.org/Special/committees/.
constexpr std::array<WorkGroup, 42> kWorkGroups{{
    {"aid", "Application Implementation and Design", "java"},
    {"arden", "Arden Syntax", "arden"},
    {"brr", "Biomedical Research and Regulation", "rcrim"},
    {"cbcc", "Community Based Collaborative Care", "cbcc"},
    {"cdamg", "CDA Management Group", "cdamg"},
    {"cds", "Clinical Decision Support", "dss"},
    {"cg", "Clinical Genomics", "clingenomics"},
    {"cgp", "Cross-Group Projects", "cgp"},
    {"cic", "Clinical Interoperability Council", "cic"},
    {"cimi", "Clinical Information Modeling Initiative", "cimi"},
    {"claims", "Payer/Provider Information Exchange Work Group", "claims"},
    {"cqi", "Clinical Quality Information", "cqi"},
    {"dev", "Devices", "healthcaredevices"},
    {"ec", "Emergency Care", "emergencycare"},
    {"ehr", "Electronic Health Records", "ehr"},
    {"fhir", "FHIR Infrastructure", "fiwg"},
    {"fm", "Financial Management", "fm"},
    {"fmg", "FHIR Management Group", "fhirmg"},
    {"hsi", "Health Standards Integration", "hsi"},
    {"hsswg", "Human and Social Services", "hsswg"},
    {"hta", "Terminology Authority", "termauth"},
    {"ictc", "Conformance", "ictc"},
    {"ii", "Imaging Integration", "imagemgt"},
    {"inm", "Infrastructure And Messaging", "inm"},
    {"its", "Implementable Technology Specifications", "xml"},
    {"lhs", "Learning Health Systems", "lhs"},
    {"mnm", "Modeling and Methodology", "mnm"},
    {"mobile", "Mobile Health", "mobile"},
    {"oo", "Orders and Observations", "orders"},
    {"pa", "Patient Administration", "pafm"},
    {"pc", "Patient Care", "patientcare"},
    {"pe", "Patient Empowerment", "patientempowerment"},
    {"pher", "Public Health", "pher"},
    {"phx", "Pharmacy", "medication"},
    {"sd", "Structured Documents", "structure"},
    {"sec", "Security", "secure"},
    {"soa", "Services Oriented Architecture", "soa"},
    {"ti", "Terminology Infrastructure", "Vocab"},
    {"tsmg", "Terminology Services Management Group (TSMG)", "tsmg"},
    {"us", "US Realm Steering Committee", "usrealm"},
    {"v2", "V2 Management Group", "v2management"},
    {"vocab", "Terminology Infrastructure", "Vocab"},
}};

const WorkGroup* work_group(std::string_view code) {
  for (const WorkGroup& group : kWorkGroups) {
    if (!code.empty() && group.code == code) return &group;
  }
  return nullptr;
}

class CanonicalResource final : public Rule {
 public:
  std::string_view id() const override { return "canonical-resource"; }

  void prepare(const definitions::Definitions& definitions) override {
    const auto& symbols = definitions.symbols();
    url_ = symbols.find("url");
    publisher_ = symbols.find("publisher");
    contact_ = symbols.find("contact");
    telecom_ = symbols.find("telecom");
    value_ = symbols.find("value");
    code_value_ = symbols.find("valueCode");
    extension_ = symbols.find("extension");
    experimental_ = symbols.find("experimental");
    rest_ = symbols.find("rest");
    resource_ = symbols.find("resource");
    search_ = symbols.find("searchParam");
    definition_ = symbols.find("definition");
    type_ = symbols.find("type");
    definitions_ = &definitions;
  }

  void compile(const definitions::Type& type, Plan& plan) override {
    if (!type.is_resource()) return;
    if (has_canonical_url(type.text()) || type.text() == "TestReport") plan.on_node(&check, this);
    if (type.text() == "CapabilityStatement") plan.on_node(&check_search, this);
  }

 private:
  static std::string_view value_of(const Node& node, Symbol name) {
    const Node* found = node.child(name);
    return found == nullptr ? std::string_view{} : found->text();
  }

  static void check(const void* data, const Node& node, Context& context) {
    const auto& rule = *static_cast<const CanonicalResource*>(data);
    if (context.options().no_experimental_content && value_of(node, rule.experimental_) == "true") {
      context.error("VALIDATION_NO_EXPERIMENTAL_CONTENT", kRule, node,
                    "Experimental content is not allowed in this context");
    }
    const std::string_view url = value_of(node, rule.url_);
    if (url.starts_with("http://hl7.org/fhir/")) {
      rule.check_work_group(node, url, context);
    }
  }

  void check_work_group(const Node& node, std::string_view url, Context& context) const {
    std::string_view code;
    bool any = false;
    for (const Node* at = node.child(extension_); at != nullptr; at = at->next_same()) {
      if (value_of(*at, url_) != kWorkGroup) continue;
      if (any) {
        context.error("VALIDATION_HL7_PUBLISHER_MULTIPLE_WGS", kRule, node,
                      "This resource has more than one workgroup extension");
      } else {
        code = value_of(*at, code_value_);
      }
      any = true;
    }
    if (code.empty()) {
      if (!context.options().for_publication ||
          url.find("http://hl7.org/fhir/sid") != std::string_view::npos) {
        return;
      }
      context.error("VALIDATION_HL7_WG_NEEDED", kRule, node,
                    "When HL7 is publishing a resource, the owning committee must be stated using "
                    "the extension " +
                        std::string(kWorkGroup));
      return;
    }
    const WorkGroup* group = work_group(code);
    if (group == nullptr) {
      context.error("VALIDATION_HL7_WG_UNKNOWN", kRule, node, "The nominated WG is unknown");
      return;
    }
    check_publisher(node, *group, context);
    check_contact(node, *group, context);
  }

  void check_publisher(const Node& node, const WorkGroup& group, Context& context) const {
    const Node* publisher = node.child(publisher_);
    const std::string wanted = "HL7 International / " + std::string(group.name);
    if (publisher == nullptr) {
      context.warning("VALIDATION_HL7_PUBLISHER_MISSING", kRule, node,
                      "When HL7 is publishing a resource, the publisher must be provided, and it "
                      "should be '" +
                          wanted + "'");
      return;
    }
    const bool second = group.page == "Vocab";
    if (publisher->text() == wanted ||
        (second && publisher->text() == "HL7 International / Vocabulary")) {
      return;
    }
    context.report(
        publisher->text().find('/') != std::string_view::npos ? Severity::error : Severity::warning,
        second ? "VALIDATION_HL7_PUBLISHER_MISMATCH2" : "VALIDATION_HL7_PUBLISHER_MISMATCH", kRule,
        node, "The nominated WG means that the publisher should be '" + wanted + "'");
  }

  void check_contact(const Node& node, const WorkGroup& group, Context& context) const {
    const std::string page = "http://www.hl7.org/Special/committees/" + std::string(group.page);
    for (const Node* at = node.child(contact_); at != nullptr; at = at->next_same()) {
      for (const Node* way = at->child(telecom_); way != nullptr; way = way->next_same()) {
        if (page.starts_with(value_of(*way, value_)) && !value_of(*way, value_).empty()) return;
        if (value_of(*way, value_).starts_with(page)) return;
      }
    }
    context.warning("VALIDATION_HL7_WG_URL", kRule, node,
                    "The nominated WG means that the contact url should be '" + page +
                        "' but it was not found");
  }

  /// The type a CapabilityStatement gives a search parameter is that of its definition.
  static void check_search(const void* data, const Node& node, Context& context) {
    const auto& rule = *static_cast<const CanonicalResource*>(data);
    for (const Node* rest = node.child(rule.rest_); rest != nullptr; rest = rest->next_same()) {
      for (const Node* resource = rest->child(rule.resource_); resource != nullptr;
           resource = resource->next_same()) {
        for (const Node* at = resource->child(rule.search_); at != nullptr; at = at->next_same()) {
          rule.check_search_type(*at, context);
        }
      }
    }
  }

  void check_search_type(const Node& parameter, Context& context) const {
    const std::string_view url = value_of(parameter, definition_);
    const auto* all = definitions_->pack().search_parameters();
    if (url.empty() || all == nullptr) return;
    // In byte order of their urls.
    flatbuffers::uoffset_t low = 0, high = all->size();
    while (low < high) {
      const flatbuffers::uoffset_t middle = low + (high - low) / 2;
      if (all->Get(middle)->url()->string_view() < url) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low == all->size() || all->Get(low)->url()->string_view() != url) return;
    const auto* found = all->Get(low);
    if (found->type() == nullptr) return;
    if (value_of(parameter, type_) == found->type()->string_view()) return;
    context.error("CapabalityStatement_CS_SP_WrongType", "invalid", parameter,
                  "Type mismatch - the SearchParameter has the type " + found->type()->str());
  }

  const definitions::Definitions* definitions_ = nullptr;
  Symbol url_, publisher_, contact_, telecom_, value_, code_value_, extension_, experimental_,
      rest_, resource_, search_, definition_, type_;
};

}  // namespace

void register_canonical_resource(rules::Table& table) {
  table.add(std::make_unique<CanonicalResource>());
}

}  // namespace concord::validate
