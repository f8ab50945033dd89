// Observations whose code says that they are vital signs keep the profile R4 has for them, whether
// they name it or not. Source: hl7.org/fhir/R4/observation-vitalsigns.html.

#include <algorithm>
#include <span>
#include <string>

#include "fhir/validate/rules/registry.h"

namespace concord::validate {

namespace {

using tree::Node;
using tree::Symbol;

constexpr std::string_view kLoinc = "http://loinc.org";
constexpr std::string_view kSnomed = "http://snomed.info/sct";
constexpr std::size_t kMostCodings = 64;  // of one observation that are looked at

// Codes of one kind of vital sign: the one its profile asks for, and those that mean the same in
// more detail. Each list is sorted.
constexpr std::string_view kPanelLoinc[] = {"85353-1"};
constexpr std::string_view kBreathLoinc[] = {"11291-2", "19840-8", "33438-3", "76170-0",
                                             "76171-8", "76172-6", "76270-8", "9279-1"};
constexpr std::string_view kPulseLoinc[] = {"11328-2", "40443-4", "55425-3", "60978-4", "68999-2",
                                            "69000-8", "73795-7", "73799-9", "76476-1", "76477-9",
                                            "8867-4",  "8886-4",  "8889-8",  "8890-6",  "8891-4",
                                            "8892-2",  "8893-0"};
constexpr std::string_view kOxygenLoinc[] = {"19224-5", "20564-1", "2708-6",  "2709-4",
                                             "2710-2",  "2713-6",  "51733-4", "59408-5",
                                             "59417-6", "89276-0", "97549-0"};
constexpr std::string_view kTemperatureLoinc[] = {
    "60834-9", "60835-6", "60836-4", "60838-0", "60955-2", "61009-7", "75539-7", "75987-8",
    "76010-8", "76011-6", "76278-1", "8309-7",  "8310-5",  "8328-7",  "8329-5",  "8330-3",
    "8331-1",  "8332-9",  "8333-7",  "8334-5",  "91371-5", "98657-0", "98663-8"};
constexpr std::string_view kHeightLoinc[] = {"3137-7", "3138-5", "8302-2", "8306-3", "8308-9"};
constexpr std::string_view kHeadLoinc[] = {"8287-5", "9843-4"};
constexpr std::string_view kWeightLoinc[] = {"29463-7", "3141-9", "3142-7", "75292-3",
                                             "79348-9", "8350-1", "8351-9"};
constexpr std::string_view kMassLoinc[] = {"39156-5", "89270-3"};
constexpr std::string_view kPressureLoinc[] = {"35094-2", "55284-4", "76534-7",
                                               "8459-0",  "8480-6",  "85354-9"};
constexpr std::string_view kPanelSnomed[] = {"46680005"};
constexpr std::string_view kBreathSnomed[] = {"271306003", "271625008", "86290005"};
constexpr std::string_view kPulseSnomed[] = {"249043002", "251670001", "271306003", "399017001",
                                             "429525003", "429614003", "444981005"};
constexpr std::string_view kOxygenSnomed[] = {"431314004", "442476006"};
constexpr std::string_view kTemperatureSnomed[] = {
    "1222808002", "276885007", "300076005", "307047009", "364246006", "386725007", "415882003",
    "415929009",  "415945006", "415974002", "431598003", "698831002", "698832009", "708499008"};
constexpr std::string_view kHeightSnomed[] = {
    "1153637007", "1162392001", "1162417005", "1162418000", "1162419008", "1230278008", "50373000"};
constexpr std::string_view kHeadSnomed[] = {"1269262007", "169876006", "363811000", "363812007"};
constexpr std::string_view kWeightSnomed[] = {"1162415002", "1162416001", "424927000",
                                              "425024002",  "735395000",  "784399000"};
constexpr std::string_view kMassSnomed[] = {"60621009"};
constexpr std::string_view kPressureSnomed[] = {"163033001", "163035008", "251076008", "271649006",
                                                "271650006", "386534000", "386536003", "399304008",
                                                "407554009", "407556006", "716579001"};

struct Sign {
  std::string_view profile;  ///< behind http://hl7.org/fhir/StructureDefinition/
  std::string_view system;
  std::span<const std::string_view> codes;
};
/// The first that has a code of the observation decides.
constexpr Sign kSigns[] = {{"vitalspanel", kLoinc, kPanelLoinc},
                           {"resprate", kLoinc, kBreathLoinc},
                           {"heartrate", kLoinc, kPulseLoinc},
                           {"oxygensat", kLoinc, kOxygenLoinc},
                           {"bodytemp", kLoinc, kTemperatureLoinc},
                           {"bodyheight", kLoinc, kHeightLoinc},
                           {"headcircum", kLoinc, kHeadLoinc},
                           {"bodyweight", kLoinc, kWeightLoinc},
                           {"bmi", kLoinc, kMassLoinc},
                           {"bp", kLoinc, kPressureLoinc},
                           {"vitalspanel", kSnomed, kPanelSnomed},
                           {"resprate", kSnomed, kBreathSnomed},
                           {"heartrate", kSnomed, kPulseSnomed},
                           {"oxygensat", kSnomed, kOxygenSnomed},
                           {"bodytemp", kSnomed, kTemperatureSnomed},
                           {"bodyheight", kSnomed, kHeightSnomed},
                           {"headcircum", kSnomed, kHeadSnomed},
                           {"bodyweight", kSnomed, kWeightSnomed},
                           {"bmi", kSnomed, kMassSnomed},
                           {"bp", kSnomed, kPressureSnomed}};

constexpr bool all_sorted() {
  for (const Sign& sign : kSigns) {
    if (!std::is_sorted(sign.codes.begin(), sign.codes.end())) return false;
  }
  return true;
}
static_assert(all_sorted());

class VitalSigns final : public Rule {
 public:
  std::string_view id() const override { return "vital-signs"; }

