// Bundles: what their type asks for, fullUrls, and references between entries.

#include <gmock/gmock.h>

#include "tests/fhir/validate/validating.h"

namespace concord::validate {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kHeader =
    R"({"fullUrl": "urn:uuid:3b4b03a5-52ba-4ba6-9b82-70350aa109d8",
        "resource": {"resourceType": "MessageHeader", "eventCoding": {"code": "x"},
                     "source": {"endpoint": "urn:x"}}})";
constexpr std::string_view kPatientUrl = "urn:uuid:78d3c2eb-009e-4ec8-a358-b042954aa9b2";
constexpr std::string_view kPatient =
    R"({"fullUrl": "urn:uuid:78d3c2eb-009e-4ec8-a358-b042954aa9b2",
        "resource": {"resourceType": "Patient", "active": true}})";

std::string bundle(std::string_view type, std::vector<std::string> entries,
                   std::string_view more = {}) {
  std::string text =
      R"({"resourceType": "Bundle", "type": ")" + std::string(type) + "\"" + std::string(more);
  if (entries.empty()) return text + "}";
  text += R"(, "entry": [)";
  for (std::size_t i = 0; i < entries.size(); ++i) text += (i == 0 ? "" : ", ") + entries[i];
  return text + "]}";
}

std::string request(std::string_view full_url, std::string_view subject,
                    std::string_view more = {}) {
  return R"({"fullUrl": ")" + std::string(full_url) +
         R"(", "resource": {"resourceType": "MedicationRequest", "status": "active", "intent": "order",
             "medicationCodeableConcept": {"text": "x"}, "subject": {"reference": ")" +
         std::string(subject) + R"("})" + std::string(more) + "}}";
}
constexpr std::string_view kRequestUrl = "urn:uuid:a54219b8-f741-4c47-b662-e4f8dfa49ab6";

TEST(Bundle, AMessageWhoseReferencesResolveHasNoFindings) {
  EXPECT_THAT(findings_of(bundle("message", {std::string(kHeader), std::string(kPatient),
                                             request(kRequestUrl, kPatientUrl)})),
              IsEmpty());
}

TEST(Bundle, AMessageStartsWithItsHeader) {
  EXPECT_THAT(findings_of(bundle("message", {std::string(kPatient)})),
              ElementsAre("error Bundle.entry[0].resource: the first entry of a message must be a "
                          "MessageHeader (bdl-12) [bundle/invariant]"));
  EXPECT_THAT(
      findings_of(bundle("message", {})),
      ElementsAre("error Bundle.entry: the first entry of a message must be a MessageHeader "
                  "(bdl-12) [bundle/invariant]"));
}

TEST(Bundle, ADocumentStartsWithItsCompositionAndHasIdentifierAndTime) {
  EXPECT_THAT(
      findings_of(bundle("document", {std::string(kPatient)})),
      ElementsAre("error Bundle.identifier: a document needs a system and a value (bdl-9) "
                  "[bundle/invariant]",
                  "error Bundle.timestamp: a document needs its time (bdl-10) [bundle/invariant]",
                  "error Bundle.entry[0].resource: the first entry of a document must be a "
                  "Composition (bdl-11) [bundle/invariant]"));
}

TEST(Bundle, EntriesCarryWhatTheTypeAsksFor) {
  EXPECT_THAT(
      findings_of(
          bundle("collection",
                 {R"({"fullUrl": "urn:a:1", "resource": {"resourceType": "Patient", "active": true},
                              "search": {"mode": "match"}, "request": {"method": "GET", "url": "x"},
                              "response": {"status": "200"}})"},
                 R"(, "total": 1)")),
      ElementsAre(
          "error Bundle.total: stands in a searchset or history only (bdl-1) [bundle/invariant]",
          "error Bundle.entry[0].search: may not stand in a Bundle of this type (bdl-2) "
          "[bundle/invariant]",
          "error Bundle.entry[0].request: may not stand in a Bundle of this type (bdl-3) "
          "[bundle/invariant]",
          "error Bundle.entry[0].response: may not stand in a Bundle of this type (bdl-4) "
          "[bundle/invariant]"));
  EXPECT_THAT(
      findings_of(bundle("transaction", {std::string(kPatient)})),
      ElementsAre("error Bundle.entry[0].request: must stand in a Bundle of this type (bdl-3) "
                  "[bundle/invariant]"));
  EXPECT_THAT(findings_of(bundle("collection", {R"({"fullUrl": "urn:a:1"})"})),
              ElementsAre("error Bundle.entry[0].resource: an entry needs a resource here (bdl-5) "
                          "[bundle/invariant]"));
}

