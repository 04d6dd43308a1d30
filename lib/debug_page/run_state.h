// SPDX-License-Identifier: Apache-2.0
//
// RunStateJson: what /state.json is.

#ifndef CRECHE_LIB_DEBUG_PAGE_RUN_STATE_H_
#define CRECHE_LIB_DEBUG_PAGE_RUN_STATE_H_

#include <string>

#include "absl/time/time.h"
#include "creche/debug/run_meter.h"

namespace creche::internal {

// Of the run of this thread. `meter` has measured it for so long. Durations are
// in seconds; null: never.
std::string RunStateJson(const RunMeter& meter, absl::Duration measured_for);

}  // namespace creche::internal

#endif  // CRECHE_LIB_DEBUG_PAGE_RUN_STATE_H_
