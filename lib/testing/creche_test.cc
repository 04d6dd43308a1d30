// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/creche_test.h"

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "creche/run.h"
#include "gtest/gtest.h"
#include "lib/testing/deadlock_clock.h"
#include "lib/testing/lazy_kernel_port.h"
#include "lib/testing/schedule_seed.h"

namespace creche::internal {

struct TestRun::Parts {
  Parts(const char* file, int line)
      : seed(ChooseScheduleSeed()),
        trace(file, line, absl::StrCat("CRECHE_SCHEDULE_SEED=", seed)) {}

  const std::uint64_t seed;
  ::testing::ScopedTrace trace;
  DeadlockClock clock;
  // Inside another run, which is a mistake, Run() says so.
  LazyKernelPort port;
};

TestRun::TestRun(const char* file, int line)
    : parts_(std::make_unique<Parts>(file, line)) {}

TestRun::~TestRun() = default;

RunOptions TestRun::options() {
  RunOptions options;
  options.clock = &parts_->clock;
  options.port = &parts_->port;
  options.schedule_seed = parts_->seed;
  return options;
}

void TestRun::Report(const absl::Status& status) {
  if (parts_->clock.had_deadlock()) {
    ADD_FAILURE() << parts_->clock.description();
  } else if (!status.ok()) {
    ADD_FAILURE() << "the run of the test's body ended with " << status;
  }
}

void TestRun::ReportException() {
  ADD_FAILURE() << "the test's body has thrown an exception";
}

}  // namespace creche::internal
