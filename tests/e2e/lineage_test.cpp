// Where each element of a sent message comes from, asked of a running gateway.

#include <gmock/gmock.h>

#include "fhir/json/reader.h"
#include "tests/e2e/world.h"
#include "tests/support/prescriptions.h"
#include "tests/support/result_matchers.h"

namespace concord::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Lineage : public testing::Test {
 protected:
  /// The lineage of an accepted order, in the format asked for.
  HttpAnswer lineage_of(const Prescription& sent, const std::string& query, Headers headers) {
    const HttpAnswer accepted = world.process(sent.bundle);
    EXPECT_EQ(accepted.status, 202) << accepted.body;
    location = accepted.headers.at("location");
    return world.get(location + "/$lineage" + query, std::move(headers));
  }
  World world;
  std::string location;
  const Prescription order = renewed(example_prescription(), "lineage", 1);
};

TEST_F(Lineage, IsAProvenanceWithAnExtensionForEachWrite) {
  const HttpAnswer answer = lineage_of(order, "", {});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.headers.at("content-type"), HasSubstr("application/fhir+json"));
  tree::Symbols symbols;
  const auto provenance = json::read(answer.body, symbols);
  ASSERT_THAT(provenance, IsOk());
  EXPECT_EQ(provenance->text(provenance->root().type()), "Provenance");
  EXPECT_GT(provenance->root().count(provenance->find("extension")), 200u);
  EXPECT_THAT(answer.body, HasSubstr(location.substr(location.rfind("Task/"))));
  EXPECT_THAT(answer.body, HasSubstr("ParentPrescription.id.root"));
  EXPECT_THAT(answer.body, HasSubstr("\"valueUri\":\"https://concord.example/map/eps/"));
  const HttpAnswer in_xml = world.get(location + "/$lineage", {{"Accept", "application/fhir+xml"}});
  EXPECT_EQ(in_xml.status, 200);
  EXPECT_THAT(in_xml.body, HasSubstr("<Provenance xmlns=\"http://hl7.org/fhir\">"));
}

TEST_F(Lineage, IsPlainJsonWhenThatIsAskedFor) {
  const HttpAnswer answer = lineage_of(order, "", {{"Accept", "application/json"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.headers.at("content-type"), HasSubstr("application/json"));
  EXPECT_THAT(answer.body, HasSubstr("\"rules\":[{\"map\":"));
  EXPECT_THAT(answer.body, HasSubstr("\"writes\":[{\"target\":"));
  EXPECT_EQ(world.get(location + "/$lineage?_format=application/json").body, answer.body);
}

TEST_F(Lineage, HoldsNothingOfThePatient) {
  for (const char* accept : {"application/json", "application/fhir+json"}) {
    const HttpAnswer answer = lineage_of(order, "", {{"Accept", accept}});
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body, Not(HasSubstr("9990123411")));
    EXPECT_THAT(answer.body, Not(HasSubstr(order.short_id)));
    EXPECT_THAT(answer.body, Not(HasSubstr("ZZ99 3CZ")));
  }
}

TEST_F(Lineage, OfAnUnknownTaskIsNotFound) {
  EXPECT_EQ(world.get("/FHIR/R4/Task/00000000-0000-4000-8000-000000000000/$lineage").status, 404);
}

}  // namespace
}  // namespace concord::test
