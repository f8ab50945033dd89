#pragma once
/// Ratios that hold on a noisy machine: two jobs by turns in one run, CPU time of this thread.

#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <vector>

namespace concord::bench {

inline double thread_cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Runs `ours` and `theirs` A/B/A/B over the same documents. Counters, per document: `ours_us`,
/// `theirs_us`, and `ratio`, the median over all rounds of ours to theirs (below 1: ours is
/// faster).
template <typename Ours, typename Theirs>
void compare(benchmark::State& state, std::size_t documents, Ours&& ours, Theirs&& theirs) {
  std::vector<double> ratios;
  double ours_total = 0, theirs_total = 0;
  for (auto _ : state) {
    const double start = thread_cpu_seconds();
    ours();
    const double middle = thread_cpu_seconds();
    theirs();
    const double end = thread_cpu_seconds();
    ours_total += middle - start;
    theirs_total += end - middle;
    if (end > middle) ratios.push_back((middle - start) / (end - middle));
  }
  if (ratios.empty()) return;
  const auto median = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), median, ratios.end());
  const double runs = static_cast<double>(state.iterations()) * static_cast<double>(documents);
  state.counters["ratio"] = *median;
  state.counters["ours_us"] = 1e6 * ours_total / runs;
  state.counters["theirs_us"] = 1e6 * theirs_total / runs;
}

/// Runs `job` over the same documents again and again. Counters, per document: `least_us`, that of
/// the quickest round, and `median_us`, that of the round in the middle. On a machine that others
/// use as well the least is nearest to what the job itself takes.
template <typename Job>
void rounds(benchmark::State& state, std::size_t documents, Job&& job) {
  std::vector<double> times;
  for (auto _ : state) {
    if (documents == 0) continue;
    const double start = thread_cpu_seconds();
    job();
    times.push_back(thread_cpu_seconds() - start);
  }
  if (times.empty()) return;
  const auto median = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), median, times.end());
  const double scale = 1e6 / static_cast<double>(documents);
  state.counters["median_us"] = scale * *median;
  state.counters["least_us"] = scale * *std::min_element(times.begin(), times.end());
}

}  // namespace concord::bench
