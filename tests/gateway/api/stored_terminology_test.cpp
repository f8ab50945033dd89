// Operations of terminology over what was stored here by PUT.

#include "tests/gateway/api/kept.h"

namespace concord::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class StoredTerms : public Kept {
 protected:
  StoredTerms() {
    with_terminology();
    make("CodeSystem/colours", R"({"resourceType":"CodeSystem","id":"colours",
      "url":"http://example.org/cs/colours","name":"Colours","status":"active","content":"complete",
      "concept":[{"code":"red","display":"Red","concept":[{"code":"crimson","display":"Crimson"}]},
                 {"code":"blue","display":"Blue"}]})");
    make("ValueSet/reds", R"({"resourceType":"ValueSet","id":"reds","status":"active",
      "url":"http://example.org/vs/reds","compose":{"include":[
        {"system":"http://example.org/cs/colours","concept":[{"code":"red"},{"code":"crimson"}]}]}})");
  }
  void make(std::string target, std::string body) {
    const auto made = put(std::move(target), std::move(body));
    EXPECT_TRUE(made.status == 200 || made.status == 201) << made.body;
  }
};

TEST_F(StoredTerms, ValueSetsAreExpandedByUrlAndById) {
  const auto by_url = get("ValueSet/$expand?url=http://example.org/vs/reds");
  EXPECT_EQ(by_url.status, 200) << by_url.body;
  EXPECT_THAT(by_url.body, HasSubstr(R"("code":"crimson","display":"Crimson")"));
  EXPECT_THAT(by_url.body, Not(HasSubstr("blue")));
  const auto by_id =
      get("ValueSet/reds/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender");
  EXPECT_EQ(by_id.status, 200);
  EXPECT_THAT(by_id.body, HasSubstr(R"("url":"http://example.org/vs/reds")"));
  EXPECT_THAT(by_id.body, HasSubstr("crimson"));
  const auto posted = post("ValueSet/$expand", R"({"resourceType":"Parameters","parameter":[
    {"name":"url","valueUri":"http://example.org/vs/reds"}]})");
  EXPECT_EQ(posted.status, 200);
  EXPECT_THAT(posted.body, HasSubstr("crimson"));
}

TEST_F(StoredTerms, SearchesLookIntoStoredValueSets) {
  const auto painted = [this](const std::string& id, const std::string& colour) {
    make("Observation/" + id, R"({"resourceType":"Observation","id":")" + id +
                                  R"(","status":"final","code":{"coding":[{"system":)"
                                  R"("http://example.org/cs/colours","code":")" +
                                  colour + R"("}]}})");
  };
  painted("o1", "crimson");
  painted("o2", "blue");
  const auto total = [this](const std::string& query) {
    const auto answer = get("Observation?" + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto at = answer.body.find("\"id\":\"o");
    EXPECT_THAT(answer.body, HasSubstr("\"total\":1")) << query;
    return at == std::string::npos ? std::string() : answer.body.substr(at + 6, 2);
  };
  EXPECT_EQ(total("code:in=http://example.org/vs/reds"), "o1");
  EXPECT_EQ(total("code:not-in=http://example.org/vs/reds"), "o2");
  EXPECT_EQ(total("code:in=ValueSet/reds"), "o1");
  EXPECT_EQ(total("code:in=https://concord.example/FHIR/R4/ValueSet/reds"), "o1");
  make("ValueSet/reds", R"({"resourceType":"ValueSet","id":"reds","status":"active",
      "url":"http://example.org/vs/reds","compose":{"include":[
        {"system":"http://example.org/cs/colours","concept":[{"code":"blue"}]}]}})");
  EXPECT_EQ(total("code:in=http://example.org/vs/reds"), "o2") << "a change is seen at once";
  make("ValueSet/unnamed", R"({"resourceType":"ValueSet","id":"unnamed","status":"active",
      "compose":{"include":[{"system":"http://example.org/cs/colours",
      "filter":[{"property":"concept","op":"is-a","value":"red"}]}]}})");
  EXPECT_EQ(total("code:in=ValueSet/unnamed"), "o1") << "without url, by its address";
  for (const char* none : {"ValueSet/none", "http://example.org/vs/none"}) {
    const auto refused = get("Observation?code:in=" + std::string(none));
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.body, HasSubstr("this value set is not known here"));
    EXPECT_THAT(refused.body, Not(HasSubstr("none")));
  }
}

