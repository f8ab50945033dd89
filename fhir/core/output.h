#pragma once
/// A growing text that writers append to.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace concord {

/// One string that at most doubles until `limit`. Past the limit everything further is thrown away
/// and `over_limit()` says so, so that a writer need not look after every byte. One thread at a
/// time. Throws std::bad_alloc when the system has no memory.
class Output {
 public:
  Output(std::size_t expected, std::size_t limit) : limit_(limit) {
    text_.resize(std::min(std::max<std::size_t>(expected, 256), limit) + kSlack);
    bind(0);
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  bool over_limit() const noexcept { return over_limit_ || size() > limit_; }
  std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - text_.data()); }

  /// A copy of `text` with room behind it for `more` bytes: room in which advance() takes what is
  /// used.
  char* draft(std::string_view text, std::size_t more) {
    char* const to = reserve(text.size() + more);
    copy(to, text.data(), text.size());
    return to;
  }
  /// Room for `bytes` at the place it returns; say how many were used with advance().
  [[gnu::always_inline]] char* reserve(std::size_t bytes) {
    if (bytes > static_cast<std::size_t>(end_ - at_)) [[unlikely]]
      grow(bytes);
    return at_;
  }
  void advance(char* to) noexcept { at_ = to; }

  void put(char c) { *reserve(1) = c, ++at_; }
  [[gnu::always_inline]] void put(std::string_view text) {
    copy(reserve(text.size()), text.data(), text.size());
    at_ += text.size();
  }
  /// Several texts and characters, with one look at the room.
  template <typename... Pieces>
  [[gnu::always_inline]] void put_all(Pieces... pieces) {
    char* to = reserve((size_of(pieces) + ...));
    ((to = copy_piece(to, pieces)), ...);
    at_ = to;
  }
  void put(std::size_t count, char c) {
    std::memset(reserve(count), c, count);
    at_ += count;
  }
  /// A line feed and `count` spaces.
  void put_line(std::size_t count) {
    char* to = reserve(count + 1 + sizeof(std::uint64_t));
    *to++ = '\n';
    constexpr std::uint64_t kSpaces = 0x2020202020202020;
    for (std::size_t done = 0; done < count; done += sizeof kSpaces) {
      std::memcpy(to + done, &kSpaces, sizeof kSpaces);
    }
    at_ = to + count;
  }

  /// The text; the output is empty afterwards.
  std::string take() {
    text_.resize(size());
    std::string text = std::move(text_);
    text_.clear();
    bind(0);
    return text;
  }

 private:
  static constexpr std::size_t kSlack = 64;

  static std::size_t size_of(char) noexcept { return 1; }
  static std::size_t size_of(std::string_view text) noexcept { return text.size(); }
  static char* copy_piece(char* to, char c) noexcept {
    *to = c;
    return to + 1;
  }
  [[gnu::always_inline]] static char* copy_piece(char* to, std::string_view text) noexcept {
    copy(to, text.data(), text.size());
    return to + text.size();
  }

  /// Most texts are names of a few bytes: two moves that overlap instead of a call.
  [[gnu::always_inline]] static void copy(char* to, const char* from, std::size_t size) noexcept {
    struct Sixteen {
      std::uint64_t low, high;
    };
    if (size > 32) {
      std::memcpy(to, from, size);
    } else if (size > 16) {
      copy_ends<Sixteen>(to, from, size);
    } else if (size >= 8) {
      copy_ends<std::uint64_t>(to, from, size);
    } else if (size >= 4) {
      copy_ends<std::uint32_t>(to, from, size);
    } else if (size >= 2) {
      copy_ends<std::uint16_t>(to, from, size);
    } else if (size == 1) {
      *to = *from;
    }
  }
  template <typename Word>
  static void copy_ends(char* to, const char* from, std::size_t size) noexcept {
    Word first, last;
    std::memcpy(&first, from, sizeof first);
    std::memcpy(&last, from + size - sizeof last, sizeof last);
    std::memcpy(to, &first, sizeof first);
    std::memcpy(to + size - sizeof last, &last, sizeof last);
  }

  void bind(std::size_t used) {
    at_ = text_.data() + used;
    end_ = text_.data() + text_.size();
  }
  [[gnu::noinline, gnu::cold]] void grow(std::size_t bytes) {
    std::size_t used = size();
    if (used > limit_ || bytes > limit_ + kSlack - std::min(used, limit_)) {
      over_limit_ = true;
      used = 0;  // written over from now on
    }
    if (text_.size() - used < bytes) {
      text_.resize(std::max(used + bytes, std::min(text_.size() * 2, limit_ + kSlack)));
    }
    bind(used);
  }

  std::string text_;
  char* at_ = nullptr;
  char* end_ = nullptr;
  std::size_t limit_;
  bool over_limit_ = false;
};

}  // namespace concord
