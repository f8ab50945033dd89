#pragma once
/// A SQL statement with its values, and where the databases differ. Plain values.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace concord::store::sql {

/// A bound value: bigint, double precision or text.
using Value = std::variant<std::int64_t, double, std::string>;

/// Text with numbered parameters. Values never stand in the text.
struct Statement {
  std::string text;
  std::vector<Value> values;
};

/// Where SQLite and PostgreSQL are written differently.
struct Dialect {
  char parameter = '?';                ///< "?1" or "$1"
  std::string_view position = "instr"; /**< function (haystack, needle), 0 when there is none */
  /// The tables of the index go from values to places only; the values of one place are in tables
  /// of their own, found_token for index_token and so on.
  bool found_tables = false;
  /// Ends the select of an EXISTS. PostgreSQL would make a join of it and begin that at either end;
  /// with an OFFSET it is looked up for each row, as it is written.
  std::string_view apart = "";
  /// Two lists are intersected when all of a result is wanted: cheaper than to look up each entry
  /// of one in the other where a look costs as much as ten entries read in a row.
  bool intersects = false;
};

inline constexpr Dialect kSqlite{'?', "instr", true, "", false};
inline constexpr Dialect kPostgresql{'$', "strpos", false, " OFFSET 0", true};

/// A statement in the making. Parameters may be bound in any order.
class Builder {
 public:
  explicit Builder(const Dialect& dialect) : dialect_(&dialect) {}

  const Dialect& dialect() const noexcept { return *dialect_; }

  /// The place of a value in the text.
  std::string bind(Value value) {
    values_.push_back(std::move(value));
    return dialect_->parameter + std::to_string(values_.size());
  }
  /// "?3, ?4, ?5" for a list of bigint or text.
  template <typename List>
  std::string bind_all(const List& list) {
    std::string text;
    for (const auto& one : list) {
      if (!text.empty()) text += ", ";
      text += bind(Value(static_cast<bound<decltype(one)>>(one)));
    }
    return text;
  }
  /// A table name nobody else in this statement has: "t1".
  std::string alias() { return "t" + std::to_string(++aliases_); }

  std::size_t bound_values() const noexcept { return values_.size(); }
  Statement finish(std::string text) && { return {std::move(text), std::move(values_)}; }

 private:
  template <typename T>
  using bound = std::conditional_t<std::is_integral_v<std::remove_cvref_t<T>>, std::int64_t,
                                   std::remove_cvref_t<T>>;

  const Dialect* dialect_;
  std::vector<Value> values_;
  int aliases_ = 0;
};

}  // namespace concord::store::sql
