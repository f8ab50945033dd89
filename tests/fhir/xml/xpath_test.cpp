// XPath over FHIR XML.

#include "fhir/xml/xpath.h"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace concord::xml {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kPatient =
    R"(<Patient xmlns="http://hl7.org/fhir"><id value="p1"/><name><family value="Quay"/>)"
    R"(<given value="Rowan"/><given value="Ash"/></name></Patient>)";

std::vector<std::string> selected(const std::string& expression) {
  const auto found = xpath(kPatient, expression);
  EXPECT_THAT(found, IsOk()) << expression;
  return found ? *found : std::vector<std::string>{};
}

TEST(XPath, SelectsTheValuesOfNodes) {
  EXPECT_THAT(selected("fhir:Patient/fhir:name/fhir:given/@value"), ElementsAre("Rowan", "Ash"));
  EXPECT_THAT(selected("//f:given[2]/@value"), ElementsAre("Ash"));
  EXPECT_THAT(selected("//f:name[f:family/@value='Quay']/f:given[1]/@value"), ElementsAre("Rowan"));
  EXPECT_THAT(selected("//f:telecom/@value"), IsEmpty());
}

TEST(XPath, NumbersAndTruthsAreOneText) {
  EXPECT_THAT(selected("count(//f:given)"), ElementsAre("2"));
  EXPECT_THAT(selected("boolean(//f:id)"), ElementsAre("true"));
}

TEST(XPath, WhatCannotBeReadIsMalformed) {
  EXPECT_THAT(xpath(kPatient, "//f:given["), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(xpath(kPatient, "//nobody:given"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(xpath("<a", "//a"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(xpath("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "//a"),
              FailsWith(ErrorCode::malformed));
}

TEST(XPath, WorkIsBounded) {
  std::string wide = "<a>";
  for (int i = 0; i < 3'000; ++i) wide += "<b/>";
  wide += "</a>";
  EXPECT_THAT(xpath(wide, "count(//b[count(//b[count(//b) > 1]) > 1])"),
              FailsWith(ErrorCode::too_costly));
  std::string many = "<a>";
  for (int i = 0; i < 10'001; ++i) many += "<b/>";
  EXPECT_THAT(xpath(many + "</a>", "//b"), FailsWith(ErrorCode::too_long));
}

}  // namespace
}  // namespace concord::xml
