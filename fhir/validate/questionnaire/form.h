#pragma once
/// A Questionnaire as answers are checked against it: its items in one list, found by linkId.
/// Source: hl7.org/fhir/R4/questionnaire.html.

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/tree/document.h"

namespace concord::validate::questionnaire {

/// The elements looked at, by their shared symbols.
struct Names {
  explicit Names(const tree::Symbols& symbols);
  tree::Symbol item, link_id, text, type, required, repeats, enable_when, enable_behavior, question,
      operation, answer, answer_option, answer_value_set, max_length, extension, url, system, code,
      display, value, unit, comparator, reference, content_type, data, status, questionnaire,
      authored, effective_period, start, end, derived_from, definition, version, language,
      expression;
};

enum class ItemType : std::uint8_t {
  none,  ///< not given, or no code of R4
  group,
  display,
  boolean,
  decimal,
  integer,
  date,
  date_time,
  time,
  string,
  text,
  url,
  choice,
  open_choice,
  attachment,
  reference,
  quantity,
};

inline constexpr std::uint32_t kNoItem = std::numeric_limits<std::uint32_t>::max();

struct Item {
  const tree::Node* node = nullptr;
  std::string_view link_id;
  ItemType type = ItemType::none;
  bool required = false;
  bool repeats = false;
  std::uint32_t parent = kNoItem;       ///< kNoItem: stands in the Questionnaire itself
  std::uint32_t position = 0;           ///< among its siblings
  std::uint32_t end = 0;                ///< index behind the last item below it
  std::vector<std::uint32_t> children;  ///< in order
};

/// Lives as long as the document of the Questionnaire.
class Form {
 public:
  Form(const tree::Document& document, const tree::Node& questionnaire, const Names& names);

  const tree::Document& document() const noexcept { return *document_; }
  const tree::Node& questionnaire() const noexcept { return *questionnaire_; }
  /// Each item before those below it.
  std::span<const Item> items() const noexcept { return items_; }
  const Item& operator[](std::uint32_t index) const noexcept { return items_[index]; }
  /// Items that stand directly in an item; in the Questionnaire itself for kNoItem.
  std::span<const std::uint32_t> below(std::uint32_t parent) const noexcept;

  /// The first item with a linkId anywhere; kNoItem when there is none.
  std::uint32_t find(std::string_view link_id) const noexcept;
  /// The first item with a linkId directly in `parent`.
  std::uint32_t find_below(std::uint32_t parent, std::string_view link_id) const noexcept;
  /// Whether `item` is `other` or stands anywhere below it.
  bool is_within(std::uint32_t item, std::uint32_t other) const noexcept {
    return item >= other && item < items_[other].end;
  }
  /// The innermost item that holds both, itself included; kNoItem: only the Questionnaire does.
  std::uint32_t common(std::uint32_t a, std::uint32_t b) const noexcept;

 private:
  const tree::Document* document_;
  const tree::Node* questionnaire_;
  std::vector<Item> items_;
  std::vector<std::uint32_t> top_;
  std::map<std::string_view, std::vector<std::uint32_t>> by_link_id_;
};

// ---- reading nodes -----------------------------------------------------------------------------

/// The text of a child; empty when there is none.
std::string_view value_of(const tree::Node& node, tree::Symbol name) noexcept;
/// The value[x] of an element (of an extension, an answer, an option); null when there is none.
const tree::Node* value_child(const tree::Document& document, const tree::Node& node) noexcept;
/// The value of the first extension with that url; null when there is none.
const tree::Node* extension_value(const tree::Document& document, const tree::Node& node,
                                  std::string_view url, const Names& names) noexcept;
/// The values of all of them.
std::vector<const tree::Node*> extension_values(const tree::Document& document,
                                                const tree::Node& node, std::string_view url,
                                                const Names& names);
/// The same as a whole number; nothing when it is none.
std::optional<std::int64_t> extension_integer(const tree::Document& document,
                                              const tree::Node& node, std::string_view url,
                                              const Names& names);

}  // namespace concord::validate::questionnaire
