// The operations of a terminology service, over R4.

#include "fhir/terminology/terminology.h"

#include "fhir/definitions/definitions.h"
#include "fhir/packages/registry.h"
#include "tests/gateway/api/calling.h"

namespace concord::api {
namespace {

using testing::HasSubstr;
using testing::Not;

/// An Api with R4's terminology and one map and one code system of its own.
class Terms : public testing::Test {
 protected:
  static void SetUpTestSuite() { loaded_ = new Loaded; }
  static void TearDownTestSuite() {
    delete loaded_;
    loaded_ = nullptr;
  }

  Terms() {
    calling.services.terminology = &loaded_->terms;
    calling.services.symbols = &loaded_->symbols;
  }

  std::string get(std::string target) {
    http::Response response = calling.call({"GET", "/FHIR/R4/" + std::move(target)});
    status = response.status;
    return std::move(response.body);
  }
  std::string post(std::string target, std::string body) {
    http::Response response = calling.post("/FHIR/R4/" + std::move(target), std::move(body));
    status = response.status;
    return std::move(response.body);
  }

  Calling calling;
  int status = 0;

 private:
  struct Loaded {
    tree::Symbols symbols;
    definitions::Definitions r4;
    packages::Registry registry;
    terminology::Terminology terms;

    Loaded() : r4(load(symbols)), registry(r4), terms(filled(registry)) {}

    static definitions::Definitions load(tree::Symbols& symbols) {
      auto loaded = definitions::Definitions::r4(symbols);
      if (!loaded) std::abort();
      return *std::move(loaded);
    }
    static const packages::Registry& filled(packages::Registry& registry) {
      const auto added = registry.add_text("tree.json", R"({"resourceType":"CodeSystem",
        "id":"tree","url":"http://example.org/cs/tree","version":"1","name":"Tree",
        "status":"active","content":"complete","caseSensitive":true,"concept":[
          {"code":"root","display":"Root","definition":"Top of it","concept":[
            {"code":"leaf","display":"Leaf","designation":[{"language":"de","value":"Blatt"}],
             "property":[{"code":"shape","valueString":"oval"}]}]}]})");
      if (!added) ADD_FAILURE() << to_string(added.error());
      return registry;
    }
  };
  static inline Loaded* loaded_ = nullptr;
};

TEST_F(Terms, ExpandByUrlAndById) {
  const std::string body =
      get("ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender");
  EXPECT_EQ(status, 200);
  EXPECT_THAT(body, HasSubstr(R"("total":4)"));
  EXPECT_THAT(body, HasSubstr(R"("code":"female","display":"Female")"));
  EXPECT_EQ(get("ValueSet/administrative-gender/$expand"), body);
  const std::string page = get("ValueSet/administrative-gender/$expand?offset=1&count=1");
  EXPECT_THAT(page, HasSubstr(R"("offset":1)"));
  EXPECT_THAT(page, HasSubstr("female"));
  EXPECT_THAT(page, Not(HasSubstr("unknown\"")));
  EXPECT_THAT(get("ValueSet/administrative-gender/$expand?_format=xml"),
              HasSubstr("<code value=\"male\"/>"));
}

TEST_F(Terms, ExpandOfAValueSetGiven) {
  const std::string body = post("ValueSet/$expand", R"({"resourceType":"Parameters","parameter":[
    {"name":"displayLanguage","valueCode":"de"},{"name":"includeDesignations","valueBoolean":true},
    {"name":"valueSet","resource":{"resourceType":"ValueSet","status":"draft","compose":{"include":[
      {"system":"http://example.org/cs/tree"}]}}}]})");
  EXPECT_EQ(status, 200) << body;
  EXPECT_THAT(body, HasSubstr(R"("contains":[{"system":"http://example.org/cs/tree","version":"1",)"
                              R"("code":"root","display":"Root","contains":[)"));
  EXPECT_THAT(body, HasSubstr(R"("code":"leaf","display":"Blatt")"));
}

TEST_F(Terms, ErrorsAreOutcomes) {
  EXPECT_THAT(get("ValueSet/$expand?url=http://example.org/none"), HasSubstr("OperationOutcome"));
  EXPECT_EQ(status, 404);
  get("ValueSet/none/$expand");
  EXPECT_EQ(status, 404);
  EXPECT_THAT(get("ValueSet/$expand"), HasSubstr(R"("code":"required")"));
  EXPECT_EQ(status, 400);
  EXPECT_THAT(get("ValueSet/administrative-gender/$expand?bogusParam=true"),
              HasSubstr(R"("code":"not-supported")"));
  EXPECT_EQ(status, 400);
  get("ValueSet/administrative-gender/$expand?count=many");
  EXPECT_EQ(status, 400);
  get("CodeSystem/$lookup");
  EXPECT_EQ(status, 400);
  get("CodeSystem/$validate-code");
  EXPECT_EQ(status, 400);
  get("CodeSystem/$subsumes");
  EXPECT_EQ(status, 400);
  get("ValueSet/mimetypes/$expand");
  EXPECT_EQ(status, 422);
  post("ValueSet/$expand", R"({"resourceType":"Patient"})");
  EXPECT_EQ(status, 400);
  post("ValueSet/$expand", "{");
  EXPECT_EQ(status, 400);
  get("CodeSystem/$lookup?system=http://example.org/cs/tree&code=none");
  EXPECT_EQ(status, 404);
  calling.services.terminology = nullptr;
  get("ValueSet/administrative-gender/$expand");
  EXPECT_EQ(status, 422);
}

