// Create, read, vread, update, patch, delete of one resource, and each way to fail.

#include "fhir/core/digest.h"
#include "tests/gateway/resources/fixture.h"

namespace concord {
namespace {

using resources::Conditions;
using resources::Done;
using resources::Validation;
using test::ResourcesTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Change : public ResourcesTest {};

constexpr std::string_view kPatient =
    R"({"resourceType":"Patient","id":"mine","meta":{"versionId":"99","tag":[{"code":"kept"}]},"active":true})";

TEST_F(Change, CreateGivesItsOwnIdAndVersionAndKeepsTheRestOfMeta) {
  const auto done = create(kPatient);
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(done->what, Done::What::created);
  EXPECT_EQ(done->row.id, "id-1");
  EXPECT_EQ(done->row.version, 1);
  EXPECT_EQ(done->row.body,
            R"({"resourceType":"Patient","id":"id-1","meta":{"versionId":"1","lastUpdated":")" +
                format_instant(done->row.updated_at) +
                R"(","tag":[{"code":"kept"}]},"active":true})");
  const auto read = service_->read("Patient", "id-1");
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->row.body, done->row.body);
}

TEST_F(Change, CreateWithoutMetaWritesOneBehindTheId) {
  const auto done = create(R"({"resourceType":"Patient","active":true})");
  ASSERT_THAT(done, IsOk());
  EXPECT_THAT(done->row.body, ::testing::StartsWith(
                                  R"({"resourceType":"Patient","id":"id-1","meta":{"versionId")"));
}

TEST_F(Change, EachChangeIsOneAuditRecordWithoutContent) {
  const std::string id = make(kPatient);
  put(R"({"resourceType":"Patient","id":"id-1","active":false})");
  ASSERT_THAT(service_->remove(caller_, "Patient", id, {}), IsOk());
  const auto records = store_.audit();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].event, audit::Event::resource_created);
  EXPECT_EQ(records[1].event, audit::Event::resource_updated);
  EXPECT_EQ(records[2].event, audit::Event::resource_deleted);
  EXPECT_EQ(records[1].detail, "Patient/id-1/2");
  EXPECT_EQ(records[1].actor, "X99001");
  EXPECT_EQ(records[1].digest,
            to_hex(sha256(store_.read_version("Patient", "id-1", 2).value_or(std::nullopt)->body)));
  EXPECT_EQ(records[2].digest, "");
}

