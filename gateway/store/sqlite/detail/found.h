#pragma once
/// What a resource is found by, kept whole in one row of resource_found: a binary form of
/// search::IndexValues, and tables over it.

#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/search/index.h"
#include "gateway/store/sqlite/detail/connection.h"

namespace concord::store::sqlite {

/// A version byte, where each of the five lists ends, the lists (tokens, texts, periods, numbers,
/// links), little-endian. About 20 bytes for a value without text.
std::string encode_found(const search::IndexValues& values);

/// One list, value by value. Holds a view of the bytes.
class FoundReader {
 public:
  FoundReader() = default;
  FoundReader(std::string_view bytes, search::IndexKind kind);

  /// False at the end, and at the first damage.
  bool next();
  /// Whether something was wrong with the bytes so far.
  bool damaged() const { return damaged_; }

  /// The value next() came to. Which members hold is a matter of the kind.
  search::IndexKey key = 0;
  search::Token token;
  std::string_view value, exact;  ///< of a text
  search::Period period;
  search::Number number;
  search::Link link;

 private:
  template <typename T>
  T take();
  std::string_view take_text(std::size_t size);

  search::IndexKind kind_ = search::IndexKind::token;
  std::string_view rest_;
  bool damaged_ = false;
};

/// Errors: internal (damaged).
Result<search::IndexValues> decode_found(std::string_view bytes);

/// Gives a connection the tables found_token, found_text, found_period, found_number and
/// found_link: those of the index, with the same columns, but by place: each asks for `place = …`
/// and takes `key = …`. They are for statements of this program, not for the schema.
Result<void> add_found_tables(sqlite3* database);

}  // namespace concord::store::sqlite
