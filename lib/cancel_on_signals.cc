// SPDX-License-Identifier: Apache-2.0

#include "lib/cancel_on_signals.h"

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace creche::internal {
namespace {

constexpr int kSignals = 65;  // 1 to SIGRTMAX.

// Which run has which signal. Handlers can run on any thread, so a run that
// gives a signal back waits until no handler is in the middle of using it.
std::atomic<CancelOnSignals*> owners[kSignals];
std::atomic<int> handlers_running = 0;

std::string SignalName(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? absl::StrCat("SIG", name)
                         : absl::StrCat("signal ", signal);
}

}  // namespace

absl::Status CancelOnSignals::Catch(const std::vector<int>& signals) {
  for (int signal : signals) {
    CancelOnSignals* owner = nullptr;
    if (signal <= 0 || signal >= kSignals) {
      return absl::InvalidArgumentError(absl::StrCat(
          "RunOptions::cancel_on_signals: there is no signal ", signal));
    }
    if (!owners[signal].compare_exchange_strong(owner, this)) {
      if (owner == this) continue;
      return absl::FailedPreconditionError(
          absl::StrCat("RunOptions::cancel_on_signals: another run of this "
                       "process has ",
                       SignalName(signal)));
    }
    struct sigaction action = {};
    action.sa_handler = &OnSignal;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    Caught caught = {signal, {}};
    if (sigaction(signal, &action, &caught.previous) != 0) {
      owners[signal] = nullptr;
      return absl::InvalidArgumentError(
          absl::StrCat("RunOptions::cancel_on_signals: ", SignalName(signal),
                       " cannot be caught"));
    }
    caught_.push_back(caught);
  }
  return absl::OkStatus();
}

CancelOnSignals::~CancelOnSignals() {
  for (const Caught& caught : caught_) {
    sigaction(caught.signal, &caught.previous, nullptr);
    owners[caught.signal] = nullptr;
  }
  while (handlers_running != 0) sched_yield();
  // To the process, as it came: this thread may have blocked it.
  if (first_ != 0 && !has_cancelled_) kill(getpid(), first_);
}

void CancelOnSignals::Happen() {
  has_cancelled_ = true;
  scheduler_.root().Cancel(SignalName(first_));
}

// Async-signal-safe.
void CancelOnSignals::OnSignal(int signal) {
  const int error = errno;
  ++handlers_running;
  CancelOnSignals* owner = owners[signal];
  int first = 0;
  if (owner == nullptr) {
    // The run has just ended; it is as if the signal had come before.
  } else if (owner->first_.compare_exchange_strong(first, signal)) {
    owner->Post();
  } else {
    // Delivered when this handler returns.
    struct sigaction action = {};
    action.sa_handler = SIG_DFL;
    sigaction(signal, &action, nullptr);
    raise(signal);
  }
  --handlers_running;
  errno = error;
}

}  // namespace creche::internal
