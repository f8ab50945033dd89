// Interactions with stored resources as HTTP: statuses, fields, bodies.

#include "tests/gateway/api/kept.h"

namespace concord::api {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kBase = "https://concord.example/FHIR/R4";

std::string outcome(std::string_view code, std::string_view text,
                    std::string_view expression = {}) {
  std::string body = R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":")";
  body.append(code).append(R"(","details":{"text":")").append(text).append("\"}");
  if (!expression.empty()) body.append(R"(,"expression":[")").append(expression).append("\"]");
  return body.append("}]}");
}

TEST_F(Kept, CreateGives201WithTheVersionsAddressTagAndTime) {
  const auto made = post("Patient", patient("Ashdown", "mine"));
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(field(made, "Location"), std::string(kBase) + "/Patient/id-1/_history/1");
  EXPECT_EQ(field(made, "ETag"), "W/\"1\"");
  EXPECT_THAT(field(made, "Last-Modified"), MatchesRegex("[A-Z][a-z]{2}, .* GMT"));
  EXPECT_EQ(field(made, "Content-Type"), "application/fhir+json; charset=utf-8");
  EXPECT_EQ(made.route, "/FHIR/R4/{type}") << "no id in logs";
  EXPECT_THAT(made.body, HasSubstr(R"("id":"id-1")"));
  EXPECT_THAT(made.body, HasSubstr(R"("versionId":"1")"));
  EXPECT_THAT(made.body, Not(HasSubstr("mine")));
}

TEST_F(Kept, CreateTakesNothingFromTheQuery) {
  EXPECT_EQ(post("Patient?%27%20having%201%3D1--", patient("Ashdown")).status, 201);
}

TEST_F(Kept, PreferenceChoosesTheBodyOfAChange) {
  const auto with = [&](std::string prefer) {
    return post("Patient", patient("Ashdown"), {{"prefer", std::move(prefer)}});
  };
  EXPECT_EQ(with("return=minimal").body, "");
  EXPECT_EQ(with("return=minimal").status, 201);
  EXPECT_THAT(with("handling=lenient; return=representation").body, HasSubstr("Ashdown"));
  EXPECT_THAT(with("return=presentation").body, HasSubstr("Ashdown")) << "as fhirclient has it";
  const auto told = with("return=OperationOutcome");
  EXPECT_THAT(told.body, HasSubstr(R"("resourceType":"OperationOutcome")"));
  EXPECT_THAT(told.body, HasSubstr("the resource was created"));
  EXPECT_THAT(field(told, "Location"), HasSubstr("/_history/1"));
  const std::size_t before = store.writes();
  for (const char* wrong : {"return=", "return=everything", "handling=strictly", "handling"}) {
    const auto refused = with(wrong);
    EXPECT_EQ(refused.status, 400) << wrong;
    EXPECT_THAT(refused.body, HasSubstr(R"("expression":["http.prefer"])"));
  }
  EXPECT_EQ(with("respond-async").status, 201) << "what is not understood is passed over";
  EXPECT_EQ(store.writes(), before + 1);
}

TEST_F(Kept, ReadGivesTheVersionAnd304WhenTheCallerHasIt) {
  put("Patient/p1", patient("Ashdown", "p1"));
  const auto read = get("Patient/p1");
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(field(read, "ETag"), "W/\"1\"");
  const std::string modified = field(read, "Last-Modified");
  EXPECT_THAT(read.body, StartsWith(R"({"resourceType":"Patient","id":"p1")"));

  for (const char* tag : {"W/\"1\"", "\"1\"", "*", "W/\"7\", W/\"1\"", "1"}) {
    const auto same = get("Patient/p1", {{"if-none-match", tag}});
    EXPECT_EQ(same.status, 304) << tag;
    EXPECT_EQ(same.body, "");
    EXPECT_EQ(field(same, "ETag"), "W/\"1\"");
    EXPECT_EQ(field(same, "Last-Modified"), modified);
  }
  EXPECT_EQ(get("Patient/p1", {{"if-none-match", "W/\"2\""}}).status, 200);
  EXPECT_EQ(get("Patient/p1", {{"if-modified-since", modified}}).status, 304);
  EXPECT_EQ(get("Patient/p1", {{"if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"}}).status,
            200);
  EXPECT_EQ(get("Patient/p1", {{"if-modified-since", "yesterday"}}).status, 200);
  EXPECT_EQ(
      get("Patient/p1", {{"if-none-match", "W/\"2\""}, {"if-modified-since", modified}}).status,
      200)
      << "the tag goes before the time";
  EXPECT_EQ(get("Patient/p1/_history/1", {{"if-none-match", "W/\"1\""}}).status, 304);
}

