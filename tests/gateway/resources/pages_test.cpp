// Searches, includes, compartments, $everything, histories, and the Bundles they become.

#include "tests/gateway/resources/fixture.h"

namespace concord {
namespace {

using resources::Page;
using test::ResourcesTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::string patient(std::string_view id, std::string_view family, std::string_view more = {}) {
  return R"({"resourceType":"Patient","id":")" + std::string(id) + R"(","name":[{"family":")" +
         std::string(family) + "\"}]" + std::string(more) + "}";
}
std::string observation(std::string_view id, std::string_view subject, std::string_view more = {}) {
  return R"({"resourceType":"Observation","id":")" + std::string(id) +
         R"(","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/)" +
         std::string(subject) + "\"}" + std::string(more) + "}";
}

class Pages : public ResourcesTest {
 protected:
  /// The part of a link behind "?", as the next call takes it.
  static std::string query_of(const std::string& link) { return link.substr(link.find('?') + 1); }
  std::string written(const Result<Page>& page) {
    EXPECT_THAT(page, IsOk());
    if (!page) return {};
    auto text = service_->write(*page);
    EXPECT_THAT(text, IsOk());
    return text ? *text : std::string();
  }
};

TEST_F(Pages, ASearchGivesItsMatchesLatestFirstWithTheTotalItKnows) {
  put(patient("a", "Smith"));
  put(patient("b", "Jones"));
  put(patient("c", "Smithson"));
  const auto page = search("Patient", "family=smi");
  ASSERT_THAT(page, IsOk());
  EXPECT_THAT(ids(*page), ElementsAre("c", "a"));
  EXPECT_EQ(page->total, 2);
  EXPECT_EQ(page->self, "Patient?family=smi");
}

TEST_F(Pages, TheSelfLinkSaysWhatWasUnderstood) {
  const auto page = search("Patient", "family=smi&nonsense=1&_format=json&_count=5");
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(page->self, "Patient?family=smi&_count=5");
  EXPECT_EQ(page->issues.size(), 1u);
  EXPECT_EQ(eval(written(page), "Bundle.entry.search.mode"), "outcome");
  EXPECT_EQ(eval(written(page), "Bundle.link.where(relation='self').url"),
            "https://concord.example/FHIR/R4/Patient?family=smi&_count=5");
}

TEST_F(Pages, AStrictSearchRefusesWhatNobodyKnows) {
  const auto page = service_->search(caller_, "Patient", "nonsense=1", search::Handling::strict);
  ASSERT_THAT(page, FailsWith(ErrorCode::malformed));
  EXPECT_THAT(page.error().issues[0].text, HasSubstr("nonsense"));
}

TEST_F(Pages, TheLastPageIsALinkFromTheFirst) {
  for (const char* id : {"a", "b", "c", "d", "e"}) put(patient(id, "x"));
  const auto first = search("Patient", "family=x&_count=2");
  ASSERT_NE(first->last, "");
  const auto last = search("Patient", query_of(first->last));
  ASSERT_THAT(last, IsOk());
  EXPECT_THAT(ids(*last), ElementsAre("b", "a"));
  EXPECT_EQ(last->next, "");
  EXPECT_EQ(last->last, last->self);
  EXPECT_EQ(last->total, std::nullopt) << "a part is no total";
  const auto before = search("Patient", query_of(last->previous));
  EXPECT_THAT(ids(*before), ElementsAre("d", "c"));
  EXPECT_THAT(ids(*search("Patient", query_of(before->previous))), ElementsAre("e"));
}

TEST_F(Pages, LinksLeadForthAndBackAndShowNothingMadeSince) {
  for (const char* id : {"a", "b", "c", "d", "e"}) put(patient(id, "x"));
  const auto first = search("Patient", "family=x&_count=2");
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(ids(*first), ElementsAre("e", "d"));
  EXPECT_EQ(first->total, std::nullopt);
  EXPECT_EQ(first->previous, "");
  put(patient("later", "x"));
  const auto second = search("Patient", query_of(first->next));
  ASSERT_THAT(second, IsOk());
  EXPECT_THAT(ids(*second), ElementsAre("c", "b"));
  EXPECT_EQ(second->first, "Patient?family=x&_count=2");
  const auto third = search("Patient", query_of(second->next));
  EXPECT_THAT(ids(*third), ElementsAre("a"));
  EXPECT_EQ(third->next, "");
  EXPECT_EQ(third->last, third->self);
  EXPECT_THAT(ids(*search("Patient", query_of(third->previous))), ElementsAre("c", "b"));
}

