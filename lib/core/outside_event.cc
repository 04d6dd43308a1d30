// SPDX-License-Identifier: Apache-2.0

#include "lib/core/outside_event.h"

#include <atomic>
#include <utility>

#include "lib/core/scheduler.h"

namespace creche::internal {

void OutsideInbox::Add(OutsideEvent& event) {
  event.next_ = newest_.load(std::memory_order_relaxed);
  while (!newest_.compare_exchange_weak(event.next_, &event)) {
  }
}

void OutsideInbox::Deliver() {
  OutsideEvent* newest = newest_.exchange(nullptr, std::memory_order_acquire);
  OutsideEvent* oldest = nullptr;
  while (newest != nullptr) {
    OutsideEvent* event = std::exchange(newest, newest->next_);
    event->next_ = std::exchange(oldest, event);
  }
  while (oldest != nullptr) {
    std::exchange(oldest, oldest->next_)->Happen();
  }
}

OutsideEvent::OutsideEvent(Scheduler& scheduler, Kind kind)
    : scheduler_(scheduler), kind_(kind) {
  if (kind_ == Kind::kExpected) scheduler_.AddOutsideWaker();
}

OutsideEvent::~OutsideEvent() {
  if (kind_ == Kind::kExpected) scheduler_.RemoveOutsideWaker();
}

void OutsideEvent::Post() {
  scheduler_.inbox().Add(*this);
  scheduler_.WakeIfAsleep();
}

}  // namespace creche::internal
