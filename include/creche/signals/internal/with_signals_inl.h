// SPDX-License-Identifier: Apache-2.0
//
// How WithSignals() works. Included by signals/with_signals.h.

#ifndef CRECHE_SIGNALS_INTERNAL_WITH_SIGNALS_INL_H_
#define CRECHE_SIGNALS_INTERNAL_WITH_SIGNALS_INL_H_

#include <initializer_list>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/internal/status_traits.h"
#include "creche/core/parking_lot.h"
#include "creche/core/parking_operation.h"
#include "creche/core/results.h"
#include "creche/core/task.h"
#include "creche/signals/with_signals.h"

namespace creche {
namespace internal {

// Has the signals, from Catch() until it is destroyed.
class SignalInbox {
 public:
  SignalInbox();
  SignalInbox(const SignalInbox&) = delete;
  SignalInbox& operator=(const SignalInbox&) = delete;
  ~SignalInbox();

  // Errors: as of WithSignals().
  absl::Status Catch(const std::vector<int>& signals);

  // One that has come and was not received; 0: there is none.
  int Take();
  ParkingLot& receivers() { return receivers_; }

 private:
  class Handler;

  void HandOver();

  std::unique_ptr<Handler> handler_;
  ParkingLot receivers_;
  int last_ = 0;  // That was received.
};

class [[nodiscard]] ReceiveSignalOperation
    : public ParkingOperation<ReceiveSignalOperation> {
 public:
  static constexpr const char* kName = "SignalReceiver::Receive";

  explicit ReceiveSignalOperation(SignalInbox* inbox) : inbox_(inbox) {}

  bool TryComplete() {
    signal_ = inbox_->Take();
    return signal_ != 0;
  }
  ParkingLot& lot() const { return inbox_->receivers(); }
  int await_resume() const { return signal_; }

 private:
  friend class SignalInbox;

  SignalInbox* inbox_;
  int signal_ = 0;
};

CRECHE_CORO_TEMPLATES_BEGIN

template <typename Body>
CRECHE_CORO_OWNS_ARGUMENTS
    Task<StatusOrOf<AwaitResult<CallResult<Body, SignalReceiver&>>>>
    RunWithSignals(SignalSet signals, KeptCallable<Body> body) {
  SignalInbox inbox;
  SignalReceiver receiver(inbox);
  if (absl::Status caught = inbox.Catch(signals.signals()); !caught.ok()) {
    co_return co_await AfterCheckpoint(std::move(caught));
  }
  if constexpr (std::is_void_v<
                    AwaitResult<CallResult<Body, SignalReceiver&>>>) {
    co_await internal::Call(std::forward<Body>(body), receiver);
    co_return absl::OkStatus();
  } else {
    co_return co_await internal::Call(std::forward<Body>(body), receiver);
  }
}

CRECHE_CORO_TEMPLATES_END
}  // namespace internal

template <typename Body>
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS auto WithSignals(
    SignalSet signals, Body&& body) {
  CRECHE_REQUIRE_SAFE_CLOSURE(Body);
  static_assert(internal::kReturnsAwaitable<Body, SignalReceiver&>,
                "creche: WithSignals() takes a callable with a parameter "
                "creche::SignalReceiver& that returns a Task (is it a "
                "coroutine with the return type creche::Task<...>?)");
  return internal::RunWithSignals<Body>(std::move(signals),
                                        std::forward<Body>(body));
}

// These two say what to write instead of numbers. They return auto: then the
// compiler looks into them before it finds fault with what becomes of it.
template <typename Signal, typename Body>
  requires std::is_integral_v<Signal>
auto WithSignals(std::initializer_list<Signal>, const Body&) {
  static_assert(!std::is_integral_v<Signal>,
                "creche: WithSignals() takes a creche::SignalSet first: write "
                "creche::SignalSet(SIGINT, SIGTERM)");
}
template <typename Body>
auto WithSignals(int signal, const Body& body) {
  return WithSignals({signal}, body);
}

inline internal::ReceiveSignalOperation SignalReceiver::Receive() {
  return internal::ReceiveSignalOperation(&inbox_);
}

}  // namespace creche

#endif  // CRECHE_SIGNALS_INTERNAL_WITH_SIGNALS_INL_H_