TEST_F(Pages, OfPlacesAreOrderedByDistanceWhenAsked) {
  const auto location = [](const char* id, const char* longitude) {
    return R"({"resourceType":"Location","id":")" + std::string(id) +
           R"(","position":{"latitude":51.5,"longitude":)" + std::string(longitude) + "}}";
  };
  put(location("near", "-0.11"));
  put(location("here", "-0.10"));
  put(location("far", "-0.20"));
  put(location("away", "-0.90"));
  EXPECT_THAT(ids(*search("Location", "near=51.5|-0.1|10|km&_sort=near")),
              ElementsAre("here", "near", "far"));
  EXPECT_THAT(ids(*search("Location", "near=51.5|-0.1|10|km&_sort=-near")),
              ElementsAre("far", "near", "here"));
  const auto first = search("Location", "near=51.5|-0.1|100|km&_sort=near&_count=2");
  EXPECT_THAT(ids(*first), ElementsAre("here", "near"));
  EXPECT_THAT(ids(*search("Location", query_of(first->next))), ElementsAre("far", "away"));
}

TEST_F(Pages, ALinkIsGoneWhenItsTimeIsOver) {
  for (const char* id : {"a", "b"}) put(patient(id, "x"));
  const auto first = search("Patient", "_count=1");
  ASSERT_THAT(first, IsOk());
  now_ += settings_.pages_kept + std::chrono::seconds(2);
  EXPECT_THAT(search("Patient", query_of(first->next)), FailsWith(ErrorCode::gone));
}

TEST_F(Pages, CursorsThatAreNoneOfOursAreMalformed) {
  for (const char* cursor :
       {"x", "f", "f.", "f1x.1", "g99999999999.0.1", "%22", "f99999999999.junk"}) {
    EXPECT_THAT(search("Patient", std::string("_cursor=") + cursor),
                FailsWith(ErrorCode::malformed))
        << cursor;
  }
}

TEST_F(Pages, TotalIsCountedWhenAskedAndLeftOutWhenNot) {
  for (const char* id : {"a", "b", "c"}) put(patient(id, "x"));
  EXPECT_EQ(search("Patient", "_count=1&_total=accurate")->total, 3);
  EXPECT_EQ(search("Patient", "_total=none")->total, std::nullopt);
}

TEST_F(Pages, SummaryCountGivesTheNumberAlone) {
  for (const char* id : {"a", "b"}) put(patient(id, "x"));
  const auto page = search("Patient", "_summary=count&_include=Patient:organization");
  const std::string text = written(page);
  EXPECT_EQ(eval(text, "Bundle.total"), "2");
  EXPECT_EQ(eval(text, "Bundle.entry.count()"), "0");
  EXPECT_EQ(eval(written(search("Patient", "_count=0")), "Bundle.total"), "2");
}

TEST_F(Pages, ASystemSearchCoversSeveralTypes) {
  put(patient("a", "x"));
  put(observation("o", "a"));
  EXPECT_THAT(ids(*search("", "_type=Patient,Observation")), UnorderedElementsAre("a", "o"));
  EXPECT_THAT(ids(*search("", "_id=a")), ElementsAre("a"));
}

