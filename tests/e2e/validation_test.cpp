// What a resource is asked for before it is stored, by configuration: every way in of the FHIR
// server, in each mode, against a profile of a loaded package.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/e2e/world.h"
#include "tests/support/postgres_cluster.h"

namespace concord::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kProfile = "https://example.org/StructureDefinition/dated-patient";

/// A folder with one profile: a Patient has a birth date.
void write_profile(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "dated-patient.json") << R"({"resourceType":"StructureDefinition",
    "url":"https://example.org/StructureDefinition/dated-patient","name":"DatedPatient",
    "status":"active","fhirVersion":"4.0.1","kind":"resource","abstract":false,"type":"Patient",
    "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint",
    "differential":{"element":[{"id":"Patient.birthDate","path":"Patient.birthDate","min":1}]}})";
}

std::string patient(const std::string& id, bool dated) {
  return R"({"resourceType":"Patient","id":")" + id + R"(","name":[{"family":"Ashdown"}])" +
         (dated ? R"(,"birthDate":"1980-03-04")" : "") + "}";
}

std::string entry(const std::string& method, const std::string& url, const std::string& resource) {
  return R"({"resource":)" + resource + R"(,"request":{"method":")" + method + R"(","url":")" +
         url + "\"}}";
}

std::string bundle(const std::string& type, const std::string& entries) {
  return R"({"resourceType":"Bundle","type":")" + type + R"(","entry":[)" + entries + "]}";
}

/// [{"op":"remove","path":"/birthDate"}] for a Bundle: a Binary.
constexpr const char* kPatchEntry =
    R"({"resourceType":"Binary","contentType":"application/json-patch+json",)"
    R"("data":"W3sib3AiOiJyZW1vdmUiLCJwYXRoIjoiL2JpcnRoRGF0ZSJ9XQ=="})";

struct Mode {
  std::string name;
  bool postgresql = false;
};

