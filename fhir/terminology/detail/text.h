#pragma once
/// Texts of the tables, folded texts, languages. Pure functions. Internal to the room.

#include <flatbuffers/flatbuffers.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace concord::terminology::detail {

inline std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}

/// url and version of a canonical, at the first "|".
struct Canonical {
  std::string_view url, version;
};
inline Canonical split(std::string_view canonical) {
  const std::size_t bar = canonical.find('|');
  if (bar == std::string_view::npos) return {canonical, {}};
  return {canonical.substr(0, bar), canonical.substr(bar + 1)};
}
std::string join(std::string_view url, std::string_view version);

/// Whether a version that stands in a table answers the one asked for: equal, or asked for by its
/// first parts ("4.0" is any 4.0.x), or with "x" for a part.
bool version_fits(std::string_view asked, std::string_view have) noexcept;

/// Case folded by Unicode's rules, composed, runs of white space one blank, none at the ends.
std::string fold(std::string_view text);
/// The same with white space as it is.
std::string fold_case(std::string_view text);

/// One language of an Accept-Language list, best first: "de-CH,de;q=0.8,en;q=0".
struct Language {
  std::string tag;  ///< lower case; "*" for any
  double weight = 1;
};
std::vector<Language> languages(std::string_view list);
/// Whether `have` is that language or a region of it: "en" asks for "en-GB" too, and "en-GB" is
/// answered by "en".
bool speaks(std::string_view asked, std::string_view have) noexcept;
/// How well a language answers a list: 0 not at all.
double weight(const std::vector<Language>& asked, std::string_view have) noexcept;

/// The members of a comma-separated list, blanks around them dropped.
std::vector<std::string_view> members(std::string_view list);

/// Open addressing over texts that live elsewhere: text → number. No erase.
class TextIndex {
 public:
  static constexpr std::uint32_t kAbsent = 0xFFFFFFFF;
  TextIndex() = default;
  explicit TextIndex(std::size_t expected);
  /// False when the text is there already.
  bool add(std::string_view text, std::uint32_t number);
  std::uint32_t find(std::string_view text) const noexcept;
  bool contains(std::string_view text) const noexcept { return find(text) != kAbsent; }
  std::size_t size() const noexcept { return rows_.size(); }
  struct Row {
    std::string_view text;
    std::uint32_t number;
  };
  const std::vector<Row>& rows() const noexcept { return rows_; }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t row = 0;  ///< index + 1; 0 is free
  };
  void place(std::uint32_t hash, std::uint32_t row) noexcept;
  void grow();
  std::uint32_t hash(std::string_view text) const noexcept;
  std::vector<Row> rows_;
  std::vector<Slot> slots_;
  std::uint64_t seed_ = 0;  // differs from table to table: nobody can choose codes that collide
};

}  // namespace concord::terminology::detail