  void prepare(const definitions::Definitions& definitions) override {
    const auto& symbols = definitions.symbols();
    code_ = symbols.find("code");
    coding_ = symbols.find("coding");
    system_ = symbols.find("system");
  }

  void compile(const definitions::Type& type, Plan& plan) override {
    if (type.text() == "Observation") plan.on_node(&check, this);
  }

 private:
  static void check(const void* data, const Node& observation, Context& context) {
    const auto& rule = *static_cast<const VitalSigns*>(data);
    const Node* code = observation.child(rule.code_);
    if (code == nullptr) return;
    const Sign* best = nullptr;
    std::string_view which;
    std::size_t looked = 0;
    for (const Node* at = code->child(rule.coding_); at != nullptr && looked < kMostCodings;
         at = at->next_same(), ++looked) {
      const Node* system = at->child(rule.system_);
      const Node* value = at->child(rule.code_);
      if (system == nullptr || value == nullptr) continue;
      const Sign* sign = sign_of(system->text(), value->text());
      if (sign == nullptr || (best != nullptr && best <= sign)) continue;
      best = sign;
      which = value->text();
    }
    if (best == nullptr) return;
    const std::string profile =
        "http://hl7.org/fhir/StructureDefinition/" + std::string(best->profile);
    if (!context.validate_against(observation, profile)) return;
    context.information("VALIDATION_VAL_PROFILE_SIGNPOST_OBS", "informational", observation,
                        "Validate Observation against the profile " + profile +
                            " which is required by the FHIR specification because the code " +
                            std::string(which) + " was found");
  }

  static const Sign* sign_of(std::string_view system, std::string_view code) {
    if (system != kLoinc && system != kSnomed) return nullptr;
    for (const Sign& sign : kSigns) {
      if (sign.system == system && std::binary_search(sign.codes.begin(), sign.codes.end(), code)) {
        return &sign;
      }
    }
    return nullptr;
  }

  Symbol code_, coding_, system_;
};

}  // namespace

void register_vital_signs(rules::Table& table) { table.add(std::make_unique<VitalSigns>()); }

}  // namespace concord::validate
