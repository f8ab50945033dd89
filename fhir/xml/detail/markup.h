#pragma once
/// What both XML writers share: escaping, names, lines, limits.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/core/output.h"
#include "fhir/tree/document.h"
#include "fhir/xml/writer.h"

namespace concord::xml::detail {

/// How a run of characters is escaped.
enum class Escaping : unsigned char {
  text,           ///< between tags: & < >
  attribute,      ///< & < > " ' and every kind of white space becomes spaces
  fhir_attribute  ///< & < > " and white space but the space as character references
};

/// Appends `text`; false when it holds a character XML 1.0 cannot carry (section 2.2).
bool append_escaped(Output& out, std::string_view text, Escaping escaping);

/// A name without colon that XML allows. Source: Namespaces in XML 1.0, NCName.
bool is_name(std::string_view text);

/// Recursion is bounded by this, whatever the limits say.
inline constexpr std::size_t kMostWrittenDepth = 1000;

/// Output, limits and the error of one writer.
class Markup {
 public:
  Markup(const tree::Document& document, const WriteOptions& options, std::size_t expected);

  Output& out() { return out_; }
  void declaration();
  /// A line feed and the indentation of a level; nothing when not indenting.
  void line(std::size_t level) {
    if (options_.indent != 0) out_.put_line(level * options_.indent);
  }

  /// Counts a node at a depth; false over a limit.
  bool count(const tree::Node& node, std::size_t depth) {
    ++nodes_;
    if (depth <= most_depth_ && nodes_ <= options_.limits.max_nodes && !out_.over_limit())
        [[likely]] {
      return true;
    }
    return over_limit(node, depth);
  }
  bool fail(ErrorCode code, const tree::Node& node, std::string text);
  bool escaped(const tree::Node& node, std::string_view text, Escaping escaping) {
    return append_escaped(out_, text, escaping) || not_a_character(node);
  }
  bool name(const tree::Node& node, std::string_view text);
  /// Whether the node's own name can be written; each is looked at once per document.
  bool is_own_name(const tree::Node& node, std::string_view name) {
    const std::uint16_t symbol = tree::number(node.name());
    std::uint64_t& known = known_names_[symbol >> 6];
    const std::uint64_t bit = std::uint64_t{1} << (symbol & 63);
    if ((known & bit) == 0) {
      if (!is_name(name)) return fail_name(node);
      known |= bit;
    }
    return true;
  }

  Result<std::string> finish(bool good);

 private:
  bool over_limit(const tree::Node& node, std::size_t depth);
  bool not_a_character(const tree::Node& node);
  bool fail_name(const tree::Node& node);

  const tree::Document& document_;
  const WriteOptions& options_;
  const std::size_t most_depth_;
  Output out_;
  std::size_t nodes_ = 0;
  std::array<std::uint64_t, 1024> known_names_{};
  std::optional<Error> error_;
};

}  // namespace concord::xml::detail
