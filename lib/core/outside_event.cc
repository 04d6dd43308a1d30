// SPDX-License-Identifier: Apache-2.0

#include "lib/core/outside_event.h"

#include <atomic>
#include <utility>

#include "lib/core/scheduler.h"

namespace creche::internal {

void OutsideInbox::Add(OutsideEvent& event) {
  event.next_ = newest_.load(std::memory_order_relaxed);
  while (!newest_.compare_exchange_weak(event.next_, &event,
                                        std::memory_order_release,
                                        std::memory_order_relaxed)) {
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

OutsideEvent::OutsideEvent(Scheduler& scheduler) : scheduler_(scheduler) {
  scheduler_.AddOutsideWaker();
}

OutsideEvent::~OutsideEvent() { scheduler_.RemoveOutsideWaker(); }

void OutsideEvent::Post() {
  scheduler_.inbox().Add(*this);
  scheduler_.port().Notify();
}

}  // namespace creche::internal
