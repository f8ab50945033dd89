// The table of units against the codes FHIR itself lists as usual (valueset ucum-common).
#include "fhir/path/detail/ucum.h"

#include <gmock/gmock.h>

#include <set>

#include "fhir/definitions/r4_generated.h"
#include "tests/fhir/path/engine.h"

namespace concord::path::detail {

TEST(Ucum, EveryUnitOfTheTableIsMadeOfOthers) {
  for (const Atom& atom : kAtoms) {
    const auto unit = parse_ucum(atom.code);
    ASSERT_TRUE(unit.has_value()) << atom.code;
    EXPECT_EQ(unit->scale, atom.scale == Scale::arbitrary ? Scale::linear : atom.scale)
        << atom.code;
    if (atom.metric) {
      const auto milli = parse_ucum("m" + std::string(atom.code));
      ASSERT_TRUE(milli.has_value()) << atom.code;
      EXPECT_TRUE(milli->measures_the_same(*unit) || atom.code == "in") << atom.code;
    }
  }
}

TEST(Ucum, EveryUsualCodeIsKnown) {
  const auto* usual =
      path::test::engine().definitions->value_set("http://hl7.org/fhir/ValueSet/ucum-common");
  ASSERT_NE(usual, nullptr);
  std::size_t count = 0;
  std::set<std::string> unknown;
  for (const auto* include : *usual->include()) {
    if (include->concepts() == nullptr) continue;
    for (const auto* row : *include->concepts()) {
      ++count;
      if (!parse_ucum(row->code()->string_view())) unknown.insert(row->code()->str());
    }
  }
  EXPECT_GT(count, 1300u);
  EXPECT_THAT(unknown, testing::IsEmpty());
}

TEST(Ucum, WhatIsNoCodeIsRefused) {
  for (const char* code : {"", "x", "mg/", "/", "mg//dL", "(mg", "mg)", "m m", "kmin", "{", "mg{",
                           "10**3", "k", "MCel/Cel)", "mg.", "kk", "dag.", "((((((((((((((((((m"}) {
    EXPECT_FALSE(parse_ucum(code).has_value()) << code;
  }
  EXPECT_FALSE(parse_ucum(std::string(200, 'm')).has_value());
}

TEST(Ucum, OffsetsAndLogarithmsGoBothWays) {
  for (const Atom& atom : kAtoms) {
    if (atom.scale == Scale::linear || atom.scale == Scale::arbitrary) continue;
    const auto unit = *parse_ucum(atom.code);
    Unit plain = unit;
    plain.scale = Scale::linear;
    plain.factor = Decimal(1);
    const Decimal value = *Decimal::parse("1.5");
    const auto there = convert(value, unit, plain);
    ASSERT_TRUE(there.has_value()) << atom.code;
    const auto back = convert(*there, plain, unit);
    ASSERT_TRUE(back.has_value()) << atom.code;
    EXPECT_NEAR(back->to_double(), 1.5, 1e-9) << atom.code;
  }
}

}  // namespace concord::path::detail
