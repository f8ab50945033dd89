#include "fhir/core/identifiers.h"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace concord {
namespace {

TEST(NhsNumber, TestRangeNumbersWithTheirCheckDigitPass) {
  for (const char* value : {"9990548609", "9000000009", "9449304130"}) {
    EXPECT_THAT(check_nhs_number(value), IsOk()) << value;
  }
}

TEST(NhsNumber, OneChangedDigitIsFound) {
  const std::string good = "9990548609";
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (char digit = '0'; digit <= '9'; ++digit) {
      std::string changed = good;
      changed[at] = digit;
      EXPECT_EQ(check_nhs_number(changed).has_value(), changed == good) << changed;
    }
  }
}

TEST(NhsNumber, TenIsNeverACheckDigitAndOnlyTenDigitsAreOne) {
  // 987654439_: the weighted sum leaves 1, so the check value would be 10.
  for (char last = '0'; last <= '9'; ++last) {
    EXPECT_THAT(check_nhs_number(std::string("987654439") + last), FailsWith(ErrorCode::invalid));
  }
  for (const char* value : {"", "999054860", "99905486090", "999 054 8609", "999054860X"}) {
    EXPECT_THAT(check_nhs_number(value), FailsWith(ErrorCode::invalid)) << value;
  }
}

TEST(OdsCode, IsUpperCaseLettersAndDigits) {
  for (const char* value : {"A83008", "FZZ99", "RBA", "X", "ABCDEFGHIJKL"}) {
    EXPECT_THAT(check_ods_code(value), IsOk()) << value;
  }
  for (const char* value : {"", "a83008", "A83-08", "ABCDEFGHIJKLM", "A 1"}) {
    EXPECT_THAT(check_ods_code(value), FailsWith(ErrorCode::invalid)) << value;
  }
}

TEST(SnomedId, PublishedIdentifiersPass) {
  // 138875005 SNOMED CT concept, 73211009 diabetes, 999000041000000102 UK edition reference set
  for (const char* value : {"138875005", "73211009", "22298006", "999000041000000102"}) {
    EXPECT_THAT(check_snomed_id(value), IsOk()) << value;
  }
}

TEST(SnomedId, OneChangedDigitIsFound) {
  const std::string good = "73211009";
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (char digit = '0'; digit <= '9'; ++digit) {
      std::string changed = good;
      changed[at] = digit;
      EXPECT_EQ(check_snomed_id(changed).has_value(), changed == good) << changed;
    }
  }
}

TEST(SnomedId, TwoNeighboursSwappedAreFound) {
  EXPECT_THAT(check_snomed_id("73121009"), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(check_snomed_id("37211009"), FailsWith(ErrorCode::invalid));
}

TEST(SnomedId, LengthLeadingZeroAndPartitionAreChecked) {
  for (const char* value :
       {"", "73211", "1234567890123456789", "073211009", "7321100x", "73211339"}) {
    EXPECT_THAT(check_snomed_id(value), FailsWith(ErrorCode::invalid)) << value;
  }
}

TEST(PrescriptionId, CheckCharacterFollowsIso7064) {
  EXPECT_THAT(check_prescription_id("24F5DA-A83008-7EFE6Z"), IsOk());
  EXPECT_EQ(prescription_check_character("24F5DAA830087EFE6"), 'Z');
  EXPECT_EQ(prescription_check_character("24f5DAA830087EFE6"), '\0');
  EXPECT_EQ(prescription_check_character("24F5DA"), '\0');
}

TEST(PrescriptionId, OneChangedCharacterIsFound) {
  const std::string good = "24F5DA-A83008-7EFE6Z";
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char other : std::string_view("0129AFGZ+-")) {
      std::string changed = good;
      changed[at] = other;
      EXPECT_EQ(check_prescription_id(changed).has_value(), changed == good) << changed;
    }
  }
}

TEST(PrescriptionId, TheCheckCharacterMayBeAPlus) {
  std::string id = "000000-A83008-00000";
  int plus = 0;
  for (const char hex : std::string_view("0123456789ABCDEF")) {
    for (const char next : std::string_view("0123456789ABCDEF")) {
      id[14] = hex;
      id[15] = next;
      std::string payload = id.substr(0, 6) + id.substr(7, 6) + id.substr(14, 5);
      const char check = prescription_check_character(payload);
      plus += check == '+';
      EXPECT_THAT(check_prescription_id(id + check), IsOk());
    }
  }
  EXPECT_GT(plus, 0);
}

}  // namespace
}  // namespace concord