TEST_F(Pages, ACompartmentHoldsWhatBelongsToThePatient) {
  put(patient("a", "x"));
  put(patient("b", "x"));
  put(observation("1", "a"));
  put(observation("2", "b"));
  const search::Compartment compartment{"Patient", "a"};
  const auto page =
      service_->search(caller_, "Observation", "", search::Handling::strict, compartment);
  ASSERT_THAT(page, IsOk());
  EXPECT_THAT(ids(*page), ElementsAre("1"));
  EXPECT_EQ(page->self, "Patient/a/Observation");
  const auto all = service_->search(caller_, "*", "", search::Handling::strict, compartment);
  ASSERT_THAT(all, IsOk());
  EXPECT_THAT(ids(*all), ::testing::Contains("1"));
  EXPECT_THAT(ids(*all), ::testing::Not(::testing::Contains("2")));
  EXPECT_THAT(service_->search(caller_, "Observation", "", search::Handling::strict,
                               search::Compartment{"Patient", "a\"b"}),
              FailsWith(ErrorCode::not_found));
}

class Includes : public Pages {
 protected:
  void SetUp() override {
    put(R"({"resourceType":"Organization","id":"top","name":"x"})");
    put(R"({"resourceType":"Organization","id":"org","name":"x","partOf":{"reference":"Organization/top"}})");
    put(patient("p", "x", R"(,"managingOrganization":{"reference":"Organization/org"})"));
    put(observation("o", "p"));
  }
};

TEST_F(Includes, ForwardOverOneLink) {
  const auto page = search("Patient", "_id=p&_include=Patient:organization");
  EXPECT_THAT(ids(*page), ElementsAre("p", "+org"));
  EXPECT_EQ(page->total, 1);
  EXPECT_EQ(eval(written(page), "Bundle.entry.where(resource.id='org').search.mode"), "include");
}

TEST_F(Includes, OnceOnlyUnlessIterated) {
  EXPECT_THAT(ids(*search("Observation",
                          "_id=o&_include=Observation:subject&_include=Patient:organization")),
              ElementsAre("o", "+p"));
  EXPECT_THAT(ids(*search("Observation",
                          "_id=o&_include=Observation:subject&_include:iterate=Patient:"
                          "organization&_include:iterate=Organization:partof")),
              ElementsAre("o", "+p", "+org", "+top"));
}

TEST_F(Includes, BackwardsAndEverything) {
  EXPECT_THAT(ids(*search("Patient", "_id=p&_revinclude=Observation:subject")),
              ElementsAre("p", "+o"));
  EXPECT_THAT(ids(*search("Patient", "_id=p&_include=*")), ElementsAre("p", "+org"));
}

TEST_F(Includes, NeverRepeatAMatch) {
  put(R"({"resourceType":"Organization","id":"self","name":"x","partOf":{"reference":"Organization/self"}})");
  EXPECT_THAT(ids(*search("Organization", "_id=self&_include:iterate=Organization:partof")),
              ElementsAre("self"));
}

TEST_F(Includes, AreBoundedWithAWord) {
  settings_.included = 1;
  restart();
  const auto page = search(
      "Observation", "_id=o&_include=Observation:subject&_include:iterate=Patient:organization");
  ASSERT_THAT(page, IsOk());
  EXPECT_THAT(ids(*page), ElementsAre("o", "+p"));
}

class Everything : public Pages {
 protected:
  void SetUp() override {
    put(R"({"resourceType":"Practitioner","id":"doc","active":true})");
    put(R"({"resourceType":"Organization","id":"org","name":"x"})");
    put(patient("p", "x", R"(,"managingOrganization":{"reference":"Organization/org"})"));
    put(patient("other", "y"));
    put(R"({"resourceType":"Encounter","id":"theirs","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/other"}})");
    put(observation(
        "o1", "p",
        R"(,"effectiveDateTime":"2026-01-01","performer":[{"reference":"Practitioner/doc"}],"encounter":{"reference":"Encounter/theirs"})"));
    put(observation("o2", "p", R"(,"effectiveDateTime":"2026-03-01")"));
    put(observation("o3", "other"));
  }
  Result<Page> everything(std::string_view query) {
    return service_->everything(caller_, "p", query);
  }
};

TEST_F(Everything, IsThePatientWhatBelongsToItAndWhatThatRefersTo) {
  const auto page = everything("");
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(ids(*page)[0], "p");
  EXPECT_THAT(ids(*page), UnorderedElementsAre("p", "o1", "o2", "+org", "+doc"));
  EXPECT_EQ(page->total, 3);
}

