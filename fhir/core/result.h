#pragma once
/// A value, or the reason there is none.

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "fhir/core/error.h"

namespace concord {

/// Holds a `T` or an `Error`. Member names follow std::expected, which GCC 12 lacks in C++20.
/// Reading the value of a failed result, or the error of a good one, is undefined.
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(*-explicit-*)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(*-explicit-*)

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() noexcept { return std::get_if<0>(&state_); }
  const T* operator->() const noexcept { return std::get_if<0>(&state_); }

  Error& error() & noexcept { return *std::get_if<1>(&state_); }
  const Error& error() const& noexcept { return *std::get_if<1>(&state_); }
  Error&& error() && noexcept { return std::move(*std::get_if<1>(&state_)); }

  T value_or(T other) && { return has_value() ? std::move(**this) : std::move(other); }

  /// Calls `next` with the value, or hands the error on. `next` returns a Result.
  template <typename Next>
  auto and_then(Next&& next) && -> std::invoke_result_t<Next, T&&> {
    if (!has_value()) return std::move(*this).error();
    return std::forward<Next>(next)(std::move(**this));
  }

 private:
  std::variant<T, Error> state_;
};

/// Done, or the reason it is not.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(*-explicit-*)

  bool has_value() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }

  Error& error() & noexcept { return *error_; }
  const Error& error() const& noexcept { return *error_; }
  Error&& error() && noexcept { return std::move(*error_); }

  template <typename Next>
  auto and_then(Next&& next) && -> std::invoke_result_t<Next> {
    if (!has_value()) return std::move(*this).error();
    return std::forward<Next>(next)();
  }

 private:
  std::optional<Error> error_;
};

}  // namespace concord

/// Leaves the function with the error of `expression`, or goes on. For Result<void> and for
/// results whose value is not needed.
#define CONCORD_TRY(expression)                                            \
  do {                                                                     \
    if (auto concord_result_ = (expression); !concord_result_.has_value()) \
      return std::move(concord_result_).error();                           \
  } while (false)

#define CONCORD_JOIN2_(a, b) a##b
#define CONCORD_JOIN_(a, b) CONCORD_JOIN2_(a, b)

/// `CONCORD_ASSIGN(auto tree, read(bytes));` declares `tree`, or leaves with the error.
#define CONCORD_ASSIGN(declaration, expression)                         \
  auto CONCORD_JOIN_(concord_result_, __LINE__) = (expression);         \
  if (!CONCORD_JOIN_(concord_result_, __LINE__).has_value())            \
    return std::move(CONCORD_JOIN_(concord_result_, __LINE__)).error(); \
  declaration = *std::move(CONCORD_JOIN_(concord_result_, __LINE__))
