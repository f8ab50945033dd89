#include "fhir/packages/version.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace concord::packages {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view until(std::string_view text, char stop) { return text.substr(0, text.find(stop)); }

/// Cuts off what stands before `stop`, and it.
std::string_view take(std::string_view& text, char stop) {
  const std::string_view first = until(text, stop);
  text.remove_prefix(std::min(text.size(), first.size() + 1));
  return first;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

/// Numbers of any length, leading zeros aside.
std::strong_ordering compare_numbers(std::string_view a, std::string_view b) {
  const auto trimmed = [](std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
    return text;
  };
  a = trimmed(a), b = trimmed(b);
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

/// "2018-08-12", "2020-11".
bool is_date(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00";
  if (text.size() != 7 && text.size() != 10) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kShape[i] == '0' ? !is_digit(text[i]) : text[i] != '-') return false;
  }
  return true;
}

struct Parts {
  std::string_view numbers;  ///< "4.0.1"
  std::string_view label;    ///< "ballot"
};

/// Of a semantic version, or one that has fewer or more numbers ("4.0", "1.2.3.4").
std::optional<Parts> parts_of(std::string_view text) {
  if (is_date(text)) return std::nullopt;
  text = until(text, '+');
  Parts parts;
  parts.label = text;
  parts.numbers = take(parts.label, '-');
  for (std::string_view rest = parts.numbers; !rest.empty();) {
    if (!all_digits(take(rest, '.'))) return std::nullopt;
  }
  if (parts.numbers.empty() || parts.numbers.back() == '.') return std::nullopt;
  return parts;
}

std::strong_ordering compare_numbered(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const auto order = compare_numbers(take(a, '.'), take(b, '.'));
    if (order != 0) return order;
  }
  return std::strong_ordering::equal;
}

/// Semver 11.4: identifiers left to right, numbers below texts, the shorter list first.
std::strong_ordering compare_labels(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return b.size() <=> a.size();  // a release comes after its labels
  while (!a.empty() && !b.empty()) {
    const std::string_view left = take(a, '.'), right = take(b, '.');
    const bool numbers = all_digits(left) && all_digits(right);
    if (!numbers && all_digits(left) != all_digits(right)) {
      return all_digits(left) ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    const auto order = numbers ? compare_numbers(left, right) : left.compare(right) <=> 0;
    if (order != 0) return order;
  }
  return a.size() <=> b.size();
}

std::strong_ordering compare_texts(std::string_view a, std::string_view b) {
  const auto run = [](std::string_view text) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    return text.substr(0, static_cast<std::size_t>(end - text.begin()));
  };
  while (!a.empty() && !b.empty()) {
    const std::string_view left = run(a), right = run(b);
    if (!left.empty() && !right.empty()) {
      const auto order = compare_numbers(left, right);
      if (order != 0) return order;
      a.remove_prefix(left.size()), b.remove_prefix(right.size());
    } else if (a.front() != b.front()) {
      return static_cast<unsigned char>(a.front()) <=> static_cast<unsigned char>(b.front());
    } else {
      a.remove_prefix(1), b.remove_prefix(1);
    }
  }
  return a.size() <=> b.size();
}

int class_of(std::string_view text) {
  if (text.empty()) return 0;
  if (parts_of(text)) return 3;
  return is_date(text) ? 2 : 1;
}

/// The first `count` numbers, fewer when there are no more.
std::string_view first_numbers(std::string_view numbers, std::size_t count) {
  std::size_t end = 0;
  while (count-- > 0 && end != std::string_view::npos)
    end = numbers.find('.', end == 0 ? 0 : end + 1);
  return numbers.substr(0, end);
}

std::size_t count_numbers(std::string_view numbers) {
  return static_cast<std::size_t>(std::count(numbers.begin(), numbers.end(), '.')) + 1;
}

}  // namespace

std::strong_ordering compare_versions(std::string_view a, std::string_view b) {
  const int kind = class_of(a);
  if (kind != class_of(b)) return kind <=> class_of(b);
  if (kind != 3) return compare_texts(a, b);
  const Parts left = *parts_of(a), right = *parts_of(b);
  const auto order = compare_numbered(left.numbers, right.numbers);
  return order != 0 ? order : compare_labels(left.label, right.label);
}

bool version_fits(std::string_view asked, std::string_view version) {
  if (asked == version) return true;
  const auto wanted = parts_of(asked), given = parts_of(version);
  if (!wanted || !given || !wanted->label.empty()) return false;
  const std::size_t count = count_numbers(wanted->numbers);
  return count < 3 && count < count_numbers(given->numbers) &&
         compare_numbered(first_numbers(given->numbers, count), wanted->numbers) == 0;
}

bool same_minor(std::string_view a, std::string_view b) {
  const auto left = parts_of(a), right = parts_of(b);
  return left && right && count_numbers(left->numbers) >= 2 && count_numbers(right->numbers) >= 2 &&
         compare_numbered(first_numbers(left->numbers, 2), first_numbers(right->numbers, 2)) == 0;
}

bool dependency_fits(std::string_view asked, std::string_view version) {
  if (asked.empty() || asked == "latest" || version_fits(asked, version)) return true;
  if (asked.front() == '^' || asked.front() == '~') {
    const std::size_t kept = asked.front() == '^' ? 1 : 2;
    asked.remove_prefix(1);
    const auto wanted = parts_of(asked), given = parts_of(version);
    return wanted && given && compare_versions(version, asked) >= 0 &&
           compare_numbered(first_numbers(wanted->numbers, kept),
                            first_numbers(given->numbers, kept)) == 0;
  }
  const auto given = parts_of(version);
  if (!given) return false;
  std::string_view rest = given->numbers;
  while (!asked.empty()) {
    const std::string_view part = take(asked, '.');
    if (part == "x" || part == "X" || part == "*") return true;
    if (rest.empty() || !all_digits(part) || compare_numbers(part, take(rest, '.')) != 0)
      return false;
  }
  return false;
}

bool is_prerelease(std::string_view version) {
  const auto parts = parts_of(version);
  return parts && !parts->label.empty();
}

}  // namespace concord::packages
