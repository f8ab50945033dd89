#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "fhir/core/digest.h"
#include "fhir/core/uuid.h"
#include "tests/support/result_matchers.h"

namespace concord {
namespace {

TEST(Sha256, GivesThePublishedDigests) {  // FIPS 180-4 examples
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Base64, EncodesAndDecodesTheTestVectorsOfRfc4648) {
  const std::pair<const char*, const char*> kVectors[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : kVectors) {
    EXPECT_EQ(base64_encode(bytes), text);
    auto decoded = base64_decode(text);
    ASSERT_THAT(decoded, IsOk());
    EXPECT_EQ(*decoded, bytes);
  }
}

TEST(Base64, CarriesEveryByteAndSkipsWhiteSpace) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  std::string text = base64_encode(bytes);
  for (std::size_t at = 60; at < text.size(); at += 61) text.insert(at, "\r\n\t ", 1 + at % 4);
  auto decoded = base64_decode(text);
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(*decoded, bytes);
}

TEST(Base64, RefusesOtherCharactersAndBadPadding) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Z", "Zm9v=", "=Zm9", "Zm=v", "Zm9-", "Zm9_",
                           "Zg==Zg==", "Zh==", "Zm9=", "Zm\xC3\xA9"}) {
    EXPECT_THAT(base64_decode(text), FailsWith(ErrorCode::invalid)) << text;
  }
}

TEST(Uuid, RandomOnesAreVersionFourLowerCaseAndDifferentOnEveryThread) {
  std::set<std::string> seen;
  std::vector<std::vector<std::string>> made(4);
  std::vector<std::thread> threads;
  for (auto& mine : made) {
    threads.emplace_back([&mine] {
      const UuidSource source = random_uuids();
      for (int i = 0; i < 1000; ++i) mine.push_back(source());
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : made) seen.insert(mine.begin(), mine.end());
  EXPECT_EQ(seen.size(), 4000u);
  for (const std::string& uuid : seen) {
    EXPECT_TRUE(is_uuid(uuid));
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string_view("89ab").find(uuid[19]), std::string_view::npos);
    EXPECT_EQ(uuid.find_first_of("ABCDEF"), std::string::npos);
  }
}

TEST(Uuid, VersionFiveIsThePublishedOne) {  // python: uuid.uuid5(uuid.NAMESPACE_DNS, 'python.org')
  EXPECT_EQ(uuid_v5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "python.org"),
            "886313e1-3b8a-5372-9b90-0c9aee199e5d");
  EXPECT_EQ(uuid_v5("6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "python.org"),
            "886313e1-3b8a-5372-9b90-0c9aee199e5d");
}

TEST(Uuid, VersionFiveOfATextSpaceIsStableAndDependsOnBothArguments) {
  EXPECT_EQ(uuid_v5("exchange", "a"), uuid_v5("exchange", "a"));
  EXPECT_NE(uuid_v5("exchange", "a"), uuid_v5("exchange", "b"));
  EXPECT_NE(uuid_v5("exchange", "a"), uuid_v5("task", "a"));
  EXPECT_TRUE(is_uuid(uuid_v5("", "")));
}

TEST(Uuid, ShapeIsEightFourFourFourTwelve) {
  EXPECT_TRUE(is_uuid("0123ABCD-4567-89ef-0123-456789abcdef"));
  EXPECT_FALSE(is_uuid("0123abcd-4567-89ef-0123-456789abcdeg"));
  EXPECT_FALSE(is_uuid("0123abcd4567-89ef-0123-456789abcdef"));
  EXPECT_FALSE(is_uuid("{0123abcd-4567-89ef-0123-456789abcdef}"));
  EXPECT_FALSE(is_uuid(""));
}

TEST(Uuid, IsFoundInsideOtherText) {
  EXPECT_TRUE(contains_uuid("urn:uuid:0123abcd-4567-89ef-0123-456789abcdef"));
  EXPECT_TRUE(contains_uuid("0123abcd-4567-89ef-0123-456789abcdef"));
  EXPECT_TRUE(contains_uuid("a-b-0123abcd-4567-89ef-0123-456789abcdef|1"));
  EXPECT_FALSE(contains_uuid("0123abcd-4567-89ef-0123-456789abcde"));
  EXPECT_FALSE(contains_uuid("24F5DA-A83008-7EFE6Z"));
  EXPECT_FALSE(contains_uuid("-"));
}

}  // namespace
}  // namespace concord
