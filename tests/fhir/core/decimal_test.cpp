#include "fhir/core/decimal.h"

#include <gmock/gmock.h>

#include <limits>
#include <random>

#include "tests/support/result_matchers.h"

namespace concord {
namespace {

Decimal dec(std::string_view text) {
  auto parsed = Decimal::parse(text);
  EXPECT_THAT(parsed, IsOk()) << text;
  return parsed ? *parsed : Decimal{};
}

std::string text_of(const std::optional<Decimal>& value) {
  return value ? value->to_text() : "none";
}

TEST(Decimal, KeepsItsDigitsAsWritten) {
  for (const char* text :
       {"0", "0.0", "1.50", "-0.001", "100", "12345678901234567890.1234567890"}) {
    EXPECT_EQ(dec(text).to_text(), text);
  }
  EXPECT_EQ(dec("1e3").to_text(), "1000");
  EXPECT_EQ(dec("-1.5E-3").to_text(), "-0.0015");
  EXPECT_EQ(dec("+7").to_text(), "7");
  EXPECT_EQ(dec("-0.0").to_text(), "0.0");
}

TEST(Decimal, CountsDigitsAndScaleAsWritten) {
  EXPECT_EQ(dec("1.50").scale(), 2);
  EXPECT_EQ(dec("1.50").digits(), 3);
  EXPECT_EQ(dec("0.0150").digits(), 3);
  EXPECT_EQ(dec("0").digits(), 1);
  EXPECT_EQ(dec("1e3").scale(), 0);
}

TEST(Decimal, RefusesWhatIsNoNumberOrTooLong) {
  for (const char* text : {"", "-", ".", "1.", ".5e", "1e", "1e+", "1,5", " 1", "1 ", "0x1", "NaN",
                           "1.2.3", "--1", "1e1001", "1e-1001", "1e99999999999999999999"}) {
    EXPECT_THAT(Decimal::parse(text), FailsWith(ErrorCode::invalid)) << text;
  }
  EXPECT_THAT(Decimal::parse(std::string(34, '9')), IsOk());
  EXPECT_THAT(Decimal::parse(std::string(35, '9')), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(Decimal::parse(std::string(100, '0') + "1"), IsOk());
}

TEST(Decimal, ComparesByValueNotByText) {
  EXPECT_EQ(dec("1.0"), dec("1.00"));
  EXPECT_EQ(dec("0"), dec("-0.00"));
  EXPECT_EQ(dec("1e3"), dec("1000"));
  EXPECT_LT(dec("-2"), dec("-1.9"));
  EXPECT_LT(dec("0.1"), dec("0.11"));
  EXPECT_LT(dec("9.999"), dec("10"));
  EXPECT_GT(dec("1e1000"), dec("9999999999999999999999999999999999"));
  EXPECT_GT(dec("1e-1000"), dec("0"));
  EXPECT_LT(dec("-1e-1000"), dec("0"));
  EXPECT_LT(dec("0.1000000000000000000000000000000001"),
            dec("0.1000000000000000000000000000000002"));
}

TEST(Decimal, AddsAndSubtractsExactly) {
  EXPECT_EQ(text_of(Decimal::add(dec("0.1"), dec("0.2"))), "0.3");
  EXPECT_EQ(text_of(Decimal::add(dec("1"), dec("0.00"))), "1.00");
  EXPECT_EQ(text_of(Decimal::add(dec("0.00"), dec("1"))), "1.00");
  EXPECT_EQ(text_of(Decimal::subtract(dec("1.00"), dec("0.9"))), "0.10");
  EXPECT_EQ(text_of(Decimal::subtract(dec("0.9"), dec("1"))), "-0.1");
  EXPECT_EQ(text_of(Decimal::subtract(dec("5"), dec("5.0"))), "0.0");
}

TEST(Decimal, SumsBeyond34DigitsAreRoundedHalfToEven) {
  const Decimal big = dec("1e33");
  EXPECT_EQ(text_of(Decimal::add(big, dec("0.5"))), "1000000000000000000000000000000000");
  EXPECT_EQ(text_of(Decimal::add(big, dec("0.51"))), "1000000000000000000000000000000001");
  EXPECT_EQ(text_of(Decimal::add(big, dec("1.5"))), "1000000000000000000000000000000002");
  EXPECT_EQ(text_of(Decimal::add(big, dec("0.5000000000000000000000000000000001"))),
            "1000000000000000000000000000000001");
  EXPECT_EQ(text_of(Decimal::subtract(dec("1e34"), dec("1e-900"))),
            "10000000000000000000000000000000000");
  EXPECT_EQ(text_of(Decimal::add(dec("9999999999999999999999999999999999"), dec("0.5"))),
            "10000000000000000000000000000000000");
}

TEST(Decimal, MultipliesExactlyAndRoundsOnlyBeyond34Digits) {
  EXPECT_EQ(text_of(Decimal::multiply(dec("1.20"), dec("1.5"))), "1.800");
  EXPECT_EQ(text_of(Decimal::multiply(dec("-3"), dec("0.0"))), "0.0");
  EXPECT_EQ(text_of(Decimal::multiply(dec("12345678901234567"), dec("98765432109876543"))),
            "1219326311370217861743636654061881");
  // 9…9 (34) squared = 99…98 00…01: the 34 leading digits, rounded.
  EXPECT_EQ(text_of(Decimal::multiply(dec(std::string(34, '9')), dec(std::string(34, '9')))),
            std::string(33, '9') + "8" + std::string(34, '0'));
  EXPECT_EQ(text_of(Decimal::multiply(dec("1e900"), dec("1e900"))), "none");
  EXPECT_EQ(text_of(Decimal::multiply(dec("1e-900"), dec("1e-900"))), "none");
}

TEST(Decimal, DividesExactlyWhereItEndsAndRoundsElsewhere) {
  EXPECT_EQ(text_of(Decimal::divide(dec("1"), dec("2"))), "0.5");
  EXPECT_EQ(text_of(Decimal::divide(dec("10"), dec("5"))), "2");
  EXPECT_EQ(text_of(Decimal::divide(dec("1"), dec("3"))), "0.3333333333333333333333333333");
  EXPECT_EQ(text_of(Decimal::divide(dec("2"), dec("3"), 5)), "0.66667");
  EXPECT_EQ(text_of(Decimal::divide(dec("-1"), dec("8"), 2)), "-0.12");
  EXPECT_EQ(text_of(Decimal::divide(dec("3"), dec("8"), 2)), "0.38");
  EXPECT_EQ(text_of(Decimal::divide(dec("12345"), dec("1"), 3)), "12300");
  EXPECT_EQ(text_of(Decimal::divide(dec("1"), dec("0.0"))), "none");
  EXPECT_EQ(text_of(Decimal::divide(dec("0"), dec("7"))), "0");
}

TEST(Decimal, IntegerDivisionCutsTheFractionAndRemainderTakesTheSignOfTheDividend) {
  EXPECT_EQ(text_of(Decimal::integer_divide(dec("7.5"), dec("2"))), "3");
  EXPECT_EQ(text_of(Decimal::integer_divide(dec("-7"), dec("2"))), "-3");
  EXPECT_EQ(text_of(Decimal::integer_divide(dec("2.2"), dec("1.8"))), "1");
  EXPECT_EQ(text_of(Decimal::integer_divide(dec("1"), dec("1e9"))), "0");
  EXPECT_EQ(text_of(Decimal::integer_divide(dec("1e40"), dec("1"))), "none");
  EXPECT_EQ(text_of(Decimal::integer_divide(dec("1"), dec("0"))), "none");
  EXPECT_EQ(text_of(Decimal::remainder(dec("5.5"), dec("0.7"))), "0.6");
  EXPECT_EQ(text_of(Decimal::remainder(dec("-7"), dec("2"))), "-1");
  EXPECT_EQ(text_of(Decimal::remainder(dec("3"), dec("1e9"))), "3");
  EXPECT_EQ(text_of(Decimal::remainder(dec("1e10"), dec("7"))), "4");
  EXPECT_EQ(text_of(Decimal::remainder(dec("1"), dec("0"))), "none");
}

TEST(Decimal, RoundsTiesAwayFromZeroAndKeepsFewerDigits) {
  EXPECT_EQ(dec("1.25").rounded(1).to_text(), "1.3");
  EXPECT_EQ(dec("-1.25").rounded(1).to_text(), "-1.3");
  EXPECT_EQ(dec("1.2").rounded(3).to_text(), "1.2");
  EXPECT_EQ(dec("-0.4").rounded(0).to_text(), "0");
  EXPECT_EQ(dec("1e-1000").rounded(8).to_text(), "0.00000000");
  EXPECT_EQ(dec("-1.5").floor().to_text(), "-2");
  EXPECT_EQ(dec("-0.5").floor().to_text(), "-1");
  EXPECT_EQ(dec("-1.5").ceiling().to_text(), "-1");
  EXPECT_EQ(dec("1.01").ceiling().to_text(), "2");
  EXPECT_EQ(dec("-0.5").ceiling().to_text(), "0");
  EXPECT_EQ(dec("-3.9").truncated().to_text(), "-3");
  EXPECT_EQ(dec("3.00").normalised().to_text(), "3");
  EXPECT_EQ(dec("0.00").normalised().to_text(), "0");
}

TEST(Decimal, TurnsIntoIntegersOnlyWhenItIsOne) {
  EXPECT_EQ(dec("3.00").to_int64(), 3);
  EXPECT_EQ(dec("3.01").to_int64(), std::nullopt);
  EXPECT_EQ(dec("9223372036854775807").to_int64(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(dec("9223372036854775808").to_int64(), std::nullopt);
  EXPECT_EQ(dec("-9223372036854775808").to_int64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Decimal(std::numeric_limits<std::int64_t>::min()).to_text(), "-9223372036854775808");
  EXPECT_EQ(dec("1e19").to_int64(), std::nullopt);
  EXPECT_EQ(dec("0e1000").to_int64(), 0);
}

TEST(Decimal, DoublesComeInTheirShortestForm) {
  EXPECT_EQ(text_of(Decimal::from_double(0.1)), "0.1");
  EXPECT_EQ(text_of(Decimal::from_double(-1e21)), "-1000000000000000000000");
  EXPECT_EQ(text_of(Decimal::from_double(std::numeric_limits<double>::infinity())), "none");
  EXPECT_DOUBLE_EQ(dec("1234.5678").to_double(), 1234.5678);
}

// The laws of arithmetic on random numbers small enough for every result to be exact.
TEST(Decimal, ArithmeticAgreesWithIntegersOfTheMachine) {
  std::mt19937_64 random(20261121);
  std::uniform_int_distribution<std::int64_t> number(-1'000'000'000, 1'000'000'000);
  for (int round = 0; round < 20'000; ++round) {
    const std::int64_t a = number(random), b = number(random), c = number(random) | 1;
    EXPECT_EQ(Decimal::add(a, b)->to_int64(), a + b);
    EXPECT_EQ(Decimal::subtract(a, b)->to_int64(), a - b);
    EXPECT_EQ(Decimal::multiply(a, b)->to_int64(), a * b);
    EXPECT_EQ(Decimal::integer_divide(a, c)->to_int64(), a / c);
    EXPECT_EQ(Decimal::remainder(a, c)->to_int64(), a % c);
    EXPECT_EQ(*Decimal::divide(*Decimal::multiply(a, c), c, 34), Decimal(a));
    EXPECT_EQ(Decimal(a) <=> Decimal(b), a <=> b);
  }
}

}  // namespace
}  // namespace concord
