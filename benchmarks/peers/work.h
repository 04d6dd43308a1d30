// SPDX-License-Identifier: Apache-2.0
//
// Works: what a program of this comparison can measure, by name. The same for
// C and C++.
//
//   static double AwaitReady(void) { return ...; }  // In the unit of the work.
//
//   const struct work kWorks[] = {{"await/1", "ns", AwaitReady}, {0}};
//   int main(int argc, char** argv) { return RunWork(argc, argv, kWorks); }
//
// PROGRAM --list prints the names; PROGRAM NAME prints
// "NAME<TAB>value<TAB>unit". Everything is measured until at least
// kMeasureSeconds have passed, after a first time that does not count.

#ifndef CRECHE_BENCHMARKS_PEERS_WORK_H_
#define CRECHE_BENCHMARKS_PEERS_WORK_H_

#include <stdio.h>
#include <string.h>
#include <time.h>

#define kMeasureSeconds 0.12

struct work {
  const char* name;
  const char* unit;
  double (*measure)(void);
};

static inline double NowSeconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// Calls `step`, which does `count` operations, and gives the ns for each.
static inline double NanosecondsEach(double count, void (*step)(void)) {
  double operations = 0;
  double start = 0;
  double elapsed = 0;
  step();
  start = NowSeconds();
  do {
    step();
    operations += count;
    elapsed = NowSeconds() - start;
  } while (elapsed < kMeasureSeconds);
  return elapsed / operations * 1e9;
}

static inline int RunWork(int argc, char** argv, const struct work* works) {
  const struct work* work = works;
  if (argc == 2 && strcmp(argv[1], "--list") == 0) {
    for (; work->name != NULL; ++work) puts(work->name);
    return 0;
  }
  for (; argc == 2 && work->name != NULL; ++work) {
    if (strcmp(argv[1], work->name) != 0) continue;
    printf("%s\t%.6g\t%s\n", work->name, work->measure(), work->unit);
    return 0;
  }
  fprintf(stderr, "usage: %s --list | WORK\n", argv[0]);
  return 2;
}

#endif  // CRECHE_BENCHMARKS_PEERS_WORK_H_
