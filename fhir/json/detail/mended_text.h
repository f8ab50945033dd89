#pragma once
/// A text that is nearly JSON, with what must change before RapidJSON reads it to its end. The
/// tokeniser says where it stands and why it cannot go on; what stands there is judged here, and
/// each change is kept with its place in the text as received.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json/detail/tokeniser.h"

namespace concord::json::detail {

/// One change.
struct Mend {
  enum class Kind : std::uint8_t {
    comma,         ///< was missing; nothing of the source is replaced
    name,          ///< without quotes
    value,         ///< without quotes
    number,        ///< one RapidJSON refuses (1e400) or JSON does (01): still a number, as written
    control,       ///< a control character in a string
    no_character,  ///< an escape for U+0000
    surrogate,     ///< an escape for half a character
  };
  std::size_t offset = 0;  ///< in the source
  std::size_t length = 0;  ///< of what it replaces there
  Kind kind = Kind::comma;
};

class MendedText {
 public:
  static constexpr std::size_t kMostMends = 200;

  /// The source must be UTF-8 and outlive this object.
  explicit MendedText(std::string_view source);

  /// The text as it stands after all mends so far.
  const std::string& text() const noexcept { return text_; }
  /// More stands wrong than may be mended, and RapidJSON would not notice.
  bool hopeless() const noexcept { return hopeless_; }
  const std::vector<Mend>& mends() const noexcept { return mends_; }  ///< sorted by offset

  /// Mends what `error` found in text(). False when it cannot be mended, or too much was.
  bool mend(const TokenError& error);

  /// Where a byte of text() stands in the source; what was put in stands at what follows it.
  std::size_t original(std::size_t offset) const noexcept;
  /// The mend of that kind at a place of the source, or null.
  const Mend* find(std::size_t offset, Mend::Kind kind) const noexcept;

 private:
  struct Segment {
    std::size_t mended, original;
    bool frozen;  ///< every byte of it stands at `original`
  };
  bool add(std::size_t begin, std::size_t end, Mend::Kind kind);
  bool mend_word(std::size_t at);
  void mend_escapes();
  void build();

  std::string_view source_;
  std::vector<Mend> mends_;
  std::vector<Segment> segments_;
  std::string text_;
  bool hopeless_ = false;
};

}  // namespace concord::json::detail