TEST_F(Kept, ReadIsCutByParametersThatAreLookedAt) {
  put("Patient/p1",
      R"({"resourceType":"Patient","id":"p1","gender":"female","name":[{"family":"Ashdown"}]})");
  const auto cut = get("Patient/p1?_elements=gender");
  EXPECT_THAT(cut.body, HasSubstr(R"("gender":"female")"));
  EXPECT_THAT(cut.body, Not(HasSubstr("Ashdown")));
  EXPECT_THAT(cut.body, HasSubstr("SUBSETTED"));
  EXPECT_EQ(get("Patient/p1?_summary=true").status, 200);
  for (const char* wrong : {"_summary=abc", "_summary=", "_summary=count", "_elements=",
                            "_elements=a,,b", "_elements=a%20b", "_pretty=abc", "_pretty=1"}) {
    const auto refused = get(std::string("Patient/p1?") + wrong);
    EXPECT_EQ(refused.status, 400) << wrong;
    EXPECT_THAT(refused.body, HasSubstr(R"("resourceType":"OperationOutcome")"));
  }
  EXPECT_EQ(get("Patient?_summary=abc").status, 400);
  EXPECT_EQ(get("Patient?_elements=").status, 400);
  EXPECT_EQ(get("Patient/p1?_format=blah").status, 406);
}

TEST_F(Kept, ReadKnowsUnknownFromDeletedAndTellsTheVersionOfTheDeletion) {
  const auto never = get("Patient/none");
  EXPECT_EQ(never.status, 404);
  EXPECT_THAT(never.body, HasSubstr(R"("code":"not-found")"));
  put("Patient/p1", patient("Ashdown", "p1"));
  const auto removed = remove("Patient/p1");
  EXPECT_EQ(removed.status, 200);
  EXPECT_EQ(field(removed, "ETag"), "W/\"2\"");
  EXPECT_THAT(removed.body, HasSubstr("the resource was deleted"));
  const auto gone = get("Patient/p1");
  EXPECT_EQ(gone.status, 410);
  EXPECT_EQ(field(gone, "ETag"), "W/\"2\"");
  EXPECT_NE(field(gone, "Last-Modified"), "");
  EXPECT_EQ(gone.body, outcome("deleted", "the resource was deleted"));
  EXPECT_EQ(get("Patient/p1/_history/1").status, 200);
  const auto version = get("Patient/p1/_history/2");
  EXPECT_EQ(version.status, 410);
  EXPECT_EQ(field(version, "ETag"), "W/\"2\"");
  EXPECT_EQ(get("Patient/p1/_history/999999").status, 404);
  EXPECT_EQ(get("Patient/none/_history/1").status, 404);
  EXPECT_EQ(remove("Patient/p1").status, 200) << "again";
  EXPECT_EQ(remove("Patient/p1", {{"prefer", "return=minimal"}}).status, 204);
  EXPECT_EQ(remove("Patient/none").status, 200);
}

TEST_F(Kept, UnknownTypesAndAddressesAreNotFound) {
  for (const char* target : {"NotObservation/1", "NotObservation", "unknownRoute", "Parameters/1",
                             "Patient/p1/nothing", "Patient/p1/NotObservation",
                             "Medication/m1/Observation", "Patient/_nothing", "Resource/1"}) {
    const auto response = get(target);
    EXPECT_EQ(response.status, 404) << target;
    EXPECT_THAT(response.body, HasSubstr(R"("severity":"error","code":"not-found")")) << target;
  }
  EXPECT_EQ(post("NotObservation", R"({"resourceType":"NotObservation"})").status, 404);
  EXPECT_EQ(post("DomainResource", "{}").status, 404);
}

