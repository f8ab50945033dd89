#pragma once
/// What a reader that goes on after mistakes gives back: as much of the tree as could be read, and
/// everything that is wrong with how it was written. Plain values.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/error.h"
#include "fhir/tree/document.h"

namespace concord::tree {

/// One thing wrong with how a document is written.
struct SyntaxFinding {
  Severity severity = Severity::error;  ///< fatal: nothing behind this place was read
  /// The message id of the reference validator ("JSON_COMMENTS_NOT_ALLOWED"); a literal.
  std::string_view message_id;
  std::string_view issue_type = "invalid";  ///< FHIR issue type; a literal
  std::string text;                         ///< names elements, never values
  std::string path;        ///< FHIRPath with indices; empty where nothing was open yet
  std::size_t offset = 0;  ///< byte in the source
  Position position{};     ///< the same as line and column
  /// The node whose member it is about, where the reading still has it; null: the document.
  const Node* owner = nullptr;
  /// The member of `owner` it is about, as written ("_birthDate", "@xsi:type"); may be empty.
  std::string member;
  /// What the text says there, for who knows the definitions (the type of an xsi:type).
  std::string stated;
};

/// The outcome of reading. Nothing is left out of the tree without a finding.
struct Reading {
  /// What could be read. Absent when the text is no document of the format at all (a finding is
  /// fatal then).
  std::optional<Document> document;
  std::vector<SyntaxFinding> findings;  ///< in the order of the text

  /// Whether the text is written as its format asks.
  bool clean() const noexcept { return document.has_value() && findings.empty(); }
};

/// Findings kept of one reading; one more says that there were more.
inline constexpr std::size_t kMostSyntaxFindings = 200;

/// Collects the findings of one reading up to that bound. One thread.
class SyntaxFindings {
 public:
  /// Adds one; past the bound it is only counted.
  void add(SyntaxFinding finding);
  bool full() const noexcept { return kept_.size() >= kMostSyntaxFindings; }
  std::vector<SyntaxFinding>& kept() noexcept { return kept_; }
  /// The findings in the order of the text, with their positions in `source`. Ends the collection.
  std::vector<SyntaxFinding> finish(std::string_view source);

 private:
  std::vector<SyntaxFinding> kept_;
  std::size_t left_out_ = 0;
};

}  // namespace concord::tree