TEST_F(Change, TypesThatAreNotServedDoNotExist) {
  settings_.types = {"Patient"};
  restart();
  EXPECT_THAT(create(R"({"resourceType":"Observation"})"), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(service_->read("Observation", "x"), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(search("Observation", ""), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(service_->types(), ElementsAre("Patient"));
}

TEST_F(Change, EveryConcreteTypeButParametersIsServedByDefault) {
  EXPECT_TRUE(service_->serves("SubstanceNucleicAcid"));
  EXPECT_TRUE(service_->serves("Bundle"));
  EXPECT_FALSE(service_->serves("Parameters"));
  EXPECT_FALSE(service_->serves("DomainResource"));
  EXPECT_EQ(service_->types().size(), 145u);
}

TEST_F(Change, ABodyOfAnotherTypeIsMalformed) {
  const auto done =
      service_->create(caller_, "Observation", read(R"({"resourceType":"Patient"})"), {});
  ASSERT_THAT(done, FailsWith(ErrorCode::malformed));
  EXPECT_EQ(done.error().issues[0].expression, "resourceType");
  EXPECT_EQ(store_.writes(), 0u);
}

TEST_F(Change, WhatBreaksTheBaseRulesIsMalformedInEveryMode) {
  for (const auto mode :
       {Validation::Mode::off, Validation::Mode::warn, Validation::Mode::enforce}) {
    settings_.validation["*"] = {mode, {}};
    restart();
    EXPECT_THAT(create(R"({"resourceType":"Observation"})"), FailsWith(ErrorCode::malformed));
    EXPECT_THAT(create(R"({"resourceType":"Patient","birthDate":"2020-13-01"})"),
                FailsWith(ErrorCode::malformed));
    EXPECT_THAT(create(R"({"resourceType":"Patient","nonsense":1})"),
                FailsWith(ErrorCode::malformed));
    EXPECT_THAT(create(R"({"resourceType":"Patient","gender":"green"})"),
                FailsWith(ErrorCode::malformed));
  }
  EXPECT_EQ(store_.writes(), 0u);
}

// pat-1: a contact has details or an organisation.
constexpr std::string_view kBreaksAnInvariant =
    R"({"resourceType":"Patient","contact":[{"gender":"male"}]})";

TEST_F(Change, AnInvariantIsOfNoInterestWhenValidationIsOff) {
  EXPECT_THAT(create(kBreaksAnInvariant), IsOk());
}

TEST_F(Change, AnInvariantIsAWarningWhenValidationWarns) {
  settings_.validation["Patient"] = {Validation::Mode::warn, {}};
  restart();
  const auto done = create(kBreaksAnInvariant);
  ASSERT_THAT(done, IsOk());
  ASSERT_FALSE(done->issues.empty());
  EXPECT_EQ(done->issues[0].severity, Severity::warning);
}

TEST_F(Change, AnInvariantRefusesTheResourceWhenValidationIsEnforced) {
  settings_.validation["Patient"] = {Validation::Mode::enforce, {}};
  restart();
  const auto done = create(kBreaksAnInvariant);
  ASSERT_THAT(done, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(done.error().issues[0].expression, "Patient.contact[0]");
  EXPECT_EQ(store_.writes(), 0u);
}

TEST_F(Change, AProfileNobodyKnowsRefusesWhatMustMeetIt) {
  settings_.validation["Patient"] = {Validation::Mode::enforce, {"https://example.org/none"}};
  restart();
  EXPECT_THAT(create(kPatient), FailsWith(ErrorCode::invalid));
}

TEST_F(Change, NarrativesThatCouldActAreRefused) {
  for (const char* inside : {"<script>alert(1)</script>", "<p onclick='x()'>x</p>",
                             "<a href='javascript:x()'>x</a>", "<a href=' JavaScript:x()'>x</a>",
                             "<iframe src='x'/>", "<a href='data:text/html,x'>x</a>"}) {
    const std::string body =
        std::string(
            R"({"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'>)") +
        inside + R"(</div>"}})";
    const auto done = create(body);
    ASSERT_THAT(done, FailsWith(ErrorCode::malformed)) << inside;
    EXPECT_EQ(done.error().issues[0].expression, "Patient.text.div");
  }
  EXPECT_THAT(
      create(
          R"({"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'><b>bold</b> ' OR 1=1 --</div>"}})"),
      IsOk());
}

TEST_F(Change, NarrativesOfContainedResourcesAreLookedAtToo) {
  EXPECT_THAT(
      create(
          R"({"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x","text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'><script>x</script></div>"}}],"managingOrganization":{"reference":"#o"}})"),
      FailsWith(ErrorCode::malformed));
}

TEST_F(Change, ControlCharactersAreRefused) {
  EXPECT_THAT(create(R"({"resourceType":"Patient","name":[{"family":"a\u0001b"}]})"),
              FailsWith(ErrorCode::malformed));
}

TEST_F(Change, AttachmentsAreBounded) {
  settings_.attachment_bytes = 100;
  restart();
  const std::string data(200, 'A');
  EXPECT_THAT(
      create(R"({"resourceType":"Binary","contentType":"text/plain","data":")" + data + "\"}"),
      FailsWith(ErrorCode::too_long));
}

TEST_F(Change, ASearchParameterThatWouldNotCompileIsMalformed) {
  EXPECT_THAT(
      create(
          R"({"resourceType":"SearchParameter","url":"https://example.org/p","name":"p","status":"draft","description":"d","code":"p","base":["Patient"],"type":"string","expression":"Patient.("})"),
      FailsWith(ErrorCode::malformed));
  EXPECT_THAT(
      create(
          R"({"resourceType":"SearchParameter","url":"https://example.org/p","name":"p","status":"draft","description":"d","code":"p","base":["Patient"],"type":"string","expression":"Patient.name.family"})"),
      IsOk());
}

TEST_F(Change, ReadOfWhatWasNeverThereIsNotFoundAndOfTheDeletedGone) {
  EXPECT_THAT(service_->read("Patient", "none"), FailsWith(ErrorCode::not_found));
  const std::string id = make(kPatient);
  ASSERT_THAT(service_->remove(caller_, "Patient", id, {}), IsOk());
  EXPECT_THAT(service_->read("Patient", id), FailsWith(ErrorCode::gone));
}

TEST_F(Change, VreadGivesThatVersionAndNoOther) {
  const std::string id = make(kPatient);
  put(R"({"resourceType":"Patient","id":"id-1","active":false})");
  ASSERT_THAT(service_->remove(caller_, "Patient", id, {}), IsOk());
  const auto first = service_->vread("Patient", id, "1");
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(first->row.body, HasSubstr(R"("active":true)"));
  EXPECT_THAT(service_->vread("Patient", id, "3"), FailsWith(ErrorCode::gone));
  for (const char* version : {"4", "0", "-1", "x", "1x", "", "99999999999999999999"}) {
    EXPECT_THAT(service_->vread("Patient", id, version), FailsWith(ErrorCode::not_found))
        << version;
  }
}

TEST_F(Change, UpdateMakesTheNextVersion) {
  make(kPatient);
  const Done done = put(R"({"resourceType":"Patient","id":"id-1","active":false})");
  EXPECT_EQ(done.what, Done::What::updated);
  EXPECT_EQ(done.row.version, 2);
  EXPECT_THAT(done.row.body, HasSubstr(R"("versionId":"2")"));
}

TEST_F(Change, UpdateWithTheSameContentKeepsTheVersion) {
  const std::string id = make(kPatient);
  const std::string body = service_->read("Patient", id)->row.body;
  const Done done = put(body);
  EXPECT_EQ(done.what, Done::What::unchanged);
  EXPECT_EQ(done.row.version, 1);
  EXPECT_EQ(done.row.body, body);
  EXPECT_EQ(store_.writes(), 1u);
}

TEST_F(Change, UpdateCreatesUnderTheIdOfTheCallerWhenThatIsAllowed) {
  const Done done = put(R"({"resourceType":"Patient","id":"a-1.B"})");
  EXPECT_EQ(done.what, Done::What::created);
  EXPECT_EQ(done.row.version, 1);
  settings_.update_creates = false;
  restart();
  EXPECT_THAT(update(R"({"resourceType":"Patient","id":"other"})"),
              FailsWith(ErrorCode::not_found));
  EXPECT_EQ(put(R"({"resourceType":"Patient","id":"a-1.B","active":true})").what,
            Done::What::updated);
}

TEST_F(Change, UpdateNeedsTheIdOfTheAddressInTheBody) {
  const auto other =
      service_->update(caller_, "Patient", "a", read(R"({"resourceType":"Patient","id":"b"})"), {});
  ASSERT_THAT(other, FailsWith(ErrorCode::malformed));
  EXPECT_EQ(other.error().issues[0].expression, "Patient.id");
  EXPECT_THAT(service_->update(caller_, "Patient", "a", read(R"({"resourceType":"Patient"})"), {}),
              FailsWith(ErrorCode::malformed));
}

TEST_F(Change, UpdateRefusesIdsThatAreNone) {
  for (const std::string& id : {std::string("a_b"), std::string("a b"), std::string(65, 'a'),
                                std::string("../x"), std::string("é")}) {
    EXPECT_THAT(update(R"({"resourceType":"Patient","id":")" + id + "\"}"),
                FailsWith(ErrorCode::malformed))
        << id;
  }
}

TEST_F(Change, IfMatchMustBeTheVersionThatIsThere) {
  make(kPatient);
  Conditions conditions;
  conditions.if_match = 2;
  constexpr std::string_view kNext = R"({"resourceType":"Patient","id":"id-1","active":false})";
  EXPECT_THAT(update(kNext, conditions), FailsWith(ErrorCode::precondition));
  conditions.if_match = 1;
  EXPECT_THAT(update(kNext, conditions), IsOk());
  EXPECT_THAT(service_->remove(caller_, "Patient", "id-1", conditions),
              FailsWith(ErrorCode::precondition));
  EXPECT_THAT(update(R"({"resourceType":"Patient","id":"new"})", conditions),
              FailsWith(ErrorCode::precondition));
}

TEST_F(Change, IfNoneMatchAnyRefusesAnUpdateOfWhatIsThere) {
  Conditions conditions;
  conditions.if_none_match_any = true;
  EXPECT_THAT(update(R"({"resourceType":"Patient","id":"a"})", conditions), IsOk());
  EXPECT_THAT(update(R"({"resourceType":"Patient","id":"a","active":true})", conditions),
              FailsWith(ErrorCode::precondition));
}

TEST_F(Change, ADeletedResourceComesBackWithTheNextVersion) {
  put(R"({"resourceType":"Patient","id":"a"})");
  ASSERT_THAT(service_->remove(caller_, "Patient", "a", {}), IsOk());
  const Done done = put(R"({"resourceType":"Patient","id":"a"})");
  EXPECT_EQ(done.what, Done::What::created);
  EXPECT_EQ(done.row.version, 3);
}

TEST_F(Change, DeleteAgainDoesNothing) {
  const std::string id = make(kPatient);
  EXPECT_EQ(service_->remove(caller_, "Patient", id, {})->what, Done::What::deleted);
  EXPECT_EQ(service_->remove(caller_, "Patient", id, {})->what, Done::What::nothing);
  EXPECT_EQ(service_->remove(caller_, "Patient", "never", {})->what, Done::What::nothing);
  EXPECT_EQ(store_.writes(), 2u);
}

TEST_F(Change, AnUpdateThatLosesARaceIsPlannedAnew) {
  make(kPatient);
  bool once = false;
  store_.before_write([&] {
    if (once) return;
    once = true;
    put(R"({"resourceType":"Patient","id":"id-1","gender":"male"})");
  });
  const Done done = put(R"({"resourceType":"Patient","id":"id-1","active":false})");
  EXPECT_EQ(done.row.version, 3);
}

TEST_F(Change, AnUpdateWithIfMatchThatLosesARaceFailsItsPrecondition) {
  make(kPatient);
  bool once = false;
  store_.before_write([&] {
    if (once) return;
    once = true;
    put(R"({"resourceType":"Patient","id":"id-1","gender":"male"})");
  });
  Conditions conditions;
  conditions.if_match = 1;
  EXPECT_THAT(update(R"({"resourceType":"Patient","id":"id-1","active":false})", conditions),
              FailsWith(ErrorCode::precondition));
}

TEST_F(Change, WhoLosesEveryRaceIsToldOfTheConflict) {
  make(kPatient);
  int depth = 0;
  int turn = 0;
  store_.before_write([&] {
    if (depth > 0) return;
    ++depth;
    put(R"({"resourceType":"Patient","id":"id-1","language":"x-)" + std::to_string(++turn) + "\"}");
    --depth;
  });
  EXPECT_THAT(update(R"({"resourceType":"Patient","id":"id-1","active":false})"),
              FailsWith(ErrorCode::conflict));
}

TEST_F(Change, AStoreThatIsDownIsTransient) {
  store_.set_down(true);
  EXPECT_THAT(create(kPatient), FailsWith(ErrorCode::transient));
  EXPECT_THAT(service_->read("Patient", "x"), FailsWith(ErrorCode::transient));
}

TEST_F(Change, TheTaskOfAnExchangeIsChangedByItsExchangeOnly) {
  constexpr std::string_view kTask =
      R"({"resourceType":"Task","id":"owned","status":"requested","intent":"order"})";
  put(kTask);
  of_exchange_ = [](std::string_view task) -> Result<bool> { return task == "owned"; };
  restart();
  EXPECT_THAT(
      update(R"({"resourceType":"Task","id":"owned","status":"completed","intent":"order"})"),
      FailsWith(ErrorCode::forbidden));
  EXPECT_THAT(service_->remove(caller_, "Task", "owned", {}), FailsWith(ErrorCode::forbidden));
  resources::Patch patch;
  patch.text = R"([{"op":"replace","path":"/status","value":"completed"}])";
  EXPECT_THAT(service_->patch(caller_, "Task", "owned", patch, {}),
              FailsWith(ErrorCode::forbidden));
  EXPECT_THAT(service_->read("Task", "owned"), IsOk());
  EXPECT_THAT(
      update(R"({"resourceType":"Task","id":"mine","status":"requested","intent":"order"})"),
      IsOk());
}

class Patching : public Change {
 protected:
  Result<Done> patch(std::string_view text, Conditions conditions = {}) {
    resources::Patch patch;
    patch.text = text;
    return service_->patch(caller_, "Patient", "a", patch, conditions);
  }
};

TEST_F(Patching, AJsonPatchMakesTheNextVersion) {
  put(R"({"resourceType":"Patient","id":"a","gender":"male"})");
  const auto done = patch(R"([{"op":"replace","path":"/gender","value":"female"}])");
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(done->row.version, 2);
  EXPECT_EQ(done->row.change, store::Change::patched);
  EXPECT_THAT(done->row.body, HasSubstr(R"("gender":"female")"));
}

TEST_F(Patching, AFhirPathPatchMakesTheNextVersion) {
  put(R"({"resourceType":"Patient","id":"a","gender":"male"})");
  const tree::Document parameters = read(
      R"({"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient.gender"},{"name":"value","valueCode":"female"}]}]})");
  resources::Patch patch;
  patch.kind = resources::Patch::Kind::fhirpath_patch;
  patch.parameters = &parameters;
  const auto done = service_->patch(caller_, "Patient", "a", patch, {});
  ASSERT_THAT(done, IsOk());
  EXPECT_THAT(done->row.body, HasSubstr(R"("gender":"female")"));
}

TEST_F(Patching, WhatTheServerWritesAPatchMayNotTouch) {
  put(R"({"resourceType":"Patient","id":"a","gender":"male"})");
  for (const char* path : {"/id", "/meta/versionId", "/meta/lastUpdated"}) {
    const auto done = patch(std::string(R"([{"op":"replace","path":")") + path +
                            R"(","value":"2020-01-01T00:00:00Z"}])");
    EXPECT_THAT(done, FailsWith(ErrorCode::malformed)) << path;
  }
  EXPECT_THAT(patch(R"([{"op":"replace","path":"/resourceType","value":"Group"}])"),
              ::testing::Not(IsOk()));
  EXPECT_EQ(service_->read("Patient", "a")->row.version, 1);
}

