#include "gateway/resources/detail/outcome.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fhir/json/writer.h"
#include "fhir/tree/builder.h"

namespace concord::resources::detail {

using tree::Builder;
using tree::Flag;
using tree::Kind;
using tree::Node;

namespace {

/// System of Issue::detail_code when it names none.
constexpr std::string_view kDetailSystem = "https://concord.example/CodeSystem/issue-detail";

class Writer {
 public:
  explicit Writer(const tree::Symbols& symbols) : document_(symbols), builder_(document_) {
    builder_.set_type(builder_.root(), builder_.symbol("OperationOutcome"));
    builder_.set_flag(builder_.root(), Flag::resource);
  }

  void add(const Issue& issue, std::string_view default_code) {
    Node* node = element(&builder_.root(), "issue", true);
    text(node, "severity", severity_name(issue.severity));
    text(node, "code", issue.code.empty() ? default_code : std::string_view(issue.code));
    Node* details = element(node, "details");
    if (!issue.detail_code.empty()) {
      Node* coding = element(details, "coding", true);
      text(coding, "system",
           issue.detail_system.empty() ? kDetailSystem : std::string_view(issue.detail_system));
      text(coding, "code", issue.detail_code);
    }
    text(details, "text", issue.text.empty() ? std::string_view("no text") : issue.text);
    if (issue.position.line != 0) {
      text(node, "diagnostics",
           "line " + std::to_string(issue.position.line) + ", column " +
               std::to_string(issue.position.column));
    }
    text(node, "expression", issue.expression, true);
  }

  std::string finish() const {
    auto written = json::write(document_);
    if (written) return *std::move(written);
    return R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"exception"}]})";
  }

 private:
  Node* element(Node* parent, std::string_view name, bool repeats = false,
                Kind kind = Kind::element) {
    if (parent == nullptr) return nullptr;
    Node* node = builder_.append(*parent, builder_.symbol(name), kind);
    if (node != nullptr && repeats) builder_.set_flag(*node, Flag::in_array);
    return node;
  }
  void text(Node* parent, std::string_view name, std::string_view value, bool repeats = false) {
    if (value.empty()) return;
    if (Node* node = element(parent, name, repeats, Kind::string); node != nullptr) {
      builder_.set_copy(*node, value);
    }
  }

  tree::Document document_;
  Builder builder_;
};

}  // namespace

std::string write_outcome(const tree::Symbols& symbols, const std::vector<Issue>& issues,
                          std::string_view default_code) {
  Writer writer(symbols);
  for (const Issue& issue : issues) writer.add(issue, default_code);
  if (issues.empty()) {
    writer.add(Issue{Severity::information, {}, "no issues", {}, "informational", {}}, {});
  }
  return writer.finish();
}

std::string write_outcome(const tree::Symbols& symbols, const Error& error) {
  const ErrorRow& row = error_row(error.code);
  if (!error.issues.empty()) return write_outcome(symbols, error.issues, row.issue_type);
  return write_outcome(symbols, {Issue{Severity::error, {}, std::string(row.name), {}, {}, {}}},
                       row.issue_type);
}

std::string status_line(int status) {
  constexpr std::array<std::pair<int, std::string_view>, 20> kReasons{{
      {200, "OK"},
      {201, "Created"},
      {204, "No Content"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {409, "Conflict"},
      {410, "Gone"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {422, "Unprocessable Entity"},
      {429, "Too Many Requests"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  }};
  const auto at = std::find_if(kReasons.begin(), kReasons.end(),
                               [status](const auto& row) { return row.first == status; });
  std::string line = std::to_string(status);
  if (at != kReasons.end()) line.append(" ").append(at->second);
  return line;
}

}  // namespace concord::resources::detail
