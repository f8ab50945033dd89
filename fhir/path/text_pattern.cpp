#include "fhir/path/text_pattern.h"

#include <re2/re2.h>

namespace concord::path {

struct TextPattern::Compiled {
  explicit Compiled(std::string_view pattern)
      : expression(re2::StringPiece(pattern.data(), pattern.size()), options()) {}
  static RE2::Options options() {
    RE2::Options options(RE2::Quiet);
    options.set_max_mem(4 << 20);
    return options;
  }
  RE2 expression;
};

Result<TextPattern> TextPattern::compile(std::string_view pattern) {
  auto compiled = std::make_shared<const Compiled>(pattern);
  if (!compiled->expression.ok()) {
    return make_error(ErrorCode::invalid, "a regular expression that cannot be used");
  }
  TextPattern made;
  made.compiled_ = std::move(compiled);
  return made;
}

bool TextPattern::matches_whole(std::string_view text) const {
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), compiled_->expression);
}

}  // namespace concord::path
