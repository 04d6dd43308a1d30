// SPDX-License-Identifier: Apache-2.0
//
// ParkingLot::Park(): the awaiter, and how it enters and leaves.

#ifndef CRECHE_CORE_INTERNAL_PARKING_LOT_INL_H_
#define CRECHE_CORE_INTERNAL_PARKING_LOT_INL_H_

#include "creche/core/abort.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/wait_context.h"

namespace creche {
namespace internal {

class [[nodiscard]] ParkAwaiter : public Parked {
 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  ParkAwaiter(ParkingLot* lot, const char* what) : lot_(lot), what_(what) {}
  ParkAwaiter(ParkAwaiter&& other) noexcept
      : ParkAwaiter(other.lot_, other.what_) {}

  bool await_ready() const { return false; }
  bool SuspendIn(Frame leaf);
  void await_resume() const {}

  bool TryComplete() const { return false; }
  void Enter(const WaitContext& context) { Parked::Enter(*lot_, context); }
  const char* wait_name() const { return what_; }
  Abort OnCancel() {
    Leave();
    return Abort::kDone;
  }

 private:
  ParkingLot* lot_;
  const char* what_;
};

}  // namespace internal

inline void Parked::Enter(ParkingLot& lot, const WaitContext& context) {
  Entrant::Enter(context);
  lot.PushBack(*this);
}

inline void Parked::Leave() { lot_->Remove(*this); }

inline internal::ParkAwaiter ParkingLot::Park(const char* what) {
  return internal::ParkAwaiter(this, what);
}

}  // namespace creche

#endif  // CRECHE_CORE_INTERNAL_PARKING_LOT_INL_H_
