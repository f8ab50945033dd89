#include "conformance/simulators/spine/prescription_check.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "fhir/core/identifiers.h"
#include "fhir/core/uuid.h"
#include "fhir/tree/document.h"
#include "fhir/xml/reader.h"

namespace concord::spine {
namespace {

using tree::Document;
using tree::Node;

constexpr std::string_view kNamespace = "urn:hl7-org:v3";
constexpr std::string_view kInteraction = "PORX_IN020101SM31";
constexpr std::string_view kOdsRoot = "1.2.826.0.1285.0.1.10";
constexpr std::size_t kMostItems = 4;
constexpr int kMostRepeats = 99;

/// What a value must be like.
enum class Form : unsigned char { present, uuid, date_time, date, digits };

struct Required {
  std::string_view path;  ///< names joined by '/', an attribute last as "@name"
  Form form;
};

/// Source: eps.md section 3.1, send payload.
constexpr std::array kWrapper{
    Required{"id/@root", Form::uuid},
    Required{"creationTime/@value", Form::date_time},
    Required{"versionCode/@code", Form::present},
    Required{"interactionId/@extension", Form::present},
    Required{"processingCode/@code", Form::present},
    Required{"processingModeCode/@code", Form::present},
    Required{"acceptAckCode/@code", Form::present},
    Required{"communicationFunctionRcv/device/id/@extension", Form::digits},
    Required{"communicationFunctionSnd/device/id/@extension", Form::digits},
    Required{"ControlActEvent/author1/AgentSystemSDS/agentSystemSDS/id/@extension", Form::digits},
};

/// Source: eps.md section 5, ParentPrescription.
constexpr std::array kParent{
    Required{"id/@root", Form::uuid},
    Required{"code/@code", Form::present},
    Required{"effectiveTime/@value", Form::date_time},
    Required{"typeId/@extension", Form::present},
    Required{"recordTarget/Patient/id/@extension", Form::digits},
    Required{"recordTarget/Patient/addr", Form::present},
    Required{"recordTarget/Patient/patientPerson/name", Form::present},
    Required{"recordTarget/Patient/patientPerson/administrativeGenderCode/@code", Form::digits},
    Required{"recordTarget/Patient/patientPerson/birthTime/@value", Form::date},
    Required{"recordTarget/Patient/patientPerson/playedProviderPatient/subjectOf/"
             "patientCareProvision/responsibleParty/healthCareProvider/id/@extension",
             Form::present},
    Required{"pertinentInformation1/templateId/@extension", Form::present},
    Required{"pertinentInformation1/pertinentPrescription", Form::present},
    Required{"pertinentInformation2/pertinentCareRecordElementCategory/code/@code", Form::digits},
    Required{"pertinentInformation2/pertinentCareRecordElementCategory/component/actRef/id/@root",
             Form::uuid},
};

/// Source: eps.md section 5, pertinentPrescription.
constexpr std::array kPrescription{
    Required{"code/@code", Form::digits},
    Required{"effectiveTime", Form::present},
    Required{"author/time/@value", Form::date_time},
    Required{"author/signatureText", Form::present},
    Required{"author/AgentPerson/agentPerson/id/@extension", Form::present},
    Required{"author/AgentPerson/agentPerson/name", Form::present},
    Required{"author/AgentPerson/representedOrganization/id/@extension", Form::present},
    Required{"author/AgentPerson/representedOrganization/name", Form::present},
    Required{"responsibleParty/AgentPerson/agentPerson/id/@extension", Form::present},
    Required{"responsibleParty/AgentPerson/representedOrganization/id/@extension", Form::present},
    Required{"pertinentInformation5/pertinentPrescriptionTreatmentType/value/@code", Form::digits},
    Required{"pertinentInformation1/pertinentDispensingSitePreference/value/@code", Form::present},
    Required{"pertinentInformation2/pertinentLineItem", Form::present},
    Required{"pertinentInformation8/pertinentTokenIssued/value/@value", Form::present},
    Required{"pertinentInformation4/pertinentPrescriptionType/value/@code", Form::digits},
};

/// Source: eps.md section 5, pertinentLineItem.
constexpr std::array kLineItem{
    Required{"id/@root", Form::uuid},
    Required{"code/@code", Form::digits},
    Required{"effectiveTime", Form::present},
    Required{"product/manufacturedProduct/manufacturedRequestedMaterial/code/@code", Form::digits},
    Required{"component/lineItemQuantity/code/@code", Form::digits},
    Required{"component/lineItemQuantity/quantity/@value", Form::present},
    Required{"component/lineItemQuantity/quantity/translation/@code", Form::digits},
    Required{"pertinentInformation2/pertinentDosageInstructions/value", Form::present},
};

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool has_form(std::string_view text, Form form) {
  switch (form) {
    case Form::present:
      return true;
    case Form::uuid:
      return is_uuid(text);
    case Form::date_time:
      return text.size() == 14 && all_digits(text);
    case Form::date:
      return text.size() == 8 && all_digits(text);
    case Form::digits:
      return all_digits(text);
  }
  return false;
}

class Checker {
 public:
  Checker(const Document& document, Checked& checked) : document_(document), checked_(checked) {}

  /// The first element or attribute at a path; null when there is none.
  const Node* find(const Node& from, std::string_view path) const {
    const Node* at = &from;
    while (at != nullptr && !path.empty()) {
      const auto slash = path.find('/');
      std::string_view step = path.substr(0, slash);
      path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
      const bool attribute = step[0] == '@';
      if (attribute) step.remove_prefix(1);
      const Node* child = at->first_child();
      while (child != nullptr &&
             (child->is(tree::Flag::attribute) != attribute || document_.name(*child) != step)) {
        child = child->next_sibling();
      }
      at = child;
    }
    return at;
  }