TEST_F(Patching, WhatAPatchMakesIsCheckedBeforeItIsStored) {
  put(R"({"resourceType":"Patient","id":"a","gender":"male"})");
  EXPECT_THAT(patch(R"([{"op":"replace","path":"/gender","value":"green"}])"),
              FailsWith(ErrorCode::malformed));
  EXPECT_THAT(patch("{}"), FailsWith(ErrorCode::malformed));
  EXPECT_EQ(service_->read("Patient", "a")->row.version, 1);
}

TEST_F(Patching, APatchThatChangesNothingKeepsTheVersion) {
  put(R"({"resourceType":"Patient","id":"a","gender":"male"})");
  const auto done = patch(R"([{"op":"test","path":"/gender","value":"male"}])");
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(done->what, Done::What::unchanged);
}

TEST_F(Patching, APatchNeedsAResourceAndItsVersion) {
  EXPECT_THAT(patch("[]"), FailsWith(ErrorCode::not_found));
  put(R"({"resourceType":"Patient","id":"a"})");
  Conditions conditions;
  conditions.if_match = 7;
  EXPECT_THAT(patch("[]", conditions), FailsWith(ErrorCode::precondition));
  ASSERT_THAT(service_->remove(caller_, "Patient", "a", {}), IsOk());
  EXPECT_THAT(patch("[]"), FailsWith(ErrorCode::gone));
}

