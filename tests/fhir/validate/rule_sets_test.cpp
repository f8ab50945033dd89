// Bundles as the reference reads them, measure reports, attachments, identifiers, urls.

#include "tests/fhir/validate/rule_sets.h"

namespace concord::validate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::string_view kMeasure = R"({"resourceType": "Measure", "status": "active",
  "url": "https://concord.example/Measure/m",
  "scoring": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/measure-scoring", "code": "proportion"}]},
  "group": [{"population": [{"code": {"coding": [{"code": "numerator"}]}, "criteria": {"language": "text/fhirpath", "expression": "true"}},
                            {"code": {"coding": [{"code": "denominator"}]}, "criteria": {"language": "text/fhirpath", "expression": "true"}}]}]})";

const RuleSets& rules() {
  static const RuleSets loaded{kMeasure};
  return loaded;
}

std::string bundle(std::string_view type, std::string_view entries, std::string_view more = "") {
  return R"({"resourceType": "Bundle", "type": ")" + std::string(type) + "\"" + std::string(more) +
         R"(, "entry": [)" + std::string(entries) + "]}";
}
std::vector<std::string> about_bundle(std::string text,
                                      const Options& options = Options::reference()) {
  return rules().findings(std::move(text), {"BUNDLE", "Reference_REF_F"}, options);
}

constexpr std::string_view kComposition =
    R"({"fullUrl": "https://a.example/Composition/1", "resource": {"resourceType": "Composition",
        "id": "1", "status": "final", "type": {"text": "x"}, "date": "2026", "title": "x",
        "author": [{"reference": "Practitioner/2"}]}})";
constexpr std::string_view kPractitioner =
    R"({"fullUrl": "https://a.example/Practitioner/2", "resource": {"resourceType": "Practitioner", "id": "2"}})";

TEST(BundleRules, ADocumentWhoseReferencesLeadToItsEntriesHasNoFindings) {
  EXPECT_THAT(about_bundle(bundle("document",
                                  std::string(kComposition) + ", " + std::string(kPractitioner))),
              IsEmpty());
}

TEST(BundleRules, ADocumentHoldsWhatItsCompositionNamesAndNothingElse) {
  EXPECT_THAT(about_bundle(bundle("document", std::string(kComposition) +
                                                  R"(, {"fullUrl": "https://a.example/Patient/3",
                                                "resource": {"resourceType": "Patient", "id": "3"}})")),
              ElementsAre("error Bundle_BUNDLE_Entry_NotFound Bundle.entry[0].resource.author[0]",
                          "error Bundle_BUNDLE_Entry_Orphan_DOCUMENT Bundle.entry[1]"));
}

TEST(BundleRules, TypeAndIdAloneAreNoReference) {
  EXPECT_THAT(
      about_bundle(bundle("document", std::string(kComposition) +
                                          R"(, {"fullUrl": "https://b.example/Practitioner/2",
                                "resource": {"resourceType": "Practitioner", "id": "2"}})")),
      UnorderedElementsAre(
          "error BUNDLE_BUNDLE_ENTRY_NOTFOUND_APPARENT Bundle.entry[0].resource.author[0]",
          "warning BUNDLE_BUNDLE_POSSIBLE_MATCH_WRONG_FU Bundle.entry[0].resource.author[0]",
          "error Bundle_BUNDLE_Entry_Orphan_DOCUMENT Bundle.entry[1]"));
}

TEST(BundleRules, EntriesThatReferToWhatIsReachedAreToldOf) {
  const std::string observation =
      R"(, {"fullUrl": "https://a.example/Condition/4", "resource": {"resourceType": "Condition",
            "id": "4", "subject": {"reference": "Practitioner/2"}}})";
  EXPECT_THAT(about_bundle(bundle("document", std::string(kComposition) + ", " +
                                                  std::string(kPractitioner) + observation)),
              ElementsAre("warning BUNDLE_BUNDLE_ENTRY_REVERSE_R4 Bundle.entry[2]"));
}