TEST(Bundle, FullUrlsAreTheEntrysOwn) {
  EXPECT_THAT(
      findings_of(bundle("collection", {std::string(kPatient), std::string(kPatient)})),
      ElementsAre("error Bundle.entry[1].fullUrl: another entry has this fullUrl and no other "
                  "versionId (bdl-7) [bundle/duplicate]"));
  const auto version = [](std::string_view id) {
    return R"({"fullUrl": "https://a.example/Patient/1", "resource": {"resourceType": "Patient",
               "id": "1", "meta": {"versionId": ")" +
           std::string(id) + R"("}}})";
  };
  EXPECT_THAT(findings_of(bundle("collection", {version("1"), version("2")})), IsEmpty());
  EXPECT_THAT(findings_of(bundle("collection", {version("1"), version("1")})),
              Contains(testing::HasSubstr("bdl-7")));
}

TEST(Bundle, FullUrlsHaveTheirForm) {
  const auto entry = [](std::string_view url) {
    return R"({"fullUrl": ")" + std::string(url) +
           R"(", "resource": {"resourceType": "Patient", "id": "1"}})";
  };
  EXPECT_THAT(findings_of(bundle("collection", {entry("Patient/1")})),
              ElementsAre("error Bundle.entry[0].fullUrl: must be an absolute url [bundle/value]"));
  EXPECT_THAT(findings_of(bundle("collection", {entry("https://a.example/Patient/1/_history/2")})),
              Contains("error Bundle.entry[0].fullUrl: may not name a version (bdl-8) "
                       "[bundle/invariant]"));
  EXPECT_THAT(
      findings_of(bundle("collection", {entry("https://a.example/Patient/2")})),
      ElementsAre("warning Bundle.entry[0].fullUrl: does not end in type and id of the resource "
                  "[bundle/value]"));
  EXPECT_THAT(findings_of(bundle("collection",
                                 {R"({"resource": {"resourceType": "Patient", "id": "1"}})"})),
              ElementsAre("warning Bundle.entry[0].fullUrl: an entry needs a fullUrl here "
                          "[bundle/invariant]"));
}

TEST(References, ThatShouldResolveInsideTheBundleDo) {
  EXPECT_THAT(
      issues_of(
          bundle("message",
                 {std::string(kHeader),
                  "\n" + request(kRequestUrl, "urn:uuid:00000000-0000-4000-8000-000000000000")})),
      ElementsAre(
          "error 5:70 Bundle.entry[1].resource.subject.reference: no entry of the Bundle has the "
          "fullUrl this refers to [reference/not-found]"));
  EXPECT_THAT(
      findings_of(bundle("message", {std::string(kHeader), request(kRequestUrl, "Patient/1")})),
      ElementsAre("error Bundle.entry[1].resource.subject.reference: no entry of the Bundle has "
                  "the fullUrl this refers to [reference/not-found]"));
  EXPECT_THAT(findings_of(bundle("message", {std::string(kHeader),
                                             request(kRequestUrl, "https://a.example/Patient/1")})),
              IsEmpty())
      << "elsewhere";
}

