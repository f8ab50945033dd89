#include <algorithm>
#include <cstring>
#include <new>

#include "fhir/core/utf8.h"
#include "fhir/json/detail/collecting_events.h"
#include "fhir/json/detail/faults.h"
#include "fhir/json/detail/lenient_tokeniser.h"
#include "fhir/json/detail/mended_text.h"
#include "fhir/json/reader.h"

namespace concord::json {
namespace {

using detail::Mend;

constexpr std::size_t kMostBytes = std::size_t{1} << 31;  // offsets are 32 bits

/// For runs that only look for the next fault.
struct NoEvents {
  bool key(std::string_view, std::size_t) { return true; }
  bool string(std::string_view, std::size_t) { return true; }
  bool number(std::string_view, std::size_t) { return true; }
  bool boolean(bool, std::size_t) { return true; }
  bool null(std::size_t) { return true; }
  bool begin_object(std::size_t) { return true; }
  bool end_object() { return true; }
  bool begin_array(std::size_t) { return true; }
  bool end_array() { return true; }
};

tree::SyntaxFinding fatal(std::string_view id, std::string text, std::size_t offset) {
  tree::SyntaxFinding finding;
  finding.severity = Severity::fatal;
  finding.message_id = id;
  finding.text = std::move(text);
  finding.offset = offset;
  return finding;
}

tree::Reading only(tree::SyntaxFinding finding, std::string_view source) {
  tree::SyntaxFindings findings;
  findings.add(std::move(finding));
  return {std::nullopt, findings.finish(source)};
}

/// Mends until RapidJSON reaches the end. Returns what it cannot get over.
detail::TokenError mend(detail::MendedText& text, std::vector<detail::Comment>& comments) {
  if (text.hopeless()) return {detail::Fault::escape, 0};
  std::vector<char> scratch;
  NoEvents events;
  for (;;) {
    scratch.assign(text.text().begin(), text.text().end());
    scratch.resize(scratch.size() + detail::kPadding, '\0');
    const detail::TokenError error =
        detail::tokenise_leniently(scratch.data(), text.text().size(), events, comments);
    if (error.fault == detail::Fault::none || !text.mend(error)) return error;
  }
}

/// The comments and mends a person should hear of, in their order.
std::vector<detail::Oddity> oddities(const detail::MendedText& text,
                                     const std::vector<detail::Comment>& comments,
                                     const Leniency& leniency) {
  std::vector<detail::Oddity> all;
  for (const Mend& made : text.mends()) {
    if (made.kind != Mend::Kind::number) all.push_back({made.offset, made.kind});
  }
  if (!leniency.comments) {
    for (const detail::Comment& comment : comments) {
      all.push_back({text.original(comment.begin), std::nullopt});
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.offset < b.offset; });
  return all;
}

tree::Reading read_all(std::string source, const tree::Symbols& symbols, const tree::Limits& limits,
                       const Leniency& leniency) {
  constexpr std::string_view kNotJson = "Error_parsing_JSON_";
  if (source.size() > limits.max_bytes || source.size() >= kMostBytes) {
    auto finding = fatal(kNotJson, "more than " + std::to_string(limits.max_bytes) + " bytes", 0);
    finding.issue_type = "too-long";
    return only(std::move(finding), source);
  }
  if (const std::size_t at = invalid_utf8_at(source); at != std::string_view::npos) {
    return only(fatal(kNotJson, "not UTF-8", at), source);
  }
  if (source.starts_with("\xEF\xBB\xBF")) source.erase(0, 3);

  tree::Document document(symbols, limits);
  document.set_source(std::move(source));
  detail::MendedText text(document.source());
  std::vector<detail::Comment> comments;
  if (const auto error = mend(text, comments); error.fault != detail::Fault::none) {
    return only(
        fatal(kNotJson, std::string(detail::fault_text(error.fault)), text.original(error.offset)),
        document.source());
  }
  const auto odd = oddities(text, comments, leniency);

  const std::size_t size = text.text().size();
  char* scratch =
      static_cast<char*>(document.arena().allocate(size + detail::kPadding, detail::kPadding));
  std::memcpy(scratch, text.text().data(), size);
  std::memset(scratch + size, 0, detail::kPadding);
  detail::CollectingEvents events(document, text, comments, odd);
  std::vector<detail::Comment> again;
  static_cast<void>(detail::tokenise_leniently(scratch, size, events, again));
  events.end();
  if (!events.good()) return {std::nullopt, events.findings().finish(document.source())};
  auto findings = events.findings().finish(document.source());
  return {std::move(document), std::move(findings)};
}

}  // namespace

tree::Reading read_collecting(std::string source, const tree::Symbols& symbols,
                              const tree::Limits& limits, const Leniency& leniency) {
  try {
    return read_all(std::move(source), symbols, limits, leniency);
  } catch (const std::bad_alloc&) {
    auto finding = fatal("Error_parsing_JSON_", "no memory to read the message", 0);
    finding.issue_type = "transient";
    return only(std::move(finding), {});
  }
}

}  // namespace concord::json
