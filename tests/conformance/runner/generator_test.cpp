// Every resource type of R4, made and held against the validator.

#include "conformance/runner/generator/generator.h"

#include <gmock/gmock.h>

#include "fhir/json/writer.h"
#include "tests/conformance/runner/r4.h"
#include "tests/support/result_matchers.h"

namespace concord::runner {
namespace {

std::string text_of(std::string_view type, std::uint64_t seed) {
  const generator::Generator make(r4().definitions, &*r4().terminology);
  const auto document = make.resource(type, seed);
  EXPECT_THAT(document, IsOk()) << type;
  if (!document) return {};
  return json::write(*document).value_or("");
}

TEST(Generator, KnowsTheResourceTypesOfR4) {
  const generator::Generator make(r4().definitions, &*r4().terminology);
  EXPECT_EQ(make.types().size(), 146u);
}

TEST(Generator, EveryTypeIsValidForSeveralSeeds) {
  const generator::Generator make(r4().definitions, &*r4().terminology);
  for (const std::string& type : make.types()) {
    for (const std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{77}, ~std::uint64_t{0}}) {
      const std::string text = text_of(type, seed);
      const auto document = r4().read(text, false);
      ASSERT_THAT(document, IsOk()) << text;
      for (const Issue& issue : r4().errors_of(*document, {})) {
        ADD_FAILURE() << issue.expression << ": " << issue.text << "\n" << text;
      }
    }
  }
}

TEST(Generator, TheSameSeedGivesTheSameBytesAndAnotherDoesNot) {
  EXPECT_EQ(text_of("Observation", 5), text_of("Observation", 5));
  EXPECT_NE(text_of("ImagingStudy", 5), text_of("Appointment", 5));
  EXPECT_NE(text_of("Composition", 5), text_of("Composition", 6));
}

TEST(Generator, WhatIsNoResourceTypeIsNotFound) {
  const generator::Generator make(r4().definitions, &*r4().terminology);
  EXPECT_THAT(make.resource("NoSuchThing", 1), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(make.resource("DomainResource", 1), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(make.resource("HumanName", 1), FailsWith(ErrorCode::not_found));
}

}  // namespace
}  // namespace concord::runner
