#pragma once
/// The folder of a file door: what is in it, and the steps that change it. One thread at a time.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/descriptor.h"
#include "fhir/core/instant.h"
#include "fhir/core/result.h"

namespace concord::doors::files::detail {

inline constexpr std::string_view kAccepted = "accepted";
inline constexpr std::string_view kRefused = "refused";

/// Which file it is and whether it changed.
struct Shape {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t changed_ns = 0;  ///< ctime: also a write that puts mtime back shows here
  std::int64_t written_ns = 0;
  Instant written{};
  bool regular = false;
  bool others_write = false;
  friend bool operator==(const Shape&, const Shape&) = default;
};

/// Nothing when there is no such file, or it cannot be looked at. Links are not followed.
std::optional<Shape> shape_of(int folder, const std::string& name);
std::optional<Shape> shape_of(int file);

struct Entry {
  std::string name;
  Shape shape;
};

/// A name a file may be taken under.
bool is_good_name(std::string_view name);
/// A name that says that the file is still being written.
bool is_temporary(std::string_view name);

/// Locks a file against other gateways until it is closed; false when another has it.
bool lock(const Descriptor& file);
/// All bytes of a file that is `size` long; nothing when it is not.
std::optional<std::string> read_whole(const Descriptor& file, std::uint64_t size);

class Folder {
 public:
  /// Opens it with what stands below it, which is made when it is missing.
  /// Errors: invalid, with public words.
  static Result<Folder> open(const std::filesystem::path& path);

  int get() const { return folder_.get(); }

  /// What may be taken, oldest first; at most `most` entries are looked at. Folders and temporary
  /// names are left out. Errors: transient.
  Result<std::vector<Entry>> entries(std::size_t most) const;
  Descriptor read_only(const std::string& name) const;

  /// `name`, or with ".2", ".3", … when it is taken in the folder below.
  std::string free_name(std::string_view below, const std::string& name) const;
  /// Moves a file into the folder below by one rename that overwrites nothing: under free_name().
  bool move(const std::string& name, std::string_view below, const std::string& wanted) const;
  /// Leaves a whole, synced file in the folder below; an earlier one of the name is replaced.
  bool leave(std::string_view below, const std::string& name, std::string_view bytes,
             const std::function<void()>& before_name) const;
  /// Makes the moves durable.
  bool sync(std::string_view below) const;

 private:
  const Descriptor& of(std::string_view below) const {
    return below == kAccepted ? accepted_ : refused_;
  }
  Descriptor folder_, accepted_, refused_;
};

}  // namespace concord::doors::files::detail
