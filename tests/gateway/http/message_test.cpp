// Texts of addresses.
#include "gateway/http/message.h"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace concord::http {
namespace {

TEST(PercentEncoding, LeavesTheUnreservedCharactersAlone) {
  const std::string plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  EXPECT_EQ(percent_encode(plain), plain);
  EXPECT_EQ(percent_encode(""), "");
}

TEST(PercentEncoding, WritesEveryOtherByteAsTwoUpperCaseDigits) {
  EXPECT_EQ(percent_encode("a b+c/d?e=f&g%h#i"), "a%20b%2Bc%2Fd%3Fe%3Df%26g%25h%23i");
  EXPECT_EQ(percent_encode("https://fhir.nhs.uk/Id/nhs-number|9990000018"),
            "https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C9990000018");
  EXPECT_EQ(percent_encode("é\n\x7f"), "%C3%A9%0A%7F");
  EXPECT_EQ(percent_encode(std::string_view("\0\xff", 2)), "%00%FF");
  EXPECT_EQ(percent_encode("$*!(),:;@'[]\"<>"), "%24%2A%21%28%29%2C%3A%3B%40%27%5B%5D%22%3C%3E");
}

TEST(PercentEncoding, IsUndoneByDecoding) {
  std::string every;
  for (int byte = 0x20; byte < 0x100; ++byte) {
    if (byte != 0x7f) every += static_cast<char>(byte);
  }
  for (const bool form : {false, true}) {
    const auto back = percent_decode(percent_encode(every), form);
    ASSERT_THAT(back, IsOk());
    EXPECT_EQ(*back, every);
  }
  EXPECT_THAT(percent_decode(percent_encode("a\nb"), false), FailsWith(ErrorCode::malformed))
      << "control characters come back from nowhere";
}

TEST(PercentDecoding, RefusesWhatIsNoEscape) {
  for (const char* bad : {"%", "a%4", "%zz", "%4g", "%%41"}) {
    EXPECT_THAT(percent_decode(bad, false), FailsWith(ErrorCode::malformed)) << bad;
  }
}

}  // namespace
}  // namespace concord::http
