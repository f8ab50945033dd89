// Prescriptions left as files: through the door, the chain, the outbox.

#include <gmock/gmock.h>

#include <csignal>
#include <fstream>
#include <set>
#include <thread>

#include "tests/campaign/fault_point.h"
#include "tests/e2e/world.h"
#include "tests/support/files.h"
#include "tests/support/prescriptions.h"

namespace concord::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class FileDoorJourney : public testing::Test {
 protected:
  FileDoorJourney() { fs::create_directory(in); }

  std::map<std::string, std::string> settings() const {
    return {{"CONCORD_DOORS_IN_FOLDER", in.string()},
            {"CONCORD_DOORS_IN_SETTLE_MS", "50"},
            {"CONCORD_DOORS_IN_POLL_MS", "200"},
            {"CONCORD_LOG_LEVEL", "info"}};
  }
  void drop(const std::string& name, std::string_view bytes) const {
    std::ofstream(in / ("." + name + ".tmp")) << bytes;
    fs::rename(in / ("." + name + ".tmp"), in / name);
  }
  std::set<std::string> names(std::string_view below = "") const {
    std::set<std::string> all;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(in / below, none)) {
      if (!entry.is_directory()) all.insert(entry.path().filename());
    }
    return all;
  }
  /// Waits until `below` holds so many files.
  void wait_for(std::string_view below, std::size_t count) const {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (names(below).size() < count && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(20ms);
    }
  }
  static std::set<std::string> delivered(World& world, std::size_t count) {
    std::set<std::string> ids;
    const auto until = std::chrono::steady_clock::now() + 20s;
    do {
      ids.clear();
      for (const auto& arrival : world.other_side().arrivals()) {
        if (arrival.kind != "new") continue;
        EXPECT_TRUE(ids.insert(arrival.short_id).second);
      }
      std::this_thread::sleep_for(20ms);
    } while (ids.size() < count && std::chrono::steady_clock::now() < until);
    return ids;
  }

  /// A gateway that ends at the first `step` of a door; with none, one that does not.
  Process start(const std::string& step, const fs::path& place, const OtherSide& spine) const {
    std::map<std::string, std::string> environment{
        {"CONCORD_HTTP_PORT", "0"},
        {"CONCORD_HTTP_DRAIN_SECONDS", "0"},
        {"CONCORD_ADMIN_ENABLED", "false"},
        {"CONCORD_STORE_PATH", (place / "s.db").string()},
        {"CONCORD_DESTINATIONS_SPINE_URL", spine.url()},
        {"CONCORD_EPS_FROM_ASID", "200000001285"},
        {"CONCORD_EPS_TO_ASID", "567456789789"},
        {"CONCORD_OUTBOX_RETRY_BASE_MS", "50"}};
    for (const auto& [name, value] : settings()) environment[name] = value;
    if (!step.empty()) {
      campaign::FaultPoint point;
      step.copy(point.step.data(), point.step.size() - 1);
      point.left = 1;
      point.armed = 1;
      const fs::path file = place / "fault-point";
      std::ofstream(file, std::ios::binary)
          .write(reinterpret_cast<const char*>(&point), sizeof point);
      environment[campaign::kFaultPointFile] = file.string();
    }
    Process gateway(built_program("concord-faulty"), {.arguments = {"serve"},
                                                      .environment = std::move(environment),
                                                      .log = place / "gateway.log"});
    return gateway;
  }

  TemporaryFolder folder;
  const fs::path in = folder.path() / "in";
};

TEST_F(FileDoorJourney, AFileBecomesADeliveredPrescriptionAndABadOneAnOutcome) {
  World world(settings());
  const Prescription order = renewed(example_prescription(), "file-door", 1);
  drop("order of Mr Example.json", order.bundle);
  drop("broken.json", "{\"resourceType\":\"Bundle\",");
  drop("again.json", order.bundle);
  wait_for("accepted", 2);
  wait_for("refused", 2);
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THAT(names("accepted"), ElementsAre("again.json", "order of Mr Example.json"));
  EXPECT_THAT(names("refused"), ElementsAre("broken.json", "broken.json.outcome.json"));
  EXPECT_THAT(read_file(in / "refused/broken.json.outcome.json"),
              HasSubstr("\"resourceType\":\"OperationOutcome\""));
  EXPECT_THAT(delivered(world, 1), ElementsAre(order.short_id))
      << "the same message under another name is still one";
  EXPECT_EQ(world.metric("concord_messages_accepted_total"), 1);
  EXPECT_EQ(world.metric("concord_messages_unaccounted"), 0);
  const std::string page = world.get("/metrics").body;
  EXPECT_THAT(page, HasSubstr(R"(concord_door_files_total{door="in",outcome="refused"} 1)"));
  EXPECT_THAT(page, HasSubstr(R"(concord_door_files_waiting{door="in"} 0)"));
  EXPECT_THAT(world.gateway().log(), Not(HasSubstr("Example")));
  EXPECT_THAT(world.gateway().log(), HasSubstr("\"event\":\"file\""));
}

TEST_F(FileDoorJourney, TheProcessMayEndAtEachStepAndNothingIsLostOrDoubled) {
  TemporaryFolder place;
  const OtherSide spine(place.path());
  std::set<std::string> sent;
  std::uint64_t number = 0;
  for (const char* step : {"mark", "submit", "unmark", "move", "sync"}) {
    Process doomed = start(step, place.path(), spine);
    ASSERT_TRUE(doomed.wait_for_line("ready ", 60s)) << doomed.log();
    const Prescription order = renewed(example_prescription(), "file-door-steps", number++);
    sent.insert(order.short_id);
    drop(std::string(step) + ".json", order.bundle);
    EXPECT_EQ(doomed.wait(20s), 128 + SIGKILL) << step;
  }
  Process last = start("", place.path(), spine);
  ASSERT_TRUE(last.wait_for_line("ready ", 60s)) << last.log();
  wait_for("accepted", sent.size());
  EXPECT_THAT(names("accepted"),
              ElementsAre("mark.json", "move.json", "submit.json", "sync.json", "unmark.json"));
  EXPECT_THAT(names(), IsEmpty());
  std::set<std::string> arrived;
  for (int i = 0; i < 500 && arrived.size() < sent.size(); ++i) {
    std::map<std::string, int> first;
    for (const auto& arrival : spine.arrivals()) first[arrival.short_id] += arrival.kind == "new";
    arrived.clear();
    for (const auto& [id, count] : first) {
      EXPECT_EQ(count, 1) << id;
      arrived.insert(id);
    }
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(arrived, sent);
}

TEST_F(FileDoorJourney, AFileThatEndsTheGatewayAgainAndAgainIsRefused) {
  TemporaryFolder place;
  const OtherSide spine(place.path());
  drop("bad.json", renewed(example_prescription(), "file-door-poison", 1).bundle);
  int ends = 0;
  Process gateway = start("submit", place.path(), spine);
  while (gateway.wait(4s)) {
    ASSERT_LT(++ends, 8);
    gateway = start("submit", place.path(), spine);
  }
  // Three times, and once more after it had done no harm in a process of its own.
  EXPECT_EQ(ends, 4);
  EXPECT_TRUE(gateway.running());
  EXPECT_THAT(names("refused"), ElementsAre("bad.json", "bad.json.outcome.json"));
  EXPECT_THAT(read_file(in / "refused/bad.json.outcome.json"), HasSubstr("ended 4 times"));
  EXPECT_TRUE(spine.arrivals().empty());
}

}  // namespace
}  // namespace concord::test
