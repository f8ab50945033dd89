#pragma once
/// Exact decimal numbers. Plain values of 32 bytes, no allocation, safe from any thread.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/core/result.h"

namespace concord {

/// coefficient × 10^exponent with at most 34 significant digits (the width of IEEE 754 decimal128)
/// and an exponent within ±1000. The exponent is kept as written: 1.50 has two digits behind the
/// point, 1.5 has one, and both are equal by value. Sums, differences and products are exact up to
/// 34 digits and rounded half to even beyond.
/// An operation without a result in that range (overflow, division by zero) gives nullopt; FHIRPath
/// turns that into the empty collection.
/// Source: hl7.org/fhir/R4/datatypes.html#decimal (precision is significant),
/// hl7.org/fhirpath/N1/#decimal and #math-2.
class Decimal {
 public:
  static constexpr int kMaxDigits = 34;
  static constexpr int kMaxExponent = 1000;

  constexpr Decimal() = default;
  constexpr Decimal(std::int64_t value)  // NOLINT(*-explicit-*): an integer is a decimal
      : magnitude_(value < 0 ? ~static_cast<std::uint64_t>(value) + 1
                             : static_cast<std::uint64_t>(value)),
        negative_(value < 0) {}

  /// Reads "-12.50", "1e-3", "+7"; white space is not allowed.
  /// Errors: invalid (not a number, more than 34 significant digits, exponent out of range).
  static Result<Decimal> parse(std::string_view text);
  /// The shortest decimal that reads back as `value`; nullopt for NaN, infinities and values out of
  /// range.
  static std::optional<Decimal> from_double(double value);

  bool is_zero() const noexcept { return magnitude_ == 0; }
  bool is_negative() const noexcept { return negative_; }
  /// No fraction by value: 3.00 is an integer.
  bool is_integer() const noexcept;
  /// The value, when it is an integer that fits.
  std::optional<std::int64_t> to_int64() const noexcept;
  double to_double() const;

  /// Digits behind the point as written: 1.50 → 2, 15 → 0, 1e3 → 0.
  int scale() const noexcept { return exponent_ < 0 ? -exponent_ : 0; }
  /// Significant digits as written, without leading zeros: 0.0150 → 3, 0 → 1.
  int digits() const noexcept;

  /// Plain notation with every digit kept ("1.50", "-0.001", "1000" for 1e3); never an exponent.
  std::string to_text() const;

  Decimal negated() const noexcept;
  Decimal absolute() const noexcept;
  /// At most `places` digits behind the point; ties go away from zero. Fewer digits stay as they
  /// are. Source: hl7.org/fhirpath/N1/#roundprecision-integer-decimal.
  Decimal rounded(int places) const noexcept;
  Decimal truncated() const noexcept;  ///< towards zero, no fraction
  Decimal floor() const noexcept;      ///< towards minus infinity, no fraction
  Decimal ceiling() const noexcept;    ///< towards plus infinity, no fraction
  /// The same value without zeros at the end of the fraction: 1.50 → 1.5, 3.00 → 3.
  Decimal normalised() const noexcept;

  static std::optional<Decimal> add(const Decimal& a, const Decimal& b) noexcept;
  static std::optional<Decimal> subtract(const Decimal& a, const Decimal& b) noexcept;
  static std::optional<Decimal> multiply(const Decimal& a, const Decimal& b) noexcept;
  /// The quotient, exact when it ends within `significant` digits, else rounded half to even there.
  static std::optional<Decimal> divide(const Decimal& a, const Decimal& b,
                                       int significant = 28) noexcept;
  /// The quotient without its fraction: 7.5 div 2 = 3, -7 div 2 = -3.
  static std::optional<Decimal> integer_divide(const Decimal& a, const Decimal& b) noexcept;
  /// a - b × (a div b): the sign of `a`.
  static std::optional<Decimal> remainder(const Decimal& a, const Decimal& b) noexcept;

  /// By value: 1.0 == 1.00, -0 == 0. Exact for every pair.
  friend std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) noexcept;
  friend bool operator==(const Decimal& a, const Decimal& b) noexcept { return (a <=> b) == 0; }

 private:
  __extension__ using Magnitude = unsigned __int128;
  static std::optional<Decimal> make(Magnitude magnitude, int exponent, bool negative) noexcept;

  Magnitude magnitude_ = 0;
  std::int32_t exponent_ = 0;
  bool negative_ = false;  ///< false for zero
};

}  // namespace concord
