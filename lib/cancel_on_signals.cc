// SPDX-License-Identifier: Apache-2.0

#include "lib/cancel_on_signals.h"

#include <unistd.h>

#include <csignal>

#include "lib/signals/caught_signals.h"

namespace creche::internal {

CancelOnSignals::~CancelOnSignals() {
  Release();
  // To the process, as it came: this thread may have blocked it.
  if (first_ != 0 && !has_cancelled_) kill(getpid(), first_);
}

void CancelOnSignals::Happen() {
  has_cancelled_ = true;
  scheduler_.root().Cancel(SignalName(first_));
}

void CancelOnSignals::OnSignal(int signal) {
  int first = 0;
  if (first_.compare_exchange_strong(first, signal)) return Post();
  // Delivered when this handler returns.
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  raise(signal);
}

}  // namespace creche::internal
