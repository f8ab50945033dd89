#include "mappers/core/round_trip.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "fhir/mapping/json_lines.h"
#include "fhir/mapping/record.h"

namespace concord::mappers {
namespace {

using mapping::RecordedElement;
using mapping::RecordedRead;
using mapping::RecordedStep;
using mapping::RecordedWrite;
using mapping::RuleRow;
using mapping::RunRecord;

constexpr std::uint32_t kNone = RecordedStep::kNone;

/// "[0]" says nothing where an element stands alone.
std::string without_first_index(std::string path) {
  constexpr std::string_view kFirst = "[0]";
  for (std::size_t at = path.find(kFirst); at != std::string::npos; at = path.find(kFirst, at)) {
    path.erase(at, kFirst.size());
  }
  return path;
}

std::string told(const RunRecord& run, std::uint32_t rule) {
  const RuleRow& row = run.maps->rules()[rule];
  return row.group + " \"" + row.rule + "\" (" + row.file + ':' + std::to_string(row.at.line) +
         ':' + std::to_string(row.at.column) + ')';
}

/// A value of one of the two resources.
struct Value {
  const RecordedElement* element;
  std::uint32_t index;  ///< into the record
  std::string key;      ///< resource type and element, without indices
  std::string value;
  bool paired = false;
};

/// The last name of a path.
std::string_view name_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

/// Values that count, in document order.
std::vector<Value> values_of(const std::vector<RecordedElement>& elements) {
  std::map<std::string, std::string, std::less<>> types;  // of entries, by full url and by id
  const auto type_of = [](const RecordedElement& element) {
    return element.in_resource.substr(0, element.in_resource.find('.'));
  };
  std::string full_url;
  for (const RecordedElement& element : elements) {
    const std::string key = mapping::without_indices(element.in_resource);
    if (key == "Bundle.entry.fullUrl") full_url = element.value;
    if (key == type_of(element) && !full_url.empty() && key != "Bundle") {
      types.emplace(std::exchange(full_url, {}), key);
    }
    if (key == type_of(element) + ".id")
      types.emplace(type_of(element) + '/' + element.value, type_of(element));
  }
  std::vector<Value> values;
  for (std::uint32_t i = 0; i < elements.size(); ++i) {
    const RecordedElement& element = elements[i];
    if (!element.has_value) continue;
    Value value{
        &element, i,
        mapping::without_indices(element.in_resource.empty() ? element.path : element.in_resource),
        element.value, false};
    const std::string type = type_of(element);
    if (value.key == type + ".id" || value.key == "Bundle.entry.fullUrl") continue;
    if (name_of(value.key) == "reference") {
      if (const auto known = types.find(value.value); known != types.end()) {
        value.value = "-> " + known->second;
      }
    }
    values.push_back(std::move(value));
  }
  return values;
}

/// Looks up what happened to an element in a run.
class Ways {
 public:
  explicit Ways(const RunRecord& run)
      : run_(run), readers_(run.sources.size()), writers_(run.targets.size()) {
    for (const RecordedRead& read : run.reads) readers_[read.source].push_back(&read);
    for (const RecordedWrite& write : run.writes) {
      writers_[write.target].push_back(&write);
      by_step_[write.step].push_back(&write);
      if (write.source != kNone) by_source_[write.source].push_back(&write);
    }
    for (std::uint32_t i = 0; i < run.sources.size(); ++i) {
      sources_.emplace(without_first_index(run.sources[i].path), i);
    }
  }