class Validated : public testing::TestWithParam<Mode> {
 protected:
  void SetUp() override {
    write_profile(folder_.path() / "profiles");
    std::map<std::string, std::string> settings{
        {"CONCORD_PACKAGES_LOAD", (folder_.path() / "profiles").string()},
        {"CONCORD_FHIR_VALIDATION", "Patient=" + GetParam().name}};
    if (GetParam().name != "off") {
      settings["CONCORD_FHIR_PROFILES"] = "Patient=" + std::string(kProfile);
    }
    if (GetParam().postgresql) {
      if (PostgresCluster::shared() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
      settings["CONCORD_STORE_KIND"] = "postgresql";
      settings["CONCORD_STORE_CONNECTION"] = PostgresCluster::shared()->make_database();
    }
    world_ = std::make_unique<World>(std::move(settings));
  }

  bool enforced() const { return GetParam().name == "enforce"; }

  /// An undated Patient on its way in: refused as a whole, or taken and told of.
  void expect_judged(const HttpAnswer& answer, const std::string& expression) {
    SCOPED_TRACE(answer.body);
    if (enforced()) {
      EXPECT_EQ(answer.status, 422);
      EXPECT_THAT(answer.body, HasSubstr(R"("severity":"error")"));
      EXPECT_THAT(answer.body, HasSubstr("birthDate"));
      EXPECT_THAT(answer.body, HasSubstr("\"" + expression));
      return;
    }
    EXPECT_TRUE(answer.status == 200 || answer.status == 201) << answer.status;
    if (GetParam().name == "warn") {
      EXPECT_THAT(answer.body, HasSubstr(R"("severity":"warning")"));
      EXPECT_THAT(answer.body, HasSubstr("birthDate"));
    } else {
      EXPECT_THAT(answer.body, Not(HasSubstr("birthDate")));
    }
  }

  HttpAnswer send(const std::string& method, const std::string& path, const std::string& body,
                  const std::string& type = "application/fhir+json") {
    HttpClient http(world_->port());
    const auto answer =
        http.request(method, "/FHIR/R4" + path,
                     {{"Content-Type", type}, {"Prefer", "return=OperationOutcome"}}, body);
    EXPECT_TRUE(answer.has_value());
    return answer.value_or(HttpAnswer{});
  }
  std::string stored(const std::string& id) { return world_->get("/FHIR/R4/Patient/" + id).body; }

  TemporaryFolder folder_;
  std::unique_ptr<World> world_;
};

TEST_P(Validated, CreatesUpdatesPatchesAndEntriesOfBundles) {
  expect_judged(send("POST", "/Patient", patient("none", false)), "Patient");
  EXPECT_EQ(send("POST", "/Patient", patient("none", true)).status, 201);

  expect_judged(send("PUT", "/Patient/put", patient("put", false)), "Patient");
  EXPECT_EQ(world_->get("/FHIR/R4/Patient/put").status, enforced() ? 404 : 200);

  ASSERT_EQ(send("PUT", "/Patient/patched", patient("patched", true)).status, 201);
  expect_judged(send("PATCH", "/Patient/patched", R"([{"op":"remove","path":"/birthDate"}])",
                     "application/json-patch+json"),
                "Patient");
  EXPECT_THAT(stored("patched"),
              HasSubstr(enforced() ? R"("versionId":"1")" : R"("versionId":"2")"));

  // A transaction is refused as a whole, the entry is named.
  ASSERT_EQ(send("PUT", "/Patient/inner", patient("inner", true)).status, 201);
  expect_judged(send("POST", "",
                     bundle("transaction", entry("PUT", "Patient/t1", patient("t1", true)) + "," +
                                               entry("POST", "Patient", patient("t2", false)))),
                "Bundle.entry[1].resource");
  EXPECT_EQ(world_->get("/FHIR/R4/Patient/t1").status, enforced() ? 404 : 200);
  expect_judged(
      send("POST", "", bundle("transaction", entry("PUT", "Patient/put2", patient("put2", false)))),
      "Bundle.entry[0].resource");
  expect_judged(
      send("POST", "", bundle("transaction", entry("PATCH", "Patient/inner", kPatchEntry))),
      "Bundle.entry[0]");
  EXPECT_THAT(stored("inner"), HasSubstr(enforced() ? R"("versionId":"1")" : R"("versionId":"2")"));

  // A batch answers each for itself.
  const HttpAnswer batch =
      send("POST", "",
           bundle("batch", entry("PUT", "Patient/b1", patient("b1", true)) + "," +
                               entry("PUT", "Patient/b2", patient("b2", false))));
  EXPECT_EQ(batch.status, 200);
  EXPECT_THAT(batch.body, HasSubstr(R"("status":"201)"));
  EXPECT_EQ(batch.body.find(R"("status":"422)") != std::string::npos, enforced()) << batch.body;
  EXPECT_EQ(world_->get("/FHIR/R4/Patient/b1").status, 200);
  EXPECT_EQ(world_->get("/FHIR/R4/Patient/b2").status, enforced() ? 404 : 200);
}

TEST_P(Validated, OtherTypesAndTheBaseRulesAreAsEver) {
  // Without an entry for its type a resource is asked for the base rules of R4 only.
  EXPECT_EQ(send("POST", "/Organization", R"({"resourceType":"Organization"})").status, 201)
      << "org-1 asks for a name or an identifier";
  EXPECT_EQ(send("POST", "/Patient", R"({"resourceType":"Patient","gender":"green"})").status, 400);
  EXPECT_EQ(send("POST", "/Patient", R"({"resourceType":"Patient","nonsense":1})").status, 400);
}

INSTANTIATE_TEST_SUITE_P(By, Validated,
                         testing::Values(Mode{"off"}, Mode{"warn"}, Mode{"enforce"},
                                         Mode{"enforce", true}),
                         [](const testing::TestParamInfo<Mode>& one) {
                           return one.param.name + (one.param.postgresql ? "OnPostgresql" : "");
                         });

TEST(ValidationSettings, ThatMeanNothingStopTheStart) {
  const TemporaryFolder folder;
  const auto refused = [&](std::map<std::string, std::string> settings) {
    settings["CONCORD_STORE_PATH"] = (folder.path() / "store.db").string();
    settings["CONCORD_HTTP_PORT"] = "0";
    const std::filesystem::path log = folder.path() / "log";
    std::filesystem::remove(log);
    const auto status =
        run(built_program("concord"),
            {.arguments = {"serve"}, .environment = std::move(settings), .log = log},
            std::chrono::seconds(30));
    EXPECT_NE(status.value_or(0), 0);
    return read_file(log);
  };
  EXPECT_THAT(refused({{"CONCORD_FHIR_VALIDATION", "Patient=perhaps"}}),
              HasSubstr("fhir.validation"));
  EXPECT_THAT(refused({{"CONCORD_FHIR_VALIDATION", "Patent=enforce"}}),
              HasSubstr("fhir.validation"));
  EXPECT_THAT(refused({{"CONCORD_FHIR_PROFILES", "Patient=" + std::string(kProfile)}}),
              HasSubstr("fhir.profiles"))
      << "profiles for a type that is not checked";
  EXPECT_THAT(refused({{"CONCORD_FHIR_VALIDATION", "Patient=enforce"},
                       {"CONCORD_FHIR_PROFILES", "Patient=" + std::string(kProfile)}}),
              HasSubstr("fhir.profiles"))
      << "a profile nobody knows would refuse every Patient";
}

}  // namespace
}  // namespace concord::test