TEST_F(Everything, StartAndEndChooseByTheDateOfCare) {
  EXPECT_THAT(ids(*everything("start=2026-02-01")), UnorderedElementsAre("p", "o2", "+org"));
  EXPECT_THAT(ids(*everything("end=2026-02-01")), UnorderedElementsAre("p", "o1", "+org", "+doc"));
}

TEST_F(Everything, TypeAndSinceChoose) {
  EXPECT_THAT(ids(*everything("_type=Observation")), UnorderedElementsAre("o1", "o2"));
  const Instant later = now_ + std::chrono::hours(1);
  EXPECT_THAT(ids(*everything("_since=" + format_instant(later))),
              UnorderedElementsAre("p", "+org"));
  EXPECT_THAT(everything("_type=Nonsense"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(everything("name=x"), FailsWith(ErrorCode::malformed));
}

TEST_F(Everything, ComesInPages) {
  const auto first = everything("_count=1");
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(first->next, HasSubstr("Patient/p/$everything?_count=1&_cursor="));
  const auto second = everything(query_of(first->next));
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->next, "");
  EXPECT_THAT(ids(*second), ::testing::Not(::testing::Contains("p")));
}

TEST_F(Everything, HasALastPageAndGoesBackFromItToThePatient) {
  const auto first = everything("_count=1");
  ASSERT_THAT(first, IsOk());
  ASSERT_NE(first->last, "");
  const auto last = everything(query_of(first->last));
  ASSERT_THAT(last, IsOk());
  EXPECT_THAT(ids(*last), ElementsAre("o1", "+doc"));
  EXPECT_EQ(last->next, "");
  EXPECT_EQ(last->last, last->self);
  const auto before = everything(query_of(last->previous));
  ASSERT_THAT(before, IsOk());
  EXPECT_THAT(ids(*before), ElementsAre("p", "o2", "+org"));
  EXPECT_EQ(before->previous, "");
}

TEST_F(Everything, NeedsAPatientThatIsThere) {
  EXPECT_THAT(service_->everything(caller_, "none", ""), FailsWith(ErrorCode::not_found));
  ASSERT_THAT(service_->remove(caller_, "Patient", "p", {}), IsOk());
  EXPECT_THAT(everything(""), FailsWith(ErrorCode::gone));
}

class History : public Pages {
 protected:
  void SetUp() override {
    put(patient("a", "one"));
    put(patient("a", "two"));
    put(observation("o", "a"));
    EXPECT_THAT(service_->remove(caller_, "Patient", "a", {}), IsOk());
  }
  Result<Page> history(std::string_view type, std::string_view id, std::string_view query) {
    return service_->history(caller_, type, id, query);
  }
};

TEST_F(History, OfAResourceIsEveryVersionLatestFirst) {
  const std::string text = written(history("Patient", "a", ""));
  EXPECT_EQ(eval(text, "Bundle.type"), "history");
  EXPECT_EQ(eval(text, "Bundle.total"), "3");
  EXPECT_EQ(eval(text, "Bundle.entry.request.method"), "DELETE,PUT,POST");
  EXPECT_EQ(eval(text, "Bundle.entry.response.status"), "204 No Content,200 OK,201 Created");
  EXPECT_EQ(eval(text, "Bundle.entry.response.etag"), "W/\"3\",W/\"2\",W/\"1\"");
  EXPECT_EQ(eval(text, "Bundle.entry[0].resource.exists()"), "false");
  EXPECT_EQ(eval(text, "Bundle.entry.resource.meta.versionId"), "2,1");
}

TEST_F(History, OfTypeAndSystem) {
  EXPECT_EQ(history("Patient", "", "")->entries.size(), 3u);
  EXPECT_EQ(history("", "", "")->entries.size(), 4u);
  EXPECT_EQ(history("", "", "")->self, "_history");
}

TEST_F(History, SortsOldestFirstWhenAskedAndByNothingElse) {
  EXPECT_EQ(history("Patient", "a", "_sort=_lastUpdated")->entries[0].row.version, 1);
  EXPECT_EQ(history("Patient", "a", "_sort=-_lastUpdated")->entries[0].row.version, 3);
  EXPECT_THAT(history("Patient", "a", "_sort=_id"), FailsWith(ErrorCode::malformed));
}

TEST_F(History, ComesInPages) {
  const auto first = history("", "", "_count=3");
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->entries.size(), 3u);
  const auto second = history("", "", query_of(first->next));
  ASSERT_THAT(second, IsOk());
  ASSERT_EQ(second->entries.size(), 1u);
  EXPECT_EQ(second->entries[0].row.version, 1);
  EXPECT_EQ(second->next, "");
}