TEST_F(Kept, MethodsAnAddressDoesNotHaveAre405WithThoseItHas) {
  const auto wrong = calling.call({"DELETE", "/FHIR/R4/Patient/p1/_history/1"});
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(field(wrong, "Allow"), "GET, HEAD, OPTIONS");
  const auto instance = calling.call({"POST", "/FHIR/R4/Patient/p1"});
  EXPECT_EQ(instance.status, 405);
  EXPECT_THAT(field(instance, "Allow"), HasSubstr("PATCH"));
  EXPECT_EQ(get("Patient/_search").status, 405);
  EXPECT_EQ(field(calling.call({"OPTIONS", "/FHIR/R4/Patient"}), "Allow"),
            "POST, DELETE, PATCH, GET, HEAD, PUT, OPTIONS");
}

TEST_F(Kept, UpdateMakesKeepsOrReplaces) {
  const auto made = put("Patient/p1", patient("Ashdown", "p1"));
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(field(made, "Location"), std::string(kBase) + "/Patient/p1/_history/1");
  const auto again = put("Patient/p1", patient("Brook", "p1"));
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(field(again, "ETag"), "W/\"2\"");
  EXPECT_EQ(field(again, "Location"), "");
  EXPECT_EQ(field(again, "Content-Location"), std::string(kBase) + "/Patient/p1/_history/2");
  const auto same = put("Patient/p1", patient("Brook", "p1"));
  EXPECT_EQ(same.status, 200);
  EXPECT_EQ(field(same, "ETag"), "W/\"2\"");
}

TEST_F(Kept, UpdateRefusesWhatDoesNotFitItsAddress) {
  EXPECT_EQ(put("Patient/p1", patient("Ashdown", "p2")).status, 400);
  EXPECT_EQ(put("Patient/p1", patient("Ashdown")).status, 400) << "no id";
  const auto other = put("Patient/p1", R"({"resourceType":"Group","id":"p1"})");
  EXPECT_EQ(other.status, 400);
  EXPECT_EQ(other.body, outcome("structure", "the body must be a Patient", "Group"));
  const auto id = put("Patient/not_an_id", patient("Ashdown", "not_an_id"));
  EXPECT_EQ(id.status, 400);
  EXPECT_EQ(id.body, outcome("value", "ids are 1 to 64 of A-Z a-z 0-9 - and .", "Patient.id"));
  EXPECT_EQ(put("Patient/p1", "{").status, 400);
  EXPECT_EQ(put("Patient/p1", "{}", {{"content-type", "text/plain"}}).status, 415);
  EXPECT_EQ(store.writes(), 0U);
}

TEST_F(Kept, ConditionsOfAChangeAreMetOr412) {
  put("Patient/p1", patient("Ashdown", "p1"));
  EXPECT_EQ(put("Patient/p1", patient("B", "p1"), {{"if-match", "W/\"9\""}}).status, 412);
  EXPECT_EQ(put("Patient/p1", patient("B", "p1"), {{"if-match", "W/\"other\""}}).status, 412);
  EXPECT_EQ(put("Patient/p1", patient("B", "p1"), {{"if-match", "W/\"1\""}}).status, 200);
  EXPECT_EQ(put("Patient/p1", patient("C", "p1"), {{"if-none-match", "*"}}).status, 412);
  EXPECT_EQ(put("Patient/p2", patient("C", "p2"), {{"if-none-match", "*"}}).status, 201);
  for (const char* wrong : {"W/\"1\", W/\"2\"", "", "W/", "*", "W/\"1"}) {
    EXPECT_EQ(put("Patient/p1", patient("D", "p1"), {{"if-match", wrong}}).status, 400) << wrong;
  }
  EXPECT_EQ(put("Patient/p1", patient("D", "p1"), {{"if-none-match", "W/\"1\""}}).status, 400);
}

