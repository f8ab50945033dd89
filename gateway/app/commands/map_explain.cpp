// concord map explain: why an element is there, or is not.
#include <ostream>

#include "fhir/core/digest.h"
#include "fhir/mapping/json_lines.h"
#include "gateway/app/commands/registry.h"
#include "gateway/app/explain.h"
#include "gateway/app/map_work.h"

namespace concord::app {
namespace {

namespace json = mapping::json_lines;

struct Options {
  MapWorkOptions work;
  std::string why;
  bool values = false;
  bool json = false;
};

/// Enough to see whether two values are the same, and nothing else.
std::string hash_of(const std::string& value) { return to_hex(sha256(value)).substr(0, 16); }

std::string value_told(const std::string& value, bool values) {
  if (value.empty()) return {};
  return values ? "  '" + value + "'" : "  sha256 " + hash_of(value);
}

void print_rule(const MapWork& work, const mapping::RuleRow& rule, std::ostream& out) {
  out << "    " << told(rule) << "  of " << rule.map << '\n';
  if (const std::string text = work.rule_text(rule); !text.empty()) out << "      " << text << '\n';
}

void print(const MapWork& work, const mapping::RunRecord& run, const Explanation& found,
           const Options& options, std::ostream& out) {
  const mapping::RuleTable& rules = run.maps->rules();
  for (const ExplainedWrite& write : found.writes) {
    out << write.target << " is there" << value_told(write.target_value, options.values) << '\n';
    if (write.fixed) out << "    comes with the element that this rule made or copied\n";
    print_rule(work, rules[write.rule], out);
    if (write.source.empty()) {
      out << "    from a constant of the map\n";
      continue;
    }
    out << "    from " << write.source;
    if (write.offset != tree::Node::kNoOffset) out << " @" << write.offset;
    out << value_told(write.source_value, options.values) << '\n';
  }
  for (const ExplainedGap& gap : found.gaps) {
    out << gap.target << " is not there; it could be written by\n";
    print_rule(work, rules[gap.rule], out);
    if (gap.stopped_at == gap.rule) {
      out << "    but " << gap.why << '\n';
    } else {
      out << "    but the way there ends at another rule, for " << gap.why << '\n';
      print_rule(work, rules[gap.stopped_at], out);
    }
  }
  if (!found.writes.empty() || !found.gaps.empty()) return;
  out << options.why << " is not there, and no rule of the maps writes it\n";
  for (const std::string& path : found.neighbours) out << "    near it: " << path << '\n';
}

void append_rule(std::string& to, std::string_view name, const mapping::RuleRow& rule) {
  json::name(to, name);
  to += '{';
  json::member(to, "map", rule.map);
  json::member(to, "group", rule.group);
  json::member(to, "rule", rule.rule);
  json::member(to, "file", rule.file);
  json::member(to, "line", rule.at.line);
  json::member(to, "column", rule.at.column);
  to += '}';
}

std::string json_lines_of(const mapping::RunRecord& run, const Explanation& found,
                          const Options& options) {
  const mapping::RuleTable& rules = run.maps->rules();
  std::string lines;
  const auto value = [&](std::string_view name, const std::string& text) {
    if (text.empty()) return;
    json::member(lines, options.values ? std::string(name) : std::string(name) + "Sha256",
                 options.values ? text : hash_of(text));
  };
  for (const ExplainedWrite& write : found.writes) {
    lines += '{';
    json::member(lines, "target", write.target);
    json::member(lines, "there", true);
    json::member(lines, "withParent", write.fixed);
    append_rule(lines, "rule", rules[write.rule]);
    if (!write.source.empty()) json::member(lines, "source", write.source);
    if (write.offset != tree::Node::kNoOffset) json::member(lines, "offset", write.offset);
    value("sourceValue", write.source_value);
    value("targetValue", write.target_value);
    lines += "}\n";
  }
  for (const ExplainedGap& gap : found.gaps) {
    lines += '{';
    json::member(lines, "target", gap.target);
    json::member(lines, "there", false);
    append_rule(lines, "rule", rules[gap.rule]);
    append_rule(lines, "stoppedAt", rules[gap.stopped_at]);
    json::member(lines, "why", gap.why);
    lines += "}\n";
  }
  if (found.writes.empty() && found.gaps.empty()) {
    lines += '{';
    json::member(lines, "target", options.why);
    json::member(lines, "there", false);
    json::member(lines, "why", "no rule of the maps writes it");
    lines += "}\n";
  }
  return lines;
}

int run_explain(const Options& options, Streams& streams) {
  const auto work = MapWork::run(options.work);
  if (!work) {
    print_error(streams.err, options.work.source, work.error());
    return kFailed;
  }
  for (const mapping::RunRecord& run : (*work)->runs()) {
    const Explanation found = explain(run, options.why);
    if (options.json) {
      streams.out << json_lines_of(run, found, options);
    } else {
      print(**work, run, found, options, streams.out);
    }
  }
  if (!(*work)->stopped()) return kDone;
  print_error(streams.err, options.work.source, *(*work)->stopped());
  return kFailed;
}

}  // namespace

void register_map_explain(commands::Table& table) {
  CLI::App& below = table.add(
      "explain",
      "Translate a message and say why an element of what comes out is there (map, group, rule, "
      "source), or why not: which rules could write it and what stopped each",
      "concord demo-bundle | concord map explain --why pertinentPrescription.performer",
      table.find("map"));
  const auto options = std::make_shared<Options>();
  add_map_options(below, options->work);
  below
      .add_option("--why", options->why,
                  "Path of the element, with indices or without, from the root, from a resource "
                  "(Patient.name) or its last steps")
      ->required();
  below.add_flag("--values", options->values,
                 "Show values, not their hashes: they may be a patient's");
  below.add_flag("--json", options->json, "JSON lines");
  table.on(below, [options](Streams& streams) { return run_explain(*options, streams); });
}

}  // namespace concord::app
