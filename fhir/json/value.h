#pragma once
/// Any JSON value as values: for documents that are JSON but no resource, where null, order of
/// members and empty arrays mean something (JSON Patch). Messages go into the tree instead
/// (reader.h).

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::json {

enum class ValueKind : std::uint8_t { null, boolean, number, string, array, object };

struct Value;

/// A member of an object, or one of an array, which has no name.
struct Member {
  std::string_view name;
  Value* value = nullptr;
};

/// One value. Lives in the Values that made it.
struct Value {
  ValueKind kind = ValueKind::null;
  std::string_view text;        ///< string, escapes resolved; number as written; "true", "false"
  std::vector<Member> members;  ///< array, object: in the order written

  bool is(ValueKind which) const noexcept { return kind == which; }
  bool is_container() const noexcept { return kind >= ValueKind::array; }
  /// The member of that name, or null; linear in the members.
  const Member* find(std::string_view name) const noexcept;
  Member* find(std::string_view name) noexcept;
};

/// Owns values and their texts. Values may hold one another as long as they make a tree. One thread
/// at a time; movable, addresses stay.
class Values {
 public:
  /// Reads one value of any kind. Numbers keep their digits.
  /// Errors: malformed (not JSON, not UTF-8, lone surrogates, bytes after the end), invalid (a name
  /// twice in one object), too_long (over a limit of `limits`). Source: RFC 8259.
  Result<Value*> read(std::string source, const tree::Limits& limits = {});

  Value* make(ValueKind kind, std::string_view text = {});
  /// A deep copy that shares texts. Recursion: as deep as the value.
  Value* copy(const Value& value);
  /// A text that lives as long as this.
  std::string_view keep(std::string text);

 private:
  std::deque<Value> values_;
  std::deque<std::string> texts_;
};

/// Whether two values are the same as RFC 6902 section 4.6 asks: numbers by what they amount to
/// (1.0 is 1; beyond 34 digits by their text), objects whatever the order of their members.
/// Recursion: as deep as the shallower one.
bool equal(const Value& left, const Value& right);

/// Levels of a value: 1 for one without members. Recursion: as deep as the value.
std::size_t height(const Value& value);

/// The value as compact JSON. Errors: too_long (bytes, depth or values over the limits; depth at
/// most 1,000 whatever they say).
Result<std::string> write(const Value& value, const tree::Limits& limits = {});

}  // namespace concord::json