TEST_F(Terms, ValidateCodeInAValueSet) {
  EXPECT_THAT(get("ValueSet/administrative-gender/$validate-code?code=male&system="
                  "http://hl7.org/fhir/administrative-gender"),
              HasSubstr(R"({"name":"result","valueBoolean":true})"));
  EXPECT_THAT(get("ValueSet/administrative-gender/$validate-code?code=man"),
              HasSubstr(R"({"name":"result","valueBoolean":false})"));
  const std::string display =
      post("ValueSet/$validate-code", R"({"resourceType":"Parameters","parameter":[
        {"name":"url","valueUri":"http://hl7.org/fhir/ValueSet/administrative-gender"},
        {"name":"coding","valueCoding":{"system":"http://hl7.org/fhir/administrative-gender",
                                        "code":"male","display":"Man"}}]})");
  EXPECT_EQ(status, 200);
  EXPECT_THAT(display, HasSubstr(R"("valueBoolean":false)"));
  EXPECT_THAT(display, HasSubstr(R"({"name":"display","valueString":"Male"})"));
  EXPECT_THAT(post("ValueSet/administrative-gender/$validate-code",
                   R"({"resourceType":"Parameters","parameter":[{"name":"codeableConcept",
             "valueCodeableConcept":{"coding":[{"system":"http://example.org/x","code":"y"},
               {"system":"http://hl7.org/fhir/administrative-gender","code":"male"}]}}]})"),
              HasSubstr(R"("valueBoolean":true)"));
  get("ValueSet/administrative-gender/$validate-code");
  EXPECT_EQ(status, 400) << "no code";
}

TEST_F(Terms, CodeSystems) {
  const std::string leaf = get("CodeSystem/$lookup?system=http://example.org/cs/tree&code=leaf");
  EXPECT_EQ(status, 200);
  EXPECT_THAT(leaf, HasSubstr(R"({"name":"display","valueString":"Leaf"})"));
  EXPECT_THAT(leaf, HasSubstr(R"({"name":"value","valueString":"Blatt"})"));
  EXPECT_THAT(
      leaf,
      HasSubstr(R"({"name":"code","valueCode":"parent"},{"name":"value","valueCode":"root"})"));
  EXPECT_THAT(leaf, HasSubstr(R"({"name":"value","valueString":"oval"})"));
  EXPECT_THAT(get("CodeSystem/tree/$validate-code?code=leaf"),
              HasSubstr(R"({"name":"result","valueBoolean":true})"));
  EXPECT_THAT(get("CodeSystem/$validate-code?url=http://example.org/cs/tree&code=twig"),
              HasSubstr(R"({"name":"result","valueBoolean":false})"));
  EXPECT_THAT(get("CodeSystem/tree/$subsumes?codeA=root&codeB=leaf"),
              HasSubstr(R"({"name":"outcome","valueCode":"subsumes"})"));
  EXPECT_THAT(get("CodeSystem/$subsumes?system=http://example.org/cs/tree&codeA=leaf&codeB=root"),
              HasSubstr(R"("valueCode":"subsumed-by")"));
}

TEST_F(Terms, Translate) {
  const std::string female =
      get("ConceptMap/cm-administrative-gender-v3/$translate?code=female&system="
          "http://hl7.org/fhir/administrative-gender");
  EXPECT_EQ(status, 200);
  EXPECT_THAT(female, HasSubstr(R"({"name":"result","valueBoolean":true})"));
  EXPECT_THAT(female, HasSubstr(R"("code":"F")"));
  EXPECT_THAT(get("ConceptMap/cm-administrative-gender-v3/$translate?code=F&reverse=true&system="
                  "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender"),
              HasSubstr(R"("code":"female")"));
  get("ConceptMap/$translate?code=female");
  EXPECT_EQ(status, 400) << "neither a map nor what to choose one by";
  get("ConceptMap/$translate?code=female&url=http://example.org/none");
  EXPECT_EQ(status, 404);
}

TEST_F(Terms, MetadataListsEachOperationOnceAtItsType) {
  const std::string body = get("metadata");
  const auto count = [&](std::string_view text) {
    std::size_t found = 0;
    for (auto at = body.find(text); at != std::string::npos; at = body.find(text, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("OperationDefinition/ValueSet-expand"), 1U);
  EXPECT_EQ(count("OperationDefinition/CodeSystem-lookup"), 1U);
  EXPECT_EQ(count("OperationDefinition/ConceptMap-translate"), 1U);
  EXPECT_THAT(body, HasSubstr(R"({"type":"ValueSet","operation":[{"name":"expand")"));
}

}  // namespace
}  // namespace concord::api
