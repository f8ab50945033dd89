#pragma once
/// What goes into a statement and comes out of it, in PostgreSQL's binary form: numbers in network
/// order, texts and bytes as they are, columns of many rows as one array.
/// Source: PostgreSQL 15, chapters 55.7 (formats) and 34.3; array_send() and array_recv().

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/digest.h"
#include "fhir/core/instant.h"
#include "fhir/core/result.h"

namespace concord::store::postgresql {

inline std::int64_t to_millis(Instant at) { return at.time_since_epoch().count(); }
inline Instant from_millis(std::int64_t millis) {
  return Instant{std::chrono::milliseconds{millis}};
}

/// Bytes to be bound as bytea; std::string_view is bound as text.
struct Blob {
  std::string_view bytes;
  explicit Blob(std::string_view b) : bytes(b) {}
  explicit Blob(const Sha256& digest)
      : bytes(reinterpret_cast<const char*>(digest.data()), digest.size()) {}
};

/// One column of many rows, for `unnest($1::bigint[], …)`. All elements are of one type.
class Column {
 public:
  enum class Of : Oid { bigint = 20, integer = 23, text = 25, bytea = 17, real = 701 };

  explicit Column(Of type) : type_(type) {}
  void add(std::int64_t value);  ///< bigint or integer
  void add(double value);
  void add(std::string_view value);  ///< text or bytea
  void add(Blob value) { add(value.bytes); }
  void add(Instant value) { add(to_millis(value)); }
  template <typename T>
  void add(const std::optional<T>& value) {
    value ? add(*value) : add_null();
  }
  void add_null();
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }

 private:
  friend class Values;
  Of type_;
  std::size_t count_ = 0;
  bool has_null_ = false;
  std::string elements_;
};

/// The values of one statement, in order.
class Values {
 public:
  template <typename... Each>
  static Values of(const Each&... each) {
    Values values;
    (values.add(each), ...);
    return values;
  }

  void add(std::int64_t value);
  void add(int value) { add(std::int64_t{value}); }
  void add(std::uint64_t value) { add(static_cast<std::int64_t>(value)); }
  void add(bool value);
  void add(double value);
  void add(Instant value) { add(to_millis(value)); }
  /// A text cannot hold U+0000 in PostgreSQL; it becomes U+FFFD here and in Column alike.
  void add(std::string_view value);
  void add(const std::string& value) { add(std::string_view(value)); }
  void add(const char* value) { add(std::string_view(value)); }
  void add(Blob value);
  void add(const Column& column);
  template <typename T>
  void add(const std::optional<T>& value) {
    if (value) return add(*value);
    Values typed;  // a null carries the type of what it stands for
    typed.add(T{});
    entries_.push_back({typed.entries_[0].type, kNull, 0});
  }

  std::size_t size() const { return entries_.size(); }
  std::vector<Oid> types() const;
  /// Fills what libpq wants; the pointers live as long as this object is unchanged.
  void bind(std::vector<const char*>& values, std::vector<int>& lengths,
            std::vector<int>& formats) const;

 private:
  static constexpr std::size_t kNull = static_cast<std::size_t>(-1);
  struct Entry {
    Oid type;
    std::size_t at;  ///< in bytes_; kNull: null
    std::size_t size;
  };
  void put(Oid type, std::string_view bytes);

  std::vector<Entry> entries_;
  std::string bytes_;
};

/// The rows of one statement.
class Rows {
 public:
  Rows() = default;
  explicit Rows(PGresult* result) : result_(result, &PQclear) {}

  PGresult* raw() const { return result_.get(); }
  int size() const { return result_ ? PQntuples(result_.get()) : 0; }
  bool empty() const { return size() == 0; }
  /// How many rows a changing statement touched.
  std::int64_t affected() const;
  bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  /// smallint, integer, bigint, xid8 or boolean; 0 for null.
  std::int64_t integer(int row, int column) const;
  /// double precision, or an integer.
  double real(int row, int column) const;
  Instant instant(int row, int column) const { return from_millis(integer(row, column)); }
  /// text or bytea. Valid as long as the rows.
  std::string_view view(int row, int column) const;
  std::string text(int row, int column) const { return std::string(view(row, column)); }
  /// Errors: internal (the column does not hold 32 bytes).
  Result<Sha256> digest(int row, int column) const;

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> result_{nullptr, &PQclear};
};

}  // namespace concord::store::postgresql
