#include "fhir/core/identifiers.h"

#include <array>
#include <cstdint>
#include <string>

namespace concord {
namespace {

constexpr std::string_view kMod37 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper_or_digit(char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); }
bool is_upper_hex(char c) { return is_digit(c) || (c >= 'A' && c <= 'F'); }

template <typename Predicate>
bool all_of(std::string_view text, Predicate&& holds) {
  for (const char c : text) {
    if (!holds(c)) return false;
  }
  return true;
}

Error refuse(const char* why) { return make_error(ErrorCode::invalid, why); }

// Verhoeff: multiplication in the dihedral group D5, and the position permutation.
constexpr std::uint8_t kProduct[10][10] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5}, {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
    {3, 4, 0, 1, 2, 8, 9, 5, 6, 7}, {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
    {6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3}, {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
    {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}};
constexpr std::uint8_t kPermutation[8][10] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4}, {5, 8, 0, 3, 7, 9, 6, 1, 4, 2},
    {8, 9, 1, 6, 0, 4, 3, 5, 2, 7}, {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
    {2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8}};

bool verhoeff_holds(std::string_view digits) {
  std::uint8_t check = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const int digit = digits[digits.size() - 1 - i] - '0';
    check = kProduct[check][kPermutation[i % 8][digit]];
  }
  return check == 0;
}

}  // namespace

Result<void> check_nhs_number(std::string_view value) {
  if (value.size() != 10 || !all_of(value, is_digit)) {
    return refuse("an NHS number has exactly ten digits");
  }
  int sum = 0;
  for (int i = 0; i < 9; ++i) sum += (10 - i) * (value[static_cast<std::size_t>(i)] - '0');
  const int check = (11 - sum % 11) % 11;
  if (check != value[9] - '0') return refuse("the check digit of the NHS number does not match");
  return {};
}

Result<void> check_ods_code(std::string_view value) {
  if (value.empty() || value.size() > 12 || !all_of(value, is_upper_or_digit)) {
    return refuse("an ODS code has 1 to 12 characters of A-Z and 0-9");
  }
  return {};
}

Result<void> check_snomed_id(std::string_view value) {
  if (value.size() < 6 || value.size() > 18 || !all_of(value, is_digit)) {
    return refuse("a SNOMED CT identifier has 6 to 18 digits");
  }
  if (value.front() == '0') return refuse("a SNOMED CT identifier does not begin with zero");
  const char space = value[value.size() - 3];  // 0: international, 1: an extension
  const char component = value[value.size() - 2];
  if (space > '1' || component > '2') {
    return refuse("the partition of the SNOMED CT identifier is not in use");
  }
  if (!verhoeff_holds(value)) {
    return refuse("the check digit of the SNOMED CT identifier does not match");
  }
  return {};
}

char prescription_check_character(std::string_view seventeen) {
  if (seventeen.size() != 17) return '\0';
  unsigned total = 0;
  for (const char c : seventeen) {
    const std::size_t value = kMod37.find(c);
    if (value == std::string_view::npos) return '\0';
    total = (total + static_cast<unsigned>(value)) * 2 % 37;
  }
  return kMod37[(38 - total) % 37];
}

Result<void> check_prescription_id(std::string_view value) {
  if (value.size() != 20 || value[6] != '-' || value[13] != '-') {
    return refuse("a short form prescription id has the shape HHHHHH-OOOOOO-HHHHHC");
  }
  if (!all_of(value.substr(0, 6), is_upper_hex) || !all_of(value.substr(14, 5), is_upper_hex)) {
    return refuse("a short form prescription id has upper-case hex digits in its outer parts");
  }
  if (!all_of(value.substr(7, 6), is_upper_or_digit)) {
    return refuse("a short form prescription id has an ODS code in its middle part");
  }
  std::string payload{value.substr(0, 6)};
  payload += value.substr(7, 6);
  payload += value.substr(14, 5);
  if (prescription_check_character(payload) != value[19]) {
    return refuse("the check character of the prescription id does not match");
  }
  return {};
}

}  // namespace concord