TEST_F(Change, ProvenanceIsStoredWithWhatItIsAboutOrNotAtAll) {
  constexpr std::string_view kProvenance =
      R"({"resourceType":"Provenance","recorded":"2026-01-01T00:00:00Z","agent":[{"who":{"display":"x"}}]})";
  const auto done =
      service_->create_with_provenance(caller_, "Patient", read(kPatient), read(kProvenance), {});
  ASSERT_THAT(done, IsOk());
  const auto provenance = service_->read("Provenance", "id-2");
  ASSERT_THAT(provenance, IsOk());
  EXPECT_EQ(eval(provenance->row.body, "Provenance.target.reference"), "Patient/id-1/_history/1");
  EXPECT_EQ(store_.writes(), 1u);

  const auto refused = service_->create_with_provenance(
      caller_, "Patient", read(kPatient), read(R"({"resourceType":"Provenance"})"), {});
  EXPECT_THAT(refused, FailsWith(ErrorCode::malformed));
  EXPECT_THAT(service_->read("Patient", "id-3"), FailsWith(ErrorCode::not_found));
}

class Listening final : public resources::ChangeObserver {
 public:
  Result<void> changing(const store::ResourceRow* before, const tree::Document* after,
                        const store::ResourceWrite& write,
                        store::ResourceChanges& changes) override {
    seen.push_back(write.id + (before != nullptr ? " before" : "") +
                   (after != nullptr ? " after" : ""));
    store::NewExchange notice;
    notice.id = "notice-" + write.id;
    changes.notices.push_back(std::move(notice));
    return {};
  }
  void changed(const store::ResourceChanges& changes) override {
    committed += changes.writes.size();
  }
  std::vector<std::string> seen;
  std::size_t committed = 0;
};

TEST_F(Change, AnObserverSeesEveryChangeAndAddsToItsTransaction) {
  Listening listening;
  observer_ = &listening;
  restart();
  put(R"({"resourceType":"Patient","id":"a"})");
  put(R"({"resourceType":"Patient","id":"a","active":true})");
  ASSERT_THAT(service_->remove(caller_, "Patient", "a", {}), IsOk());
  EXPECT_THAT(listening.seen, ElementsAre("a after", "a before after", "a before"));
  EXPECT_EQ(listening.committed, 3u);
  EXPECT_EQ(store_.notices().size(), 3u);
}

}  // namespace
}  // namespace concord
