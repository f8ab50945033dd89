#include "gateway/audit/word.h"

#include <algorithm>
#include <string>

namespace concord::audit {

namespace {

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

/// Ten digits in a row, blanks and hyphens between them not counted: as long as an NHS number.
bool has_long_number(std::string_view text) {
  int digits = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      if (++digits == 10) return true;
    } else if (c != ' ' && c != '-') {
      digits = 0;
    }
  }
  return false;
}

Error wrong(std::string_view text, std::string_view where) {
  return make_error(ErrorCode::invalid, std::string(text), std::string(where));
}

}  // namespace

Result<void> check_name(std::string_view name, std::string_view text, std::string_view where) {
  if (name.size() >= 2 && name.size() <= 64 && printable(name) && !has_long_number(name)) return {};
  return wrong(text, where);
}

Result<void> check_word(std::string_view by, std::string_view why, std::string_view why_is) {
  CONCORD_TRY(
      check_name(by, "who wants this has to be said, in 2 to 64 printable characters", "by"));
  if (why.size() < 3 || why.size() > 200 || !printable(why)) {
    return wrong("a reason has to be given, in 3 to 200 printable characters", why_is);
  }
  if (has_long_number(why)) {
    return wrong("the reason must not hold ten digits: it is kept in the audit log", why_is);
  }
  return {};
}

}  // namespace concord::audit
