// Conditional create, update, patch and delete.

#include <atomic>
#include <set>
#include <thread>

#include "tests/gateway/resources/fixture.h"

namespace concord {
namespace {

using resources::Conditions;
using resources::Done;
using test::ResourcesTest;
using ::testing::SizeIs;

std::string patient(std::string_view value, std::string_view more = {}) {
  return R"({"resourceType":"Patient","identifier":[{"system":"urn:x","value":")" +
         std::string(value) + "\"}]" + std::string(more) + "}";
}

Conditions none_exist(std::string query) {
  Conditions conditions;
  conditions.if_none_exist = std::move(query);
  return conditions;
}

class Conditional : public ResourcesTest {
 protected:
  Result<Done> put_where(std::string_view query, std::string_view json,
                         Conditions conditions = {}) {
    return service_->update_where(caller_, "Patient", query, read(json), conditions);
  }
};

TEST_F(Conditional, CriteriaThatCouldNotBeLookedUpInTimeMayComeAgain) {
  caller_.deadline = now_ + std::chrono::seconds(5);
  store_.search_endlessly([this](Instant deadline) { now_ = deadline; });
  EXPECT_THAT(create(patient("1"), none_exist("identifier=urn:x|1")),
              FailsWith(ErrorCode::timeout));
  EXPECT_EQ(store_.writes(), 0u);
}

TEST_F(Conditional, CriteriaThatAreTooMuchAreRefusedWhateverTheTime) {
  caller_.deadline = now_ + std::chrono::seconds(5);
  store_.search_endlessly([](Instant) {});
  EXPECT_THAT(create(patient("1"), none_exist("identifier=urn:x|1")),
              FailsWith(ErrorCode::too_costly));
}

TEST_F(Conditional, CreateMakesOneWhenNothingIsFound) {
  const auto done = create(patient("1"), none_exist("identifier=urn:x|1"));
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(done->what, Done::What::created);
}

TEST_F(Conditional, CreateGivesTheOneThatIsFound) {
  const std::string id = make(patient("1"));
  const auto done = create(patient("1"), none_exist("identifier=urn:x%7C1"));
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(done->what, Done::What::found);
  EXPECT_EQ(done->row.id, id);
  EXPECT_EQ(store_.writes(), 1u);
}

TEST_F(Conditional, CreateFailsWhenSeveralAreFound) {
  make(patient("1"));
  make(patient("1"));
  EXPECT_THAT(create(patient("1"), none_exist("identifier=urn:x|1")),
              FailsWith(ErrorCode::precondition));
}

TEST_F(Conditional, CreateWithoutCriteriaIsMalformed) {
  for (const char* query : {"", "?", "_format=json", "_count=1", "identifier="}) {
    EXPECT_THAT(create(patient("1"), none_exist(query)), FailsWith(ErrorCode::malformed)) << query;
  }
}

TEST_F(Conditional, CriteriaAreReadStrictly) {
  const auto done = create(patient("1"), none_exist("nonsense=1"));
  ASSERT_THAT(done, FailsWith(ErrorCode::malformed));
  EXPECT_THAT(create(patient("1"), none_exist("identifier=%zz")), FailsWith(ErrorCode::malformed));
}

TEST_F(Conditional, OfManyCreatesAtOnceOneCreatesAndTheOthersFind) {
  std::atomic<int> created{0};
  std::atomic<int> found{0};
  std::set<std::string> ids;
  std::mutex mutex;
  resources::Parts parts;
  parts.definitions = known_.definitions.get();
  parts.parameters = known_.parameters.get();
  parts.validator = known_.validator.get();
  parts.functions = &known_.functions;
  parts.store = &store_;
  parts.clock = system_clock();
  parts.uuids = random_uuids();
  resources::ResourceService service(parts, settings_);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto done =
          service.create(caller_, "Patient", read(patient("1")), none_exist("identifier=urn:x|1"));
      if (!done) return;
      (done->what == Done::What::created ? created : found)++;
      const std::scoped_lock lock(mutex);
      ids.insert(done->row.id);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(created, 1);
  EXPECT_EQ(found, 7);
  EXPECT_THAT(ids, SizeIs(1));
}

TEST_F(Conditional, UpdateCreatesUnderANewIdWhenNothingIsFound) {
  const auto done = put_where("identifier=urn:x|1", patient("1"));
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(done->what, Done::What::created);
  EXPECT_EQ(done->row.id, "id-1");
}

TEST_F(Conditional, UpdateCreatesUnderTheIdOfTheBodyWhenNothingIsFound) {
  const auto done = put_where("identifier=urn:x|1", patient("1", R"(,"id":"mine")"));
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(done->row.id, "mine");
}

TEST_F(Conditional, UpdateChangesTheOneThatIsFound) {
  const std::string id = make(patient("1"));
  const auto done = put_where("identifier=urn:x|1", patient("1", R"(,"active":true)"));
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(done->what, Done::What::updated);
  EXPECT_EQ(done->row.id, id);
  EXPECT_EQ(done->row.version, 2);
}

TEST_F(Conditional, UpdateRefusesABodyWithTheIdOfAnother) {
  make(patient("1"));
  EXPECT_THAT(put_where("identifier=urn:x|1", patient("1", R"(,"id":"other")")),
              FailsWith(ErrorCode::malformed));
}

TEST_F(Conditional, UpdatePatchAndDeleteFailWhenSeveralAreFound) {
  make(patient("1"));
  make(patient("1"));
  const resources::Patch patch{resources::Patch::Kind::json_patch, "[]", nullptr};
  EXPECT_THAT(put_where("identifier=urn:x|1", patient("1")), FailsWith(ErrorCode::precondition));
  EXPECT_THAT(service_->patch_where(caller_, "Patient", "identifier=urn:x|1", patch, {}),
              FailsWith(ErrorCode::precondition));
  EXPECT_THAT(service_->remove_where(caller_, "Patient", "identifier=urn:x|1", {}),
              FailsWith(ErrorCode::precondition));
}

TEST_F(Conditional, UpdatePatchAndDeleteWithoutCriteriaFailTheirPrecondition) {
  make(patient("1"));
  const resources::Patch patch{resources::Patch::Kind::json_patch, "[]", nullptr};
  EXPECT_THAT(put_where("", patient("1")), FailsWith(ErrorCode::precondition));
  EXPECT_THAT(service_->patch_where(caller_, "Patient", "", patch, {}),
              FailsWith(ErrorCode::precondition));
  EXPECT_THAT(service_->remove_where(caller_, "Patient", "", {}),
              FailsWith(ErrorCode::precondition));
  EXPECT_EQ(store_.writes(), 1u);
}

TEST_F(Conditional, PatchChangesTheOneThatIsFoundAndNeedsOne) {
  resources::Patch patch;
  patch.text = R"([{"op":"add","path":"/active","value":true}])";
  EXPECT_THAT(service_->patch_where(caller_, "Patient", "identifier=urn:x|1", patch, {}),
              FailsWith(ErrorCode::not_found));
  make(patient("1"));
  const auto done = service_->patch_where(caller_, "Patient", "identifier=urn:x|1", patch, {});
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(done->row.version, 2);
  Conditions stale;
  stale.if_match = 99;
  EXPECT_THAT(service_->patch_where(caller_, "Patient", "identifier=urn:x|1", patch, stale),
              FailsWith(ErrorCode::precondition));
}

TEST_F(Conditional, DeleteTakesTheOneThatIsFound) {
  make(patient("1"));
  make(patient("2"));
  const auto done = service_->remove_where(caller_, "Patient", "identifier=urn:x|1", {});
  ASSERT_THAT(done, IsOk());
  EXPECT_THAT(*done, SizeIs(1));
  EXPECT_THAT(*service_->remove_where(caller_, "Patient", "identifier=urn:x|1", {}), SizeIs(0));
  EXPECT_EQ(search("Patient", "")->entries.size(), 1u);
}

TEST_F(Conditional, DeleteTakesAsManyAsTheOperatorAllows) {
  settings_.delete_many = 2;
  restart();
  make(patient("1"));
  make(patient("1"));
  EXPECT_THAT(*service_->remove_where(caller_, "Patient", "identifier=urn:x|1", {}), SizeIs(2));
  for (int i = 0; i < 3; ++i) make(patient("3"));
  EXPECT_THAT(service_->remove_where(caller_, "Patient", "identifier=urn:x|3", {}),
              FailsWith(ErrorCode::precondition));
}

}  // namespace
}  // namespace concord
