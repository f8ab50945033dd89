// The algorithms behind the maps, one by one.

#include <gmock/gmock.h>

#include <array>

#include "mappers/eps/functions/dosage_text.h"
#include "mappers/eps/functions/escape_xml.h"
#include "mappers/eps/functions/identifiers.h"
#include "mappers/eps/functions/signature_xml.h"
#include "mappers/eps/functions/telecom.h"
#include "mappers/eps/functions/v3_timestamp.h"
#include "tests/support/result_matchers.h"

namespace concord::eps {
namespace {

std::string given(const Result<std::string>& result) {
  return result ? *result : result.error().issues.front().detail_code;
}

TEST(V3DateTime, MissingPartsAreTheFirstOfTheirKind) {
  EXPECT_EQ(given(v3_date_time("2021")), "20210101000000");
  EXPECT_EQ(given(v3_date_time("2021-05")), "20210501000000");
  EXPECT_EQ(given(v3_date_time("2022-10-21")), "20221021000000");
}

TEST(V3DateTime, EveryZoneBecomesUtcAndFractionsAreCut) {
  EXPECT_EQ(given(v3_date_time("2022-02-19T17:36:35+00:00")), "20220219173635");
  EXPECT_EQ(given(v3_date_time("2022-06-01T00:30:00+01:00")), "20220531233000");
  EXPECT_EQ(given(v3_date_time("2022-12-31T23:00:00-05:30")), "20230101043000");
  EXPECT_EQ(given(v3_date_time("2022-02-19T17:36:35.999Z")), "20220219173635");
  EXPECT_EQ(given(v3_date_time("2016-12-31T23:59:60Z")), "20161231235959");
  EXPECT_EQ(given(v3_date_time("2022-01-01T00:00:00+14:00")), "20211231100000");
}

TEST(V3DateTime, WhatIsNoFhirDateTimeIsAnInvalidValue) {
  for (const std::string_view text : {"",
                                      "20",
                                      "202",
                                      "2022-",
                                      "2022-13",
                                      "2022-00",
                                      "2022-1",
                                      "2022-02-30",
                                      "2023-02-29",
                                      "2022-02-19T",
                                      "2022-02-19T17:36",
                                      "2022-02-19T17:36:35",
                                      "2022-02-19T24:00:00Z",
                                      "2022-02-19T17:60:00Z",
                                      "2022-02-19T17:36:61Z",
                                      "2022-02-19T17:36:35.Z",
                                      "2022-02-19T17:36:35+15:00",
                                      "2022-02-19T17:36:35+14:01",
                                      "2022-02-19T17:36:35+0100",
                                      "2022-02-19 17:36:35Z",
                                      "2022-02-19T17:36:35Zx",
                                      " 2022",
                                      "0000-01-01",
                                      "2022-02-19Z",
                                      "9999-12-31T23:59:59-01:00",
                                      "0001-01-01T00:00:00+01:00",
                                      "yesterday"}) {
    EXPECT_EQ(given(v3_date_time(text)), "INVALID_VALUE") << text;
  }
}

TEST(V3Date, IsTheDayInUtc) {
  EXPECT_EQ(given(v3_date("2022-03-19T23:59:59Z")), "20220319");
  EXPECT_EQ(given(v3_date("2022-06-01T00:30:00+01:00")), "20220531");
  EXPECT_EQ(given(v3_date("2024-02-29")), "20240229");
  EXPECT_EQ(given(v3_date("2023-02-29")), "INVALID_VALUE");
}

TEST(V3CalendarDay, TakesDatesAndRefusesTimes) {
  EXPECT_EQ(given(v3_calendar_day("1932-01-06")), "19320106");
  EXPECT_EQ(given(v3_calendar_day("1932-01")), "19320101");
  EXPECT_EQ(given(v3_calendar_day("1932-01-06T00:00:00Z")), "INVALID_VALUE");
}

TEST(TelecomValue, LosesWhiteSpaceAndGetsItsScheme) {
  EXPECT_EQ(telecom_value("01632 960 001"), "tel:01632960001");
  EXPECT_EQ(telecom_value("tel:01632 960001"), "tel:01632960001");
  EXPECT_EQ(telecom_value(" t el:01632"), "tel:01632");
  EXPECT_EQ(telecom_value("ash@example.org"), "tel:ash@example.org");
  EXPECT_EQ(telecom_value("tel:"), "tel:");
  EXPECT_EQ(telecom_value(""), "tel:");
  EXPECT_EQ(telecom_value("a\xC2\xA0"
                          "b\xE2\x80\xAF"
                          "c\xE3\x80\x80"
                          "d\xEF\xBB\xBF"
                          "e\t\r\n\v\f"),
            "tel:abcde");
  EXPECT_EQ(telecom_value("caf\xC3\xA9 \xE2\x98\x82"), "tel:caf\xC3\xA9\xE2\x98\x82");
  EXPECT_EQ(telecom_value("\xE2\x80"), "tel:\xE2\x80");  // cut short: kept as it is
}

TEST(GlobalIdentifier, IsUpperCaseOnlyWhenItHoldsAUuid) {
  EXPECT_EQ(global_identifier("c289bd6e-a10a-4c5a-b14c-8cbb3f4b5d44"),
            "C289BD6E-A10A-4C5A-B14C-8CBB3F4B5D44");
  EXPECT_EQ(global_identifier("urn:uuid:c289bd6e-a10a-4c5a-b14c-8cbb3f4b5d44"),
            "URN:UUID:C289BD6E-A10A-4C5A-B14C-8CBB3F4B5D44");
  EXPECT_EQ(global_identifier("24f5da-A83008-7efe6Z"), "24f5da-A83008-7efe6Z");
  EXPECT_EQ(global_identifier(""), "");
}

TEST(EscapeXml, EscapesMarkupAndLeavesQuotes) {
  EXPECT_EQ(escape_xml("R&D <\"o'x\">"), "R&amp;D &lt;\"o'x\"&gt;");
  EXPECT_EQ(escape_xml("&amp;"), "&amp;amp;");
}

TEST(DosageText, OneDosageIsItsText) {
  const std::array lines{DosageLine{"once a day", {}}};
  EXPECT_EQ(given(dosage_text(lines)), "once a day");
}

TEST(DosageText, SequencesAscendWhateverTheOrderGiven) {
  const std::array lines{DosageLine{"c", 10}, DosageLine{"a", 1}, DosageLine{"d", 10},
                         DosageLine{"b", 2}};
  EXPECT_EQ(given(dosage_text(lines)), "a, then b, then c, and d");
}

TEST(DosageText, EmptyTextsStillJoin) {
  const std::array lines{DosageLine{"", 1}, DosageLine{"b", 2}};
  EXPECT_EQ(given(dosage_text(lines)), ", then b");
}

TEST(DosageText, SeveralWithoutSequenceAndNoneAreErrors) {
  const std::array lines{DosageLine{"a", 1}, DosageLine{"b", {}}};
  EXPECT_EQ(given(dosage_text(lines)), "MISSING_VALUE");
  EXPECT_EQ(given(dosage_text({})), "TOO_FEW_VALUES_SUBMITTED");
}

TEST(SignatureXml, IsWhatTheBase64Holds) {
  EXPECT_EQ(given(signature_xml("PHgvPg==")), "<x/>");
  EXPECT_EQ(given(signature_xml("PHg\nvPg==")), "<x/>");
  EXPECT_EQ(given(signature_xml("")), "INVALID_VALUE");
  EXPECT_EQ(given(signature_xml("PHgvPg")), "INVALID_VALUE");
  EXPECT_EQ(given(signature_xml("not base64!")), "INVALID_VALUE");
}

}  // namespace
}  // namespace concord::eps
