// Faults of the disk under the store.
#include <array>
#include <chrono>
#include <thread>

#include "tests/campaign/faults.h"

namespace concord::campaign {
namespace {

/// The power of the machine under the store goes: what was not synced is lost, in one of the ways
/// disks lose it.
void cut_power(Scene& scene) {
  using disk_faults::Loss;
  static constexpr std::array kLosses{Loss::all, Loss::prefix, Loss::torn};
  static constexpr std::array kNames{"all", "prefix", "torn"};
  const std::size_t loss = scene.occurrence % kLosses.size();
  const std::uint64_t seed = scene.draw();
  Stage& stage = scene.stage;
  scene.meet();
  stage.disk()->power_off();
  if (stage.cluster() != nullptr) {
    stage.cluster()->stop(test::PostgresCluster::How::killed);
  } else {
    stage.gateway(0).kill();
  }
  const auto cut = stage.disk()->take_back(kLosses[loss], seed);
  if (!cut) return scene.trouble(to_string(cut.error()));
  scene.note("power", std::string("loss=") + kNames[loss] + " seed=" + std::to_string(seed) +
                          " taken back: writes=" + std::to_string(cut->writes) +
                          " files=" + std::to_string(cut->files));
  if (stage.cluster() != nullptr) {
    stage.cluster()->start();
  } else {
    scene.start_again(0);
  }
}

/// Rules for a while, then the disk is sound again.
void fail_for_a_while(Scene& scene, const std::string& kind, const std::string& rule,
                      std::uint64_t ms) {
  scene.meet();
  const auto added = scene.stage.disk()->add(rule);
  if (!added) return scene.trouble(to_string(added.error()));
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  const auto hits = scene.stage.disk()->hits(*added);
  scene.note(kind, rule + " ms=" + std::to_string(ms) + " hit=" + std::to_string(hits.hit));
  scene.stage.heal_disk();
}

/// No space, whatever is written.
void fill_disk(Scene& scene) {
  fail_for_a_while(scene, "full", "call=write error=ENOSPC", scene.between(50, 800));
}

/// One write or one sync fails.
void fail_once(Scene& scene) {
  const bool sync = scene.stage.cluster() != nullptr || scene.draw() % 2 == 0;
  fail_for_a_while(scene, "io",
                   std::string(sync ? "call=sync" : "call=write") +
                       " error=EIO nth=" + std::to_string(scene.between(1, 20)),
                   300);
}

void slow_disk(Scene& scene) {
  fail_for_a_while(scene, "slow-disk",
                   "call=sync delay_us=" + std::to_string(scene.between(5'000, 100'000)),
                   scene.between(200, 1500));
}

}  // namespace

void add_disk_faults(std::vector<FaultKind>& to) {
  to.push_back(
      {"power", "the power goes: what the store had not synced is lost", on_one_disk, cut_power});
  to.push_back({"full", "ENOSPC for a while", on_sqlite, fill_disk});
  to.push_back({"io", "EIO of one write or sync", on_one_disk, fail_once});
  to.push_back({"slow-disk", "every sync takes 5 to 100 ms for a while", on_one_disk, slow_disk});
}

}  // namespace concord::campaign
