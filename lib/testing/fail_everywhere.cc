// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/fail_everywhere.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/internal/running.h"
#include "lib/core/scheduler.h"
#include "lib/testing/checked_run.h"
#include "lib/testing/faulty_port.h"
#include "lib/testing/lazy_kernel_port.h"
#include "lib/testing/sweep_driver.h"

namespace creche::internal {
namespace {

// The kernel's own codes for "start this anew", which are in none of its
// headers for programs. A signal, or the end of a worker thread, brings them
// out.
constexpr int kErestartsys = 512;
constexpr int kErestartnointr = 513;
constexpr int kErestartnohand = 514;
constexpr int kErestartRestartblock = 516;

constexpr Fault kFaults[] = {
    {Fault::kError, ECONNRESET, "fails with ECONNRESET"},
    {Fault::kError, EIO, "fails with EIO"},
    {Fault::kError, ENOMEM, "fails with ENOMEM"},
    {Fault::kError, EAGAIN, "fails with EAGAIN"},
    {Fault::kError, EINTR, "fails with EINTR"},
    {Fault::kError, ECANCELED, "fails with ECANCELED, which nobody asked for"},
    {Fault::kError, kErestartsys, "fails with ERESTARTSYS"},
    {Fault::kError, kErestartnointr, "fails with ERESTARTNOINTR"},
    {Fault::kError, kErestartnohand, "fails with ERESTARTNOHAND"},
    {Fault::kError, kErestartRestartblock, "fails with ERESTART_RESTARTBLOCK"},
    {Fault::kOneByte, 0, "moves a single byte"},
    {Fault::kAllButOneByte, 0, "moves all but the last byte"},
    {Fault::kDelayed, 0, "completes with a delay"},
    {Fault::kReordered, 0, "completes after the next one"},
    {Fault::kTooLate, 0, "succeeds after its cancellation"},
};

// What moves no bytes cannot move fewer.
bool IsAlwaysPossible(const Fault& fault) {
  return fault.kind != Fault::kOneByte && fault.kind != Fault::kAllButOneByte;
}

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

// A run in which `fault` befalls operation `k`; 0: none.
class FailRun final : public SweepRun {
 public:
  FailRun(RepeatedBody& body, OperationPort& port, Clock* clock, std::size_t k,
          const Fault& fault)
      : body_(body),
        clock_(clock),
        k_(k),
        fault_(fault),
        port_(port, k, fault) {
    port_.set_cancel(
        [] { running.scheduler->root().Cancel("FailEverywhere"); });
  }

  std::string what() const override {
    if (k_ == 0) return fault_.what;
    return absl::StrCat("kernel operation ", k_, " ", fault_.what);
  }
  bool was_done() const override { return port_.has_struck(); }
  std::string where() const override { return port_.description(); }
  CheckedRunResult Run(std::uint64_t schedule_seed) override {
    std::optional<PatientClock> clock;
    if (clock_ != nullptr) clock.emplace(*clock_, port_);
    return CheckRun(body_, port_, schedule_seed, {},
                    clock.has_value() ? &*clock : nullptr);
  }

  std::size_t operations() const { return port_.count(); }

 private:
  RepeatedBody& body_;
  Clock* clock_;
  std::size_t k_;
  Fault fault_;
  FaultyPort port_;
};

}  // namespace

std::size_t RunFailSweeps(RepeatedBody& body,
                          const std::function<void(std::size_t)>& check,
                          const FailEverywhereOptions& options,
                          const std::source_location& location) {
  SweepDriver driver(
      {"FailEverywhere", location, "kernel operations", options.schedule_seed,
       options.max_failures, "FailEverywhereOptions::allow_no_operations",
       options.allow_no_operations},
      check);
  LazyKernelPort lazy_port;
  OperationPort& port = options.port != nullptr ? *options.port : lazy_port;
  FailRun undisturbed(body, port, options.clock, 0, Fault());
  if (!driver.RunUndisturbed(undisturbed)) return 0;
  const std::size_t count = undisturbed.operations();
  if (!driver.SetPlaces(count, count)) return 0;
  for (const Fault& fault : kFaults) {
    driver.Sweep(
        [&](std::size_t k) {
          return std::make_unique<FailRun>(body, port, options.clock, k, fault);
        },
        IsAlwaysPossible(fault));
  }
  return count;
}

}  // namespace creche::internal
