#include "fhir/mapping/trace.h"

#include <array>

namespace concord::mapping {
namespace {

void append_json(std::string& to, std::string_view text) {
  constexpr std::array<char, 16> kHex{'0', '1', '2', '3', '4', '5', '6', '7',
                                      '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
  to += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      to += '\\';
      to += c;
    } else if (byte < 0x20) {
      to += "\\u00";
      to += kHex[byte >> 4];
      to += kHex[byte & 15];
    } else {
      to += c;
    }
  }
  to += '"';
}

void append_member(std::string& to, std::string_view name, std::string_view text) {
  to += to.back() == '{' ? "\"" : ",\"";
  to += name;
  to += "\":";
  append_json(to, text);
}

void append_member(std::string& to, std::string_view name, std::uint32_t number) {
  to += ",\"";
  to += name;
  to += "\":" + std::to_string(number);
}

}  // namespace

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
    append_member(lines, "map", write.map);
    append_member(lines, "group", write.group);
    append_member(lines, "rule", write.rule);
    append_member(lines, "file", write.file);
    append_member(lines, "line", write.at.line);
    append_member(lines, "column", write.at.column);
    if (write.source != nullptr) {
      append_member(lines, "source", write.source_document->path(*write.source));
      if (write.source->source_offset() != tree::Node::kNoOffset) {
        append_member(lines, "offset", write.source->source_offset());
      }
    }
    append_member(lines, "target", write.target_document->path(*write.target));
    lines += "}\n";
  }
  return lines;
}

}  // namespace concord::mapping
