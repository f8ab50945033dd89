// How a store keeps bytes: bodies in frames, what a resource is found by in one row.
#include <gtest/gtest.h>
#include <zstd.h>

#include <limits>
#include <random>

#include "fhir/core/digest.h"
#include "gateway/store/sql/body.h"
#include "gateway/store/sqlite/detail/found.h"
#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/result_matchers.h"

namespace concord::test {
namespace {

namespace sql = store::sql;
namespace sqlite = store::sqlite;

const std::string kBody =
    R"({"resourceType":"Observation","id":"a","status":"final","code":{"coding":[{"system":)"
    R"("http://loinc.org","code":"8867-4","display":"Heart rate"}]},"subject":{"reference":)"
    R"("Patient/p1"},"effectiveDateTime":"2026-03-01T09:30:00Z","valueQuantity":{"value":72,)"
    R"("unit":"beats/min","system":"http://unitsofmeasure.org","code":"/min"}})";

TEST(Packing, BytesOfEveryLengthComeBack) {
  std::mt19937 random(7);
  for (std::size_t size = 0; size < 20'000; size += 1 + size / 16) {
    std::string text, noise;
    while (text.size() < size) text += kBody;
    text.resize(size);
    for (std::size_t i = 0; i < size; ++i) noise.push_back(static_cast<char>(random()));
    for (const std::string& bytes : {text, noise}) {
      const sql::Packed packed = sql::pack(bytes);
      const auto back = sql::unpack(packed.encoding, packed.bytes);
      ASSERT_THAT(back, IsOk());
      EXPECT_EQ(*back, bytes);
    }
  }
}

TEST(Packing, AResourceTakesAThirdOfItsSize) {
  const sql::Packed packed = sql::pack(kBody);
  EXPECT_EQ(packed.encoding, 2);
  EXPECT_LE(packed.bytes.size() * 3, kBody.size());
}

TEST(Packing, ALongTextTakesAThirdWithoutTheDictionary) {
  std::string text;
  while (text.size() < 4096) text += kBody;
  const sql::Packed packed = sql::pack(text);
  EXPECT_EQ(packed.encoding, 1);
  EXPECT_LE(packed.bytes.size() * 3, text.size());
}

TEST(Packing, FramesWithoutDictionaryAreStillRead) {
  std::string frame(ZSTD_compressBound(kBody.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), kBody.data(), kBody.size(), 1));
  const auto back = sql::unpack(1, frame);
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(*back, kBody);
  EXPECT_THAT(sql::unpack(3, frame), FailsWith(ErrorCode::internal));
  EXPECT_THAT(sql::unpack(2, frame.substr(0, frame.size() / 2)), FailsWith(ErrorCode::internal));
}

TEST(Packing, ADictionaryIsNeverEdited) {
  // Every store holds frames only this text opens. A better one is a file beside it.
  EXPECT_EQ(to_hex(sha256(read_file(std::filesystem::path(concord::test::source_dir()) /
                                    "gateway/store/sql/dictionaries/fhir_1.txt"))),
            "366a99ef77ff38133108c15bf3d06f8714a49a5a883e8b6eaf8ffe349974d82c");
}

search::IndexValues some_values(std::mt19937& random) {
  const auto number = [&random] { return static_cast<std::int32_t>(random()); };
  const auto big = [&] { return static_cast<std::int64_t>(number()) * 4294967311; };
  const auto text = [&] {
    return std::string(random() % 40, static_cast<char>('a' + random() % 26));
  };
  search::IndexValues values;
  for (std::size_t n = random() % 5; n > 0; --n)
    values.tokens.push_back({number(), big(), number()});
  for (std::size_t n = random() % 5; n > 0; --n) values.texts.push_back({number(), text(), text()});
  for (std::size_t n = random() % 5; n > 0; --n) values.periods.push_back({number(), big(), big()});
  for (std::size_t n = random() % 5; n > 0; --n) {
    const double low = number() / 8.0;
    values.numbers.push_back({number(), low, random() % 2 == 0 ? low : low + 1,
                              random() % 2 == 0 ? 0 : number(), number(),
                              random() % 2 == 0 ? 0 : number(), random() % 2 == 0 ? 0 : number()});
  }
  for (std::size_t n = random() % 5; n > 0; --n)
    values.links.push_back({number(), big(), number()});
  return values;
}

TEST(Found, ValuesComeBackAsTheyWere) {
  std::mt19937 random(11);
  for (int turn = 0; turn < 500; ++turn) {
    const search::IndexValues values = some_values(random);
    const auto back = sqlite::decode_found(sqlite::encode_found(values));
    ASSERT_THAT(back, IsOk());
    EXPECT_EQ(*back, values);
  }
  search::IndexValues edges;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  edges.numbers = {{1, -kInfinity, 5, 0, 0}, {2, 5, kInfinity, 3, 0}};
  edges.texts = {{3, std::string(1024, 'x'), std::string(1024, 'Y')}, {4, "", ""}};
  edges.periods = {
      {5, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}};
  const auto back = sqlite::decode_found(sqlite::encode_found(edges));
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(*back, edges);
}

TEST(Found, DamagedBytesAreAnErrorOrOtherValuesNeverACrash) {
  std::mt19937 random(13);
  for (int turn = 0; turn < 50; ++turn) {
    const std::string bytes = sqlite::encode_found(some_values(random));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_THAT(sqlite::decode_found(std::string_view(bytes).substr(0, size)),
                  FailsWith(ErrorCode::internal));
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << (random() % 8)));
      const auto read = sqlite::decode_found(damaged);
      if (!read) {
        EXPECT_EQ(read.error().code, ErrorCode::internal);
      }
    }
  }
}

}  // namespace
}  // namespace concord::test
