#include "tests/load/population.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <vector>

namespace concord::load {
namespace {

/// One number that looks like chance but follows from its place.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15u;
  value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9u;
  value = (value ^ value >> 27) * 0x94D049BB133111EBu;
  return value ^ value >> 31;
}

template <std::size_t N>
std::string_view pick(const std::array<std::string_view, N>& from, std::uint64_t chance) {
  return from[chance % N];
}

constexpr std::array<std::string_view, 40> kFirst{
    "Ash",  "Birch", "Brook", "Burn", "Clay", "Cliff",  "Cold", "Copper", "Crow",  "Dale",
    "Deer", "East",  "Elm",   "Fair", "Fern", "Field",  "Fox",  "Gold",   "Green", "Grey",
    "Hart", "Hazel", "High",  "Holl", "Ivy",  "King",   "Lark", "Long",   "Marsh", "Mill",
    "Moor", "North", "Oak",   "Red",  "Rose", "Silver", "Snow", "South",  "Stone", "Wood"};
constexpr std::array<std::string_view, 50> kSecond{
    "acre",  "bank",  "beck",  "berry", "bourne", "bridge",  "brook", "bury",  "by",   "castle",
    "cliff", "combe", "cote",  "croft", "dale",   "den",     "don",   "down",  "face", "field",
    "ford",  "gate",  "grave", "ham",   "head",   "heath",   "hill",  "hurst", "ing",  "land",
    "leigh", "ley",   "low",   "man",   "mere",   "minster", "moor",  "more",  "ness", "over",
    "port",  "ridge", "shaw",  "son",   "stead",  "stone",   "ton",   "wall",  "wick", "worth"};
constexpr std::array<std::string_view, 24> kGiven{
    "Ada",  "Alan", "Amir",  "Anya",  "Bela", "Carys", "Dev",   "Edith",
    "Ewan", "Fay",  "Grace", "Hugh",  "Iris", "Jack",  "Kezia", "Lena",
    "Mona", "Noor", "Owen",  "Priya", "Ruth", "Sami",  "Tom",   "Zoe"};

struct Coded {
  std::string_view code, display;
};
constexpr std::array<Coded, 8> kMedicines{
    {{"39732311000001104", "Amlodipine 5mg tablets"},
     {"39720311000001101", "Paracetamol 500mg soluble tablets"},
     {"39695211000001102", "Ramipril 2.5mg capsules"},
     {"39113611000001102", "Atorvastatin 20mg tablets"},
     {"39109611000001105", "Metformin 500mg tablets"},
     {"39113711000001106", "Omeprazole 20mg capsules"},
     {"39110811000001100", "Sertraline 50mg tablets"},
     {"39112311000001105", "Salbutamol 100micrograms inhaler"}}};
constexpr std::array<Coded, 4> kConditions{{{"38341003", "Hypertensive disorder"},
                                            {"44054006", "Diabetes mellitus type 2"},
                                            {"195967001", "Asthma"},
                                            {"55822004", "Hyperlipidaemia"}}};

/// A quantity as it is measured: `steps` values from `least`, `step` apart.
struct Measured {
  std::string_view name, loinc, own, category, category_name, unit, ucum, method;
  double least, step;
  std::uint64_t steps;
  int places;
  double low, high;
};
constexpr std::array<Measured, 5> kMeasured{
    {{"Haemoglobin A1c", "59261-8", "A1C", "laboratory", "Laboratory", "mmol/mol", "mmol/mol",
      "High performance liquid chromatography", 28, 1, 92, 0, 20, 41},
     {"Serum creatinine", "14682-9", "CREA", "laboratory", "Laboratory", "umol/L", "umol/L",
      "Enzymatic, serum", 45, 1, 140, 0, 59, 104},
     {"Serum cholesterol", "14647-2", "CHOL", "laboratory", "Laboratory", "mmol/L", "mmol/L",
      "Enzymatic, serum", 2.8, 0.1, 52, 1, 0.1, 5},
     {"Body weight", "29463-7", "WT", "vital-signs", "Vital Signs", "kg", "kg",
      "Scales, light clothing, no shoes", 44, 0.5, 150, 1, 50, 95},
     {"Heart rate", "8867-4", "HR", "vital-signs", "Vital Signs", "beats/min", "/min",
      "Automatic, upper arm", 48, 1, 60, 0, 60, 100}}};

std::string date_time(std::uint64_t serial) {
  const std::uint64_t chance = mixed(serial);
  return fmt::format("{}-{:02}-{:02}T{:02}:{:02}:{:02}Z", 2016 + chance % 11, 1 + chance / 11 % 12,
                     1 + chance / 132 % 28, 8 + chance / 3696 % 10, chance / 36960 % 60,
                     chance / 2217600 % 60);
}

constexpr std::size_t kBloodPressures = 5;  // of the 13 observations of a patient
constexpr std::string_view kSnomed = "http://snomed.info/sct";
constexpr std::string_view kNhsNumber = "https://fhir.nhs.uk/Id/nhs-number";

std::string patient(std::size_t number) {
  const std::uint64_t chance = mixed(number);
  return fmt::format(
      R"({{"resourceType":"Patient","id":"{}","meta":{{"profile":["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"]}},)"
      R"("identifier":[{{"system":"{}","value":"{}"}}],"active":true,"name":[{{"use":"official","family":"{}","given":["{}","{}"]}}],)"
      R"("telecom":[{{"system":"phone","value":"01632 96{:04}","use":"home"}}],"gender":"{}","birthDate":"{}",)"
      R"("address":[{{"use":"home","line":["{} {} Lane"],"city":"Quayside","postalCode":"ZZ99 {}CZ"}}],)"
      R"("generalPractitioner":[{{"reference":"Practitioner/load-gp-{}"}}],"managingOrganization":{{"reference":"Organization/load-practice-{}"}}}})",
      patient_id(number), kNhsNumber, nhs_number(number), family_name(number), pick(kGiven, chance),
      pick(kGiven, chance / 24), chance % 10000, chance % 2 == 0 ? "female" : "male",
      birth_date(number), 1 + chance % 200, pick(kFirst, chance / 7), chance % 10, number % 20,
      number % 8);
}

std::string medication_request(std::size_t number, std::size_t nth) {
  const std::uint64_t chance = mixed(number * 131 + nth);
  const Coded& medicine = kMedicines[chance % kMedicines.size()];
  return fmt::format(
      R"({{"resourceType":"MedicationRequest","id":"{}-m{}","identifier":[{{"system":"https://fhir.nhs.uk/Id/prescription-order-item-number","value":"load-{}-{}"}}],)"
      R"("status":"{}","intent":"order","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/medicationrequest-category","code":"community"}}]}}],)"
      R"("medicationCodeableConcept":{{"coding":[{{"system":"{}","code":"{}","display":"{}"}}]}},"subject":{{"reference":"Patient/{}"}},)"
      R"("authoredOn":"{}","requester":{{"reference":"Practitioner/load-gp-{}"}},"dosageInstruction":[{{"text":"One to be taken each day"}}],)"
      R"("dispenseRequest":{{"quantity":{{"value":28,"unit":"tablet","system":"{}","code":"428673006"}},"expectedSupplyDuration":{{"value":28,"unit":"day","system":"http://unitsofmeasure.org","code":"d"}}}}}})",
      patient_id(number), nth, number, nth, nth < 3 ? "active" : "completed", kSnomed,
      medicine.code, medicine.display, patient_id(number), date_time(chance), number % 20, kSnomed);
}

std::string condition(std::size_t number, std::size_t nth) {
  const std::uint64_t chance = mixed(number * 137 + nth);
  const Coded& problem = kConditions[chance % kConditions.size()];
  return fmt::format(
      R"({{"resourceType":"Condition","id":"{}-c{}","clinicalStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"{}"}}]}},)"
      R"("category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/condition-category","code":"problem-list-item"}}]}}],)"
      R"("code":{{"coding":[{{"system":"{}","code":"{}","display":"{}"}}]}},"subject":{{"reference":"Patient/{}"}},"recordedDate":"{}"}})",
      patient_id(number), nth, chance % 3 == 0 ? "resolved" : "active", kSnomed, problem.code,
      problem.display, patient_id(number), date_time(chance));
}

