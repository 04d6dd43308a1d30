// SPDX-License-Identifier: Apache-2.0
//
// ParkingOperation: an awaitable that completes at once if it can, and
// otherwise parks until somebody completes it. All of sync/ is made of these.
//
//   // Lets one task through for each coin, in the order of their arrival.
//   class Turnstile {
//    public:
//     class Pass : public creche::ParkingOperation<Pass> {
//      public:
//       static constexpr const char* kName = "Turnstile::Enter";
//
//       explicit Pass(Turnstile* turnstile) : turnstile_(turnstile) {}
//
//       bool TryComplete() { return turnstile_->TakeCoin(); }
//       creche::ParkingLot& lot() { return turnstile_->waiters_; }
//       void await_resume() {}
//
//      private:
//       Turnstile* turnstile_;
//     };
//
//     // Cancellation: safe. No coin is used.
//     // Order: first come, first served.
//     Pass Enter() { return Pass(this); }
//
//     // The coin of whoever waits longest: nobody can barge.
//     void InsertCoin() {
//       if (waiters_.Unpark() == 0) ++coins_;
//     }
//     int coins() const { return coins_; }
//
//    private:
//     bool TakeCoin() {
//       if (coins_ == 0) return false;
//       --coins_;
//       return true;
//     }
//
//     int coins_ = 0;
//     creche::ParkingLot waiters_;
//   };

#ifndef CRECHE_CORE_PARKING_OPERATION_H_
#define CRECHE_CORE_PARKING_OPERATION_H_

#include <coroutine>

#include "creche/core/abort.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/parking_lot.h"
#include "creche/core/wait_context.h"

namespace creche {

// `Operation` derives from ParkingOperation<Operation> and has
//   static constexpr const char* kName;   names the wait in the task tree
//   bool TryComplete();       completes now and returns true, or returns false
//                             and has done nothing
//   ParkingLot& lot();        where to wait otherwise
//   R await_resume();         gives the result; called once, after completion
// and is movable until awaited. It may hide Enter() and Leave(), to know when
// it starts and stops to wait. `Base` is Parked or derives from it.
//
// Whoever makes what the operation waits for true completes it, with all that
// belongs to it, before ParkingLot::Unpark() wakes the task: from then on the
// operation has happened, and a cancellation waits for the task's next
// checkpoint. A task that is cancelled while it is parked leaves the lot, and
// nothing has happened.
//
// The same protocol is what Select() (sync/select.h) stands on.
//
// Cancellation: safe.
template <typename Operation, typename Base = Parked>
class ParkingOperation : public Base {
 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;
  using CrecheSelectable = void;

  bool await_ready() {
    return internal::SpendOperation() && self().TryComplete();
  }

  bool SuspendIn(internal::Frame leaf) {
    internal::running.task->WaitUnlessReady(leaf, self());
    return true;
  }

  // Starts to wait, in lot().
  void Enter(const WaitContext& context) {
    Parked::Enter(self().lot(), context);
  }
  // Stops to wait, because it did not happen.
  void Leave() { Parked::Leave(); }

  // What the task tree says.
  const char* wait_name() const { return Operation::kName; }
  // The task is cancelled while it waits.
  Abort OnCancel() {
    self().Leave();
    return Abort::kDone;
  }

 protected:
  ParkingOperation() = default;
  using Base::Base;
  ParkingOperation(ParkingOperation&&) noexcept = default;
  ~ParkingOperation() = default;

 private:
  Operation& self() { return static_cast<Operation&>(*this); }
};

}  // namespace creche

#endif  // CRECHE_CORE_PARKING_OPERATION_H_
