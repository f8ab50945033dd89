#pragma once
/// An invented population of a Primary Care Network: patients and what their practices and
/// pharmacies would record. Every text follows from the numbers given, so that a generator knows
/// what it loaded without keeping it. NHS numbers are of the 999 test range. Pure functions.

#include <cstddef>
#include <cstdint>
#include <string>

namespace concord::load {

/// Resources each patient brings: the patient and what belongs to it.
inline constexpr std::size_t kPerPatient = 25;

/// Ten digits of the test range with their check digit; another one for each patient.
std::string nhs_number(std::size_t patient);
std::string patient_id(std::size_t patient);
/// Family name of a patient; about 2,000 different ones.
std::string family_name(std::size_t patient);
/// "1962-03-17".
std::string birth_date(std::size_t patient);

/// A single result of about 2 KB (HbA1c, creatinine, cholesterol, weight, heart rate) with its
/// reference range and note, as a laboratory or a practice would send it. `serial` sets which one,
/// identifier, time and value.
std::string result(std::size_t patient, std::uint64_t serial);

/// A blood pressure of about 2 KB: two components, each with two codes.
std::string blood_pressure(std::size_t patient, std::uint64_t serial);

/// A transaction Bundle with everything of `count` patients from `first`: each resource by PUT to
/// an id of its own, so that loading again changes nothing. With the practice and the clinician
/// they belong to when `first` is 0.
std::string transaction(std::size_t first, std::size_t count);

}  // namespace concord::load