TEST_F(Kept, ConditionalCreateFindsMakesOrRefuses) {
  const std::string one =
      R"({"resourceType":"Patient","identifier":[{"system":"http://x.example","value":"1"}]})";
  const Fields guarded{{"if-none-exist", "identifier=http://x.example|1"}};
  EXPECT_EQ(post("Patient", one, guarded).status, 201);
  const auto found = post("Patient", one, guarded);
  EXPECT_EQ(found.status, 200);
  EXPECT_EQ(field(found, "Location"), std::string(kBase) + "/Patient/id-1/_history/1");
  EXPECT_EQ(field(found, "ETag"), "W/\"1\"");
  EXPECT_THAT(found.body, HasSubstr(R"("id":"id-1")"));
  Fields told = guarded;
  told.emplace_back("prefer", "return=OperationOutcome");
  EXPECT_THAT(post("Patient", one, told).body, HasSubstr(R"("resourceType":"OperationOutcome")"));
  post("Patient", one);
  EXPECT_EQ(post("Patient", one, guarded).status, 412);
  const auto empty = post("Patient", one, {{"if-none-exist", ""}});
  EXPECT_EQ(empty.status, 400);
  EXPECT_EQ(empty.body,
            outcome("structure", "If-None-Exist holds no criteria", "http.if-none-exist"));
}

TEST_F(Kept, ConditionalChangesNeedCriteriaThatFindOne) {
  for (const char* target : {"Patient", "Patient?_format=json", "Patient?"}) {
    EXPECT_EQ(put(target, patient("A")).status, 412) << target;
    EXPECT_EQ(remove(target).status, 412) << target;
    EXPECT_EQ(send("PATCH", target, "[]", {{"content-type", "application/json-patch+json"}}).status,
              412)
        << target;
  }
  EXPECT_EQ(put("Patient?family=Ashdown", patient("Ashdown")).status, 201);
  EXPECT_EQ(put("Patient?family=Ashdown",
                R"({"resourceType":"Patient","gender":"male","name":[{"family":"Ashdown"}]})")
                .status,
            200);
  const std::string patch = R"([{"op":"replace","path":"/gender","value":"female"}])";
  const Fields json_patch{{"content-type", "application/json-patch+json"}};
  EXPECT_EQ(send("PATCH", "Patient?family=None", patch, json_patch).status, 404);
  const auto patched = send("PATCH", "Patient?family=Ashdown", patch, json_patch);
  EXPECT_EQ(patched.status, 200);
  EXPECT_THAT(patched.body, HasSubstr(R"("gender":"female")"));
  post("Patient", patient("Ashdown"));
  EXPECT_EQ(send("PATCH", "Patient?family=Ashdown", patch, json_patch).status, 412);
  EXPECT_EQ(put("Patient?family=Ashdown", patient("Ashdown")).status, 412);
  EXPECT_EQ(remove("Patient?family=Ashdown").status, 412);
  EXPECT_EQ(remove("Patient?family=None").status, 200);
}

TEST_F(Kept, PatchIsTakenInItsFormatsOnly) {
  put("Patient/p1", R"({"resourceType":"Patient","id":"p1","gender":"male"})");
  const auto patch = [&](std::string type, std::string body) {
    return send("PATCH", "Patient/p1", std::move(body), {{"content-type", std::move(type)}});
  };
  const std::string fhirpath =
      R"({"resourceType":"Parameters","parameter":[{"name":"operation","part":[
         {"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient.gender"},
         {"name":"value","valueCode":"female"}]}]})";
  const auto changed = patch("application/fhir+json", fhirpath);
  EXPECT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(field(changed, "ETag"), "W/\"2\"");
  EXPECT_THAT(changed.body, HasSubstr("female"));
  EXPECT_EQ(
      patch("application/json-patch+json", R"([{"op":"replace","path":"/gender","value":"other"}])")
          .status,
      200);
  EXPECT_EQ(patch("application/json-patch+json", "{}").status, 400);
  EXPECT_EQ(patch("application/json-patch+json", "").status, 400);
  EXPECT_EQ(patch("application/fhir+json", R"({"resourceType":"Patient"})").status, 400);
  EXPECT_EQ(patch("application/fhir+json", "").status, 400);
  EXPECT_EQ(patch("application/xml-patch+xml", "<diff/>").status, 415);
  EXPECT_EQ(patch("text/plain", "x").status, 415);
  EXPECT_EQ(
      send("PATCH", "Patient/none", "[]", {{"content-type", "application/json-patch+json"}}).status,
      404);
  remove("Patient/p1");
  const auto gone = patch("application/fhir+json", fhirpath);
  EXPECT_EQ(gone.status, 410);
  EXPECT_NE(field(gone, "ETag"), "");
}

