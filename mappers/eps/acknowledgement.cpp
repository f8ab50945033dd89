#include "mappers/eps/acknowledgement.h"

#include <string>
#include <string_view>
#include <utility>

#include "fhir/tree/document.h"
#include "mappers/eps/envelope.h"

namespace concord::eps {
namespace {

Severity severity_of(std::string_view code) {
  if (code == "information") return Severity::information;
  if (code == "warning") return Severity::warning;
  return code == "fatal" ? Severity::fatal : Severity::error;
}

/// The issues of an OperationOutcome with the published code as detail_code.
std::vector<Issue> issues_of(const tree::Document& outcome) {
  std::vector<Issue> issues;
  const tree::Symbol name = outcome.find("issue");
  if (name == tree::Symbol::kNone) return issues;
  for (const tree::Node* at = outcome.root().child(name); at != nullptr; at = at->next_same()) {
    Issue issue;
    issue.severity = severity_of(text_at(outcome, *at, {"severity"}));
    issue.code = text_at(outcome, *at, {"code"});
    issue.detail_code = text_at(outcome, *at, {"details", "coding", "code"});
    issue.text = text_at(outcome, *at, {"details", "coding", "display"});
    if (issue.detail_code.empty()) issue.detail_code = "ERROR";
    if (issue.text.empty()) issue.text = text_at(outcome, *at, {"diagnostics"});
    issues.push_back(std::move(issue));
  }
  return issues;
}

/// What became of a cancellation that was not done: the status coding of the Bundle's
/// MedicationRequest.
Issue cancellation_issue(const tree::Document& bundle) {
  Issue issue;
  issue.code = "business-rule";
  if (const tree::Node* coding = find_element(bundle, bundle.root(), "valueCoding")) {
    issue.detail_code = text_at(bundle, *coding, {"code"});
    issue.text = text_at(bundle, *coding, {"display"});
  }
  return issue;
}

}  // namespace

mappers::Acknowledgement verdict_of(mappers::Acknowledgement said,
                                    const Result<mappers::Decoded>& translated) {
  if (!translated) {
    said.verdict = mappers::Acknowledgement::Verdict::refused;
    said.issues = translated.error().issues;
    return said;
  }
  const tree::Document& resource = *translated->resource;
  const bool outcome = resource.text(resource.root().type()) == "OperationOutcome";
  if (said.code == "AA" && !outcome) return said;
  said.verdict = mappers::Acknowledgement::Verdict::refused;
  if (outcome) {
    said.issues = issues_of(resource);
  } else {
    said.issues.push_back(cancellation_issue(resource));
  }
  return said;
}

}  // namespace concord::eps
