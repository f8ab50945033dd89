#include "fhir/core/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace concord {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr int kPowers = 39;  // 10^38 is the last power of ten below 2^128

constexpr std::array<Wide, kPowers> powers_of_ten() {
  std::array<Wide, kPowers> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr auto kPowersOfTen = powers_of_ten();
constexpr Wide power_of_ten(int exponent) {
  return kPowersOfTen[static_cast<std::size_t>(exponent)];
}

int count_digits(Wide value) {
  int digits = 1;
  while (digits < kPowers && value >= power_of_ten(digits)) ++digits;
  return digits;
}

/// What is cut off, compared with half a unit of the last digit kept.
enum class Rest { none, below_half, half, above_half };

bool rounds_up(Wide kept, Rest rest) {
  return rest == Rest::above_half || (rest == Rest::half && (kept & 1) != 0);
}

Rest rest_of(Wide remainder, Wide divisor) {
  if (remainder == 0) return Rest::none;
  const Wide complement = divisor - remainder;
  return remainder < complement    ? Rest::below_half
         : remainder == complement ? Rest::half
                                   : Rest::above_half;
}

/// A product of two 128-bit numbers, as a number below 10^38 and the power of ten taken out of it.
struct Product {
  Wide value;
  int dropped;  ///< digits cut from the end
  bool sticky;  ///< whether any of them was not zero
  int first;    ///< the first of them, 0 when none
};

/// a × b, cut to what fits 38 digits. School multiplication on base 2^32, then division by ten.
Product multiply_wide(Wide a, Wide b) {
  std::array<std::uint32_t, 8> limbs{};
  for (std::size_t i = 0; i < 4; ++i) {
    std::uint64_t carry = 0;
    const auto left = static_cast<std::uint32_t>(a >> (32 * i));
    for (std::size_t j = 0; j < 4; ++j) {
      const auto right = static_cast<std::uint32_t>(b >> (32 * j));
      carry += limbs[i + j] + std::uint64_t{left} * right;
      limbs[i + j] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    limbs[i + 4] = static_cast<std::uint32_t>(carry);
  }
  Product product{0, 0, false, 0};
  const auto low = [&] {
    Wide value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 32 | limbs[i];
    return value;
  };
  const auto high = [&] { return (limbs[4] | limbs[5] | limbs[6] | limbs[7]) != 0; };
  while (high() || low() >= power_of_ten(38)) {
    std::uint64_t remainder = 0;
    for (std::size_t i = limbs.size(); i-- > 0;) {
      remainder = remainder << 32 | limbs[i];
      limbs[i] = static_cast<std::uint32_t>(remainder / 10);
      remainder %= 10;
    }
    product.sticky = product.sticky || product.first != 0;
    product.first = static_cast<int>(remainder);
    ++product.dropped;
  }
  product.value = low();
  return product;
}

}  // namespace

/// Cuts to 34 digits (half to even; `sticky` and `first` say what was already cut) and checks the
/// exponent. An exponent too large is taken into the coefficient while that has room.
std::optional<Decimal> Decimal::make(Magnitude magnitude, int exponent, bool negative) noexcept {
  if (const int over = count_digits(magnitude) - kMaxDigits; over > 0) {
    const Wide unit = power_of_ten(over);
    const Rest rest = rest_of(magnitude % unit, unit);
    magnitude /= unit;
    if (rounds_up(magnitude, rest)) ++magnitude;
    exponent += over;
    if (magnitude == power_of_ten(kMaxDigits)) {
      magnitude /= 10;
      ++exponent;
    }
  }
  if (magnitude == 0) {
    exponent = std::clamp(exponent, -kMaxExponent, kMaxExponent);
    negative = false;
  }
  while (exponent > kMaxExponent && magnitude < power_of_ten(kMaxDigits - 1)) {
    magnitude *= 10;
    --exponent;
  }
  while (exponent < -kMaxExponent && magnitude % 10 == 0) {
    magnitude /= 10;
    ++exponent;
  }
  if (exponent > kMaxExponent || exponent < -kMaxExponent) return std::nullopt;
  Decimal made;
  made.magnitude_ = magnitude;
  made.exponent_ = exponent;
  made.negative_ = negative;
  return made;
}

Result<Decimal> Decimal::parse(std::string_view text) {
  const auto refuse = [](const char* why) { return make_error(ErrorCode::invalid, why); };
  const char* at = text.data();
  const char* const end = at + text.size();
  Decimal value;
  const auto is_digit = [&] { return at != end && *at >= '0' && *at <= '9'; };
  if (at != end && (*at == '-' || *at == '+')) value.negative_ = *at++ == '-';
  bool any = false;
  std::int64_t exponent = 0;
  const auto take_digit = [&] {
    if (value.magnitude_ >= power_of_ten(kMaxDigits - 1)) return false;
    value.magnitude_ = value.magnitude_ * 10 + static_cast<unsigned>(*at - '0');
    return true;
  };
  for (; is_digit(); ++at, any = true) {
    if (!take_digit()) return refuse("a decimal of more than 34 digits");
  }
  if (at != end && *at == '.') {
    ++at;
    if (!is_digit()) return refuse("not a decimal number");
    for (; is_digit(); ++at, any = true, --exponent) {
      if (!take_digit()) return refuse("a decimal of more than 34 digits");
    }
  }
  if (!any) return refuse("not a decimal number");
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    const bool down = at != end && *at == '-';
    if (at != end && (*at == '-' || *at == '+')) ++at;
    if (!is_digit()) return refuse("not a decimal number");
    std::int64_t written = 0;
    for (; is_digit(); ++at)
      written = std::min<std::int64_t>(written * 10 + (*at - '0'), 1'000'000);
    exponent += down ? -written : written;
  }
  if (at != end) return refuse("not a decimal number");
  if (exponent > kMaxExponent || exponent < -kMaxExponent) {
    return refuse("a decimal with an exponent beyond 1000");
  }
  value.exponent_ = static_cast<std::int32_t>(exponent);
  if (value.magnitude_ == 0) value.negative_ = false;
  return value;
}

