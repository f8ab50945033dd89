#include "gateway/admission/pressure.h"

#include <gtest/gtest.h>

namespace concord::admission {
namespace {

using std::chrono::milliseconds;

/// What is refused, in order: b bulk, e read, r routine, u urgent.
std::string refused(const Readings& readings, const Limits& limits = {}) {
  const Verdict verdict = judge(readings, limits);
  std::string letters;
  for (std::size_t i = 0; i < kKinds; ++i) {
    if (verdict.refused[i]) letters += kind_name(static_cast<Kind>(i))[i == 1 ? 1 : 0];
  }
  return letters;
}

Readings store(int ms) {
  Readings readings;
  readings.store_wait = milliseconds(ms);
  return readings;
}
Readings lag(int seconds) {
  Readings readings;
  readings.queue_lag = milliseconds(seconds * 1000);
  return readings;
}
Readings disk(double free) {
  Readings readings;
  readings.disk_free = free;
  return readings;
}
Readings memory(double used) {
  Readings readings;
  readings.memory_used = used;
  return readings;
}

TEST(Pressure, RefusesInTheOrderOfRelief) {
  const struct {
    Readings readings;
    std::string refused;
  } kTable[] = {
      {{}, ""},
      {store(249), ""},
      {store(250), "b"},
      {store(374), "b"},
      {store(375), "be"},
      {store(499), "be"},
      {store(500), "ber"},
      {store(999), "ber"},
      {store(1000), "beru"},
      {lag(59), ""},
      {lag(60), "b"},
      {lag(120), "be"},
      {lag(240), "ber"},
      {lag(3599), "ber"},
      {lag(3600), "beru"},
      {disk(0.5), ""},
      {disk(0.149), ""},
      {disk(0.05), ""},
      {disk(0.0499), "br"},
      {disk(0.0251), "br"},
      {disk(0.025), "bru"},
      {disk(0), "bru"},
      {memory(0.799), ""},
      {memory(0.80), "b"},
      {memory(0.851), "be"},
      {memory(0.901), "ber"},
      {memory(0.974), "ber"},
      {memory(0.976), "beru"},
      {memory(1.5), "beru"},
  };
  for (const auto& row : kTable) {
    EXPECT_EQ(refused(row.readings), row.refused)
        << row.readings.store_wait.count() << " ms, " << row.readings.queue_lag.count()
        << " ms, disk " << row.readings.disk_free.value_or(-1) << ", memory "
        << row.readings.memory_used.value_or(-1);
  }
}

TEST(Pressure, UrgentIsNeverRefusedBeforeRoutine) {
  for (int wait = 0; wait < 3000; wait += 50) {
    for (int behind = 0; behind < 600; behind += 60) {
      for (const double free : {0.0, 0.02, 0.04, 0.1, 0.9}) {
        for (const double used : {0.1, 0.82, 0.92, 0.99}) {
          const Verdict verdict =
              judge({milliseconds(wait), milliseconds(behind * 1000), free, used}, {});
          if (verdict.reason(Kind::urgent)) {
            EXPECT_TRUE(verdict.reason(Kind::routine).has_value());
          }
          if (verdict.reason(Kind::routine)) {
            EXPECT_TRUE(verdict.reason(Kind::bulk).has_value());
          }
        }
      }
    }
  }
}

TEST(Pressure, ALimitOfNothingIsNotLookedAt) {
  Limits off;
  off.store_wait = off.queue_lag = off.queue_lag_urgent = milliseconds(0);
  off.disk_refuse = off.disk_warn = off.memory = 0;
  EXPECT_EQ(refused({milliseconds(100'000), milliseconds(9'000'000), 0.0, 1.0}, off), "");
  EXPECT_FALSE(judge(disk(0.0), off).disk_low);
}

TEST(Pressure, ALowDiskWarnsBeforeAnythingIsRefused) {
  EXPECT_FALSE(judge(disk(0.15), {}).disk_low);
  EXPECT_TRUE(judge(disk(0.1499), {}).disk_low);
  EXPECT_EQ(judge(disk(0.1), {}).level(), 0u);
}

TEST(Pressure, IsOneWhereRefusingBegins) {
  EXPECT_DOUBLE_EQ(pressure(Reason::store_wait, store(125), {}), 0.5);
  EXPECT_DOUBLE_EQ(pressure(Reason::queue_lag, lag(60), {}), 1);
  EXPECT_DOUBLE_EQ(pressure(Reason::disk, disk(0.05), {}), 1);
  EXPECT_DOUBLE_EQ(pressure(Reason::disk, disk(0.1), {}), 0.5);
  EXPECT_DOUBLE_EQ(pressure(Reason::memory, memory(0.4), {}), 0.5);
  EXPECT_GT(pressure(Reason::disk, disk(0), {}), 1000);
  for (const Reason reason :
       {Reason::store_wait, Reason::disk, Reason::memory, Reason::queue_lag}) {
    EXPECT_EQ(pressure(reason, {}, {}), 0) << reason_name(reason);
  }
}

TEST(Pressure, SaysWhy) {
  EXPECT_EQ(judge(store(250), {}).reason(Kind::bulk), Reason::store_wait);
  EXPECT_EQ(judge(lag(60), {}).reason(Kind::bulk), Reason::queue_lag);
  EXPECT_EQ(judge(disk(0.01), {}).reason(Kind::routine), Reason::disk);
  EXPECT_EQ(judge(memory(0.91), {}).reason(Kind::read), Reason::memory);
}

}  // namespace
}  // namespace concord::admission
