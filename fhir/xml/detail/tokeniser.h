#pragma once
/// The seam between what knows XML text and what knows trees. Events are libxml2's SAX2, cut down
/// to what a tree needs; a faster tokeniser can take its place without the readers noticing.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "fhir/core/error.h"
#include "fhir/tree/document.h"

namespace concord::xml::detail {

inline constexpr std::size_t kMostAttributes = 512;
/// libxml2 stops at 256 levels by itself; readers stop before, with a clear word.
inline constexpr std::size_t kMostDepth = 250;

/// A text the tokeniser reports. When `in_source` it is a view into the source, else it lives until
/// the event returns.
struct Text {
  std::string_view text;
  bool in_source = false;
};

struct Attribute {
  std::string_view name;        ///< without its prefix; the same name has the same address
  std::string_view name_space;  ///< empty: none
  Text value;                   ///< references resolved, white space normalised
};

struct Element {
  std::string_view name;        ///< without its prefix; the same name has the same address
  std::string_view name_space;  ///< empty: none; the same namespace has the same address
  bool has_prefix;
  bool declares_namespace;                ///< it has an `xmlns` attribute of its own
  std::span<const Attribute> attributes;  ///< without namespace declarations
  std::size_t offset;                     ///< of its `<`
};

/// What a reader does with the events. Each may stop the tokeniser by stop().
class Events {
 public:
  virtual void begin(const Element& element) = 0;
  virtual void end(std::size_t offset) = 0;                    ///< right behind the end tag
  virtual void text(const Text& run, std::size_t offset) = 0;  ///< may come in pieces
  virtual void cdata(const Text& run, std::size_t offset) = 0;
  /// A processing instruction; false: the text is refused for it.
  virtual bool instruction(std::size_t) { return false; }

  void stop(Error error) {
    if (!error_) error_ = std::move(error);
  }
  bool stopped() const { return error_.has_value(); }
  std::optional<Error>& error() { return error_; }

 protected:
  ~Events() = default;

 private:
  std::optional<Error> error_;
};

/// What can be said before a byte is parsed: size, UTF-8, no document type, no other encoding
/// declared, no element with a hostile number of attributes (libxml2 compares each with each).
/// Errors: malformed, too_long.
/// With `oddities`, an encoding declared other than UTF-8 is noted there when the bytes are UTF-8
/// all the same, and processing instructions are left to the events.
struct PrologOddities {
  std::optional<std::size_t> other_encoding;  ///< offset of the declaration
};
Result<void> check_before_parsing(std::string_view source, const tree::Limits& limits,
                                  PrologOddities* oddities = nullptr);

/// Parses `source`, which must be followed by a zero byte and have passed check_before_parsing().
/// Errors: malformed (not well-formed, a document type, a processing instruction), whatever an
/// event stopped with, transient (no memory).
Result<void> tokenise(std::string_view source, Events& events);

}  // namespace concord::xml::detail
