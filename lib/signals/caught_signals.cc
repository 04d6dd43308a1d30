// SPDX-License-Identifier: Apache-2.0

#include "lib/signals/caught_signals.h"

#include <sched.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace creche::internal {
namespace {

constexpr int kSignalNumbers = 65;  // 1 to SIGRTMAX.

// Handlers can run on any thread, so whoever gives a signal back waits until no
// handler is in the middle of using it.
std::atomic<CaughtSignals*> owners[kSignalNumbers];
std::atomic<int> handlers_running = 0;

// A handler that returns from one of these repeats the instruction that has
// caused it, for ever.
bool IsFault(int signal) {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE ||
         signal == SIGILL;
}

}  // namespace

std::string SignalName(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? absl::StrCat("SIG", name)
                         : absl::StrCat("signal ", signal);
}

absl::Status CaughtSignals::Catch(const std::vector<int>& signals,
                                  absl::string_view what) {
  for (const int signal : signals) {
    if (absl::Status caught = CatchOne(signal, what); !caught.ok()) {
      Release();
      return caught;
    }
  }
  return absl::OkStatus();
}

absl::Status CaughtSignals::CatchOne(int signal, absl::string_view what) {
  if (signal <= 0 || signal >= kSignalNumbers) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": there is no signal ", signal));
  }
  if (IsFault(signal)) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": ", SignalName(signal),
                     " tells of a mistake in the program, which a handler "
                     "would only repeat"));
  }
  CaughtSignals* owner = nullptr;
  if (!owners[signal].compare_exchange_strong(owner, this)) {
    if (owner == this) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat(what, ": another run or scope of this process has ",
                     SignalName(signal)));
  }
  struct sigaction action = {};
  action.sa_handler = &Handle;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  Caught caught = {signal, {}};
  if (sigaction(signal, &action, &caught.previous) != 0) {
    owners[signal] = nullptr;
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": ", SignalName(signal), " cannot be caught"));
  }
  caught_.push_back(caught);
  return absl::OkStatus();
}

void CaughtSignals::Release() {
  for (const Caught& caught : caught_) {
    sigaction(caught.signal, &caught.previous, nullptr);
    owners[caught.signal] = nullptr;
  }
  caught_.clear();
  while (handlers_running != 0) sched_yield();
}

void CaughtSignals::Handle(int signal) {
  const int error = errno;
  ++handlers_running;
  // Without an owner, the signal was on its way when it was given back: it is
  // as if it had come before.
  if (CaughtSignals* owner = owners[signal]) owner->OnSignal(signal);
  --handlers_running;
  errno = error;
}

}  // namespace creche::internal