TEST(BundleRules, FullUrlsAreAbsoluteAndEndInTypeAndId) {
  EXPECT_THAT(about_bundle(bundle("collection",
                                  R"({"resource": {"resourceType": "Patient"}},
             {"fullUrl": "Patient/1", "resource": {"resourceType": "Patient", "id": "1"}},
             {"fullUrl": "https://a.example/Patient/1", "resource": {"resourceType": "Patient"}},
             {"fullUrl": "https://a.example/Patient/2", "resource": {"resourceType": "Patient", "id": "1"}},
             {"fullUrl": "https://a.example/whatever", "resource": {"resourceType": "Patient"}})")),
              ElementsAre("error BUNDLE_BUNDLE_ENTRY_FULLURL_REQUIRED Bundle.entry[0]",
                          "error BUNDLE_ENTRY_URL_ABSOLUTE Bundle.entry[1]",
                          "error BUNDLE_ENTRY_URL_MATCHES_NO_ID Bundle.entry[2]",
                          "error BUNDLE_ENTRY_URL_MATCHES_TYPE_ID Bundle.entry[3]"));
}

TEST(BundleRules, SearchResultsHaveModesIdsAndTheTypesAskedFor) {
  EXPECT_THAT(
      about_bundle(bundle(
          "searchset",
          R"({"fullUrl": "urn:uuid:0b2b7b0e-6f5f-4b0c-8d6c-d0f1c1f0a001", "search": {"mode": "match"},
              "resource": {"resourceType": "Device"}})",
          R"(, "link": [{"relation": "self", "url": "https://a.example/Patient?name=x"},
                        {"relation": "next", "url": "x:1"}, {"relation": "next", "url": "x:2"}])")),
      ElementsAre("error BUNDLE_LINK_SEARCH_NO_DUPLICATES Bundle.link[2]",
                  "error BUNDLE_SEARCH_ENTRY_NO_RESOURCE_ID Bundle.entry[0].resource",
                  "error BUNDLE_SEARCH_ENTRY_WRONG_RESOURCE_TYPE_MODE Bundle.entry[0].resource"));
}

TEST(BundleRules, RelativeReferencesNeedABase) {
  const std::string entries =
      R"({"resource": {"resourceType": "Patient", "generalPractitioner": [{"reference": "Practitioner/1"}]}})";
  EXPECT_THAT(about_bundle(bundle("batch", entries)),
              ElementsAre("error Bundle_BUNDLE_Entry_NoFullUrl Bundle.entry[0]",
                          "error Bundle_BUNDLE_FullUrl_Missing "
                          "Bundle.entry[0].resource.generalPractitioner[0]"));
}

TEST(BundleRules, ThousandsOfEntriesWithOneUrlEnd) {
  std::string entries;
  for (int i = 0; i < 2'000; ++i) {
    entries += std::string(i == 0 ? "" : ", ") +
               R"({"fullUrl": "https://a.example/Patient/1", "resource": {"resourceType": "Patient",
                   "id": "1", "link": [{"type": "seealso", "other": {"reference": "Patient/1"}}]}})";
  }
  EXPECT_EQ(about_bundle(bundle("collection", entries)).size(), 2'000u);
}

std::string report(std::string_view group, std::string_view type = "summary") {
  return R"({"resourceType": "MeasureReport", "status": "complete", "type": ")" +
         std::string(type) +
         R"(", "measure": "https://concord.example/Measure/m", "period": {"start": "2026"}, "group": [)" +
         std::string(group) + "]}";
}
std::vector<std::string> about_measure(std::string text) {
  return rules().findings(std::move(text), {"MEASURE_"});
}

TEST(MeasureReport, WithThePopulationsAndScoreOfItsMeasureHasNoFindings) {
  EXPECT_THAT(about_measure(report(
                  R"({"population": [{"code": {"coding": [{"code": "numerator"}]}, "count": 1},
                                     {"code": {"coding": [{"code": "denominator"}]}, "count": 2}],
                      "measureScore": {"value": 0.5}})")),
              IsEmpty());
}

