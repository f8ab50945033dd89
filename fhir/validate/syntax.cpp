#include "fhir/validate/syntax.h"

#include <algorithm>
#include <iterator>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/validate/detail/shapes.h"
#include "fhir/xml/reader.h"

namespace concord::validate {

using definitions::Definitions;
using tree::Reading;
using tree::SyntaxFinding;

namespace {

bool looks_like_xml(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  const bool sixteen = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
  return sixteen || (first != std::string_view::npos && text[first] == '<') ||
         text.starts_with(std::string_view("\0<", 2));
}

Reading read_again(std::string text, bool xml, const Definitions& definitions,
                   const SyntaxOptions& options, const tree::Limits& limits) {
  Reading reading = xml ? xml::read_fhir_collecting(std::move(text), definitions.symbols(), limits)
                        : json::read_collecting(std::move(text), definitions.symbols(), limits,
                                                {.comments = options.allow_comments});
  if (!reading.document) return reading;
  tree::SyntaxFindings findings;
  for (SyntaxFinding& finding : reading.findings) findings.add(std::move(finding));
  detail::Shapes shapes(*reading.document, definitions, findings, xml);
  const bool good = shapes.mend();
  if (good) {
    tree::Builder builder(*reading.document);
    definitions::annotate(builder, definitions);
    shapes.settle();
  }
  reading.findings = findings.finish(reading.document->source());
  if (!good) reading.document.reset();
  return reading;
}

}  // namespace

Reading read_for_validation(std::string text, const Definitions& definitions,
                            const SyntaxOptions& options, const tree::Limits& limits) {
  const bool xml = looks_like_xml(text);
  auto document = xml ? xml::read_fhir(text, definitions.symbols(), limits)
                      : json::read(text, definitions.symbols(), limits);
  if (document) {
    tree::Builder builder(*document);
    definitions::annotate(builder, definitions);
    if (detail::fits(*document, definitions, xml)) return {*std::move(document), {}};
  }
  return read_again(std::move(text), xml, definitions, options, limits);
}

Report with_syntax(std::vector<SyntaxFinding> findings, Report report) {
  std::vector<Issue> issues;
  issues.reserve(findings.size() + report.issues.size());
  for (SyntaxFinding& finding : findings) {
    report.errors += finding.severity <= Severity::error;
    issues.push_back(Issue{finding.severity, std::move(finding.path), std::move(finding.text),
                           finding.position, std::string(finding.issue_type),
                           std::string(finding.message_id)});
  }
  std::move(report.issues.begin(), report.issues.end(), std::back_inserter(issues));
  report.issues = std::move(issues);
  return report;
}

}  // namespace concord::validate
