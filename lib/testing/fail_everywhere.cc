// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/fail_everywhere.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/internal/misuse.h"
#include "creche/internal/running.h"
#include "gtest/gtest.h"
#include "lib/core/scheduler.h"
#include "lib/testing/checked_run.h"
#include "lib/testing/faulty_port.h"
#include "lib/testing/lazy_uring_port.h"
#include "lib/testing/schedule_seed.h"

namespace creche::internal {
namespace {

using creche::internal::running;

constexpr Fault kFaults[] = {
    {Fault::kError, ECONNRESET, "fails with ECONNRESET"},
    {Fault::kError, EIO, "fails with EIO"},
    {Fault::kError, ENOMEM, "fails with ENOMEM"},
    {Fault::kError, EAGAIN, "fails with EAGAIN"},
    {Fault::kError, EINTR, "fails with EINTR"},
    {Fault::kShort, 0, "moves a single byte"},
    {Fault::kDelayed, 0, "completes with a delay"},
    {Fault::kReordered, 0, "completes after the next one"},
    {Fault::kTooLate, 0, "succeeds after its cancellation"},
};

// A clock that does not jump over what a FaultyPort is about to deliver.
class PatientClock final : public Clock {
 public:
  PatientClock(Clock& clock, const FaultyPort& port)
      : clock_(clock), port_(port) {}

  absl::Time Now() override { return clock_.Now(); }
  absl::Duration WaitFor(absl::Time deadline, bool expects_io) override {
    if (port_.has_completions()) return absl::ZeroDuration();
    return clock_.WaitFor(deadline, expects_io);
  }
  bool Idle(absl::Time deadline) override {
    return !port_.has_completions() && clock_.Idle(deadline);
  }

 private:
  Clock& clock_;
  const FaultyPort& port_;
};

thread_local const std::string* current_run = nullptr;
thread_local const FaultyPort* current_port = nullptr;

std::string DescribeCurrentRun() {
  return absl::StrCat("  in a run of FailEverywhere: ", *current_run, " (",
                      current_port->description(), ")");
}

class FailSweeps {
 public:
  FailSweeps(RepeatedBody& body, const std::function<void(std::size_t)>& check,
             const FailEverywhereOptions& options)
      : body_(body),
        check_(check),
        options_(options),
        port_(options.port != nullptr ? *options.port : lazy_port_),
        seed_(options.schedule_seed.value_or(ChooseScheduleSeed())) {}

  std::size_t Run(const std::source_location& location) {
    ::testing::ScopedTrace trace(
        location.file_name(), static_cast<int>(location.line()),
        absl::StrCat("FailEverywhere, CRECHE_SCHEDULE_SEED=", seed_));
    const std::size_t count = CountOperations();
    for (const Fault& fault : kFaults) SweepAll(fault, count);
    return count;
  }

 private:
  // 0 if there is no use in going on.
  std::size_t CountOperations() {
    FaultyPort port(port_, 0, Fault());
    const std::string run = "nothing fails";
    const CheckedRunResult result = RunOnce(port, run);
    for (const std::string& problem : result.problems) {
      ADD_FAILURE() << "when " << run << ": " << problem;
    }
    if (!result.status.ok()) {
      ADD_FAILURE() << "the body fails even when " << run << ": "
                    << result.status;
      return 0;
    }
    return result.problems.empty() ? port.count() : 0;
  }

  void SweepAll(const Fault& fault, std::size_t count) {
    std::size_t failures = 0;
    for (std::size_t k = 1; k <= count; ++k) {
      FaultyPort port(port_, k, fault);
      port.set_cancel(
          [] { running.scheduler->root().Cancel("FailEverywhere"); });
      const std::string run =
          absl::StrCat("kernel operation ", k, " ", fault.what);
      ::testing::ScopedTrace trace(__FILE__, __LINE__, run);
      const CheckedRunResult result = RunOnce(port, run);
      for (const std::string& problem : result.problems) {
        ADD_FAILURE() << run << " (" << port.description() << "): " << problem;
      }
      if (port.has_struck()) {
        ::testing::ScopedTrace where_trace(__FILE__, __LINE__,
                                           port.description());
        check_(k);
      }
      if (!result.problems.empty() && ++failures == options_.max_failures) {
        ADD_FAILURE() << "and perhaps at other operations, which were not "
                         "tried";
        return;
      }
    }
  }

  CheckedRunResult RunOnce(FaultyPort& port, const std::string& run) {
    current_run = &run;
    current_port = &port;
    creche::internal::SetMisuseContext(&DescribeCurrentRun);
    std::optional<PatientClock> clock;
    if (options_.clock != nullptr) clock.emplace(*options_.clock, port);
    CheckedRunResult result = RunChecked(body_, port, seed_, {},
                                         clock.has_value() ? &*clock : nullptr);
    creche::internal::SetMisuseContext(nullptr);
    return result;
  }

  RepeatedBody& body_;
  const std::function<void(std::size_t)>& check_;
  const FailEverywhereOptions& options_;
  LazyUringPort lazy_port_;
  OperationPort& port_;
  const std::uint64_t seed_;
};

}  // namespace

std::size_t RunFailSweeps(RepeatedBody& body,
                          const std::function<void(std::size_t)>& check,
                          const FailEverywhereOptions& options,
                          const std::source_location& location) {
  if (running.scheduler != nullptr) {
    creche::internal::Misuse(
        "FailEverywhere() runs its body itself: call it from a TEST, not from "
        "inside a run");
  }
  return FailSweeps(body, check, options).Run(location);
}

}  // namespace creche::internal