TEST(References, OfSearchResultsMayLeadElsewhere) {
  EXPECT_THAT(findings_of(bundle("searchset", {request(kRequestUrl, "Patient/1")})), IsEmpty());
  EXPECT_THAT(
      findings_of(bundle("searchset",
                         {request(kRequestUrl, "urn:uuid:00000000-0000-4000-8000-000000000000")})),
      IsEmpty());
  EXPECT_THAT(findings_of(bundle("collection", {request(kRequestUrl, "Patient/1")})), IsEmpty());
  EXPECT_THAT(
      findings_of(bundle("collection",
                         {request(kRequestUrl, "urn:uuid:00000000-0000-4000-8000-000000000000")})),
      Contains(testing::HasSubstr("reference/not-found")));
}

TEST(References, RelativeOnesFollowTheBaseOfTheirOwnEntry) {
  constexpr std::string_view kAtA =
      R"({"fullUrl": "https://a.example/fhir/Patient/1", "resource": {"resourceType": "Patient", "id": "1"}})";
  EXPECT_THAT(findings_of(bundle("message", {std::string(kHeader), std::string(kAtA),
                                             request("https://a.example/fhir/MedicationRequest/9",
                                                     "Patient/1", R"(, "id": "9")")})),
              IsEmpty());
  EXPECT_THAT(findings_of(bundle("message", {std::string(kHeader), std::string(kAtA),
                                             request("https://a.example/fhir/MedicationRequest/9",
                                                     "Patient/1/_history/3", R"(, "id": "9")")})),
              IsEmpty());
  EXPECT_THAT(findings_of(bundle("message", {std::string(kHeader), std::string(kAtA),
                                             request("https://b.example/fhir/MedicationRequest/9",
                                                     "Patient/1", R"(, "id": "9")")})),
              ElementsAre(testing::HasSubstr("reference/not-found")));
}

TEST(References, LeadToATypeTheElementAllows) {
  constexpr std::string_view kPractitioner =
      R"({"fullUrl": "urn:uuid:78d3c2eb-009e-4ec8-a358-b042954aa9b2",
          "resource": {"resourceType": "Practitioner", "active": true}})";
  EXPECT_THAT(
      findings_of(bundle("message", {std::string(kHeader), std::string(kPractitioner),
                                     request(kRequestUrl, kPatientUrl)})),
      ElementsAre(
          "error Bundle.entry[2].resource.subject.reference: refers to a resource of a type "
          "that may not be referred to here: Practitioner [reference/structure]"));
}

TEST(References, ToContainedResourcesNameOneOfThem) {
  const auto order = [](std::string_view reference) {
    return R"({"resourceType": "MedicationRequest", "status": "active", "intent": "order",
               "contained": [{"resourceType": "Patient", "id": "p"},
                             {"resourceType": "Practitioner", "id": "q", "extension": [
                                {"url": "urn:x", "valueReference": {"reference": "#p"}}]}],
               "medicationCodeableConcept": {"text": "x"},
               "subject": {"reference": ")" +
           std::string(reference) + R"("}})";
  };
  EXPECT_THAT(findings_of(order("#p")), IsEmpty());
  EXPECT_THAT(
      findings_of(order("#nobody")),
      ElementsAre("error MedicationRequest.subject.reference: no contained resource has this id "
                  "[reference/not-found]"));
  EXPECT_THAT(
      findings_of(order("#q")),
      ElementsAre("error MedicationRequest.subject.reference: refers to a resource of a type that "
                  "may not be referred to here: Practitioner [reference/structure]"));
  EXPECT_THAT(
      findings_of(order("Patient/1 ")),
      ElementsAre("error MedicationRequest.subject.reference: a reference may not hold white space "
                  "[reference/value]"));
}

TEST(References, ArePolicy) {
  const std::string text =
      bundle("message", {std::string(kHeader), request(kRequestUrl, "Patient/1")});
  Options options;
  options.references = Policy::warn;
  EXPECT_THAT(findings_of(text, options), ElementsAre(testing::StartsWith("warning")));
  EXPECT_TRUE(report_on(text, options).ok());
  options.references = Policy::accept;
  EXPECT_THAT(findings_of(text, options), IsEmpty());
}

}  // namespace
}  // namespace concord::validate
