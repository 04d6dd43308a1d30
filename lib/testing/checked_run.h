// SPDX-License-Identifier: Apache-2.0
//
// CheckedRun: a run that must leave nothing behind.

#ifndef CRECHE_LIB_TESTING_CHECKED_RUN_H_
#define CRECHE_LIB_TESTING_CHECKED_RUN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "creche/core/clock.h"
#include "creche/core/event_port.h"
#include "creche/core/instrument.h"
#include "creche/testing/internal/repeated_body.h"

namespace creche::internal {

struct CheckedRunResult {
  // Of the main task. An exception counts as kUnknown.
  absl::Status status;
  // What is wrong, a line each; empty if all is well.
  std::vector<std::string> problems;
};

// Runs body.Start(), on a MockClock that jumps unless another is given.
CheckedRunResult CheckRun(RepeatedBody& body, EventPort& port,
                          std::uint64_t schedule_seed,
                          std::vector<Instrument*> instruments,
                          Clock* clock = nullptr);

}  // namespace creche::internal

#endif  // CRECHE_LIB_TESTING_CHECKED_RUN_H_
