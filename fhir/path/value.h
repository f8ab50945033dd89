#pragma once
/// What FHIRPath computes with: single values, and ordered collections of them. Plain views, cheap
/// to copy; nothing here owns memory.
/// Source: hl7.org/fhirpath/N1, sections 2 (navigation model) and 4.1 (literals).

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "fhir/tree/document.h"

namespace concord {
class Decimal;
}

namespace concord::path {

/// The kind of a value. `node` is anything that stands in a tree, primitives included; the others
/// are values of the System namespace that an expression made.
enum class Tag : std::uint8_t {
  node,
  boolean,
  integer,
  decimal,
  string,
  date,
  date_time,
  time,
  quantity,
  type_info,     ///< what type() gives: `namespace` and `name`
  long_integer,  ///< 64 bits wide, written 5L
};

/// How much of a date, dateTime or time is known.
enum class Precision : std::uint8_t { year, month, day, hour, minute, second, millisecond };

/// Microseconds since 1970-01-01T00:00:00 (or since midnight for a time), as written: the offset is
/// kept beside it and not applied.
struct Moment {
  std::int64_t micros = 0;
  std::int16_t offset_minutes = kNoOffset;  ///< east of UTC; kNoOffset when none was written
  Precision precision = Precision::millisecond;
  static constexpr std::int16_t kNoOffset = INT16_MIN;
};

/// A value with a unit. `calendar` when the unit was written as a word (`4 days`), not as a UCUM
/// code (`4 'd'`). Lives in the arena of an evaluation or expression.
struct Quantity {
  const Decimal* value = nullptr;
  std::string_view unit;
  bool calendar = false;
};

/// The answer of type().
struct TypeInfo {
  std::string_view space;  ///< "System" or "FHIR"
  std::string_view name;
};

/// One item: 24 bytes, trivially copied. Views and pointers point into a document, an expression or
/// the arena of the EvalContext, and are valid as long as that one (until EvalContext::reset()).
class Value {
 public:
  Value() = default;

  static Value of(bool value) noexcept {
    Value made(Tag::boolean);
    made.boolean_ = value;
    return made;
  }
  static Value of(std::int64_t value) noexcept {
    Value made(Tag::integer);
    made.integer_ = value;
    return made;
  }
  /// A Long, which keeps to 64 bits; integers keep to 32.
  static Value of_long(std::int64_t value) noexcept {
    Value made(Tag::long_integer);
    made.integer_ = value;
    return made;
  }
  /// `text` must outlive the value; EvalContext::string() copies.
  static Value of(std::string_view text) noexcept {
    Value made(Tag::string);
    made.size_ = static_cast<std::uint32_t>(text.size());
    made.text_ = text.data();
    return made;
  }
  static Value of(const char*) = delete;  // would become a boolean
  static Value of(const tree::Document& document, const tree::Node& node) noexcept {
    Value made(Tag::node);
    made.node_ = &node;
    made.document_ = &document;
    return made;
  }
  /// `number`, `quantity` and `info` must outlive the value; EvalContext copies them.
  static Value of(const Decimal& number) noexcept {
    Value made(Tag::decimal);
    made.decimal_ = &number;
    return made;
  }
  static Value of(const Quantity& quantity) noexcept {
    Value made(Tag::quantity);
    made.quantity_ = &quantity;
    return made;
  }
  static Value of(const TypeInfo& info) noexcept {
    Value made(Tag::type_info);
    made.type_info_ = &info;
    return made;
  }
  /// `tag` is date, date_time or time.
  static Value of(Tag tag, Moment moment) noexcept {
    Value made(tag);
    made.integer_ = moment.micros;
    made.offset_ = moment.offset_minutes;
    made.precision_ = moment.precision;
    return made;
  }

  Tag tag() const noexcept { return tag_; }
  bool is_node() const noexcept { return tag_ == Tag::node; }

  // Each accessor may be used with its own tag only.
  const tree::Node& node() const noexcept { return *node_; }
  const tree::Document& document() const noexcept { return *document_; }
  bool boolean() const noexcept { return boolean_; }
  std::int64_t integer() const noexcept { return integer_; }  ///< of integers and Longs
  std::string_view text() const noexcept { return {text_, size_}; }
  const Decimal& decimal() const noexcept { return *decimal_; }
  const Quantity& quantity() const noexcept { return *quantity_; }
  const TypeInfo& type_info() const noexcept { return *type_info_; }
  Moment moment() const noexcept { return {integer_, offset_, precision_}; }

 private:
  explicit Value(Tag tag) noexcept : tag_(tag) {}

  Tag tag_ = Tag::boolean;
  Precision precision_ = Precision::year;
  std::int16_t offset_ = Moment::kNoOffset;
  std::uint32_t size_ = 0;
  union {
    const tree::Node* node_;
    bool boolean_;
    std::int64_t integer_ = 0;
    const char* text_;
    const Decimal* decimal_;
    const Quantity* quantity_;
    const TypeInfo* type_info_;
  };
  const tree::Document* document_ = nullptr;
};
static_assert(sizeof(Value) == 24);

class EvalContext;

/// Ordered values, repeats allowed; the input and the output of everything in FHIRPath. One value
/// is held in place, more in the arena of the EvalContext. Trivially copied; copies share items.
class Collection {
 public:
  Collection() noexcept : many_(nullptr) {}
  static Collection of(Value value) noexcept {
    Collection made;
    made.size_ = 1;
    made.one_ = value;
    return made;
  }
  static Collection of(bool value) noexcept { return of(Value::of(value)); }
  static Collection of(const tree::Document& document, const tree::Node& node) noexcept {
    return of(Value::of(document, node));
  }

  /// A view of items that live elsewhere; an append copies them first.
  static Collection over(std::span<Value> items) noexcept {
    if (items.size() == 1) return of(items.front());
    Collection made;
    made.size_ = static_cast<std::uint32_t>(items.size());
    made.capacity_ = made.size_;
    made.many_ = items.data();
    return made;
  }

  /// Holds `value` alone: what `*this = of(value)` does, written in place.
  void assign(const Value& value) noexcept {
    size_ = 1;
    capacity_ = 0;
    one_ = value;
  }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  const Value* begin() const noexcept { return capacity_ == 0 ? &one_ : many_; }
  const Value* end() const noexcept { return begin() + size_; }
  const Value& operator[](std::size_t index) const noexcept { return begin()[index]; }
  const Value& front() const noexcept { return *begin(); }
  const Value& back() const noexcept { return end()[-1]; }

  /// Appends; the items live in the arena of `context`. A copy made before an append must not be
  /// appended to as well. False when the context's memory is spent (the context then holds the
  /// error and ends the evaluation with too_costly).
  bool add(EvalContext& context, Value value) {
    if (size_ == 0 && capacity_ == 0) {
      one_ = value;
      size_ = 1;
      return true;
    }
    if (size_ < capacity_) {
      many_[size_++] = value;
      return true;
    }
    return grow(context, value);
  }
  /// Appends all of `other`.
  bool add_all(EvalContext& context, const Collection& other);

  /// The items from `first` on, at most `count`; shares memory.
  Collection slice(std::size_t first, std::size_t count) const noexcept;

 private:
  bool grow(EvalContext& context, Value value);

  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;  ///< 0: `one_` is in use
  union {
    Value one_;
    Value* many_;
  };
};
static_assert(sizeof(Collection) == 32);

}  // namespace concord::path
