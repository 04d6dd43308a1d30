// SPDX-License-Identifier: Apache-2.0

#include "lib/testing/sweep_driver.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/running.h"
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

SweepDriver::SweepDriver(const SweepCall& call,
                         const std::function<void(std::size_t)>& check)
    : call_(call),
      seed_(SeedOutsideOfRuns(call)),
      check_(check),
      trace_(call.location.file_name(), static_cast<int>(call.location.line()),
             absl::StrCat(call.function, ", CRECHE_SCHEDULE_SEED=", seed_)) {}

SweepDriver::~SweepDriver() {
  ::testing::Test::RecordProperty(
      absl::StrCat(call_.function, "_line_", call_.location.line()),
      absl::StrCat(Places(), ", ", runs_, " runs"));
}

std::uint64_t SweepDriver::SeedOutsideOfRuns(const SweepCall& call) {
  if (running.scheduler != nullptr) {
    Misuse(
        absl::StrCat(call.function,
                     "() runs its body itself: call it from a TEST, not from "
                     "inside a run"));
  }
  return call.schedule_seed.value_or(ChooseScheduleSeed());
}

std::string SweepDriver::Places() const {
  return absl::StrCat(places_, " ", call_.places);
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

bool SweepDriver::SetPlaces(std::size_t count, std::size_t own) {
  places_ = count;
  of_every_body_ = count - own;
  places_trace_.emplace(__FILE__, __LINE__,
                        absl::StrCat("a sweep over ", Places()));
  if (own == 0 && !call_.allows_none) {
    ADD_FAILURE() << "nothing was tested: the body has no " << call_.places
                  << ". If that is right, set " << call_.option_to_allow_none;
  }
  return count > 0;
}

// A run may come to fewer places than others did, because the kernel was slower
// or faster, so it takes two signs for the end.
void SweepDriver::Sweep(const Make& make, bool is_always_possible) {
  std::size_t failures = 0;
  std::size_t done = 0;
  std::string what;
  bool goes_on = true;
  for (std::size_t k = 1; goes_on; ++k) {
    if (failures == call_.max_failures) {
      ADD_FAILURE() << "and perhaps at other points, which were not tried";
      return;
    }
    const std::unique_ptr<SweepRun> run = make(k);
    if (!RunAt(k, *run)) ++failures;
    if (run->was_done()) ++done;
    what = run->what();
    goes_on = run->was_done() || k < places_;
  }
  runs_ += done;
  if (is_always_possible && done <= of_every_body_ &&
      places_ > of_every_body_) {
    ADD_FAILURE() << "nothing was tested: no run has come to a place where "
                  << what << ", as the first, undisturbed one did. Does the "
                  << "body do the same each time?";
  }
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
  current = {call_.function, &run};
  SetMisuseContext(&DescribeCurrentRun);
  descriptors_.BeforeRun();
  CheckedRunResult result = run.Run(seed_);
  for (std::string& problem : descriptors_.AfterRun()) {
    result.problems.push_back(std::move(problem));
  }
  SetMisuseContext(nullptr);
  return result;
}

}  // namespace creche::internal
