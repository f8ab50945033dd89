#include "fhir/mapping/trace.h"

#include "fhir/mapping/json_lines.h"

namespace concord::mapping {
std::string_view skip_text(Skip why) noexcept {
  switch (why) {
    case Skip::source_empty:
      return "its source is not there";
    case Skip::other_type:
      return "no item of its source has the type it asks for";
    case Skip::where_false:
      return "its `where` holds for no item";
    case Skip::not_picked:
      return "its list mode leaves no item";
    case Skip::target_absent:
      return "the element it would write into was not made";
    case Skip::value_empty:
      return "the value it would write is empty";
    case Skip::argument_empty:
      return "an argument of the group it calls is empty";
  }
  return "";
}

std::string trace_text(const TraceRecorder& trace) {
  std::string lines;
  for (const TargetWrite& write : trace.writes()) {
    lines += write.target_document->path(*write.target);
    lines += "  <-  ";
    if (write.source == nullptr) {
      lines += "(constant)";
    } else {
      lines += write.source_document->path(*write.source);
      if (write.source->source_offset() != tree::Node::kNoOffset) {
        lines += " @" + std::to_string(write.source->source_offset());
      }
    }
    lines += "  ";
    lines += write.group;
    lines += " \"";
    lines += write.rule;
    lines += "\" (";
    lines += write.file;
    lines += ':' + std::to_string(write.at.line) + ':' + std::to_string(write.at.column) + ")\n";
  }
  return lines;
}

std::string trace_json_lines(const TraceRecorder& trace) {
  std::string lines;
  for (const TargetWrite& write : trace.writes()) {
    lines += '{';
    json_lines::member(lines, "map", write.map);
    json_lines::member(lines, "group", write.group);
    json_lines::member(lines, "rule", write.rule);
    json_lines::member(lines, "file", write.file);
    json_lines::member(lines, "line", write.at.line);
    json_lines::member(lines, "column", write.at.column);
    if (write.source != nullptr) {
      json_lines::member(lines, "source", write.source_document->path(*write.source));
      if (write.source->source_offset() != tree::Node::kNoOffset) {
        json_lines::member(lines, "offset", write.source->source_offset());
      }
    }
    json_lines::member(lines, "target", write.target_document->path(*write.target));
    lines += "}\n";
  }
  return lines;
}

}  // namespace concord::mapping
