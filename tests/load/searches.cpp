#include "tests/load/searches.h"

#include <fmt/format.h>

#include "tests/load/population.h"

namespace concord::load {
namespace {

/// Any patient, far from the one before.
std::size_t someone(std::uint64_t turn, std::size_t patients) {
  return static_cast<std::size_t>((turn * 2654435761u) % patients);
}

constexpr std::string_view kNhs = "https://fhir.nhs.uk/Id/nhs-number%7C";

}  // namespace

const std::vector<Search>& usual_searches() {
  static const std::vector<Search> kAll{
      {"patient by NHS number",
       [](std::uint64_t turn, std::size_t all) {
         return fmt::format("Patient?identifier={}{}", kNhs, nhs_number(someone(turn, all)));
       }},
      {"patient by family name and date of birth",
       [](std::uint64_t turn, std::size_t all) {
         const std::size_t one = someone(turn, all);
         return fmt::format("Patient?family={}&birthdate={}", family_name(one), birth_date(one));
       }},
      {"active medicines of a patient",
       [](std::uint64_t turn, std::size_t all) {
         return fmt::format("MedicationRequest?patient={}&status=active",
                            patient_id(someone(turn, all)));
       }},
      {"latest blood pressure of a patient",
       [](std::uint64_t turn, std::size_t all) {
         return fmt::format(
             "Observation?patient={}&code=http://loinc.org%7C85354-9&_sort=-date&_count=1",
             patient_id(someone(turn, all)));
       }},
      {"readings of a patient since a day",
       [](std::uint64_t turn, std::size_t all) {
         return fmt::format("Observation?patient={}&category=vital-signs&date=ge2022-01-01",
                            patient_id(someone(turn, all)));
       }},
      {"medicines by NHS number, with patient and requester",
       [](std::uint64_t turn, std::size_t all) {
         return fmt::format(
             "MedicationRequest?patient.identifier={}{}&_include=MedicationRequest:patient"
             "&_include=MedicationRequest:requester",
             kNhs, nhs_number(someone(turn, all)));
       }},
      {"active problems of a patient",
       [](std::uint64_t turn, std::size_t all) {
         return fmt::format("Condition?patient={}&clinical-status=active",
                            patient_id(someone(turn, all)));
       }},
      {"open tasks of a clinician, latest first",
       [](std::uint64_t turn, std::size_t) {
         return fmt::format(
             "Task?owner=Practitioner/load-gp-{}&status=requested&_sort=-authored-on&_count=20",
             turn % 20);
       }},
      {"open referrals to a practice",
       [](std::uint64_t turn, std::size_t) {
         return fmt::format(
             "ServiceRequest?performer=Organization/load-practice-{}&status=active&_count=20",
             turn % 8);
       }},
      {"patient with everything requested for them", [](std::uint64_t turn, std::size_t all) {
         return fmt::format(
             "Patient?_id={}&_revinclude=MedicationRequest:patient&_revinclude=Task:patient",
             patient_id(someone(turn, all)));
       }}};
  return kAll;
}

}  // namespace concord::load
