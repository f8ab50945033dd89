#pragma once
/// A file descriptor that closes itself, and the one loop every write to one needs. POSIX.

#include <string_view>
#include <utility>

namespace concord {

/// Owns a descriptor, or none. Moved, never shared.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  bool is_open() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

/// Writes all of it, however many calls that takes. False with errno set when one of them failed;
/// some of it may have been written then.
bool write_all(int file, std::string_view bytes);

}  // namespace concord