std::string task(std::size_t number) {
  const std::uint64_t chance = mixed(number * 139);
  return fmt::format(
      R"({{"resourceType":"Task","id":"{}-t","status":"{}","intent":"order","priority":"routine","code":{{"text":"Structured medication review"}},)"
      R"("for":{{"reference":"Patient/{}"}},"authoredOn":"{}","requester":{{"reference":"Organization/load-practice-{}"}},"owner":{{"reference":"Practitioner/load-gp-{}"}}}})",
      patient_id(number), chance % 10 == 0 ? "requested" : "completed", patient_id(number),
      date_time(chance), number % 8, number % 20);
}

std::string service_request(std::size_t number) {
  const std::uint64_t chance = mixed(number * 149);
  return fmt::format(
      R"({{"resourceType":"ServiceRequest","id":"{}-s","status":"{}","intent":"order","category":[{{"coding":[{{"system":"{}","code":"306206005","display":"Referral to service"}}]}}],)"
      R"("code":{{"text":"Blood pressure check at the pharmacy"}},"subject":{{"reference":"Patient/{}"}},"authoredOn":"{}","requester":{{"reference":"Practitioner/load-gp-{}"}},)"
      R"("performer":[{{"reference":"Organization/load-practice-{}"}}]}})",
      patient_id(number), chance % 5 == 0 ? "active" : "completed", kSnomed, patient_id(number),
      date_time(chance), number % 20, number % 8);
}

