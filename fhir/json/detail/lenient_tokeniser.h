#pragma once
/// RapidJSON with comments and a comma before a closing bracket let through, and the comments
/// noted.

#include <vector>

#include "fhir/json/detail/rapidjson_tokeniser.h"

namespace concord::json::detail {

/// From its first slash to right behind its end.
struct Comment {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Notes each comment on the way: RapidJSON skips white space before and after it.
struct CommentStream : Stream {
  CommentStream(char* text, std::vector<Comment>& found) : Stream(text), comments(&found) {}

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<Comment>* comments;
  std::size_t open = kNone;
};

/// Found by RapidJSON's reader in place of its own.
inline void SkipWhitespace(CommentStream& stream) {
  if (stream.open != CommentStream::kNone) {
    stream.comments->push_back({stream.open, stream.Tell()});
    stream.open = CommentStream::kNone;
  }
  SkipWhitespace(static_cast<Stream&>(stream));
  if (stream.Peek() == '/') stream.open = stream.Tell();
}

/// As tokenise() of the seam; end_object and end_array are told the offset of their bracket.
template <typename Events>
TokenError tokenise_leniently(char* text, std::size_t size, Events& events,
                              std::vector<Comment>& comments) {
  comments.clear();
  CommentStream stream(text, comments);
  return run_rapidjson<rapidjson::kParseCommentsFlag | rapidjson::kParseTrailingCommasFlag>(
      stream, text, size, events);
}

}  // namespace concord::json::detail

RAPIDJSON_NAMESPACE_BEGIN

/// In place, RapidJSON finds the begin of a number in the stream its own copy left behind.
template <>
struct StreamTraits<concord::json::detail::CommentStream> {
  enum { copyOptimization = 1 };
};

RAPIDJSON_NAMESPACE_END
