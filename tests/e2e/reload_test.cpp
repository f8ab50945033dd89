// Maps are replaced while messages run: nothing is lost, and what does not hold is not taken.

#include <gmock/gmock.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "fhir/core/digest.h"
#include "tests/e2e/world.h"
#include "tests/support/prescriptions.h"

namespace concord::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kCountry =
    R"(map "https://concord.example/map/eps/demographics" = "SiteDemographics"

group Address(source address : FhirAddress, target addr : AD) {
  address.use as use -> addr.use = translate(use, '#address-use', 'code')  "site.address.use";
  address.line as line -> addr.streetAddressLine = line                    "site.address.line";
  address.city as line -> addr.streetAddressLine = line                    "site.address.city";
  address.country as line -> addr.streetAddressLine = line                 "site.address.country";
  address.district as line -> addr.streetAddressLine = line                "site.address.district";
  address.state as line -> addr.streetAddressLine = line                   "site.address.state";
  address.postalCode as code -> addr.postalCode = code                     "site.address.postcode";
}
)";

class Reload : public testing::Test {
 protected:
  Reload()
      : world({{"CONCORD_EPS_OVERLAYS", overlays.path().string()}, {"CONCORD_LOG_LEVEL", "info"}}) {
  }

  void lay(const std::string& text) {
    std::ofstream(overlays.path() / "demographics.map", std::ios::binary) << text;
  }
  HttpAnswer reload() { return world.post("/admin/maps/reload", "application/json", ""); }

  /// The order, its patient's address with a country.
  static std::string with_country(std::string bundle) {
    const auto at = bundle.find("\"postalCode\"");
    EXPECT_NE(at, std::string::npos);
    return bundle.insert(at, "\"country\": \"GB\", ");
  }
  /// The message that would be sent for an order.
  std::string message_of(const std::string& bundle) {
    const HttpAnswer answer = world.post("/FHIR/R4/$transform?_trace=false",
                                         "application/fhir+json", with_country(bundle));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return base64_decode(first_string(answer.body, "data")).value_or("");
  }

  TemporaryFolder overlays;
  World world;
  const Prescription order = renewed(example_prescription(), "reload", 1);
};

TEST_F(Reload, NewMappingTakesEffectWhileOrdersRunAndNoneIsLost) {
  constexpr int kSenders = 3;
  EXPECT_THAT(message_of(order.bundle), Not(HasSubstr("<streetAddressLine>GB<")));
  std::atomic<bool> enough = false;
  std::atomic<int> accepted = 0, refused = 0;
  std::vector<std::thread> senders;
  for (int sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&, sender] {
      for (int n = 1; !enough; ++n) {
        const Prescription one =
            renewed(example_prescription(), "reload-" + std::to_string(sender), n);
        const HttpAnswer answer = world.process(with_country(one.bundle));
        ++(answer.status == 202 ? accepted : refused);
      }
    });
  }
  for (int turn = 0; turn < 4; ++turn) {
    lay(turn % 2 == 0 ? kCountry : "");
    if (turn % 2 != 0) std::filesystem::remove(overlays.path() / "demographics.map");
    const HttpAnswer answer = reload();
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr("\"changed\":true"));
  }
  lay(kCountry);
  EXPECT_EQ(reload().status, 200);
  EXPECT_THAT(message_of(order.bundle), HasSubstr("<streetAddressLine>GB<"));
  enough = true;
  for (std::thread& sender : senders) sender.join();
  EXPECT_EQ(refused, 0);
  EXPECT_GT(accepted, 0);
  EXPECT_EQ(world.metric("concord_messages_accepted_total"), accepted);
  EXPECT_EQ(world.metric("concord_messages_unaccounted"), 0);
}

TEST_F(Reload, AMapThatDoesNotCompileIsNamedWithItsPlaceAndTheOldOneServesOn) {
  lay(kCountry);
  ASSERT_EQ(reload().status, 200);
  std::string broken = kCountry;
  broken.replace(broken.find("address.country"), 15, "address.county_");
  lay(broken);
  const HttpAnswer answer = reload();
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(answer.body, HasSubstr("demographics.map"));
  EXPECT_THAT(answer.body, HasSubstr("unknown-element"));
  EXPECT_THAT(answer.body, HasSubstr("line 7"));
  EXPECT_THAT(message_of(order.bundle), HasSubstr("<streetAddressLine>GB<"));
  EXPECT_THAT(world.gateway().log(), HasSubstr("maps not replaced"));
}

TEST_F(Reload, AMapThatBreaksACaseIsNotTakenUnlessTheSiteSaysWhatItExpects) {
  std::string without_city = kCountry;
  const auto at = without_city.find("  address.city");
  without_city.erase(at, without_city.find('\n', at) + 1 - at);
  lay(without_city);
  const HttpAnswer answer = reload();
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(answer.body, HasSubstr("eps/cases/"));
  EXPECT_THAT(answer.body, HasSubstr("golden-case"));
  EXPECT_THAT(message_of(order.bundle), Not(HasSubstr("<streetAddressLine>GB<")));

  // The author looks at the differences, accepts them, and then the maps are taken.
  const std::string folder = overlays.path().string();
  const auto concord = [&](std::vector<std::string> arguments) {
    return run(built_program("concord"),
               {.arguments = std::move(arguments), .log = world.folder() / "map.log"},
               std::chrono::seconds(60));
  };
  EXPECT_EQ(concord({"map", "test", folder}), 1);
  EXPECT_EQ(concord({"map", "test", folder, "--update"}), 0);
  EXPECT_EQ(concord({"map", "test", folder}), 0);
  EXPECT_EQ(reload().status, 200);
  EXPECT_THAT(message_of(order.bundle), HasSubstr("<streetAddressLine>GB<"));
}

TEST_F(Reload, SighupDoesTheSame) {
  lay(kCountry);
  world.gateway().signal(SIGHUP);
  EXPECT_TRUE(world.gateway().wait_for_line("maps replaced", std::chrono::seconds(60)));
  EXPECT_THAT(message_of(order.bundle), HasSubstr("<streetAddressLine>GB<"));
}

}  // namespace
}  // namespace concord::test
