#include "conformance/runner/compare.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "fhir/core/decimal.h"
#include "fhir/core/instant.h"

namespace concord::runner {

namespace {

struct StatusRow {
  std::string_view name;
  int status;
};

constexpr StatusRow kStatuses[] = {
    {"okay", 200},
    {"created", 201},
    {"noContent", 204},
    {"notModified", 304},
    {"bad", 400},
    {"forbidden", 403},
    {"notFound", 404},
    {"methodNotAllowed", 405},
    {"conflict", 409},
    {"gone", 410},
    {"preconditionFailed", 412},
    {"unprocessable", 422},
    // R5
    {"continue", 100},
    {"switchingProtocols", 101},
    {"accepted", 202},
    {"nonAuthoritativeInformation", 203},
    {"resetContent", 205},
    {"partialContent", 206},
    {"multipleChoices", 300},
    {"movedPermanently", 301},
    {"found", 302},
    {"seeOther", 303},
    {"useProxy", 305},
    {"temporaryRedirect", 307},
    {"permanentRedirect", 308},
    {"badRequest", 400},
    {"unauthorized", 401},
    {"paymentRequired", 402},
    {"notAcceptable", 406},
    {"proxyAuthenticationRequired", 407},
    {"requestTimeout", 408},
    {"lengthRequired", 411},
    {"contentTooLarge", 413},
    {"uriTooLong", 414},
    {"unsupportedMediaType", 415},
    {"rangeNotSatisfiable", 416},
    {"expectationFailed", 417},
    {"misdirectedRequest", 421},
    {"unprocessableContent", 422},
    {"upgradeRequired", 426},
    {"internalServerError", 500},
    {"notImplemented", 501},
    {"badGateway", 502},
    {"serviceUnavailable", 503},
    {"gatewayTimeout", 504},
    {"httpVersionNotSupported", 505},
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> listed(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto comma = text.find(',');
    parts.push_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

/// "2024", "2024-05", "2024-05-06": the length says the precision; 0: no date.
std::size_t date_length(std::string_view text) {
  if (text.size() != 4 && text.size() != 7 && text.size() != 10) return 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9') return 0;
  }
  return text.size();
}

/// An instant as time; a dateTime without zone counts as UTC.
std::optional<Instant> time_of(std::string_view text) {
  if (text.size() < 11 || text[10] != 'T' || date_length(text.substr(0, 10)) == 0) return {};
  std::string whole(text);
  const auto zone = whole.find_first_of("Z+-", 11);
  if (zone == std::string::npos) whole += 'Z';
  if (whole.size() > 16 && whole[16] != ':') whole.insert(16, ":00");  // no seconds written
  auto parsed = parse_instant(whole);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

int sign(std::strong_ordering order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

bool one_holds(std::string_view actual, std::string_view op, std::string_view expected) {
  if (op == "equals") return order(actual, expected) == 0;
  if (op == "in") {
    const auto all = listed(expected);
    return std::any_of(all.begin(), all.end(),
                       [&](std::string_view one) { return order(actual, one) == 0; });
  }
  if (op == "greaterThan") return order(actual, expected) > 0;
  if (op == "lessThan") return order(actual, expected) < 0;
  return actual.find(expected) != std::string_view::npos;  // contains
}

}  // namespace

int order(std::string_view a, std::string_view b) {
  a = trimmed(a);
  b = trimmed(b);
  if (a == b) return 0;
  const std::size_t dates[] = {date_length(a), date_length(b)};
  const auto times = std::make_pair(time_of(a), time_of(b));
  if (times.first && times.second)
    return *times.first < *times.second ? -1 : *times.first > *times.second ? 1 : 0;
  // "2024" beside "1999" are numbers as well as years: the same order, the same equality.
  if (dates[0] != 4 || dates[1] != 4) {
    const std::size_t known_a = times.first ? 10 : dates[0];
    const std::size_t known_b = times.second ? 10 : dates[1];
    if (known_a != 0 && known_b != 0) {
      const std::size_t both = std::min(known_a, known_b);
      return a.substr(0, both).compare(b.substr(0, both));
    }
  }
  const auto number_a = Decimal::parse(a), number_b = Decimal::parse(b);
  if (number_a && number_b) return sign(*number_a <=> *number_b);
  return a.compare(b);
}

Result<bool> compare(const std::vector<std::string>& actual, std::string_view op,
                     std::string_view expected) {
  if (op.empty()) op = "equals";
  const auto any_text = [&] {
    return std::any_of(actual.begin(), actual.end(), [](const auto& one) { return !one.empty(); });
  };
  if (op == "empty") return !any_text();
  if (op == "notEmpty") return any_text();
  std::string_view positive = op;
  bool negated = false;
  if (op == "notEquals") positive = "equals", negated = true;
  if (op == "notIn") positive = "in", negated = true;
  if (op == "notContains") positive = "contains", negated = true;
  if (op == "eval") positive = "equals", expected = expected.empty() ? "true" : expected;
  constexpr std::string_view kPositive[] = {"equals", "in", "greaterThan", "lessThan", "contains"};
  if (std::find(std::begin(kPositive), std::end(kPositive), positive) == std::end(kPositive)) {
    return make_error(ErrorCode::unsupported, "no operator of R4");
  }
  const bool found = std::any_of(actual.begin(), actual.end(), [&](const std::string& one) {
    return one_holds(one, positive, expected);
  });
  return found != negated;
}

std::string shown(const std::vector<std::string>& values) {
  constexpr std::size_t kMost = 200;
  std::string made;
  for (const std::string& value : values) {
    if (!made.empty()) made += ", ";
    made += value;
    if (made.size() > kMost) break;
  }
  if (made.size() > kMost) {
    std::size_t end = kMost;
    while (end > 0 && (static_cast<unsigned char>(made[end]) & 0xC0) == 0x80) --end;
    made.resize(end);
    made += "…";
  }
  return values.empty() ? "nothing" : made;
}

int status_of(std::string_view response) {
  for (const StatusRow& row : kStatuses) {
    if (row.name == response) return row.status;
  }
  return 0;
}

bool status_in(int status, std::string_view list) {
  bool only_excluded = true, found = false;
  for (std::string_view one : listed(list)) {
    const bool excluded = one.starts_with('!');
    if (excluded) one.remove_prefix(1);
    bool matches = false;
    if (one.size() == 3 && (one.ends_with("xx") || one.ends_with("XX"))) {
      matches = status / 100 == one[0] - '0';
    } else {
      int number = status_of(one);
      if (number == 0) std::from_chars(one.data(), one.data() + one.size(), number);
      matches = number == status;
    }
    if (excluded && matches) return false;
    if (!excluded) {
      only_excluded = false;
      found = found || matches;
    }
  }
  return found || only_excluded;
}

}  // namespace concord::runner
