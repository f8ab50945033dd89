#include "gateway/exchange/answer_text.h"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace concord::exchange {
namespace {

KeptAnswer sample() {
  KeptAnswer answer;
  answer.task_id = "t1";
  answer.task = "{\"resourceType\":\"Task\",\n\"id\":\"t1\"}";
  answer.destination = "spine";
  answer.issues = {{Severity::warning, "Bundle.entry[1]", "text: 3\n12:", {7, 9}, "code", "detail"},
                   {Severity::information, "", "", {}, "", ""}};
  return answer;
}

TEST(KeptAnswer, ComesBackAsItWas) {
  const auto back = read_answer(write_answer(sample()));
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(*back, sample());
}

TEST(KeptAnswer, IsRefusedWhenAnyByteIsMissing) {
  const std::string whole = write_answer(sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(read_answer(whole.substr(0, size)), FailsWith(ErrorCode::internal)) << size;
  }
  EXPECT_THAT(read_answer(whole + "x"), FailsWith(ErrorCode::internal));
}

TEST(KeptAnswer, OfALaterVersionIsRefused) {
  EXPECT_THAT(read_answer("concord-answer 2\n"), FailsWith(ErrorCode::internal));
}

TEST(KeptAnswer, WithAbsurdLengthsIsRefused) {
  EXPECT_THAT(read_answer("concord-answer 1\n18446744073709551615:x\n"),
              FailsWith(ErrorCode::internal));
  EXPECT_THAT(read_answer("concord-answer 1\n99999999999999999999999:x\n"),
              FailsWith(ErrorCode::internal));
  EXPECT_THAT(read_answer("concord-answer 1\n0:\n0:\n0:\n10:4294967295\n"),
              FailsWith(ErrorCode::internal));
}

}  // namespace
}  // namespace concord::exchange
