#include <gmock/gmock.h>

#include <string>

#include "fhir/core/error.h"
#include "fhir/core/utf8.h"

namespace concord {
namespace {

constexpr std::size_t kValid = std::string_view::npos;

TEST(Utf8, WellFormedTextOfEveryLengthPasses) {
  for (const std::string_view piece :
       {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    for (std::size_t before = 0; before < 140; ++before) {
      EXPECT_EQ(invalid_utf8_at(std::string(before, 'x') + std::string(piece)), kValid);
      EXPECT_EQ(
          invalid_utf8_at(std::string(before, 'x') + std::string(piece) + std::string(70, 'y')),
          kValid);
    }
  }
}

TEST(Utf8, OverlongSurrogateTruncatedAndTooLargeFormsAreFoundAtTheirFirstByte) {
  for (const std::string_view piece :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x80\x80", "\xE0\x9F\xBF",
        "\xE1\x80", "\xED\xA0\x80", "\xED\xBF\xBF", "\xEF\xBF", "\xF0\x80\x80\x80",
        "\xF0\x8F\xBF\xBF", "\xF0\x90\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
        "\xFE"}) {
    for (std::size_t before = 0; before < 140; ++before) {
      EXPECT_EQ(invalid_utf8_at(std::string(before, 'x') + std::string(piece)), before);
      EXPECT_EQ(
          invalid_utf8_at(std::string(before, 'x') + std::string(piece) + std::string(70, 'y')),
          before);
    }
  }
}

// Every code point, encoded by the rule, passes; every surrogate does not.
TEST(Utf8, EveryCodePointAndNoSurrogatePasses) {
  for (char32_t point = 0x80; point <= 0x10FFFF; point += point < 0x20000 ? 1 : 97) {
    std::string text;
    if (point < 0x800) {
      text = {static_cast<char>(0xC0 | point >> 6), static_cast<char>(0x80 | (point & 63))};
    } else if (point < 0x10000) {
      text = {static_cast<char>(0xE0 | point >> 12), static_cast<char>(0x80 | (point >> 6 & 63)),
              static_cast<char>(0x80 | (point & 63))};
    } else {
      text = {static_cast<char>(0xF0 | point >> 18), static_cast<char>(0x80 | (point >> 12 & 63)),
              static_cast<char>(0x80 | (point >> 6 & 63)), static_cast<char>(0x80 | (point & 63))};
    }
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    ASSERT_EQ(invalid_utf8_at(text), surrogate ? 0 : kValid) << std::hex << std::uint32_t{point};
  }
}

TEST(Error, OneLineNamesCodeTextExpressionAndPlace) {
  EXPECT_EQ(to_string(make_error(ErrorCode::invalid, "two of one", "Patient.id", {3, 14})),
            "invalid: two of one (Patient.id) 3:14");
  EXPECT_EQ(to_string(Error{}), "internal");
}

}  // namespace
}  // namespace concord