TEST_F(StoredTerms, AChangeIsSeenAtOnce) {
  get("ValueSet/reds/$expand");
  make("CodeSystem/colours", R"({"resourceType":"CodeSystem","id":"colours",
    "url":"http://example.org/cs/colours","status":"active","content":"complete",
    "concept":[{"code":"red","display":"Scarlet"},{"code":"crimson"}]})");
  EXPECT_THAT(get("ValueSet/reds/$expand").body, HasSubstr(R"("display":"Scarlet")"));
  remove("ValueSet/reds");
  EXPECT_EQ(get("ValueSet/reds/$expand").status, 404);
  EXPECT_EQ(get("ValueSet/$expand?url=http://example.org/vs/reds").status, 404);
}

TEST_F(StoredTerms, SetsDrawOnStoredAndLoadedOnesAlike) {
  make("ValueSet/both", R"({"resourceType":"ValueSet","id":"both","status":"active",
    "url":"http://example.org/vs/both","compose":{"include":[
      {"valueSet":["http://example.org/vs/reds"]},
      {"valueSet":["http://hl7.org/fhir/ValueSet/administrative-gender"]}]}})");
  const auto both = get("ValueSet/$expand?url=http://example.org/vs/both");
  EXPECT_EQ(both.status, 200) << both.body;
  EXPECT_THAT(both.body, HasSubstr("crimson"));
  EXPECT_THAT(both.body, HasSubstr(R"("code":"female")"));
  const auto given = post("ValueSet/$expand", R"({"resourceType":"Parameters","parameter":[
    {"name":"valueSet","resource":{"resourceType":"ValueSet","status":"draft","compose":{"include":[
      {"valueSet":["http://example.org/vs/reds"]}]}}}]})");
  EXPECT_EQ(given.status, 200) << given.body;
  EXPECT_THAT(given.body, HasSubstr("crimson"));
}

TEST_F(StoredTerms, CodesAreLookedUpAndChecked) {
  const auto found = get("CodeSystem/$lookup?system=http://example.org/cs/colours&code=blue");
  EXPECT_EQ(found.status, 200) << found.body;
  EXPECT_THAT(found.body, HasSubstr(R"({"name":"name","valueString":"Colours"})"));
  EXPECT_THAT(found.body, HasSubstr(R"({"name":"display","valueString":"Blue"})"));
  EXPECT_EQ(get("CodeSystem/$lookup?system=http://example.org/cs/colours&code=green").status, 404);
  const auto result = [&](std::string target) {
    const auto answer = get(std::move(target));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.body.find(R"({"name":"result","valueBoolean":true})") != std::string::npos;
  };
  const std::string code = "/$validate-code?system=http://example.org/cs/colours&code=";
  EXPECT_TRUE(result("CodeSystem" + code + "blue"));
  EXPECT_FALSE(result("CodeSystem" + code + "green"));
  EXPECT_TRUE(result("ValueSet/reds" + code + "red"));
  EXPECT_FALSE(result("ValueSet/reds" + code + "blue"));
  EXPECT_TRUE(result("CodeSystem/colours/$validate-code?code=red"));
  EXPECT_THAT(get("CodeSystem/colours/$subsumes?codeA=red&codeB=crimson").body,
              HasSubstr(R"("valueCode":"subsumes")"));
}

TEST_F(StoredTerms, MapsTranslate) {
  make("ConceptMap/m", R"({"resourceType":"ConceptMap","id":"m","status":"active",
    "url":"http://example.org/cm/m","group":[{"source":"http://example.org/cs/colours",
      "target":"http://example.org/cs/hex","element":[
        {"code":"red","target":[{"code":"f00","equivalence":"equal"}]}]}]})");
  for (const char* target :
       {"ConceptMap/m/$translate?", "ConceptMap/$translate?url=http://example.org/cm/m&"}) {
    const auto answer = get(std::string(target) + "system=http://example.org/cs/colours&code=red");
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr(R"("code":"f00")"));
  }
}

TEST_F(StoredTerms, AStoreThatIsDownIsSaidSo) {
  store.set_down(true);
  EXPECT_EQ(get("ValueSet/reds/$expand").status, 503);
}

}  // namespace
}  // namespace concord::api
