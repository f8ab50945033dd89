// concord map trace: for every element written its rule and source, for every element read the
// rules that read it.
#include <algorithm>
#include <ostream>
#include <set>

#include "fhir/mapping/json_lines.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/map_work.h"

namespace concord::app {
namespace {

using mapping::RecordedElement;
using mapping::RecordedStep;
using mapping::RecordedWrite;
using mapping::RunRecord;

std::string with_offset(const RecordedElement& element) {
  if (element.offset == tree::Node::kNoOffset) return element.path;
  return element.path + " @" + std::to_string(element.offset);
}

/// Rules that read each source element, each rule once, in order of reading.
std::vector<std::vector<std::uint32_t>> readers_of(const RunRecord& run) {
  std::vector<std::vector<std::uint32_t>> readers(run.sources.size());
  for (const mapping::RecordedRead& read : run.reads) {
    std::vector<std::uint32_t>& of = readers[read.source];
    if (std::find(of.begin(), of.end(), read.rule) == of.end()) of.push_back(read.rule);
  }
  return readers;
}

std::vector<std::vector<const RecordedWrite*>> writers_of(const RunRecord& run) {
  std::vector<std::vector<const RecordedWrite*>> writers(run.targets.size());
  for (const RecordedWrite& write : run.writes) writers[write.target].push_back(&write);
  return writers;
}

void print_tables(const RunRecord& run, std::ostream& out) {
  const mapping::RuleTable& rules = run.maps->rules();
  out << "# written element  <-  source element  rule\n";
  const auto writers = writers_of(run);
  for (std::size_t i = 0; i < run.targets.size(); ++i) {
    if (writers[i].empty()) {
      out << run.targets[i].path << "  <-  (comes with its parent)\n";
    }
    for (const RecordedWrite* write : writers[i]) {
      out << run.targets[i].path << "  <-  "
          << (write->source == RecordedStep::kNone ? std::string("(constant)")
                                                   : with_offset(run.sources[write->source]))
          << "  " << told(rules[write->rule]) << '\n';
    }
  }
  out << "\n# source element  ->  rules that read it\n";
  const auto readers = readers_of(run);
  for (std::size_t i = 0; i < run.sources.size(); ++i) {
    if (!run.sources[i].has_value) continue;
    out << with_offset(run.sources[i]) << "  ->  ";
    if (readers[i].empty()) out << "unread";
    for (std::size_t j = 0; j < readers[i].size(); ++j) {
      out << (j == 0 ? "" : ", ") << told(rules[readers[i][j]]);
    }
    out << '\n';
  }
}

void append_rule(std::string& to, const mapping::RuleRow& rule) {
  namespace json = mapping::json_lines;
  json::member(to, "map", rule.map);
  json::member(to, "group", rule.group);
  json::member(to, "rule", rule.rule);
  json::member(to, "file", rule.file);
  json::member(to, "line", rule.at.line);
  json::member(to, "column", rule.at.column);
}

void append_source(std::string& to, const RecordedElement& element) {
  namespace json = mapping::json_lines;
  json::member(to, "source", element.path);
  if (element.offset != tree::Node::kNoOffset) json::member(to, "offset", element.offset);
}

/// One object a line: {"target", rule, "source"} for what was written, then {"source", "readBy"}
/// for what there was to read.
std::string json_lines_of(const RunRecord& run) {
  namespace json = mapping::json_lines;
  const mapping::RuleTable& rules = run.maps->rules();
  std::string lines;
  const auto writers = writers_of(run);
  for (std::size_t i = 0; i < run.targets.size(); ++i) {
    if (writers[i].empty()) {
      lines += '{';
      json::member(lines, "target", run.targets[i].path);
      json::member(lines, "fixed", true);
      lines += "}\n";
    }
    for (const RecordedWrite* write : writers[i]) {
      lines += '{';
      append_rule(lines, rules[write->rule]);
      if (write->source != RecordedStep::kNone) append_source(lines, run.sources[write->source]);
      json::member(lines, "target", run.targets[i].path);
      lines += "}\n";
    }
  }
  const auto readers = readers_of(run);
  for (std::size_t i = 0; i < run.sources.size(); ++i) {
    if (!run.sources[i].has_value) continue;
    lines += '{';
    append_source(lines, run.sources[i]);
    json::name(lines, "readBy");
    lines += '[';
    for (std::size_t j = 0; j < readers[i].size(); ++j) {
      lines += j == 0 ? "{" : ",{";
      append_rule(lines, rules[readers[i][j]]);
      lines += '}';
    }
    lines += ']';
    json::member(lines, "unread", readers[i].empty());
    lines += "}\n";
  }
  return lines;
}

struct Options {
  MapWorkOptions work;
  bool json = false;
};

int trace(const Options& options, Streams& streams) {
  const auto work = MapWork::run(options.work);
  if (!work) {
    print_error(streams.err, options.work.source, work.error());
    return kFailed;
  }
  for (const RunRecord& run : (*work)->runs()) {
    if (options.json) {
      streams.out << json_lines_of(run);
    } else {
      print_tables(run, streams.out);
    }
  }
  if (!(*work)->stopped()) return kDone;
  print_error(streams.err, options.work.source, *(*work)->stopped());
  return kFailed;
}

}  // namespace

void register_map_trace(commands::Table& table) {
  CLI::App& below = table.add(
      "trace",
      "Translate a message and print, for each element written, its source, group, rule and line, "
      "and for each element of the message the rules that read it, or `unread`",
      "concord demo-bundle | concord map trace | grep unread", table.find("map"));
  const auto options = std::make_shared<Options>();
  add_map_options(below, options->work);
  below.add_flag("--json", options->json, "JSON lines");
  table.on(below, [options](Streams& streams) { return trace(*options, streams); });
}

}  // namespace concord::app
