// Timing: hl7.org/fhir/R4/datatypes.html#Timing.
#include <charconv>
#include <vector>

#include "fhir/dosage/detail/parts.h"
#include "fhir/dosage/detail/quantities.h"
#include "fhir/dosage/detail/words.h"

namespace concord::dosage::detail {

namespace {

/// A value of timing.repeat as written; empty when it is not there.
std::string_view value_of(const Source& source, std::string_view name) {
  const tree::Node* node = source.child(source.repeat(), name);
  return node == nullptr ? std::string_view() : node->text();
}

/// The unit of time in that element of timing.repeat. Errors: invalid (absent or unknown).
Result<const TimeUnit*> unit_of(const Source& source, std::string_view name) {
  const tree::Node& repeat = *source.repeat();
  CONCORD_ASSIGN(const std::string_view code,
                 source.text(repeat, name, "a unit of time is needed"));
  const TimeUnit* unit = time_unit(code);
  if (unit == nullptr) {
    return source.invalid(*source.child(&repeat, name), "a unit of time that has no words");
  }
  return unit;
}

/// "a day", "every 8 hours", "every 1 to 2 hours"; empty without a period.
Result<std::string> period(const Source& source) {
  const std::string_view length = value_of(source, "period");
  const std::string_view most = value_of(source, "periodMax");
  if (length.empty() && most.empty()) return std::string();
  if (length.empty()) return source.invalid(*source.repeat(), "a periodMax needs a period");
  CONCORD_ASSIGN(const TimeUnit* unit, unit_of(source, "periodUnit"));
  if (!most.empty()) {
    return "every " + std::string(length) + " to " + std::string(most) + " " +
           counted(most, unit->name);
  }
  if (length == "1") return std::string(unit->article);
  return "every " + std::string(length) + " " + counted(length, unit->name);
}

/// The values of a repeating element, each put into words. Errors: what `words` gives.
template <typename Words>
Result<std::vector<std::string>> each(const tree::Node* first, Words&& words) {
  std::vector<std::string> all;
  for (const tree::Node* at = first; at != nullptr; at = at->next_same()) {
    CONCORD_ASSIGN(std::string text, words(*at));
    all.push_back(std::move(text));
  }
  return all;
}

Result<std::string> day(const Source& source, const tree::Node& node) {
  auto text = day_of(node.text());
  if (!text) return source.invalid(node, "no date with a day");
  return *std::move(text);
}

}  // namespace

Result<std::string> duration(const Source& source) {
  const std::string_view length = value_of(source, "duration");
  const std::string_view most = value_of(source, "durationMax");
  if (length.empty() && most.empty()) return std::string();
  if (length.empty()) return source.invalid(*source.repeat(), "a durationMax needs a duration");
  CONCORD_ASSIGN(const TimeUnit* unit, unit_of(source, "durationUnit"));
  std::string text = "over " + std::string(length) + " " + counted(length, unit->name);
  if (!most.empty()) {
    text += " (maximum " + std::string(most) + " " + counted(most, unit->name) + ")";
  }
  return text;
}

Result<std::string> frequency_and_period(const Source& source) {
  const std::string_view times = value_of(source, "frequency");
  const std::string_view most = value_of(source, "frequencyMax");
  const std::string_view length = value_of(source, "period");
  const std::string_view longest = value_of(source, "periodMax");
  if (times.empty() && most.empty()) {
    if (length.empty() && longest.empty()) return std::string();
    if (length != "1" || !longest.empty()) {
      return source.invalid(*source.repeat(), "a period other than 1 needs a frequency");
    }
    CONCORD_ASSIGN(const TimeUnit* unit, unit_of(source, "periodUnit"));
    return std::string(unit->each);
  }
  CONCORD_ASSIGN(const std::string every, period(source));
  std::string text;
  if (times == "1" && most.empty()) {
    if (every.empty()) return std::string("once");
    return length == "1" && longest.empty() ? "once " + every : every;
  }
  if (times == "2" && most.empty()) {
    text = "twice";
  } else if (times.empty()) {
    text = "up to " + std::string(most) + " times";
  } else {
    text = std::string(times) + (most.empty() ? "" : " to " + std::string(most)) + " times";
  }
  return every.empty() ? text : text + " " + every;
}

Result<std::string> offset_and_when(const Source& source) {
  const tree::Node* offset = source.child(source.repeat(), "offset");
  const tree::Node* when = source.child(source.repeat(), "when");
  if (when == nullptr) {
    if (offset != nullptr) return source.invalid(*offset, "an offset needs a when");
    return std::string();
  }
  std::string text;
  if (offset != nullptr) {
    std::int64_t minutes = 0;
    const std::string_view written = offset->text();
    const char* end = written.data() + written.size();
    const auto [stop, fault] = std::from_chars(written.data(), end, minutes);
    if (fault != std::errc() || stop != end || minutes < 0) {
      return source.invalid(*offset, "no number of minutes");
    }
    text = span_of_minutes(minutes) + " ";
  }
  CONCORD_ASSIGN(const auto events, each(when, [&](const tree::Node& node) -> Result<std::string> {
                   const std::string_view words = event_words(node.text());
                   if (words.empty()) return source.invalid(node, "an event that has no words");
                   return std::string(words);
                 }));
  return text + list_of(events);
}

Result<std::string> day_and_time(const Source& source) {
  const tree::Node* repeat = source.repeat();
  CONCORD_ASSIGN(const auto days, each(source.child(repeat, "dayOfWeek"),
                                       [&](const tree::Node& node) -> Result<std::string> {
                                         const std::string_view name = weekday(node.text());
                                         if (name.empty())
                                           return source.invalid(node, "no weekday");
                                         return std::string(name);
                                       }));
  CONCORD_ASSIGN(const auto times, each(source.child(repeat, "timeOfDay"),
                                        [&](const tree::Node& node) -> Result<std::string> {
                                          auto time = time_of(node.text());
                                          if (!time) return source.invalid(node, "no time of day");
                                          return *std::move(time);
                                        }));
  std::string text;
  if (!days.empty()) text = "on " + list_of(days);
  if (!times.empty()) text += (text.empty() ? "at " : " at ") + list_of(times);
  return text;
}

Result<std::string> bounds(const Source& source) {
  const tree::Node* repeat = source.repeat();
  if (const tree::Node* length = source.child(repeat, "boundsDuration")) {
    CONCORD_ASSIGN(const Amount given, amount(source, *length, Plural::of_time));
    return "for " + given.text();
  }
  if (const tree::Node* between = source.child(repeat, "boundsRange")) {
    CONCORD_ASSIGN(const std::string given, range(source, *between, Plural::of_time));
    return "for " + given;
  }
  const tree::Node* limits = source.child(repeat, "boundsPeriod");
  if (limits == nullptr) return std::string();
  const tree::Node* start = source.child(limits, "start");
  const tree::Node* end = source.child(limits, "end");
  if (start == nullptr && end == nullptr) {
    return source.invalid(*limits, "a period needs a start or an end");
  }
  std::string text;
  if (start != nullptr) {
    CONCORD_ASSIGN(const std::string first, day(source, *start));
    text = "from " + first;
  }
  if (end != nullptr) {
    CONCORD_ASSIGN(const std::string last, day(source, *end));
    text += (start != nullptr ? " to " : "until ") + last;
  }
  return text;
}

Result<std::string> count(const Source& source) {
  const std::string_view times = value_of(source, "count");
  const std::string_view most = value_of(source, "countMax");
  if (times.empty() && most.empty()) return std::string();
  if (times.empty()) return source.invalid(*source.repeat(), "a countMax needs a count");
  if (!most.empty()) return "take " + std::string(times) + " to " + std::string(most) + " times";
  if (times == "1") return std::string("take once");
  if (times == "2") return std::string("take twice");
  return "take " + std::string(times) + " times";
}

Result<std::string> event(const Source& source) {
  CONCORD_ASSIGN(const auto days, each(source.child(source.of_dosage("timing"), "event"),
                                       [&](const tree::Node& node) { return day(source, node); }));
  return days.empty() ? std::string() : "on " + list_of(days);
}

}  // namespace concord::dosage::detail
