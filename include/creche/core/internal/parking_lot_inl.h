// SPDX-License-Identifier: Apache-2.0
//
// ParkingLot::Park(): the awaiter, and how it enters and leaves.

#ifndef CRECHE_CORE_INTERNAL_PARKING_LOT_INL_H_
#define CRECHE_CORE_INTERNAL_PARKING_LOT_INL_H_

#include "creche/core/internal/contest.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/task_record.h"

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

 private:
  ParkingLot* lot_;
  const char* what_;
};

}  // namespace internal

inline void Parked::Enter(ParkingLot& lot, internal::TaskRecord& task,
                          internal::Contest* contest) {
  task_ = &task;
  contest_ = contest;
  lot.PushBack(*this);
}

inline void Parked::Leave() { lot_->Remove(*this); }

inline internal::ParkAwaiter ParkingLot::Park(const char* what) {
  return internal::ParkAwaiter(this, what);
}

}  // namespace creche

#endif  // CRECHE_CORE_INTERNAL_PARKING_LOT_INL_H_