void put(std::string& bundle, std::string_view type, std::string_view id, std::string_view body) {
  if (bundle.back() == '}') bundle += ',';
  fmt::format_to(
      std::back_inserter(bundle),
      R"({{"fullUrl":"urn:uuid:00000000-0000-4000-8000-{:012x}","resource":{},"request":{{"method":"PUT","url":"{}/{}"}}}})",
      mixed(std::hash<std::string_view>{}(id)) & 0xFFFFFFFFFFFFu, body, type, id);
}

/// What comes once for all: practices and clinicians.
void put_practices(std::string& bundle) {
  for (int i = 0; i < 8; ++i) {
    const std::string id = fmt::format("load-practice-{}", i);
    put(bundle, "Organization", id,
        fmt::format(
            R"({{"resourceType":"Organization","id":"{}","identifier":[{{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"Z9900{}"}}],"name":"Practice {}"}})",
            id, i, i));
  }
  for (int i = 0; i < 20; ++i) {
    const std::string id = fmt::format("load-gp-{}", i);
    put(bundle, "Practitioner", id,
        fmt::format(
            R"({{"resourceType":"Practitioner","id":"{}","identifier":[{{"system":"https://fhir.nhs.uk/Id/sds-user-id","value":"9999000000{:02}"}}],"name":[{{"family":"Clinician","given":["No {}"]}}]}})",
            id, i, i));
  }
}

}  // namespace

std::string nhs_number(std::size_t patient) {
  // A check value of 10 is never valid, so one in eleven numbers is passed over.
  for (std::size_t serial = patient * 12;; ++serial) {
    const std::string nine = fmt::format("999{:06}", serial % 1'000'000);
    int sum = 0;
    for (int i = 0; i < 9; ++i) sum += (nine[static_cast<std::size_t>(i)] - '0') * (10 - i);
    const int check = (11 - sum % 11) % 11;
    if (check != 10) return nine + static_cast<char>('0' + check);
  }
}

std::string patient_id(std::size_t patient) { return fmt::format("load-p{}", patient); }

std::string family_name(std::size_t patient) {
  const std::uint64_t chance = mixed(patient * 7);
  return std::string(pick(kFirst, chance)) + std::string(pick(kSecond, chance / 40));
}

std::string birth_date(std::size_t patient) {
  const std::uint64_t chance = mixed(patient * 11);
  return fmt::format("{}-{:02}-{:02}", 1930 + chance % 80, 1 + chance / 80 % 12,
                     1 + chance / 960 % 28);
}

std::string result(std::size_t patient, std::uint64_t serial) {
  const std::uint64_t chance = mixed(serial);
  const Measured& what = kMeasured[chance % kMeasured.size()];
  const std::uint64_t steps = chance / kMeasured.size() % what.steps;
  return fmt::format(
      R"({{"resourceType":"Observation","meta":{{"profile":["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Observation-Lab"]}},)"
      R"("text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{0}, measured in the laboratory of the network. See the reference range and the note of the biochemist.</p></div>"}},)"
      R"("identifier":[{{"system":"https://tools.example/Id/result","value":"{1:016x}"}}],"basedOn":[{{"identifier":{{"system":"https://tools.example/Id/request","value":"{2:012x}"}}}}],"status":"final",)"
      R"("category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"{3}","display":"{4}"}}]}}],)"
      R"("code":{{"coding":[{{"system":"http://loinc.org","code":"{5}","display":"{0}"}},{{"system":"https://tools.example/CodeSystem/test","code":"{6}"}}],"text":"{0}"}},)"
      R"("subject":{{"reference":"Patient/{7}","display":"Patient {8}"}},"effectiveDateTime":"{9}","issued":"{9}","performer":[{{"reference":"Organization/load-practice-{10}","display":"Practice {10}"}}],)"
      R"("valueQuantity":{{"value":{11:.{12}f},"unit":"{13}","system":"http://unitsofmeasure.org","code":"{14}"}},)"
      R"("interpretation":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"N","display":"Normal"}}]}}],)"
      R"("note":[{{"text":"Sample taken in the morning before food and tablets. Within the range expected for age and sex; no further test is suggested by the laboratory unless the person is unwell."}}],)"
      R"("method":{{"text":"{15}"}},"referenceRange":[{{"low":{{"value":{16},"unit":"{13}","system":"http://unitsofmeasure.org","code":"{14}"}},)"
      R"("high":{{"value":{17},"unit":"{13}","system":"http://unitsofmeasure.org","code":"{14}"}},"text":"{16} to {17} {13}"}}]}})",
      what.name, serial, chance & 0xFFFFFFFFFFFFu, what.category, what.category_name, what.loinc,
      what.own, patient_id(patient), patient, date_time(serial), patient % 8,
      what.least + what.step * static_cast<double>(steps), what.places, what.unit, what.ucum,
      what.method, what.low, what.high);
}