TEST(MeasureReport, IsComparedPartByPart) {
  EXPECT_THAT(
      about_measure(report(
          R"({"population": [{"code": {"coding": [{"code": "numerator"}]}, "count": 1,
                              "subjectResults": {"reference": "List/1"}},
                             {"code": {"coding": [{"code": "numerator"}]}, "count": 1},
                             {"code": {"coding": [{"code": "other"}]}, "count": 1}, {"count": 1}],
              "measureScore": {"value": 1.5, "unit": "x"}})")),
      ElementsAre("error MEASURE_MR_GRP_MISSING_BY_CODE MeasureReport.group[0]",
                  "error MEASURE_MR_GRP_POP_NO_SUBJECTS MeasureReport.group[0].population[0]",
                  "error MEASURE_MR_GRP_POP_DUPL_CODE MeasureReport.group[0].population[1]",
                  "error MEASURE_MR_GRP_POP_UNK_CODE MeasureReport.group[0].population[2]",
                  "error MEASURE_MR_GRP_POP_NO_CODE MeasureReport.group[0].population[3]",
                  "error MEASURE_MR_SCORE_VALUE_INVALID_01 MeasureReport.group[0].measureScore",
                  "error MEASURE_MR_SCORE_UNIT_PROHIBITED "
                  "MeasureReport.group[0].measureScore.unit"));
}

TEST(Attachment, SizeHashAndDataAgree) {
  const auto attachment = [](std::string_view members) {
    return rules().findings(R"({"resourceType": "Media", "status": "completed", "content": {)" +
                                std::string(members) + "}}",
                            {"DT_ATT"});
  };
  EXPECT_THAT(attachment(R"("contentType": "text/plain", "data": "YWJj", "size": 3,
                            "hash": "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")"),
              IsEmpty());
  EXPECT_THAT(attachment(R"("data": "YWJj", "size": 4, "hash": "AAAA")"),
              ElementsAre("error TYPE_SPECIFIC_CHECKS_DT_ATT_SIZE_CORRECT Media.content",
                          "error TYPE_SPECIFIC_CHECKS_DT_ATT_HASH_MISMATCH Media.content"));
  EXPECT_THAT(attachment(R"("data": "YW Jj")"),
              ElementsAre("error TYPE_SPECIFIC_CHECKS_DT_ATT_B64_DECODE_FAIL Media.content"));
  EXPECT_THAT(attachment(R"("title": "x")"),
              ElementsAre("warning TYPE_SPECIFIC_CHECKS_DT_ATT_NO_CONTENT Media.content"));
}

TEST(Identifier, SystemsAreAbsoluteAndRfc3986MeansAnUri) {
  EXPECT_THAT(rules().findings(
                  R"({"resourceType": "Patient", "identifier": [
              {"system": "nhs", "value": "1"},
              {"system": "urn:ietf:rfc:3986", "value": "1.2.3"},
              {"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.3"},
              {"system": "https://tools.ietf.org/html/rfc4122", "value": "x"}]})",
                  {"IDENTIFIER", "Identifier_System"}),
              ElementsAre("error Type_Specific_Checks_DT_Identifier_System Patient.identifier[0]",
                          "error TYPE_SPECIFIC_CHECKS_DT_IDENTIFIER_IETF_SYSTEM_VALUE "
                          "Patient.identifier[1]",
                          "error TYPE_SPECIFIC_CHECKS_DT_IDENTIFIER_IETF_SYSTEM_WRONG_1 "
                          "Patient.identifier[3]"));
}

TEST(Url, OfExamplesIsRefusedWhereAskedFor) {
  Options options = Options::reference();
  options.allow_examples = false;
  EXPECT_THAT(rules().findings(
                  R"({"resourceType": "Media", "status": "completed",
                      "content": {"contentType": "text/plain", "url": "https://x.example.org/1"}})",
                  {"URL_EXAMPLE"}, options),
              ElementsAre("error TYPE_SPECIFIC_CHECKS_DT_URL_EXAMPLE Media.content.url"));
}

TEST(Url, ThatLeadsInsideLeadsSomewhere) {
  EXPECT_THAT(rules().findings(R"({"resourceType": "Patient", "meta": {"source": "#x"},
                                   "implicitRules": "#y", "contact": [{"id": "y"}]})",
                               {"URL_INTERNAL"}),
              ElementsAre("information TYPE_SPECIFIC_CHECKS_DT_URL_INTERNAL_WARN "
                          "Patient.meta.source"));
}

}  // namespace
}  // namespace concord::validate
