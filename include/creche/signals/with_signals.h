// SPDX-License-Identifier: Apache-2.0
//
// WithSignals: signals, as something that a task receives.
//
//   auto reload = [&](creche::SignalReceiver& signals) -> creche::Task<> {
//     for (;;) {
//       co_await signals.Receive();
//       Reload();
//     }
//   };
//   const creche::SignalSet hangup(SIGHUP);
//   co_await creche::Try(creche::WithSignals(hangup, reload));
//
// To cancel the whole run, there is RunOptions::cancel_on_signals (run.h).

#ifndef CRECHE_SIGNALS_WITH_SIGNALS_H_
#define CRECHE_SIGNALS_WITH_SIGNALS_H_

#include <concepts>
#include <utility>
#include <vector>

#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/task.h"
#include "creche/signals/internal/forward.h"

namespace creche {

// Which signals; one at least.
class SignalSet {
 public:
  // Their numbers: SIGHUP, and so on.
  template <std::same_as<int>... More>
  explicit SignalSet(int first, More... more) : signals_{first, more...} {}

  // In the order in which they were named.
  const std::vector<int>& signals() const { return signals_; }

 private:
  std::vector<int> signals_;
};

// Runs body(receiver), which returns a Task, and has the signals meanwhile:
// what they do otherwise to the process, they do not. co_await gives
// StatusOrOf<R>. Signals that nobody has received by the end of the body,
// however that ends, are raised again then, for whoever had them before: by
// default, that ends the process.
//
// Cancellation: as of the body. Likewise.
// Errors: kFailedPrecondition: another scope of this process, or a run by its
//   RunOptions, has one of the signals: a signal has one owner at a time. Then
//   this has none of them, and the body was not called. kInvalidArgument: not a
//   signal that can be caught.
template <typename Body>
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS auto WithSignals(
    SignalSet signals, Body&& body);

// What the body of WithSignals() gets. Belongs to its run.
class SignalReceiver {
 public:
  // Cannot be made: WithSignals() does.
  explicit SignalReceiver(internal::SignalInbox& inbox) : inbox_(inbox) {}
  SignalReceiver(const SignalReceiver&) = delete;
  SignalReceiver& operator=(const SignalReceiver&) = delete;

  // Waits for one of the signals, and gives its number. A signal that comes
  // several times before it is received is one, as the kernel has it. None is
  // passed over for ever for one that comes all the time. If several tasks
  // receive, each signal is for one of them: first come, first served.
  // Cancellation: safe. The signal waits for the next call.
  internal::ReceiveSignalOperation Receive();

 private:
  internal::SignalInbox& inbox_;
};

}  // namespace creche

#include "creche/signals/internal/with_signals_inl.h"

#endif  // CRECHE_SIGNALS_WITH_SIGNALS_H_