  std::string text(const Node& from, std::string_view path) const {
    const Node* found = find(from, path);
    return found == nullptr ? std::string() : std::string(found->text());
  }

  /// Elements of a name below a node, in order.
  std::vector<const Node*> all(const Node& from, std::string_view name) const {
    std::vector<const Node*> found;
    for (const Node& child : from.children()) {
      if (!child.is(tree::Flag::attribute) && document_.name(child) == name) {
        found.push_back(&child);
      }
    }
    return found;
  }

  template <std::size_t N>
  void require(const Node& from, std::string_view where, const std::array<Required, N>& rows) {
    for (const Required& row : rows) {
      const Node* found = find(from, row.path);
      const std::string path = std::string(where) + "/" + std::string(row.path);
      if (found == nullptr) {
        fault("0008", "Missing value - " + path);
      } else if (row.form != Form::present && !has_form(found->text(), row.form)) {
        const bool date = row.form == Form::date || row.form == Form::date_time;
        fault(date ? "9006" : "0009",
              (date ? "Invalid date format - " : "Invalid value - ") + path);
      }
    }
  }

  void fault(std::string code, std::string display) {
    checked_.faults.push_back({std::move(code), std::move(display)});
  }

  void check_prescription_ids(const Node& prescription, const CheckOptions& options) {
    for (const Node* id : all(prescription, "id")) {
      const std::string extension = text(*id, "@extension");
      (extension.empty() ? checked_.long_id : checked_.short_id) =
          extension.empty() ? text(*id, "@root") : extension;
    }
    if (!is_uuid(checked_.long_id)) fault("0008", "Missing value - prescription id");
    if (checked_.short_id.empty()) {
      fault("0008", "Missing value - short form prescription id");
    } else if (options.check_digits && !check_prescription_id(checked_.short_id)) {
      fault("5009", "Error in check digit");
    }
  }

  void check_items(const Node& prescription) {
    const auto wrappers = all(prescription, "pertinentInformation2");
    if (wrappers.empty() || wrappers.size() > kMostItems) {
      fault("0010", "Number of items on a prescription should be between 1 and 4");
    }
    std::set<std::string> seen;
    for (const Node* wrapper : wrappers) {
      const Node* item = find(*wrapper, "pertinentLineItem");
      if (item == nullptr) {
        fault("0008", "Missing value - pertinentLineItem");
        continue;
      }
      require(*item, "pertinentLineItem", kLineItem);
      checked_.items.push_back(text(*item, "id/@root"));
      if (!seen.insert(checked_.items.back()).second) {
        fault("5008", "Duplicate item ID exists");
      }
      check_repeats(*item);
    }
  }

  void check_repeats(const Node& item) {
    const std::string high = text(item, "repeatNumber/high/@value");
    if (high.empty()) return;
    int number = 0;
    const auto [end, failed] = std::from_chars(high.data(), high.data() + high.size(), number);
    if (failed != std::errc{} || end != high.data() + high.size() || number < 1 ||
        number > kMostRepeats) {
      fault("0019", "Repeat count should be between 1 and 99");
    }
  }

  void check_nomination(const Node& prescription) {
    const Node* performer = find(prescription, "performer");
    if (performer == nullptr) return;
    const std::string path = "AgentOrgSDS/agentOrganizationSDS/id/";
    if (text(*performer, path + "@root") != kOdsRoot ||
        text(*performer, path + "@extension").empty()) {
      fault("0007", "Invalid resource id - performer");
    }
  }

 private:
  const Document& document_;
  Checked& checked_;
};

void unreadable(Checked& checked, std::string display) {
  checked.faults.push_back({"200", std::move(display)});
}

}  // namespace

Checked check_prescription(std::string bytes, std::string_view http_interaction,
                           const CheckOptions& options, const tree::Symbols& symbols) {
  Checked checked;
  const auto document = xml::read(std::move(bytes), symbols);
  if (!document) {
    unreadable(checked, "The message is not well-formed XML");
    return checked;
  }
  const Node& root = document->root();
  Checker checker(*document, checked);
  checked.interaction = std::string(document->name(root));
  checked.message_id = checker.text(root, "id/@root");
  checked.from_asid = checker.text(root, "communicationFunctionSnd/device/id/@extension");
  checked.to_asid = checker.text(root, "communicationFunctionRcv/device/id/@extension");
  if (document->text(root.xml_namespace()) != kNamespace) {
    unreadable(checked, "The message is not in the HL7 v3 namespace");
  } else if (checked.interaction != kInteraction) {
    unreadable(checked, "The interaction is not known");
  } else if (!is_uuid(checked.message_id)) {
    unreadable(checked, "The message has no id");
  } else if (checker.text(root, "interactionId/@extension") != checked.interaction ||
             (!http_interaction.empty() && http_interaction != checked.interaction)) {
    unreadable(checked, "The interaction is named differently in different places");
  }
  if (!checked.faults.empty()) return checked;
  checked.readable = true;

  checker.require(root, checked.interaction, kWrapper);
  const Node* parent = checker.find(root, "ControlActEvent/subject/ParentPrescription");
  if (parent == nullptr) {
    checker.fault("0009", "Invalid Message");
    return checked;
  }
  checker.require(*parent, "ParentPrescription", kParent);
  const Node* prescription = checker.find(*parent, "pertinentInformation1/pertinentPrescription");
  if (prescription == nullptr) return checked;
  checker.require(*prescription, "pertinentPrescription", kPrescription);
  checker.check_prescription_ids(*prescription, options);
  checker.check_nomination(*prescription);
  checker.check_items(*prescription);
  return checked;
}

}  // namespace concord::spine
