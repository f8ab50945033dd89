#include "gateway/http/content_coding.h"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace concord::http {
namespace {

/// Text that does not pack well, so that no ratio is in the way.
std::string noise(std::size_t size) {
  std::string text;
  std::uint32_t state = 12345;
  while (text.size() < size) {
    state = state * 1664525U + 1013904223U;
    text += static_cast<char>(state >> 24);
  }
  return text;
}

std::string unpacked(std::string body, std::string_view coding, const InflateLimits& limits = {}) {
  auto plain = decode_content(std::move(body), coding, limits);
  return plain ? *std::move(plain) : std::string(error_row(plain.error().code).name);
}

TEST(ContentCoding, GzipComesBackAsItWas) {
  for (const std::string& text :
       {std::string(), std::string("a"), noise(300'000), std::string(50'000, 'x')}) {
    const auto packed = gzip(text);
    ASSERT_THAT(packed, IsOk());
    EXPECT_EQ(unpacked(*packed, "gzip"), text);
    EXPECT_EQ(unpacked(*packed, " X-GZIP "), text);
  }
  EXPECT_EQ(unpacked("plain", "identity"), "plain");
  EXPECT_EQ(unpacked("plain", ""), "plain");
}

TEST(ContentCoding, DeflateIsReadInItsFrameOnly) {
  const std::string framed("\x78\x9c\x4b\x4c\x4a\x06\x00\x02\x4d\x01\x27", 11);  // "abc"
  EXPECT_EQ(unpacked(framed, "deflate"), "abc");
  EXPECT_EQ(unpacked(framed.substr(2, 5), "deflate"), "malformed") << "without its frame";
  EXPECT_EQ(unpacked(framed, "gzip"), "malformed");
  EXPECT_EQ(unpacked(*gzip("abc"), "deflate"), "malformed");
}

TEST(ContentCoding, OtherCodingsAndLayersAreNotCarried) {
  for (const char* coding : {"br", "zstd", "compress", "gzip, gzip", "gzip,deflate", "gzip;q=1"}) {
    EXPECT_EQ(unpacked(*gzip("abc"), coding), "unsupported") << coding;
  }
}

TEST(ContentCoding, BombsEndAtTheLimitAndAtTheRatio) {
  const std::string bomb = *gzip(std::string(std::size_t{40} << 20, '0'));
  ASSERT_LT(bomb.size(), 200'000U);
  EXPECT_EQ(unpacked(bomb, "gzip"), "too_long");
  InflateLimits wide;
  wide.max_bytes = std::size_t{1} << 30;
  EXPECT_EQ(unpacked(bomb, "gzip", wide), "too_long") << "a thousand to one";
  wide.max_ratio = 5000;
  EXPECT_EQ(unpacked(bomb, "gzip", wide).size(), std::size_t{40} << 20);
  const std::string exact = *gzip(noise(1000));
  InflateLimits tight;
  tight.max_bytes = 1000;
  EXPECT_EQ(unpacked(exact, "gzip", tight).size(), 1000U);
  tight.max_bytes = 999;
  EXPECT_EQ(unpacked(exact, "gzip", tight), "too_long");
}

TEST(ContentCoding, EveryCutAndEveryFlippedByteIsRefusedOrHarmless) {
  const std::string text = "{\"resourceType\":\"Patient\"," + noise(400);
  const std::string packed = *gzip(text);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    EXPECT_EQ(unpacked(packed.substr(0, size), "gzip"), "malformed") << size;
  }
  EXPECT_EQ(unpacked(packed + "x", "gzip"), "malformed") << "bytes behind the end";
  EXPECT_EQ(unpacked(packed + packed, "gzip"), "malformed") << "a second member";
  for (std::size_t at = 10; at < packed.size(); ++at) {  // behind the head, which holds free bytes
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    EXPECT_EQ(unpacked(damaged, "gzip"), "malformed") << at;
  }
}

TEST(ContentCoding, AcceptEncodingIsWeighed) {
  for (const char* yes : {"gzip", "GZIP", "x-gzip", "gzip, deflate, br", "deflate, gzip;q=1.0", "*",
                          "*;q=0.5", "br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip;q=0.001",
                          "identity;q=0.5, gzip;q=0.5", "gzip; q=0.5"}) {
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  }
  for (const char* no : {"", "identity", "br", "gzip;q=0", "gzip;q=0.0, *", "*;q=0",
                         "identity, gzip;q=0.5", "gzip;q=abc", "gzip;q=2", ",,;", "gzipped"}) {
    EXPECT_FALSE(accepts_gzip(no)) << no;
  }
}

}  // namespace
}  // namespace concord::http