TEST_F(History, HasALastPageAndLinksForthAndBack) {
  const auto versions = [](const Page& page) {
    std::vector<std::string> all;
    for (const Page::Entry& entry : page.entries) {
      all.push_back(entry.row.id + "/" + std::to_string(entry.row.version));
    }
    return all;
  };
  for (const bool oldest_first : {false, true}) {
    std::vector<std::string> all{"a/3", "o/1", "a/2", "a/1"};
    if (oldest_first) std::reverse(all.begin(), all.end());
    const auto first = history("", "", oldest_first ? "_count=3&_sort=_lastUpdated" : "_count=3");
    ASSERT_THAT(first, IsOk());
    EXPECT_EQ(first->previous, "");
    EXPECT_THAT(versions(*first), ElementsAre(all[0], all[1], all[2]));
    const auto last = history("", "", query_of(first->last));
    ASSERT_THAT(last, IsOk());
    EXPECT_THAT(versions(*last), ElementsAre(all[1], all[2], all[3]));
    EXPECT_EQ(last->next, "");
    EXPECT_EQ(last->last, last->self);
    const auto before = history("", "", query_of(last->previous));
    ASSERT_THAT(before, IsOk());
    EXPECT_THAT(versions(*before), ElementsAre(all[0]));
    EXPECT_EQ(before->previous, "");
    EXPECT_THAT(versions(*history("", "", query_of(before->next))),
                ElementsAre(all[1], all[2], all[3]));
    const auto second = history("", "", query_of(first->next));
    ASSERT_THAT(second, IsOk());
    EXPECT_THAT(versions(*second), ElementsAre(all[3]));
    EXPECT_THAT(versions(*history("", "", query_of(second->previous))),
                ElementsAre(all[0], all[1], all[2]));
  }
  const auto one = history("Patient", "a", "_count=1");
  ASSERT_THAT(one, IsOk());
  EXPECT_THAT(versions(*history("Patient", "a", query_of(one->last))), ElementsAre("a/1"));
  EXPECT_EQ(history("Patient", "a", "")->last, history("Patient", "a", "")->self);
}

TEST_F(History, SinceBeforeAndAtChooseVersions) {
  const auto all = history("Patient", "a", "_sort=_lastUpdated");
  const Instant second = all->entries[1].row.updated_at;
  EXPECT_EQ(history("Patient", "a", "_since=" + format_instant(second))->entries.size(), 2u);
  EXPECT_EQ(history("Patient", "a", "_before=" + format_instant(second))->entries.size(), 1u);
  const auto at = history("Patient", "a", "_at=" + format_instant(second));
  ASSERT_THAT(at, IsOk());
  ASSERT_EQ(at->entries.size(), 1u);
  EXPECT_EQ(at->entries[0].row.version, 2);
  EXPECT_EQ(history("", "", "_since=2000")->entries.size(), 4u);
}

