#include <algorithm>
#include <array>
#include <set>

#include "conformance/simulators/spine/elements.h"
#include "conformance/simulators/spine/read_party.h"
#include "conformance/simulators/spine/requests.h"
#include "conformance/simulators/spine/requirements.h"
#include "fhir/core/identifiers.h"
#include "fhir/core/uuid.h"

namespace concord::spine {
namespace {

using tree::Document;
using tree::Node;

constexpr std::string_view kOdsRoot = "1.2.826.0.1285.0.1.10";
constexpr std::size_t kMostItems = 4;
constexpr int kMostRepeats = 99;
constexpr int kLongestSupply = 366;

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

/// Reads one order; collects what is wrong with it.
class Reader {
 public:
  Reader(const Document& document, const CheckOptions& options, OrderRequest& order)
      : document_(document), options_(options), order_(order) {}

  void read(const Node& parent) {
    require(document_, parent, "ParentPrescription", kParent, order_.faults);
    order_.nhs_number = text(parent, "recordTarget/Patient/id/@extension");
    order_.start = v3_instant(text(parent, "effectiveTime/@value"));
    const Node* prescription =
        find(document_, parent, "pertinentInformation1/pertinentPrescription");
    if (prescription == nullptr) return;
    require(document_, *prescription, "pertinentPrescription", kPrescription, order_.faults);
    read_ids(*prescription);
    read_nomination(*prescription);
    read_repeats(*prescription);
    read_author(*prescription);
    read_items(*prescription);
    if (std::find(options_.deceased.begin(), options_.deceased.end(), order_.nhs_number) !=
        options_.deceased.end()) {
      fault("0001", "Patient is recorded as dead");
    }
  }

 private:
  std::string text(const Node& from, std::string_view path) const {
    return text_at(document_, from, path);
  }
  void fault(std::string code, std::string display) {
    order_.faults.push_back({std::move(code), std::move(display)});
  }

  void read_ids(const Node& prescription) {
    for (const Node* id : all(document_, prescription, "id")) {
      const std::string extension = text(*id, "@extension");
      if (extension.empty()) {
        order_.long_id = upper(text(*id, "@root"));
      } else {
        order_.short_id = extension;
      }
    }
    if (!is_uuid(order_.long_id)) fault("0008", "Missing value - prescription id");
    if (order_.short_id.empty()) {
      fault("0008", "Missing value - short form prescription id");
    } else if (options_.check_digits && !check_prescription_id(order_.short_id)) {
      fault("5009", "Error in check digit");
    }
  }

  void read_nomination(const Node& prescription) {
    const Node* performer = find(document_, prescription, "performer");
    if (performer == nullptr) return;
    const std::string path = "AgentOrgSDS/agentOrganizationSDS/id/";
    order_.nominated = upper(text(*performer, path + "@extension"));
    if (text(*performer, path + "@root") != kOdsRoot || order_.nominated.empty()) {
      fault("0007", "Invalid resource id - performer");
    }
  }

  void read_repeats(const Node& prescription) {
    order_.treatment =
        text(prescription, "pertinentInformation5/pertinentPrescriptionTreatmentType/value/@code");
    high_ = text(prescription, "repeatNumber/high/@value");
    if (order_.treatment == "0003") order_.issues = whole_number(high_).value_or(1);
    const auto days =
        whole_number(text(prescription, "component1/daysSupply/expectedUseTime/width/@value"));
    order_.days_supply = std::min(days.value_or(0), kLongestSupply);
    bad_repeats_ = !is_repeat_count(high_);
    if (bad_repeats_) fault("0019", "Repeat count should be between 1 and 99");
  }

  void read_author(const Node& prescription) {
    const Node* author = find(document_, prescription, "author");
    if (author == nullptr) return;
    order_.author = text(*author, "AgentPerson/id/@extension");
    if (const Node* organisation =
            find(document_, *author, "AgentPerson/representedOrganization")) {
      order_.prescriber = read_party(document_, *organisation);
    }
    if (options_.signatures_needed &&
        find(document_, *author, "signatureText/Signature") == nullptr) {
      fault("0003", "Digital signature not found");
    }
  }

  void read_items(const Node& prescription) {
    const auto wrappers = all(document_, prescription, "pertinentInformation2");
    if (wrappers.empty() || wrappers.size() > kMostItems) {
      fault("0010", "Number of items on a prescription should be between 1 and 4");
    }
    std::set<std::string> seen;
    for (const Node* wrapper : wrappers) {
      const Node* item = find(document_, *wrapper, "pertinentLineItem");
      if (item == nullptr) {
        fault("0008", "Missing value - pertinentLineItem");
        continue;
      }
      require(document_, *item, "pertinentLineItem", kLineItem, order_.faults);
      order_.items.push_back(item_of(*item));
      if (!seen.insert(order_.items.back().id).second) fault("5008", "Duplicate item ID exists");
      check_repeats(*item);
    }
  }

  OrderRequest::Item item_of(const Node& item) const {
    const std::string material = "product/manufacturedProduct/manufacturedRequestedMaterial/code/";
    const std::string quantity = "component/lineItemQuantity/quantity/";
    return {upper(text(item, "id/@root")),
            text(item, material + "@displayName"),
            text(item, material + "@code"),
            text(item, quantity + "@value"),
            text(item, quantity + "translation/@displayName"),
            text(item, "pertinentInformation2/pertinentDosageInstructions/value")};
  }

  static bool is_repeat_count(std::string_view high) {
    if (high.empty()) return true;
    const auto number = whole_number(high);
    return number && *number >= 1 && *number <= kMostRepeats;
  }

  /// Items repeat as their prescription does. Source: eps.md section 5, row 4 of each table.
  void check_repeats(const Node& item) {
    const std::string high = text(item, "repeatNumber/high/@value");
    if (!is_repeat_count(high)) {
      if (!bad_repeats_) fault("0019", "Repeat count should be between 1 and 99");
      bad_repeats_ = true;
    } else if (!bad_repeats_ && high != high_) {
      fault("0018", "Mismatch in authorised repeat counts");
    }
  }

  const Document& document_;
  const CheckOptions& options_;
  OrderRequest& order_;
  std::string high_;  ///< repeatNumber/high of the prescription
  bool bad_repeats_ = false;
};

}  // namespace

OrderRequest read_order(const Message& message, const CheckOptions& options) {
  OrderRequest order;
  order.faults = message.faults;
  if (message.content != nullptr) Reader(*message.document, options, order).read(*message.content);
  return order;
}

}  // namespace concord::spine