std::optional<Decimal> Decimal::from_double(double value) {
  if (!std::isfinite(value)) return std::nullopt;
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  auto parsed = parse({buffer, static_cast<std::size_t>(end - buffer)});
  if (!parsed) return std::nullopt;
  return *parsed;
}

bool Decimal::is_integer() const noexcept {
  if (exponent_ >= 0 || magnitude_ == 0) return true;
  return -exponent_ < kPowers && magnitude_ % power_of_ten(-exponent_) == 0;
}

std::optional<std::int64_t> Decimal::to_int64() const noexcept {
  if (!is_integer()) return std::nullopt;
  if (magnitude_ == 0) return 0;
  Wide value = magnitude_;
  if (exponent_ < 0) {
    value /= power_of_ten(-exponent_);
  } else {
    if (exponent_ > 18 || value > power_of_ten(19)) return std::nullopt;
    value *= power_of_ten(exponent_);
  }
  const Wide most = (Wide{1} << 63) - (negative_ ? 0 : 1);
  if (value > most) return std::nullopt;
  const auto bits = static_cast<std::uint64_t>(value);
  return static_cast<std::int64_t>(negative_ ? ~bits + 1 : bits);
}

double Decimal::to_double() const {
  const std::string text = to_text();
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

int Decimal::digits() const noexcept { return count_digits(magnitude_); }

std::string Decimal::to_text() const {
  char reversed[kPowers + 1];
  std::size_t count = 0;
  Wide rest = magnitude_;
  do {
    reversed[count++] = static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  std::string text;
  if (negative_) text += '-';
  const auto behind = static_cast<std::size_t>(scale());
  if (behind >= count) {
    text += "0.";
    text.append(behind - count, '0');
    while (count > 0) text += reversed[--count];
    return text;
  }
  while (count > behind) text += reversed[--count];
  if (exponent_ > 0 && magnitude_ != 0) text.append(static_cast<std::size_t>(exponent_), '0');
  if (behind > 0) {
    text += '.';
    while (count > 0) text += reversed[--count];
  }
  return text;
}

Decimal Decimal::negated() const noexcept {
  Decimal result = *this;
  result.negative_ = !negative_ && magnitude_ != 0;
  return result;
}

Decimal Decimal::absolute() const noexcept {
  Decimal result = *this;
  result.negative_ = false;
  return result;
}

Decimal Decimal::rounded(int places) const noexcept {
  places = std::max(places, 0);
  const int over = scale() - places;
  if (over <= 0) return *this;
  Decimal result = *this;
  result.exponent_ = -places;
  if (over >= kPowers) {
    result.magnitude_ = 0;
  } else {
    const Wide unit = power_of_ten(over);
    const Rest rest = rest_of(magnitude_ % unit, unit);
    result.magnitude_ = magnitude_ / unit + (rest == Rest::half || rest == Rest::above_half);
  }
  if (result.magnitude_ == 0) result.negative_ = false;
  return result;
}

Decimal Decimal::truncated() const noexcept {
  if (exponent_ >= 0) return *this;
  Decimal result = *this;
  result.exponent_ = 0;
  result.magnitude_ = -exponent_ < kPowers ? magnitude_ / power_of_ten(-exponent_) : 0;
  if (result.magnitude_ == 0) result.negative_ = false;
  return result;
}

Decimal Decimal::floor() const noexcept {
  Decimal result = truncated();
  if (negative_ && !is_integer()) {
    ++result.magnitude_;
    result.negative_ = true;
  }
  return result;
}

Decimal Decimal::ceiling() const noexcept {
  Decimal result = truncated();
  if (!negative_ && !is_integer()) ++result.magnitude_;
  return result;
}

Decimal Decimal::normalised() const noexcept {
  Decimal result = *this;
  if (result.magnitude_ == 0) result.exponent_ = std::max(result.exponent_, 0);
  while (result.exponent_ < 0 && result.magnitude_ % 10 == 0) {
    result.magnitude_ /= 10;
    ++result.exponent_;
  }
  return result;
}

std::optional<Decimal> Decimal::add(const Decimal& a, const Decimal& b) noexcept {
  const Decimal& upper = a.exponent_ >= b.exponent_ ? a : b;
  const Decimal& lower = a.exponent_ >= b.exponent_ ? b : a;
  if (upper.magnitude_ == 0 || lower.magnitude_ == 0) {
    // The finer scale is kept, as 1 + 0.00 = 1.00, where 34 digits allow it.
    Decimal result = upper.magnitude_ == 0 ? lower : upper;
    const int gap = result.exponent_ - lower.exponent_;
    if (gap > 0 && gap + count_digits(result.magnitude_) <= kMaxDigits) {
      result.magnitude_ *= power_of_ten(gap);
      result.exponent_ = lower.exponent_;
    }
    return result;
  }
  // Both on one exponent: the upper is brought down as far as 38 digits allow, the lower is brought
  // up for the rest of the way, which leaves at least 37 exact digits and one that remembers the
  // rest.
  int gap = upper.exponent_ - lower.exponent_;
  const int room = std::min(gap, 37 - count_digits(upper.magnitude_));
  Wide high = upper.magnitude_ * power_of_ten(room);
  Wide low = lower.magnitude_;
  int exponent = upper.exponent_ - room;
  gap -= room;
  if (gap > 0) {
    const Wide unit = gap < kPowers ? power_of_ten(gap) : 0;
    const bool lost = unit == 0 || low % unit != 0;
    low = unit == 0 ? 0 : low / unit;
    if (lost) low = low / 10 * 10 + std::max<unsigned>(static_cast<unsigned>(low % 10), 1);
  }
  if (upper.negative_ == lower.negative_) return make(high + low, exponent, upper.negative_);
  if (high >= low) return make(high - low, exponent, upper.negative_);
  return make(low - high, exponent, lower.negative_);
}

std::optional<Decimal> Decimal::subtract(const Decimal& a, const Decimal& b) noexcept {
  return add(a, b.negated());
}

std::optional<Decimal> Decimal::multiply(const Decimal& a, const Decimal& b) noexcept {
  Product product = multiply_wide(a.magnitude_, b.magnitude_);
  // What was cut lies at least three digits behind the 34 kept: a one there decides ties rightly.
  if ((product.first != 0 || product.sticky) && product.value % 10 == 0) ++product.value;
  return make(product.value, a.exponent_ + b.exponent_ + product.dropped,
              a.negative_ != b.negative_);
}

std::optional<Decimal> Decimal::divide(const Decimal& a, const Decimal& b,
                                       int significant) noexcept {
  if (b.magnitude_ == 0) return std::nullopt;
  significant = std::clamp(significant, 1, kMaxDigits);
  const int preferred = a.exponent_ - b.exponent_;
  if (a.magnitude_ == 0) return make(0, preferred, false);
  // Long division, one digit a step: the remainder stays below 10^34, so ten times it fits.
  Wide quotient = a.magnitude_ / b.magnitude_;
  Wide remainder = a.magnitude_ % b.magnitude_;
  int exponent = preferred;
  int digits = quotient == 0 ? 0 : count_digits(quotient);
  while (remainder != 0 && digits < significant) {
    remainder *= 10;
    quotient = quotient * 10 + remainder / b.magnitude_;
    remainder %= b.magnitude_;
    --exponent;
    if (quotient != 0) ++digits;
  }
  if (digits > significant) {
    const Wide unit = power_of_ten(digits - significant);
    Rest rest = rest_of(quotient % unit, unit);
    if (remainder != 0) {
      if (rest == Rest::none) rest = Rest::below_half;
      if (rest == Rest::half) rest = Rest::above_half;
    }
    quotient /= unit;
    exponent += digits - significant;
    if (rounds_up(quotient, rest)) ++quotient;
  } else if (remainder != 0 && rounds_up(quotient, rest_of(remainder, b.magnitude_))) {
    ++quotient;
  }
  while (exponent < preferred && quotient % 10 == 0) {
    quotient /= 10;
    ++exponent;
  }
  return make(quotient, exponent, a.negative_ != b.negative_);
}

namespace {

/// |a| div |b| and what is left, for a quotient of at most 34 digits.
struct Division {
  Wide quotient;
  Wide remainder;  ///< in units of 10^exponent
  int exponent;
};

std::optional<Division> divide_whole(Wide a, int a_exponent, Wide b, int b_exponent) {
  if (a == 0) return Division{0, 0, std::min(a_exponent, b_exponent)};
  if (a_exponent >= b_exponent) {
    Wide quotient = a / b;
    Wide remainder = a % b;
    for (int gap = a_exponent - b_exponent; gap > 0; --gap) {
      if (quotient >= power_of_ten(Decimal::kMaxDigits - 1)) return std::nullopt;
      if (remainder == 0 && quotient == 0) break;
      remainder *= 10;
      quotient = quotient * 10 + remainder / b;
      remainder %= b;
    }
    return Division{quotient, remainder, b_exponent};
  }
  // b has the larger exponent: in units of a's exponent it is b × 10^gap, perhaps beyond a.
  const int gap = b_exponent - a_exponent;
  if (gap >= kPowers || b > a / power_of_ten(gap)) return Division{0, a, a_exponent};
  const Wide divisor = b * power_of_ten(gap);
  return Division{a / divisor, a % divisor, a_exponent};
}

}  // namespace

std::optional<Decimal> Decimal::integer_divide(const Decimal& a, const Decimal& b) noexcept {
  if (b.magnitude_ == 0) return std::nullopt;
  const auto parts = divide_whole(a.magnitude_, a.exponent_, b.magnitude_, b.exponent_);
  if (!parts) return std::nullopt;
  return make(parts->quotient, 0, a.negative_ != b.negative_);
}

std::optional<Decimal> Decimal::remainder(const Decimal& a, const Decimal& b) noexcept {
  if (b.magnitude_ == 0) return std::nullopt;
  const auto parts = divide_whole(a.magnitude_, a.exponent_, b.magnitude_, b.exponent_);
  if (!parts) return std::nullopt;
  return make(parts->remainder, parts->exponent, a.negative_);
}

std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) noexcept {
  if (a.magnitude_ == 0 && b.magnitude_ == 0) return std::strong_ordering::equal;
  if (a.magnitude_ == 0) {
    return b.negative_ ? std::strong_ordering::greater : std::strong_ordering::less;
  }
  if (b.magnitude_ == 0 || a.negative_ != b.negative_) {
    return a.negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  const auto signed_order = [&](std::strong_ordering order) {
    return a.negative_ ? 0 <=> order : order;
  };
  // The place of the first digit decides, then the digits with both numbers 38 digits long.
  const int a_digits = count_digits(a.magnitude_), b_digits = count_digits(b.magnitude_);
  const int a_place = a_digits + a.exponent_, b_place = b_digits + b.exponent_;
  if (a_place != b_place) return signed_order(a_place <=> b_place);
  const Wide a_aligned = a.magnitude_ * power_of_ten(38 - a_digits);
  const Wide b_aligned = b.magnitude_ * power_of_ten(38 - b_digits);
  if (a_aligned == b_aligned) return std::strong_ordering::equal;
  return signed_order(a_aligned < b_aligned ? std::strong_ordering::less
                                            : std::strong_ordering::greater);
}

}  // namespace concord