TEST_F(Kept, ProvenanceComesWithWhatItIsAbout) {
  const std::string provenance =
      R"({"resourceType":"Provenance","recorded":"2026-01-01T00:00:00Z",)"
      R"("agent":[{"who":{"reference":"Practitioner/1"}}]})";
  const auto made = post("Patient", patient("Ashdown"), {{"x-provenance", provenance}});
  EXPECT_EQ(made.status, 201) << made.body;
  const std::string location = field(made, "Location");
  const std::string id = location.substr(location.find("Patient/") + 8, 4);
  EXPECT_THAT(get("Provenance?target=Patient/" + id).body, HasSubstr(R"("total":1)"));
  for (const char* wrong : {"Jibberish", "{}", R"({"resourceType":"Patient"})"}) {
    const auto refused = post("Patient", patient("B"), {{"x-provenance", wrong}});
    EXPECT_EQ(refused.status, 400) << wrong;
    EXPECT_THAT(refused.body, HasSubstr("http.x-provenance"));
  }
  EXPECT_EQ(put("Patient/p1", patient("B", "p1"), {{"x-provenance", provenance}}).status, 400);
}

TEST_F(Kept, SearchByAddressAndByFormAreTheSame) {
  for (const char* family : {"Ashdown", "Ashworth", "Brook"}) post("Patient", patient(family));
  const auto by_address = get("Patient?family=Ash&_sort=_id");
  EXPECT_EQ(by_address.status, 200);
  EXPECT_THAT(by_address.body, HasSubstr(R"("type":"searchset")"));
  EXPECT_THAT(by_address.body, HasSubstr(R"("total":2)"));
  EXPECT_THAT(by_address.body, HasSubstr(std::string(kBase) + "/Patient?family=Ash"));
  const auto by_form = post("Patient/_search?_sort=_id", "family=Ash",
                            {{"content-type", "application/x-www-form-urlencoded"}});
  EXPECT_EQ(by_form.status, 200);
  EXPECT_THAT(by_form.body, HasSubstr(R"("total":2)"));
  EXPECT_EQ(post("Patient/_search?family=Ash", "", {{"content-type", "application/json"}}).status,
            415);
  EXPECT_THAT(calling.call({"POST", "/FHIR/R4/Patient/_search?family=Ash"}).body,
              HasSubstr(R"("total":2)"))
      << "no body, no type";
  EXPECT_THAT(post("Patient/_search", "family=Ash&_format=xml",
                   {{"content-type", "application/x-www-form-urlencoded"}})
                  .body,
              HasSubstr("<Bundle xmlns=\"http://hl7.org/fhir\">"));
  EXPECT_EQ(
      post("Patient/_search", "family=%zz", {{"content-type", "application/x-www-form-urlencoded"}})
          .status,
      400);
  EXPECT_EQ(get("?_type=Patient").status, 200);
  EXPECT_EQ(calling.call({"GET", "/FHIR/R4?_type=Patient"}).status, 200);
  EXPECT_EQ(
      post("_search", "_type=Patient", {{"content-type", "application/x-www-form-urlencoded"}})
          .status,
      200);
  EXPECT_EQ(calling.call({"HEAD", "/FHIR/R4/Patient"}).status, 200);
}

