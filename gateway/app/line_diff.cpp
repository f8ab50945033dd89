#include "gateway/app/line_diff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace concord::app {
namespace {

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void append(std::string& to, char sign, std::size_t number, std::string_view line) {
  to += sign;
  to += std::to_string(number) + ' ';
  to += line;
  to += '\n';
}

/// Longest common subsequence by table: what is kept of lines [from, to) of both.
class Common {
 public:
  Common(const Lines& a, const Lines& b, std::size_t from, std::size_t a_end, std::size_t b_end)
      : a_(a),
        b_(b),
        from_(from),
        rows_(a_end - from),
        columns_(b_end - from),
        longest_((rows_ + 1) * (columns_ + 1)) {
    for (std::size_t i = rows_; i-- > 0;) {
      for (std::size_t j = columns_; j-- > 0;) {
        at(i, j) = same(i, j) ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
      }
    }
  }
  bool same(std::size_t i, std::size_t j) const { return a_[from_ + i] == b_[from_ + j]; }
  std::uint32_t& at(std::size_t i, std::size_t j) { return longest_[i * (columns_ + 1) + j]; }
  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }

 private:
  const Lines& a_;
  const Lines& b_;
  std::size_t from_, rows_, columns_;
  std::vector<std::uint32_t> longest_;
};

}  // namespace

std::string line_diff(std::string_view before, std::string_view after) {
  constexpr std::size_t kMostCells = std::size_t{16} << 20;
  const Lines a = lines_of(before), b = lines_of(after);
  std::size_t from = 0, a_end = a.size(), b_end = b.size();
  while (from < a_end && from < b_end && a[from] == b[from]) ++from;
  while (a_end > from && b_end > from && a[a_end - 1] == b[b_end - 1]) --a_end, --b_end;
  std::string text;
  if ((a_end - from + 1) * (b_end - from + 1) > kMostCells) {
    for (std::size_t i = from; i < a_end; ++i) append(text, '-', i + 1, a[i]);
    for (std::size_t j = from; j < b_end; ++j) append(text, '+', j + 1, b[j]);
    return text;
  }
  Common common(a, b, from, a_end, b_end);
  std::size_t i = 0, j = 0;
  while (i < common.rows() || j < common.columns()) {
    if (i < common.rows() && j < common.columns() && common.same(i, j)) {
      ++i;
      ++j;
    } else if (j == common.columns() ||
               (i < common.rows() && common.at(i + 1, j) >= common.at(i, j + 1))) {
      append(text, '-', from + i + 1, a[from + i]);
      ++i;
    } else {
      append(text, '+', from + j + 1, b[from + j]);
      ++j;
    }
  }
  return text;
}

}  // namespace concord::app
