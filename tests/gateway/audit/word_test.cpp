// What may be kept of a person's word.
#include "gateway/audit/word.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/support/result_matchers.h"

namespace concord::audit {
namespace {

TEST(Word, OfAPersonWithAReasonIsKept) {
  EXPECT_THAT(check_word("A Smith", "INC-1: address corrected", "why"), IsOk());
  EXPECT_THAT(check_word("ops", "done", "reason"), IsOk());
  EXPECT_THAT(check_word(std::string(64, 'a'), std::string(200, 'b'), "why"), IsOk());
  EXPECT_THAT(check_word("Zo\xC3\xAB",
                         "n\xC3\xA4"
                         "chste Woche",
                         "why"),
              IsOk());
}

TEST(Word, SaysWhatIsWrongAndWhere) {
  const struct {
    std::string by, why, place;
  } kTable[] = {
      {"", "done", "by"},
      {"x", "done", "by"},
      {std::string(65, 'a'), "done", "by"},
      {"a\nb", "done", "by"},
      {"999 000 0000", "done", "by"},
      {"ops", "", "reason"},
      {"ops", "no", "reason"},
      {"ops", std::string(201, 'a'), "reason"},
      {"ops", "two\nlines", "reason"},
      {"ops", "del\x7f", "reason"},
      {"ops", "patient 999-000-0000", "reason"},
  };
  for (const auto& row : kTable) {
    const auto checked = check_word(row.by, row.why, "reason");
    ASSERT_THAT(checked, FailsWith(ErrorCode::invalid)) << row.by << " | " << row.why;
    EXPECT_EQ(checked.error().issues.front().expression, row.place);
  }
}

}  // namespace
}  // namespace concord::audit