TEST_F(History, ABeforeInTheFutureIsRefused) {
  EXPECT_THAT(history("", "", "_before=2999-01-01T00:00:00Z"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(history("", "", "_since=yesterday"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(history("Patient", "", "name=x"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(history("Patient", "", "_at=2020"), FailsWith(ErrorCode::malformed));
}

TEST_F(History, SummaryCountGivesTheNumberAlone) {
  const std::string text = written(history("Patient", "", "_summary=count"));
  EXPECT_EQ(eval(text, "Bundle.total"), "3");
  EXPECT_EQ(eval(text, "Bundle.entry.empty()"), "true");
}

TEST_F(History, OfWhatWasNeverThereIsNotFound) {
  EXPECT_THAT(history("Patient", "none", ""), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(history("Nonsense", "", ""), FailsWith(ErrorCode::not_found));
}

class Cuts : public Pages {
 protected:
  std::string cut(std::string_view json, resources::Cut how) {
    auto text = service_->cut(std::string(json), how);
    EXPECT_THAT(text, IsOk());
    return text ? *text : std::string();
  }
  static constexpr std::string_view kObservation =
      R"({"resourceType":"Observation","id":"o","meta":{"versionId":"1"},"text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'>x</div>"},"status":"final","code":{"text":"c"},"valueString":"v","note":[{"text":"n"}],"component":[{"code":{"text":"cc"},"dataAbsentReason":{"text":"d"}}]})";
};

TEST_F(Cuts, ElementsKeepsThoseNamedAndTheMandatoryOnes) {
  const std::string text = cut(kObservation, {search::SummaryMode::no, {"note"}});
  EXPECT_EQ(eval(text, "Observation.note.text"), "n");
  EXPECT_EQ(eval(text, "Observation.status"), "final");
  EXPECT_EQ(eval(text, "Observation.text.exists() or Observation.value.exists()"), "false");
  EXPECT_EQ(eval(text, "Observation.meta.tag.code"), "SUBSETTED");
}

TEST_F(Cuts, AChoiceElementIsNamedWithoutItsType) {
  EXPECT_EQ(eval(cut(kObservation, {search::SummaryMode::no, {"value"}}), "Observation.value"),
            "v");
}

TEST_F(Cuts, SummaryKeepsWhatTheDefinitionsMark) {
  const std::string text = cut(kObservation, {search::SummaryMode::yes, {}});
  EXPECT_EQ(eval(text, "Observation.value"), "v");
  EXPECT_EQ(eval(text, "Observation.note.exists() or Observation.text.exists()"), "false");
  EXPECT_EQ(eval(text, "Observation.component.code.text"), "cc");
}

TEST_F(Cuts, TextAndDataAreEachOthersRest) {
  const std::string text = cut(kObservation, {search::SummaryMode::text, {}});
  EXPECT_EQ(eval(text, "Observation.text.exists()"), "true");
  EXPECT_EQ(eval(text, "Observation.status.exists() and Observation.code.exists()"), "true");
  EXPECT_EQ(eval(text, "Observation.value.exists()"), "false");
  const std::string data = cut(kObservation, {search::SummaryMode::data, {}});
  EXPECT_EQ(eval(data, "Observation.text.exists()"), "false");
  EXPECT_EQ(eval(data, "Observation.note.text"), "n");
}

TEST_F(Cuts, ACutIsMarkedOnce) {
  const std::string once = cut(kObservation, {search::SummaryMode::yes, {}});
  EXPECT_EQ(eval(cut(once, {search::SummaryMode::yes, {}}), "Observation.meta.tag.count()"), "1");
}

TEST_F(Cuts, ElementsOfASearchCutMatchesAndNamedTypesOnly) {
  put(R"({"resourceType":"Organization","id":"org","name":"x","alias":["y"]})");
  put(patient("p", "x",
              R"(,"gender":"male","managingOrganization":{"reference":"Organization/org"})"));
  const std::string text =
      written(search("Patient", "_include=Patient:organization&_elements=gender"));
  EXPECT_EQ(eval(text, "Bundle.entry.resource.ofType(Patient).name.exists()"), "false");
  EXPECT_EQ(eval(text, "Bundle.entry.resource.ofType(Organization).alias"), "y");
}

TEST_F(Pages, BodiesStandInBundlesAsTheyAreStored) {
  put(patient("a", "Smith"));
  const std::string stored = service_->read("Patient", "a")->row.body;
  EXPECT_THAT(written(search("Patient", "")), HasSubstr("\"resource\":" + stored + ","));
  EXPECT_THAT(*service_->write(*search("Patient", ""), "https://proxy.example/r4"),
              HasSubstr(R"("fullUrl":"https://proxy.example/r4/Patient/a")"));
}

}  // namespace
}  // namespace concord
