// SPDX-License-Identifier: Apache-2.0
//
// The examples of include/creche/signals/, compiled.

#include <csignal>

#include "absl/status/status.h"
#include "creche/creche.h"

namespace {

void Reload() {}

// with_signals.h

[[maybe_unused]] creche::Task<absl::Status> WithSignalsExample() {
  auto reload = [&](creche::SignalReceiver& signals) -> creche::Task<> {
    for (;;) {
      co_await signals.Receive();
      Reload();
    }
  };
  const creche::SignalSet hangup(SIGHUP);
  co_await creche::Try(creche::WithSignals(hangup, reload));
  co_return absl::OkStatus();
}

}  // namespace