TEST_F(Kept, SearchMistakesAre400AndUnknownParametersFollowTheHandling) {
  EXPECT_EQ(get("Patient?birthdate=soon").status, 400);
  EXPECT_EQ(get("Patient?nothing=1").status, 200);
  EXPECT_THAT(get("Patient?nothing=1").body, HasSubstr(R"("mode":"outcome")"));
  const auto strict = get("Patient?nothing=1", {{"prefer", "handling=strict"}});
  EXPECT_EQ(strict.status, 400);
  EXPECT_THAT(strict.body, HasSubstr("nothing"));
  EXPECT_EQ(get("Patient?_count=2000000000000").status, 200) << "a page is bounded all the same";
  calling.services.handling = search::Handling::strict;
  EXPECT_EQ(get("Patient?nothing=1").status, 400);
  EXPECT_EQ(get("Patient?nothing=1", {{"prefer", "handling=lenient"}}).status, 200);
  EXPECT_EQ(get("Patient?_cursor=broken").status, 400);
}

TEST_F(Kept, SearchThatDoesNotEndInTimeIs504) {
  put("Patient/p1", patient("Ashdown", "p1"));
  calling.services.search_time = std::chrono::milliseconds(1500);
  const Instant asked_at = now;
  std::vector<Instant> deadlines;
  store.search_endlessly([&](Instant deadline) {
    deadlines.push_back(deadline);
    now = deadline;
  });
  const auto answer = get("Patient?family=A");
  EXPECT_EQ(answer.status, 504);
  EXPECT_THAT(answer.body, HasSubstr(R"("resourceType":"OperationOutcome")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("code":"timeout")"));
  EXPECT_EQ(field(answer, "Retry-After"), "5") << "the same may be asked again";
  EXPECT_EQ(deadlines, std::vector<Instant>{asked_at + std::chrono::milliseconds(1500)});
  // What else rests on a search ends likewise.
  EXPECT_EQ(
      post("Patient/_search", "family=A", {{"content-type", "application/x-www-form-urlencoded"}})
          .status,
      504);
  EXPECT_EQ(get("Patient/p1").status, 200) << "what is no search is answered all the while";
}

TEST_F(Kept, SearchThatIsTooCostlyBeforeItsTimeIsTheCallersMistake) {
  calling.services.search_time = std::chrono::seconds(20);
  store.search_endlessly([](Instant) {});
  const auto answer = get("Patient?family=A");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr(R"("code":"too-costly")"));
}

TEST_F(Kept, SearchInAStoreThatDoesNotAnswerIs503) {
  store.set_down(true);
  const auto answer = get("Patient?family=A");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(field(answer, "Retry-After"), "5");
}

TEST_F(Kept, CompartmentsHoldWhatBelongsToTheirOwner) {
  put("Patient/p1", patient("Ashdown", "p1"));
  for (const char* subject : {"p1", "p2"}) {
    post("Observation", std::string(R"({"resourceType":"Observation","status":"final",)") +
                            R"("code":{"text":"x"},"subject":{"reference":"Patient/)" + subject +
                            "\"}}");
  }
  EXPECT_THAT(get("Patient/p1/Observation").body, HasSubstr(R"("total":1)"));
  EXPECT_THAT(get("Patient/p1/Observation?status=amended").body, HasSubstr(R"("total":0)"));
  EXPECT_EQ(get("Patient/p1/*").status, 200);
  EXPECT_EQ(post("Patient/p1/Observation/_search", "status=final",
                 {{"content-type", "application/x-www-form-urlencoded"}})
                .status,
            200);
  EXPECT_EQ(get("Patient/p1/Medication").status, 404) << "never in a patient's compartment";
}

TEST_F(Kept, EverythingOfAPatient) {
  put("Patient/p1", patient("Ashdown", "p1"));
  post("Condition", R"({"resourceType":"Condition","subject":{"reference":"Patient/p1"}})");
  const auto all = get("Patient/p1/$everything");
  EXPECT_EQ(all.status, 200) << all.body;
  EXPECT_THAT(all.body, HasSubstr(R"("resourceType":"Condition")"));
  const auto asked = post("Patient/p1/$everything",
                          R"({"resourceType":"Parameters","parameter":[
                            {"name":"_type","valueCode":"Patient"}]})");
  EXPECT_EQ(asked.status, 200);
  EXPECT_THAT(asked.body, Not(HasSubstr(R"("resourceType":"Condition")")));
  EXPECT_EQ(calling.call({"POST", "/FHIR/R4/Patient/p1/$everything"}).status, 200);
  EXPECT_EQ(get("Patient/none/$everything").status, 404);
  remove("Patient/p1");
  EXPECT_EQ(get("Patient/p1/$everything").status, 410);
}

