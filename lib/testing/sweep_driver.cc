// SPDX-License-Identifier: Apache-2.0

#include "lib/testing/sweep_driver.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "creche/internal/misuse.h"
#include "creche/internal/running.h"
#include "lib/testing/schedule_seed.h"

namespace creche::internal {
namespace {

// What the library says when it aborts the process in a run.
struct Current {
  const char* function;
  const SweepRun* run;
};
thread_local Current current = {};

std::string DescribeCurrentRun() {
  return absl::StrCat(
      "  in a run of ", current.function, ": ", current.run->what(),
      current.run->was_done() ? ": " : std::string(),
      current.run->was_done() ? current.run->where() : std::string());
}

}  // namespace

SweepDriver::SweepDriver(const char* function,
                         const std::source_location& location,
                         std::optional<std::uint64_t> schedule_seed,
                         std::size_t max_failures,
                         const std::function<void(std::size_t)>& check)
    : function_(function),
      seed_(SeedOutsideOfRuns(function, schedule_seed)),
      max_failures_(max_failures),
      check_(check),
      trace_(location.file_name(), static_cast<int>(location.line()),
             absl::StrCat(function, ", CRECHE_SCHEDULE_SEED=", seed_)) {}

std::uint64_t SweepDriver::SeedOutsideOfRuns(
    const char* function, std::optional<std::uint64_t> seed) {
  if (creche::internal::running.scheduler != nullptr) {
    creche::internal::Misuse(
        absl::StrCat(function,
                     "() runs its body itself: call it from a TEST, not from "
                     "inside a run"));
  }
  return seed.value_or(ChooseScheduleSeed());
}

bool SweepDriver::RunUndisturbed(SweepRun& run) {
  const CheckedRunResult result = RunOnce(run);
  for (const std::string& problem : result.problems) {
    ADD_FAILURE() << "when " << run.what() << ": " << problem;
  }
  if (!result.status.ok()) {
    ADD_FAILURE() << "the body fails even when " << run.what() << ": "
                  << result.status;
  }
  return result.problems.empty() && result.status.ok();
}

bool SweepDriver::RunAt(std::size_t k, SweepRun& run) {
  ::testing::ScopedTrace trace(__FILE__, __LINE__, run.what());
  const CheckedRunResult result = RunOnce(run);
  for (const std::string& problem : result.problems) {
    ADD_FAILURE() << run.what() << " (" << run.where() << "): " << problem;
  }
  if (run.was_done()) {
    ::testing::ScopedTrace where_trace(__FILE__, __LINE__, run.where());
    check_(k);
  }
  return result.problems.empty();
}

CheckedRunResult SweepDriver::RunOnce(SweepRun& run) {
  current = {function_, &run};
  creche::internal::SetMisuseContext(&DescribeCurrentRun);
  CheckedRunResult result = run.Run(seed_);
  creche::internal::SetMisuseContext(nullptr);
  return result;
}

}  // namespace creche::internal
