// The index made anew.

#include "gateway/resources/reindex.h"

#include "tests/gateway/resources/fixture.h"

namespace concord {
namespace {

using test::ResourcesTest;

class Reindex : public ResourcesTest {
 protected:
  /// As if the index had been made without any parameter.
  void forget(std::string_view type, std::string_view id) {
    const auto row = *store_.read(type, id);
    ASSERT_TRUE(row);
    std::vector<store::Resources::Reindexed> bare;
    bare.push_back({row->row, row->version, {}});
    ASSERT_THAT(store_.reindex(std::move(bare)), IsOk());
  }
  Result<resources::Reindexing> run(bool always = false) {
    return resources::reindex(store_, *known_.parameters, *known_.definitions, {}, always, 2);
  }
};

TEST_F(Reindex, GivesResourcesTheValuesOfTheParametersInUse) {
  for (const char* id : {"a", "b", "c"}) {
    put(R"({"resourceType":"Patient","id":")" + std::string(id) + R"(","gender":"male"})");
    forget("Patient", id);
  }
  ASSERT_TRUE(search("Patient", "gender=male")->entries.empty());
  const auto done = run();
  ASSERT_THAT(done, IsOk());
  EXPECT_TRUE(done->needed);
  EXPECT_TRUE(done->finished);
  EXPECT_EQ(done->resources, 3u);
  EXPECT_EQ(search("Patient", "gender=male")->entries.size(), 3u);
  EXPECT_EQ(*store_.index_version(), known_.parameters->version());
}

TEST_F(Reindex, DoesNothingWhenTheIndexIsOfTheseParametersUnlessTold) {
  put(R"({"resourceType":"Patient","id":"a"})");
  ASSERT_THAT(run(), IsOk());
  EXPECT_FALSE(run()->needed);
  EXPECT_EQ(run()->resources, 0u);
  EXPECT_EQ(run(true)->resources, 1u);
}

TEST_F(Reindex, StoppedItIsNotFinished) {
  put(R"({"resourceType":"Patient","id":"a"})");
  std::stop_source stop;
  stop.request_stop();
  const auto done =
      resources::reindex(store_, *known_.parameters, *known_.definitions, stop.get_token());
  ASSERT_THAT(done, IsOk());
  EXPECT_FALSE(done->finished);
  EXPECT_NE(*store_.index_version(), known_.parameters->version());
}

}  // namespace
}  // namespace concord
