#include "gateway/agreements/calendar.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "gateway/agreements/detail/yaml.h"
#include "gateway/agreements/detail/zone.h"

namespace concord::agreements {
namespace {

using detail::YamlFile;

constexpr std::array<std::string_view, 7> kDays{"monday", "tuesday",  "wednesday", "thursday",
                                                "friday", "saturday", "sunday"};

/// "09:00" as minutes after midnight; "24:00" is the end of the day.
std::optional<std::int16_t> parse_time(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = detail::parse_whole(text.substr(0, 2));
  const auto minute = detail::parse_whole(text.substr(3, 2));
  if (!hour || !minute || *hour < 0 || *minute < 0 || *minute > 59) return std::nullopt;
  const std::int64_t minutes = *hour * 60 + *minute;
  if (minutes > 1440) return std::nullopt;
  return static_cast<std::int16_t>(minutes);
}

std::optional<OpeningSpan> parse_span(std::string_view text) {
  if (text.size() != 11 || text[5] != '-') return std::nullopt;
  const auto from = parse_time(text.substr(0, 5));
  const auto until = parse_time(text.substr(6));
  if (!from || !until || *from >= *until) return std::nullopt;
  return OpeningSpan{*from, *until};
}

void read_day(YamlFile& file, const YAML::Node& node, std::string_view day,
              std::vector<OpeningSpan>& spans) {
  if (!node.IsSequence()) {
    file.fail(node, fmt::format("'{}' must be a list like [\"09:00-18:00\"]", day));
    return;
  }
  for (const YAML::Node& entry : node) {
    const auto span = entry.IsScalar() ? parse_span(entry.Scalar()) : std::nullopt;
    if (!span) {
      file.fail(entry, "an opening must be like \"09:00-18:00\" and end after it starts");
    } else if (!spans.empty() && span->from <= spans.back().until) {
      file.fail(entry, "openings of a day must follow each other with a gap");
    } else {
      spans.push_back(*span);
    }
  }
}

void read_week(YamlFile& file, const YAML::Node& opening, Calendar& calendar) {
  if (!file.check_mapping(opening, "opening",
                          {kDays[0], kDays[1], kDays[2], kDays[3], kDays[4], kDays[5], kDays[6]})) {
    return;
  }
  bool any = false;
  for (std::size_t i = 0; i < kDays.size(); ++i) {
    const YAML::Node node = opening[std::string(kDays[i])];
    if (!node.IsDefined()) continue;
    read_day(file, node, kDays[i], calendar.week[i]);
    any = any || !calendar.week[i].empty();
  }
  if (!any && file.good()) file.fail(opening, "a calendar must open at some time of the week");
}

void read_closed_days(YamlFile& file, const YAML::Node& closed, Calendar& calendar) {
  if (!closed.IsDefined()) return;
  if (!closed.IsSequence()) {
    file.fail(closed, "'closed_on' must be a list of dates");
    return;
  }
  for (const YAML::Node& entry : closed) {
    const auto day = entry.IsScalar() ? detail::parse_day(entry.Scalar()) : std::nullopt;
    if (!day) {
      file.fail(entry, "'closed_on' must hold dates like 2026-12-25");
    } else {
      calendar.closed_on.insert(std::chrono::sys_days{*day});
    }
  }
}

}  // namespace

Result<Calendar> read_calendar(std::string_view yaml, std::string_view name) {
  YamlFile file{std::string(name)};
  const YAML::Node root = file.parse(yaml);
  if (!file.good()) return std::move(file).error();
  Calendar calendar;
  file.check_mapping(root, "a calendar", {"id", "time_zone", "opening", "closed_on"});
  if (auto id = file.required(root, "id")) calendar.id = std::move(*id);
  if (auto zone = file.required(root, "time_zone")) {
    calendar.time_zone = std::move(*zone);
    if (detail::Zone::find(calendar.time_zone) == nullptr) {
      file.fail(root["time_zone"], "unknown time zone; names are like Europe/London");
    }
  }
  if (root["opening"].IsDefined()) {
    read_week(file, root["opening"], calendar);
  } else {
    file.fail(root, "'opening' is missing");
  }
  read_closed_days(file, root["closed_on"], calendar);
  if (!file.good()) return std::move(file).error();
  return calendar;
}

}  // namespace concord::agreements
