#include "gateway/exchange/answer_text.h"

#include <charconv>

namespace concord::exchange {

namespace {

constexpr std::string_view kFirstLine = "concord-answer 1\n";

void field(std::string& to, std::string_view value) {
  to += std::to_string(value.size());
  to += ':';
  to += value;
  to += '\n';
}

/// Takes fields off the front; empty handed once something did not fit.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  std::string text() {
    std::size_t size = 0;
    const char* const end = rest_.data() + rest_.size();
    const auto [at, error] = std::from_chars(rest_.data(), end, size);
    const auto left = static_cast<std::size_t>(end - at);
    if (error != std::errc{} || left < 2 || *at != ':' || size > left - 2 || at[size + 1] != '\n') {
      good_ = false;
      rest_ = {};
      return {};
    }
    std::string value(at + 1, size);
    rest_.remove_prefix(static_cast<std::size_t>(at - rest_.data()) + size + 2);
    return value;
  }

  std::uint32_t number() {
    const std::string digits = text();
    std::uint32_t value = 0;
    const auto [at, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || at != digits.data() + digits.size()) good_ = false;
    return value;
  }

  bool good() const { return good_; }
  bool done() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

std::string write_answer(const KeptAnswer& answer) {
  std::string text(kFirstLine);
  field(text, answer.task_id);
  field(text, answer.task);
  field(text, answer.destination);
  field(text, std::to_string(answer.issues.size()));
  for (const Issue& issue : answer.issues) {
    field(text, std::to_string(static_cast<unsigned>(issue.severity)));
    field(text, issue.expression);
    field(text, issue.text);
    field(text, std::to_string(issue.position.line));
    field(text, std::to_string(issue.position.column));
    field(text, issue.code);
    field(text, issue.detail_code);
  }
  return text;
}

Result<KeptAnswer> read_answer(std::string_view text) {
  const auto damaged = [] {
    return make_error(ErrorCode::internal, "the kept answer of an earlier message is damaged");
  };
  if (!text.starts_with(kFirstLine)) return damaged();
  Fields fields(text.substr(kFirstLine.size()));
  KeptAnswer answer;
  answer.task_id = fields.text();
  answer.task = fields.text();
  answer.destination = fields.text();
  const std::uint32_t count = fields.number();
  for (std::uint32_t i = 0; i < count && fields.good(); ++i) {
    Issue issue;
    const std::uint32_t severity = fields.number();
    if (severity > static_cast<std::uint32_t>(Severity::information)) return damaged();
    issue.severity = static_cast<Severity>(severity);
    issue.expression = fields.text();
    issue.text = fields.text();
    issue.position.line = fields.number();
    issue.position.column = fields.number();
    issue.code = fields.text();
    issue.detail_code = fields.text();
    answer.issues.push_back(std::move(issue));
  }
  if (!fields.done()) return damaged();
  return answer;
}

}  // namespace concord::exchange
