// A site changes a mapping by laying a file over ours.

#include <gmock/gmock.h>

#include "tests/mappers/eps/world.h"

namespace concord::eps::test {
namespace {

/// The example of mappers/eps/README.md (tests/e2e runs it as it stands there): the country as one
/// more line of an address.
constexpr const char* kCountryOverlay = R"(
map "https://concord.example/map/eps/demographics" = "SiteDemographics"

group Address(source address : FhirAddress, target addr : AD) {
  address.use as use -> addr.use = translate(use, '#address-use', 'code')  "site.address.use";
  address.line as line -> addr.streetAddressLine = line                    "site.address.line";
  address.city as line -> addr.streetAddressLine = line                    "site.address.city";
  address.district as line -> addr.streetAddressLine = line                "site.address.district";
  address.state as line -> addr.streetAddressLine = line                   "site.address.state";
  address.country as line -> addr.streetAddressLine = line                 "site.address.country";
  address.postalCode as code -> addr.postalCode = code                     "site.address.postcode";
}
)";

Result<std::unique_ptr<mappers::Mapper>> with_overlay(World& world, std::string text) {
  MapperOptions options;
  options.overlays.push_back({"site/demographics.map", std::move(text)});
  return make_mapper(world.definitions, options);
}

TEST(EpsOverlay, ReplacesOneGroupAndTakesTheElementOffTheLosses) {
  World& world = World::get();
  const auto mapper = with_overlay(world, kCountryOverlay);
  ASSERT_THAT(mapper, IsOk());
  const std::string input = edited_first(case_input("unsigned"), "\"postalCode\": \"ZZ99 3CZ\"",
                                         "\"postalCode\": \"ZZ99 3CZ\", \"country\": \"GB\"");
  const auto shipped = translate(input);
  ASSERT_THAT(shipped, IsOk());
  const auto changed = (*mapper)->encode(typed(input), case_parameters(), nullptr);
  ASSERT_THAT(changed, IsOk());
  EXPECT_THAT(shipped->bytes, testing::Not(testing::HasSubstr("<streetAddressLine>GB<")));
  EXPECT_THAT(changed->bytes, testing::HasSubstr("<streetAddressLine>GB</streetAddressLine>"));
  EXPECT_EQ(shipped->losses.size(), changed->losses.size() + 1);
}

TEST(EpsOverlay, ThatDoesNotCompileStopsTheLoadWithFileAndLine) {
  const auto mapper = with_overlay(World::get(), R"(
map "https://concord.example/map/eps/demographics" = "SiteDemographics"

group Address(source address : FhirAddress, target addr : AD) {
  address.county as line -> addr.streetAddressLine = line "site.address.county";
}
)");
  ASSERT_THAT(mapper, FailsWith(ErrorCode::invalid));
  const Issue& issue = mapper.error().issues.front();
  EXPECT_EQ(issue.expression, "site/demographics.map");
  EXPECT_EQ(issue.position.line, 5u);
}

TEST(EpsOverlay, MayUseOnlyTheParametersOfTheMapper) {
  const auto mapper = with_overlay(World::get(), R"(
map "https://concord.example/map/eps/demographics" = "SiteDemographics"

group Address(source address : FhirAddress, target addr : AD) {
  address -> addr.postalCode = (%secret_key) "site.address.secret";
}
)");
  ASSERT_THAT(mapper, FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace concord::eps::test
