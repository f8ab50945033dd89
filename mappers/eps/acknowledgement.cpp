#include "mappers/eps/acknowledgement.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "fhir/xml/reader.h"

namespace concord::eps {
namespace {

constexpr std::string_view kSystems = "2.16.840.1.113883.2.1.3.2.4.";
constexpr std::string_view kInteraction = "MCCI_IN010000UK13";
constexpr std::size_t kLongestDisplay = 200;
constexpr std::size_t kMostParts = 32;
/// An answer is a few kilobytes; what is far over that is not read.
constexpr tree::Limits kLimits{
    .max_bytes = std::size_t{4} << 20, .max_depth = 60, .max_nodes = 100'000};

std::string_view take_word(std::string_view& line) {
  const std::size_t start = std::min(line.find_first_not_of(' '), line.size());
  line.remove_prefix(start);
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

const tree::Node* child(const tree::Document& document, const tree::Node& node,
                        std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
}

std::string_view attribute(const tree::Document& document, const tree::Node& node,
                           std::string_view name) {
  const tree::Node* found = child(document, node, name);
  return found == nullptr ? std::string_view{} : found->text();
}

/// The first element of that name, the root included.
const tree::Node* find(const tree::Document& document, std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  if (symbol == tree::Symbol::kNone) return nullptr;
  std::vector<const tree::Node*> open{&document.root()};
  while (!open.empty()) {
    const tree::Node* node = open.back();
    open.pop_back();
    if (node->name() == symbol) return node;
    const std::size_t before = open.size();
    for (const tree::Node& inner : node->children()) open.push_back(&inner);
    std::reverse(open.begin() + static_cast<std::ptrdiff_t>(before), open.end());
  }
  return nullptr;
}

/// The bodies of a MIME package; the whole text when it is none. Source: RFC 2046 section 5.1.1.
std::vector<std::string_view> parts_of(std::string_view bytes) {
  const std::size_t start = bytes.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || !bytes.substr(start).starts_with("--")) return {bytes};
  bytes.remove_prefix(start);
  const std::string_view boundary =
      bytes.substr(0, std::min(bytes.find_first_of("\r\n"), bytes.size()));
  std::vector<std::string_view> parts;
  while (parts.size() < kMostParts && bytes.starts_with(boundary)) {
    bytes.remove_prefix(boundary.size());
    const std::size_t end = std::min(bytes.find(boundary), bytes.size());
    const std::string_view part = bytes.substr(0, end);
    bytes.remove_prefix(end);
    // Headers end at the first empty line.
    std::size_t body = part.find("\r\n\r\n");
    std::size_t gap = 4;
    if (const std::size_t plain = part.find("\n\n"); plain < body) {
      body = plain;
      gap = 2;
    }
    if (body != std::string_view::npos) parts.push_back(part.substr(body + gap));
  }
  return parts;
}

void add_issue(mappers::Acknowledgement& to, const tree::Document& document, const tree::Node* code,
               const SpineCodes& codes) {
  if (code == nullptr) return;
  to.issues.push_back(codes.issue(attribute(document, *code, "codeSystem"),
                                  attribute(document, *code, "code"),
                                  attribute(document, *code, "displayName")));
}

Result<mappers::Acknowledgement> judge(const tree::Document& document, const tree::Node& message,
                                       const SpineCodes& codes) {
  const tree::Node* said = child(document, message, "acknowledgement");
  if (said == nullptr) {
    return make_error(ErrorCode::invalid, "the answer has no acknowledgement",
                      std::string(kInteraction));
  }
  mappers::Acknowledgement answer;
  answer.code = std::string(attribute(document, *said, "typeCode"));
  if (const tree::Node* reference = child(document, *said, "messageRef")) {
    if (const tree::Node* id = child(document, *reference, "id")) {
      answer.refers_to = std::string(attribute(document, *id, "root"));
    }
  }
  if (answer.refers_to.empty()) {
    return make_error(ErrorCode::invalid, "the acknowledgement does not say what it answers",
                      "acknowledgement.messageRef.id");
  }
  if (answer.code == "AA") return answer;
  answer.verdict = mappers::Acknowledgement::Verdict::refused;
  if (answer.code == "AR") {
    for (const tree::Node* detail = child(document, *said, "acknowledgementDetail");
         detail != nullptr; detail = detail->next_same()) {
      add_issue(answer, document, child(document, *detail, "code"), codes);
    }
  } else if (answer.code == "AE" || answer.code == "ER") {
    const tree::Node* event = child(document, message, "ControlActEvent");
    for (const tree::Node* reason = event == nullptr ? nullptr : child(document, *event, "reason");
         reason != nullptr; reason = reason->next_same()) {
      const tree::Node* found = child(document, *reason, "justifyingDetectedIssueEvent");
      if (found != nullptr) add_issue(answer, document, child(document, *found, "code"), codes);
    }
  } else {
    return make_error(ErrorCode::invalid,
                      "the typeCode of the acknowledgement is not AA, AE, AR or ER",
                      "acknowledgement.typeCode");
  }
  if (answer.issues.empty()) {
    answer.issues.push_back(Issue{
        Severity::error, {}, "Spine refused the message without a reason", {}, "invalid", "ERROR"});
  }
  return answer;
}

}  // namespace

Result<SpineCodes> SpineCodes::read(std::string_view text) {
  SpineCodes codes;
  std::uint32_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with("#")) continue;
    Row row;
    row.system = take_word(line);
    row.code = take_word(line);
    row.issue_type = take_word(line);
    row.published = take_word(line);
    if (!line.empty()) row.text = line.substr(1);
    if (row.text.empty()) {
      return make_error(ErrorCode::internal, "spine_codes.txt: five columns are needed",
                        "spine_codes.txt", Position{number, 1});
    }
    codes.rows_.push_back(std::move(row));
  }
  return codes;
}

Issue SpineCodes::issue(std::string_view system, std::string_view code,
                        std::string_view display) const {
  if (system.starts_with(kSystems)) system.remove_prefix(kSystems.size());
  Issue issue;
  const auto row = std::find_if(rows_.begin(), rows_.end(), [&](const Row& candidate) {
    return (candidate.system == "*" || candidate.system == system) &&
           (candidate.code == "*" || candidate.code == code);
  });
  if (row == rows_.end()) return issue;
  if (row->issue_type == "informational") issue.severity = Severity::information;
  issue.code = row->issue_type;
  issue.detail_code = row->published == "-" ? std::string(code.substr(0, 64)) : row->published;
  issue.text = row->text == "-" ? std::string(display.substr(0, kLongestDisplay)) : row->text;
  return issue;
}

Result<mappers::Acknowledgement> read_acknowledgement(std::string_view bytes,
                                                      const SpineCodes& codes,
                                                      const tree::Symbols& symbols) {
  if (bytes.size() > kLimits.max_bytes) {
    return make_error(ErrorCode::too_long, "the answer is longer than an answer of Spine can be");
  }
  std::optional<Error> unreadable;
  for (const std::string_view part : parts_of(bytes)) {
    const std::size_t start = part.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos || part[start] != '<') continue;
    const std::size_t end = part.find_last_of('>');
    if (end == std::string_view::npos || end < start) continue;
    const auto document =
        xml::read(std::string(part.substr(start, end + 1 - start)), symbols, kLimits);
    if (!document) {
      unreadable = document.error();
      continue;
    }
    if (const tree::Node* message = find(*document, kInteraction)) {
      return judge(*document, *message, codes);
    }
  }
  if (unreadable) return *std::move(unreadable);
  return make_error(ErrorCode::unsupported, "this is no acknowledgement of Spine");
}

}  // namespace concord::eps
