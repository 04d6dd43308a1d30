// SPDX-License-Identifier: Apache-2.0

#include "creche/core/parking_lot.h"

#include <cstddef>

#include "creche/internal/misuse.h"

namespace creche {
namespace internal {

void ParkAwaiter::ParkIn(const Frame& leaf) {
  task_ = running.task;
  if (task_->is_cancelled()) {
    task_->Stop(leaf);
    return;
  }
  lot_->parked_.PushBack(this);
  ++lot_->size_;
  task_->Wait(leaf, &CallAbort, this, what_);
}

Abort ParkAwaiter::CallAbort(void* self) {
  auto* parked = static_cast<ParkAwaiter*>(self);
  parked->Unlink();
  --parked->lot_->size_;
  return Abort::kDone;
}

}  // namespace internal

ParkingLot::~ParkingLot() {
  if (!empty()) internal::Misuse("a ParkingLot was destroyed with tasks in it");
}

size_t ParkingLot::Unpark(size_t n) {
  size_t count = 0;
  for (; count < n && !empty(); ++count) {
    internal::ParkAwaiter* parked = parked_.front();
    parked->Unlink();
    --size_;
    parked->task_->Wake();
  }
  return count;
}

size_t ParkingLot::UnparkAll() { return Unpark(size_); }

size_t ParkingLot::Repark(ParkingLot& other, size_t n) {
  size_t count = 0;
  for (; count < n && !empty(); ++count) {
    internal::ParkAwaiter* parked = parked_.front();
    parked->Unlink();
    --size_;
    parked->lot_ = &other;
    other.parked_.PushBack(parked);
    ++other.size_;
  }
  return count;
}

}  // namespace creche
