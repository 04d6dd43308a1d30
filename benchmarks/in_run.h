// SPDX-License-Identifier: Apache-2.0
//
// InRun: measures inside a run.
//
//   void BM_Checkpoint(benchmark::State& state) {
//     InRun(state, [&]() -> creche::Task<> {
//       for (auto _ : state) co_await creche::Checkpoint();
//     });
//   }

#ifndef CRECHE_BENCHMARKS_IN_RUN_H_
#define CRECHE_BENCHMARKS_IN_RUN_H_

#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "benchmark/benchmark.h"
#include "creche/creche.h"

namespace creche::benchmarks {

// A run as everybody has it, on a kernel ring that is looked at once a tick.
template <typename Body>
void InRun(benchmark::State& state, Body body) {
  const absl::Status status = Run(body);
  if (!status.ok()) state.SkipWithError("the run has failed");
}

}  // namespace creche::benchmarks

#endif  // CRECHE_BENCHMARKS_IN_RUN_H_