  const RunRecord& run() const { return run_; }
  const std::vector<const RecordedRead*>& readers(std::uint32_t source) const {
    return readers_[source];
  }
  const RecordedWrite* writer(std::uint32_t target) const {
    return writers_[target].empty() ? nullptr : writers_[target].back();
  }
  /// The source of that path; kNone: none.
  std::uint32_t source_at(const std::string& path) const {
    const auto at = sources_.find(without_first_index(path));
    return at == sources_.end() ? kNone : at->second;
  }
  /// Writes of values that a source went into, those that name it first.
  std::vector<const RecordedWrite*> writes_of(std::uint32_t source) const {
    std::vector<const RecordedWrite*> found;
    const auto add = [&](const std::vector<const RecordedWrite*>& writes) {
      for (const RecordedWrite* write : writes) {
        if (std::find(found.begin(), found.end(), write) == found.end()) found.push_back(write);
      }
    };
    if (const auto at = by_source_.find(source); at != by_source_.end()) add(at->second);
    for (const RecordedRead* read : readers_[source]) {
      if (const auto at = by_step_.find(read->step); read->step != kNone && at != by_step_.end()) {
        add(at->second);
      }
    }
    // A copy takes along what is below.
    const std::string& path = run_.sources[source].path;
    for (const auto& [above, writes] : by_source_) {
      const std::string& other = run_.sources[above].path;
      if (path.size() > other.size() && path.starts_with(other) && path[other.size()] == '.') {
        for (const RecordedWrite* write : writes) {
          if (!run_.targets[write->target].has_value && read_at(source, write->step)) add({write});
        }
      }
    }
    return found;
  }

 private:
  bool read_at(std::uint32_t source, std::uint32_t step) const {
    return std::any_of(readers_[source].begin(), readers_[source].end(),
                       [&](const RecordedRead* read) { return read->step == step; });
  }

