// SPDX-License-Identifier: Apache-2.0
//
// Event: a flag that is set at most once, and that any number of tasks can
// wait for.
//
//   creche::Event ready;
//   nursery.StartSoon(Serve, std::ref(ready));
//   co_await ready.Wait();
//
// (Like all that children refer to, `ready` is outside of the nursery's body.)
// An event cannot be unset. To wait for the next occurrence of something, use a
// ParkingLot (core/parking_lot.h); for the next value of something, a Watch
// (sync/watch.h).

#ifndef CRECHE_SYNC_EVENT_H_
#define CRECHE_SYNC_EVENT_H_

#include <cstddef>

#include "creche/core/parking_lot.h"
#include "creche/core/parking_operation.h"

namespace creche {

class Event {
 public:
  class WaitOperation;
  // What statistics() counts.
  struct Statistics {
    bool is_set = false;
    size_t tasks_waiting = 0;
  };

  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() = default;  // Requires: no task is waiting.

  // True from Set() on.
  bool is_set() const { return is_set_; }

  // Wakes all tasks that wait. Has no effect if already set.
  // Order: first waiter first.
  void Set();

  // Suspends until the event is set.
  // Cancellation: safe.
  WaitOperation Wait();

  // How things stand just now, for monitoring and tests.
  Statistics statistics() const { return {is_set_, waiters_.size()}; }

 private:
  ParkingLot waiters_;
  bool is_set_ = false;
};

class [[nodiscard]] Event::WaitOperation
    : public ParkingOperation<WaitOperation> {
 public:
  static constexpr const char* kName = "Event::Wait";

  explicit WaitOperation(Event* event) : event_(event) {}

  bool TryComplete() const { return event_->is_set_; }
  ParkingLot& lot() const { return event_->waiters_; }
  void await_resume() const {}

 private:
  Event* event_;
};

inline Event::WaitOperation Event::Wait() { return WaitOperation(this); }

inline void Event::Set() {
  is_set_ = true;
  if (!waiters_.empty()) waiters_.UnparkAll();
}

}  // namespace creche

#endif  // CRECHE_SYNC_EVENT_H_
