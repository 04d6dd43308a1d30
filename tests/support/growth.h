// SPDX-License-Identifier: Apache-2.0
//
// Growth: tells work that grows linearly from work that grows quadratically.
//
//   EXPECT_LT(Growth(Work, 1'000), kLinear);

#ifndef CRECHE_TESTS_SUPPORT_GROWTH_H_
#define CRECHE_TESTS_SUPPORT_GROWTH_H_

#include <algorithm>
#include <ctime>
#include <limits>

namespace creche {

// Far from both: eight times as much takes 8 times as long if it is linear, and
// 64 times if it is quadratic.
inline constexpr double kLinear = 24;

// Processor time of this thread, in seconds, of the fastest of three calls:
// what else the machine does hardly shows.
template <typename F>
double ProcessorTime(F f) {
  const auto now = [] {
    timespec time = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_nsec) / 1e9;
  };
  double fastest = std::numeric_limits<double>::max();
  for (int round = 0; round < 3; ++round) {
    const double start = now();
    f();
    fastest = std::min(fastest, now() - start);
  }
  return fastest;
}

// How many times as long f(8 * n) takes as f(n).
template <typename F>
double Growth(F f, int n) {
  const double little = ProcessorTime([&] { f(n); });
  return ProcessorTime([&] { f(8 * n); }) / little;
}

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_GROWTH_H_
