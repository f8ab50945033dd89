#pragma once
/// Fills a document from the events of a tokeniser without ever stopping at what is wrong: that
/// becomes findings.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json/detail/lenient_tokeniser.h"
#include "fhir/json/detail/mended_text.h"
#include "fhir/json/detail/twins.h"
#include "fhir/tree/builder.h"
#include "fhir/tree/name_set.h"
#include "fhir/tree/reading.h"

namespace concord::json::detail {

/// A comment (no kind) or a mend, to be reported with the element it stands at.
struct Oddity {
  std::size_t offset = 0;  ///< in the source
  std::optional<Mend::Kind> kind;
};

/// Events of tokenise_leniently(), with offsets into the mended text. As in the reader that stops,
/// a member that is a primitive, its `_name` companion and the members of an array all end in nodes
/// of one name below the object's node.
class CollectingEvents {
 public:
  /// Everything must outlive this object; `comments` are those of the mended text.
  CollectingEvents(tree::Document& document, const MendedText& text,
                   const std::vector<Comment>& comments, const std::vector<Oddity>& odd);

  bool key(std::string_view name, std::size_t offset);
  bool string(std::string_view value, std::size_t offset);
  bool number(std::string_view value, std::size_t offset);
  bool boolean(bool value, std::size_t offset);
  bool null(std::size_t offset);
  bool begin_object(std::size_t offset);
  bool end_object(std::size_t bracket);
  bool begin_array(std::size_t offset);
  bool end_array(std::size_t bracket);
  /// After the last event.
  void end();

  /// Whether there is a resource.
  bool good() const noexcept { return !stopped_; }
  tree::SyntaxFindings& findings() noexcept { return findings_; }

 private:
  using Node = tree::Node;
  /// An object whose end has not come.
  struct Frame {
    Node* node;
    tree::NameSet::Mark names;
    std::string_view member;   ///< the member at hand as written, "_given"
    Node* existing = nullptr;  ///< the next node of this member its twin made
    Node* last = nullptr;      ///< the last node this member has passed or made
    std::size_t member_offset = 0;
    std::uint32_t array_size = 0;
    std::uint32_t members = 0;
    tree::Symbol symbol = tree::Symbol::kNone;  ///< of the member without its "_"
    bool in_array = false;
    bool companion = false;     ///< the member at hand is a `_name`
    bool is_type = false;       ///< the member at hand is `resourceType`
    bool passed_over = false;   ///< the values of the member at hand leave no trace
    bool gaps = false;          ///< nodes may lack both value and children
    bool is_companion = false;  ///< this object is the value of a `_name`
    bool wrong_type = false;    ///< its resourceType is no string
    std::int32_t twins = Twins::kNone;
  };

  bool open(Node& node, std::size_t offset, bool is_companion);
  bool scalar(tree::Kind kind, std::string_view value, std::size_t offset);
  void resource_type(Frame& frame, std::string_view value, std::size_t offset);
  Node* next_node(Frame& frame, tree::Kind kind, std::size_t offset);
  Node* append(Frame& frame, tree::Kind kind, std::size_t offset);
  void forget_twin(Frame& frame);
  void fill_gaps(Node& node);
  void extra_comma(std::size_t bracket, std::string_view where);
  bool resource_may_stand_here(const Frame& frame) const;

  std::string path_of_member(const Frame& frame) const;
  tree::SyntaxFinding finding(std::string_view id, std::string text, std::size_t offset) const;
  void report(std::string_view id, std::string text, std::size_t offset);
  void report_at_object(std::string_view id, std::string text, std::size_t offset);
  bool stop(std::string_view id, std::string text, std::size_t offset,
            std::string_view issue_type = "invalid");
  void tell(std::size_t offset, bool at_value);
  bool reaches_value(std::size_t offset) {
    if (next_odd_ < odd_.size() || !waiting_.empty()) tell(offset, true);
    return skipped_ == 0;
  }

  tree::Document& document_;
  const MendedText& text_;
  const std::vector<Comment>& comments_;
  const std::vector<Oddity>& odd_;
  tree::Builder build_;
  tree::NameSet names_;
  Twins twins_;
  std::vector<Frame> frames_;
  tree::SyntaxFindings findings_;
  std::size_t next_odd_ = 0;
  std::vector<Oddity> waiting_;  ///< comments that wait for a value
  std::size_t skipped_ = 0;      ///< brackets open in what leaves no trace
  bool stopped_ = false;
};

}  // namespace concord::json::detail
