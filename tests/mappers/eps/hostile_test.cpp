// Documents meant to break things: always an answer, never a crash, and nothing unbounded.

#include <gmock/gmock.h>

#include <random>
#include <thread>

#include "tests/mappers/eps/world.h"

namespace concord::eps::test {
namespace {

/// Parses and translates; a document that does not parse is fine.
void survive(const std::string& json) {
  World& world = World::get();
  auto document = json::read(json, world.symbols);
  if (!document) return;
  tree::Builder builder(*document);
  definitions::annotate(builder, world.definitions);
  const auto encoded = world.mapper->encode(*document, case_parameters(), nullptr);
  if (encoded) {
    EXPECT_FALSE(encoded->bytes.empty());
  } else {
    EXPECT_FALSE(encoded.error().issues.empty());
  }
}

TEST(EpsHostile, EveryElementTakenOutInTurnGivesAnAnswer) {
  // Each line of the pretty-printed input that holds one primitive member.
  const std::string input = case_input("repeat_dispensing_based_on");
  std::size_t start = 0;
  std::size_t tried = 0;
  while (start < input.size()) {
    const std::size_t end = std::min(input.find('\n', start), input.size() - 1);
    const std::string line = input.substr(start, end - start);
    if (line.find("\": ") != std::string::npos && line.back() == ',') {
      survive(input.substr(0, start) + input.substr(end + 1));
      ++tried;
    }
    start = end + 1;
  }
  EXPECT_GT(tried, 60u);
}

TEST(EpsHostile, ReferencesThatRunInCirclesEnd) {
  std::string input = case_input("patient_info_list");
  // The organisation is part of itself, and the practitioner's reference leads to the role.
  survive(edited_first(case_input("healthcare_service"), "\"partOf\": {",
                       "\"active\": true, \"partOf\": {"));
  const std::string role = "urn:uuid:";
  survive(edited_first(input, "\"practitioner\": {",
                       "\"period\": {\"start\": \"2020\"}, \"practitioner\": {"));
}

TEST(EpsHostile, ALongListOfItemsIsCarriedOrRefusedButNeverHangs) {
  std::string input = case_input("unsigned");
  const std::size_t at = input.find("\"dosageInstruction\": [");
  ASSERT_NE(at, std::string::npos);
  std::string dosages;
  for (int i = 0; i < 5000; ++i) {
    dosages += "{\"sequence\": " + std::to_string(5000 - i) + ", \"text\": \"x\"},";
  }
  const std::string head = "\"dosageInstruction\": [";
  input.replace(at, head.size(), head + dosages);
  // The dosage that was there has no sequence.
  const auto encoded = translate(input);
  ASSERT_THAT(encoded, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(encoded.error().issues.front().detail_code, "MISSING_VALUE");
}

TEST(EpsHostile, CharactersXmlCannotCarryAreRefusedNotSent) {
  const auto encoded =
      translate(edited_first(case_input("unsigned"), "Take one tablet", "Take \\u0001 one tablet"));
  ASSERT_THAT(encoded, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(encoded.error().issues.front().detail_code, "INVALID_VALUE");
}

TEST(EpsHostile, MarkupInTextStaysText) {
  const auto encoded = translate(
      edited_first(case_input("unsigned"), "Take one tablet", "</value><evil/>&lt;!DOCTYPE x>"));
  ASSERT_THAT(encoded, IsOk());
  EXPECT_THAT(encoded->bytes,
              testing::HasSubstr("&lt;/value&gt;&lt;evil/&gt;&amp;lt;!DOCTYPE x&gt;"));
}

TEST(EpsHostile, ASignatureWithADocumentTypeIsRefused) {
  // <!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>
  const auto encoded = translate(edited_first(
      case_input("no_nominated_pharmacy"), "\"data\": \"",
      "\"data\": \"PCFET0NUWVBFIGEgWzwhRU5USVRZIGIgImMiPl0+PGE+JmI7PC9hPg==\", \"x\": \""));
  ASSERT_THAT(encoded, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(encoded.error().issues.front().detail_code, "INVALID_VALUE");
}

TEST(EpsHostile, ADeeplyNestedSignatureIsRefused) {
  std::string xml;
  for (int i = 0; i < 9999; ++i) xml += "<a>";
  for (int i = 0; i < 9999; ++i) xml += "</a>";
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string base64;
  ASSERT_EQ(xml.size() % 3, 0u);
  for (std::size_t at = 0; at < xml.size(); at += 3) {
    const unsigned bits = static_cast<unsigned>(static_cast<unsigned char>(xml[at])) << 16 |
                          static_cast<unsigned>(static_cast<unsigned char>(xml[at + 1])) << 8 |
                          static_cast<unsigned>(static_cast<unsigned char>(xml[at + 2]));
    for (const unsigned shift : {18u, 12u, 6u, 0u}) base64 += kAlphabet[bits >> shift & 63u];
  }
  const auto encoded = translate(edited_first(case_input("no_nominated_pharmacy"), "\"data\": \"",
                                              "\"data\": \"" + base64 + "\", \"x\": \""));
  ASSERT_FALSE(encoded.has_value());
  EXPECT_THAT(encoded.error().code, testing::AnyOf(ErrorCode::invalid, ErrorCode::too_long));
}

TEST(EpsHostile, RandomDamageNeverCrashes) {
  const std::string input = case_input("controlled_drug");
  std::mt19937 random(20260302);  // fixed: the same damage on every run
  for (int round = 0; round < 300; ++round) {
    std::string damaged = input;
    for (int hit = 0; hit < 3; ++hit) {
      const std::size_t at = random() % damaged.size();
      switch (random() % 3) {
        case 0:
          damaged[at] = static_cast<char>(' ' + static_cast<char>(random() % 95));
          break;
        case 1:
          damaged.erase(at, random() % 40);
          break;
        default:
          damaged.insert(at, damaged.substr(random() % damaged.size(), random() % 60));
      }
    }
    survive(damaged);
  }
}

TEST(EpsHostile, ManyThreadsTranslateAtOnce) {
  const std::string input = case_input("patient_demographics");
  const std::string expected = translate(input)->bytes;
  std::vector<std::thread> threads;
  std::array<int, 4> same{};
  for (std::size_t thread = 0; thread < same.size(); ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 25; ++i) {
        const auto encoded = translate(input);
        same[thread] += encoded && encoded->bytes == expected ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(same, testing::Each(25));
}

}  // namespace
}  // namespace concord::eps::test