  const RunRecord& run_;
  std::vector<std::vector<const RecordedRead*>> readers_;
  std::vector<std::vector<const RecordedWrite*>> writers_;
  std::map<std::uint32_t, std::vector<const RecordedWrite*>> by_step_, by_source_;
  std::map<std::string, std::uint32_t> sources_;
};

/// Follows a value of the message through both runs, as far as it goes.
void follow(const Ways& out, const Ways& back, std::uint32_t source, RoundTripChange& change) {
  const auto& readers = out.readers(source);
  if (readers.empty()) {
    change.reason = "no rule reads it";
    return;
  }
  change.forward = told(out.run(), readers.front()->rule);
  change.reason = "read, but nothing is written of it";
  for (const RecordedWrite* write : out.writes_of(source)) {
    const std::string& target = out.run().targets[write->target].path;
    const std::uint32_t there = back.source_at(target);
    if (change.written_to.empty()) {
      change.forward = told(out.run(), write->rule);
      change.written_to = target;
      change.reason = "written, and no rule reads it back";
    }
    if (there == kNone || back.readers(there).empty()) continue;
    change.forward = told(out.run(), write->rule);
    change.written_to = target;
    change.backward = told(back.run(), back.readers(there).front()->rule);
    change.reason = "written and read back, but not into this element";
    return;
  }
}

}  // namespace

Result<RoundTrip> round_trip(const tree::Document& fhir, const Mapper& mapper,
                             const Parameters& parameters) {
  mapping::RunRecorder out_record, back_record;
  CONCORD_ASSIGN(const Encoded encoded, mapper.encode(fhir, parameters, &out_record));
  CONCORD_ASSIGN(const Decoded decoded,
                 mapper.decode(encoded.bytes, encoded.content_type, parameters, &back_record));
  if (out_record.runs().empty() || back_record.runs().empty()) {
    return make_error(ErrorCode::unsupported, "the format's maps cannot be followed");
  }
  RoundTrip report;
  report.message_kind = encoded.message_kind;
  report.interaction = encoded.interaction;
  const Ways out(out_record.runs().back()), back(back_record.runs().back());
  std::vector<Value> before = values_of(out.run().sources), after = values_of(back.run().targets);

  std::map<std::string, std::vector<Value*>> there;
  for (Value& value : after) there[value.key].push_back(&value);
  const auto pair = [&](Value& value, bool equal) -> Value* {
    const auto candidates = there.find(value.key);
    if (candidates == there.end()) return nullptr;
    for (Value* candidate : candidates->second) {
      if (candidate->paired || (equal && candidate->value != value.value)) continue;
      candidate->paired = value.paired = true;
      return candidate;
    }
    return nullptr;
  };
  for (Value& value : before) report.kept += pair(value, true) != nullptr ? 1 : 0;
  for (Value& value : before) {
    if (value.paired) continue;
    RoundTripChange change;
    change.path = value.element->path;
    change.before = value.element->value;
    follow(out, back, value.index, change);
    if (const Value* other = pair(value, false)) {
      change.kind = RoundTripChange::Kind::changed;
      change.came_back_at = other->element->path;
      change.after = other->element->value;
      const RecordedWrite* write = back.writer(other->index);
      if (write != nullptr) change.backward = told(back.run(), write->rule);
      change.reason = "comes back with another value";
      ++report.changed;
    } else {
      ++report.lost;
    }
    report.changes.push_back(std::move(change));
  }
  for (const Value& value : after) {
    if (value.paired) continue;
    RoundTripChange change;
    change.kind = RoundTripChange::Kind::added;
    change.path = value.element->path;
    change.after = value.element->value;
    const RecordedWrite* write = back.writer(value.index);
    if (write != nullptr) change.backward = told(back.run(), write->rule);
    change.reason = write == nullptr ? "comes with its parent" : "only in what came back";
    ++report.added;
    report.changes.push_back(std::move(change));
  }
  return report;
}

namespace {

constexpr std::array<std::string_view, 3> kWords{"lost", "changed", "added"};

std::string summary(const RoundTrip& report) {
  return std::to_string(report.kept) + " values kept, " + std::to_string(report.changed) +
         " changed, " + std::to_string(report.lost) + " lost, " + std::to_string(report.added) +
         " added";
}

}  // namespace

std::string round_trip_text(const RoundTrip& report, bool values) {
  std::string text;
  for (const RoundTripChange& change : report.changes) {
    text += kWords[static_cast<std::size_t>(change.kind)];
    text += "  " + change.path;
    if (!change.came_back_at.empty() && change.came_back_at != change.path) {
      text += "  at " + change.came_back_at;
    }
    text += ": " + change.reason + '\n';
    if (values && change.kind != RoundTripChange::Kind::added)
      text += "    - " + change.before + '\n';
    if (values && change.kind != RoundTripChange::Kind::lost)
      text += "    + " + change.after + '\n';
    if (!change.forward.empty()) {
      text += "    out   " + change.forward;
      if (!change.written_to.empty()) text += " -> " + change.written_to;
      text += '\n';
    }
    if (!change.backward.empty()) text += "    back  " + change.backward + '\n';
  }
  text += report.message_kind + " (" + report.interaction + "): " + summary(report) + '\n';
  return text;
}

std::string round_trip_json_lines(const RoundTrip& report, bool values) {
  namespace json = mapping::json_lines;
  std::string lines;
  const auto optional = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) json::member(lines, name, text);
  };
  for (const RoundTripChange& change : report.changes) {
    lines += '{';
    json::member(lines, "change", kWords[static_cast<std::size_t>(change.kind)]);
    json::member(lines, "path", change.path);
    optional("cameBackAt", change.came_back_at);
    json::member(lines, "reason", change.reason);
    optional("out", change.forward);
    optional("writtenTo", change.written_to);
    optional("back", change.backward);
    if (values) {
      optional("before", change.before);
      optional("after", change.after);
    }
    lines += "}\n";
  }
  lines += '{';
  json::member(lines, "kind", report.message_kind);
  json::member(lines, "interaction", report.interaction);
  json::member(lines, "kept", report.kept);
  json::member(lines, "changed", report.changed);
  json::member(lines, "lost", report.lost);
  json::member(lines, "added", report.added);
  lines += "}\n";
  return lines;
}

}  // namespace concord::mappers