std::string blood_pressure(std::size_t patient, std::uint64_t serial) {
  const std::uint64_t chance = mixed(serial);
  return fmt::format(
      R"({{"resourceType":"Observation","meta":{{"profile":["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Observation"]}},)"
      R"("text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Blood pressure taken at the pharmacy, seated, left arm, after five minutes at rest.</p></div>"}},)"
      R"("identifier":[{{"system":"https://tools.example/Id/reading","value":"{:016x}"}}],"status":"final",)"
      R"("category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital Signs"}}]}}],)"
      R"("code":{{"coding":[{{"system":"http://loinc.org","code":"85354-9","display":"Blood pressure panel with all children optional"}},{{"system":"{}","code":"75367002","display":"Blood pressure"}}],"text":"Blood pressure"}},)"
      R"("subject":{{"reference":"Patient/{}","display":"Patient {}"}},"effectiveDateTime":"{}","issued":"{}","performer":[{{"reference":"Practitioner/load-gp-{}","display":"Clinician No {}"}}],)"
      R"("bodySite":{{"coding":[{{"system":"{}","code":"368208006","display":"Left upper arm structure"}}]}},"method":{{"text":"Automatic, upper arm"}},)"
      R"("note":[{{"text":"Second of two readings, one minute apart. The first was discarded as the protocol of the service asks for. The person had not smoked or taken coffee in the half hour before."}}],)"
      R"("component":[{{"code":{{"coding":[{{"system":"http://loinc.org","code":"8480-6","display":"Systolic blood pressure"}},{{"system":"{}","code":"72313002","display":"Systolic arterial pressure"}}]}},)"
      R"("valueQuantity":{{"value":{},"unit":"millimeter of mercury","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}}},)"
      R"({{"code":{{"coding":[{{"system":"http://loinc.org","code":"8462-4","display":"Diastolic blood pressure"}},{{"system":"{}","code":"1091811000000102","display":"Diastolic arterial pressure"}}]}},)"
      R"("valueQuantity":{{"value":{},"unit":"millimeter of mercury","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}}}]}})",
      serial, kSnomed, patient_id(patient), patient, date_time(serial), date_time(serial),
      patient % 20, patient % 20, kSnomed, kSnomed, 100 + chance % 80, kSnomed,
      55 + chance / 80 % 45);
}

std::string transaction(std::size_t first, std::size_t count) {
  std::string bundle = R"({"resourceType":"Bundle","type":"transaction","entry":[)";
  if (first == 0) put_practices(bundle);
  for (std::size_t number = first; number < first + count; ++number) {
    const std::string id = patient_id(number);
    put(bundle, "Patient", id, patient(number));
    for (std::size_t nth = 0; nth < 6; ++nth) {
      put(bundle, "MedicationRequest", fmt::format("{}-m{}", id, nth),
          medication_request(number, nth));
    }
    for (std::size_t nth = 0; nth < 3; ++nth) {
      put(bundle, "Condition", fmt::format("{}-c{}", id, nth), condition(number, nth));
    }
    put(bundle, "Task", id + "-t", task(number));
    put(bundle, "ServiceRequest", id + "-s", service_request(number));
    for (std::size_t nth = 0; nth < kPerPatient - 12; ++nth) {
      const std::string own = fmt::format("{}-o{}", id, nth);
      const std::uint64_t serial = number * 64 + nth;
      std::string body =
          nth < kBloodPressures ? blood_pressure(number, serial) : result(number, serial);
      body.insert(1, fmt::format(R"("id":"{}",)", own));
      put(bundle, "Observation", own, body);
    }
  }
  return bundle + "]}";
}

}  // namespace concord::load