TEST_F(Kept, HistoryOfAResourceATypeAndAll) {
  put("Patient/p1", patient("Ashdown", "p1"));
  put("Patient/p1", patient("Brook", "p1"));
  remove("Patient/p1");
  for (const char* target : {"Patient/p1/_history", "Patient/_history", "_history"}) {
    const auto history = get(target);
    EXPECT_EQ(history.status, 200) << target;
    EXPECT_THAT(history.body, HasSubstr(R"("type":"history")"));
    EXPECT_THAT(history.body, HasSubstr(R"("total":3)"));
  }
  const auto counted = get("Patient/_history?_summary=count");
  EXPECT_THAT(counted.body, HasSubstr(R"("total":3)"));
  EXPECT_THAT(counted.body, Not(HasSubstr(R"("entry")")));
  EXPECT_EQ(get("Patient/_history?_sort=_id").status, 400);
  EXPECT_EQ(get("_history?_before=2999-01-01T00:00:00Z").status, 400);
  EXPECT_EQ(get("NotObservation/_history").status, 404);
}

TEST_F(Kept, BatchAndTransactionAtTheBase) {
  const std::string batch = R"({"resourceType":"Bundle","type":"batch","entry":[
    {"request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Patient"}},
    {"request":{"method":"GET","url":"Patient/none"}}]})";
  for (const char* target : {"/FHIR/R4", "/FHIR/R4/"}) {
    const auto answer =
        calling.call({"POST", target, {{"content-type", "application/fhir+json"}}, batch});
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr(R"("type":"batch-response")"));
    EXPECT_THAT(answer.body, HasSubstr(R"("status":"404)"));
  }
  const auto other = post("", R"({"resourceType":"Observation","status":"final"})");
  EXPECT_EQ(other.status, 400);
  EXPECT_EQ(other.body, outcome("structure", "the body must be a Bundle", "Observation"));
  EXPECT_EQ(post("", R"({"resourceType":"Bundle","entry":[{"fullUrl":"urn:x"}]})").status, 400);
}

