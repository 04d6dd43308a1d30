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
#include "creche/testing/fake_port.h"

namespace creche::benchmarks {

// A run without a kernel ring, so that the figures are the library's own.
template <typename Body>
void InRun(benchmark::State& state, Body body) {
  testing::FakePort port;
  const absl::Status status = Run({.port = &port}, body);
  if (!status.ok()) state.SkipWithError("the run has failed");
}

}  // namespace creche::benchmarks

#endif  // CRECHE_BENCHMARKS_IN_RUN_H_