TEST_F(Kept, BatchReadsAreCutAndSayWhereTheyAreFrom) {
  put("Patient/p1",
      R"({"resourceType":"Patient","id":"p1","gender":"female","name":[{"family":"Ashdown"}]})");
  const auto batch = [&](const std::string& url) {
    return post(
        "",
        R"({"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":")" +
            url + R"("}}]})");
  };
  const auto cut = batch("Patient/p1?_elements=gender");
  EXPECT_THAT(cut.body, HasSubstr(R"("gender":"female")"));
  EXPECT_THAT(cut.body, HasSubstr("SUBSETTED"));
  EXPECT_THAT(cut.body, Not(HasSubstr("Ashdown")));
  EXPECT_THAT(cut.body, HasSubstr(R"("fullUrl":"https://concord.example/FHIR/R4/Patient/p1")"));
  EXPECT_THAT(batch("Patient/p1?_summary=text").body, Not(HasSubstr("Ashdown")));
  EXPECT_THAT(batch("Patient?gender=female").body,
              HasSubstr(R"("url":"https://concord.example/FHIR/R4/Patient?gender=female")"));
  for (const char* wrong : {"Patient/p1?_elements=a,,b", "Patient/p1?_summary=count",
                            "Patient/p1?_summary=some", "Patient?birthdate=soon"}) {
    const auto refused = batch(wrong);
    EXPECT_EQ(refused.status, 200);
    EXPECT_THAT(refused.body, HasSubstr(R"("status":"400)")) << wrong;
    EXPECT_THAT(refused.body, HasSubstr(R"("expression":["Bundle.entry[0].request.url"])"))
        << wrong;
  }
}

TEST_F(Kept, BatchAnswersNameTheAddressTheCallerUsed) {
  settings.base_url.clear();
  calling.services.base_url.clear();
  restart();
  put("Patient/p1", patient("Ashdown", "p1"));
  const auto answer = post("", R"({"resourceType":"Bundle","type":"batch","entry":[
    {"request":{"method":"GET","url":"Patient/p1"}}]})",
                           {{"host", "gateway.example:8080"}});
  EXPECT_THAT(answer.body,
              HasSubstr(R"("fullUrl":"http://gateway.example:8080/FHIR/R4/Patient/p1")"));
}

TEST_F(Kept, SearchSaysWhichParameterIsWrongAndWhatItIsComparedWith) {
  const auto wrong = get("Patient?birthdate=soon");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.body,
            outcome("invalid",
                    "search parameter 'birthdate': its prefix is none of eq, ne, gt, lt, ge, le, "
                    "sa, eb, ap (it is compared with Patient.birthDate)",
                    "http.birthdate"));
}

TEST_F(Kept, XmlComesInAndGoesOut) {
  const auto made = post("Patient?_format=xml",
                         R"(<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>)",
                         {{"content-type", "application/fhir+xml"}});
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(field(made, "Content-Type"), "application/fhir+xml; charset=utf-8");
  EXPECT_THAT(made.body, HasSubstr(R"(<Patient xmlns="http://hl7.org/fhir"><id value="id-1"/>)"));
  EXPECT_THAT(made.body, HasSubstr(R"(<active value="true"/>)"));
  EXPECT_THAT(get("Patient/id-1").body, HasSubstr(R"("active":true)"));
  EXPECT_THAT(get("Patient/id-1", {{"accept", "application/fhir+xml"}}).body,
              HasSubstr(R"(<active value="true"/>)"));
  EXPECT_THAT(get("Patient/id-1?_pretty=true").body, HasSubstr("\n  \"active\": true"));
}

TEST_F(Kept, WithoutResourcesNothingOfThemIsServed) {
  calling.services.resources = nullptr;
  EXPECT_EQ(get("Patient/p1").status, 404);
  EXPECT_EQ(get("Patient").status, 404);
  EXPECT_THAT(get("metadata").body, Not(HasSubstr("history-type")));
}

TEST_F(Kept, TasksAndClaimsThatAreNoMessagesAreKept) {
  calling.services.is_message = [](const tree::Document& resource) {
    return resource.find("groupIdentifier") != tree::Symbol::kNone &&
           resource.root().child(resource.find("groupIdentifier")) != nullptr;
  };
  const auto kept = post("Task", R"({"resourceType":"Task","status":"draft","intent":"order"})");
  EXPECT_EQ(kept.status, 201) << kept.body;
  EXPECT_TRUE(calling.arrivals.empty());
  EXPECT_EQ(get("Task/id-1").status, 200);
  EXPECT_THAT(get("Task?status=draft").body, HasSubstr(R"("total":1)"));
  const auto message = post("Task", R"({"resourceType":"Task","status":"rejected",)"
                                    R"("groupIdentifier":{"value":"1"},"intent":"order"})");
  EXPECT_EQ(message.status, 202) << message.body;
  EXPECT_EQ(calling.arrivals.size(), 1U);
  EXPECT_EQ(get("Task/t1").status, 200) << "known to its exchange only";
  EXPECT_EQ(get("Task/t9").status, 404);
}

TEST_F(Kept, SearchesOnlyTheTrackerCanAnswerGoThere) {
  std::vector<std::string> asked;
  calling.services.search = [&](std::string_view, const mappers::SearchParameters& parameters,
                                const exchange::SearchContext&) -> Result<exchange::PeerAnswer> {
    asked.push_back(parameters.front().first);
    return make_error(ErrorCode::not_found, "asked");
  };
  for (const char* query :
       {"focus:identifier=x", "patient:identifier=x", "business-status=x",
        "identifier=24F5DA-A83008-7EFE6Z", "identifier=x|24F5DA-A83008-7EFE6Z"}) {
    get(std::string("Task?") + query);
  }
  const std::size_t tracker = asked.size();
  EXPECT_EQ(tracker, 5U);
  EXPECT_EQ(get("Task?identifier=other").status, 200);
  EXPECT_EQ(get("Task?status=draft").status, 200);
  EXPECT_EQ(asked.size(), tracker);
}

}  // namespace
}  // namespace concord::api
