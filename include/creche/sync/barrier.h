// SPDX-License-Identifier: Apache-2.0
//
// Barrier: a number of tasks wait for each other, again and again.
//
//   creche::Task<> Simulate(creche::Barrier& step_done, Grid& grid, int part) {
//     for (;;) {
//       grid.Compute(part);
//       // The last one to come does what is to be done once for each step.
//       if (co_await step_done.Wait()) grid.Swap();
//       co_await step_done.Wait();
//     }
//   }
//
// Tasks that wait for one another's end, and not for a point on the way, are
// the children of a nursery.

#ifndef CRECHE_SYNC_BARRIER_H_
#define CRECHE_SYNC_BARRIER_H_

#include <cstddef>

#include "creche/core/parking_lot.h"
#include "creche/core/parking_operation.h"

namespace creche {

class Barrier {
 public:
  class WaitOperation;
  // What statistics() counts.
  struct Statistics {
    size_t parties = 0;
    size_t tasks_waiting = 0;
  };

  // Opens when `parties` tasks wait. Aborts if that is 0.
  explicit Barrier(size_t parties);
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;
  ~Barrier() = default;  // Requires: no task is waiting.

  // Suspends until `parties` tasks have called this, which then all go on; the
  // next call begins the next round. Gives true to the last one that came.
  // Cancellation: safe. The task does not count any more: the others wait for
  //   somebody else to come in its place. Once all have come, all go on.
  // Order: the last one goes on first, the others in the order in which they
  //   came.
  WaitOperation Wait();

  // How things stand just now, for monitoring and tests.
  Statistics statistics() const { return {parties_, waiters_.size()}; }

 private:
  // Opens if that completes the round.
  bool Arrive() {
    if (waiters_.size() + 1 < parties_) return false;
    waiters_.UnparkAll();
    return true;
  }

  const size_t parties_;
  ParkingLot waiters_;
};

class [[nodiscard]] Barrier::WaitOperation
    : public ParkingOperation<WaitOperation> {
 public:
  static constexpr const char* kName = "Barrier::Wait";

  explicit WaitOperation(Barrier* barrier) : barrier_(barrier) {}

  bool TryComplete() { return came_last_ = barrier_->Arrive(); }
  ParkingLot& lot() const { return barrier_->waiters_; }
  bool await_resume() const { return came_last_; }

 private:
  Barrier* barrier_;
  bool came_last_ = false;
};

inline Barrier::WaitOperation Barrier::Wait() { return WaitOperation(this); }

}  // namespace creche

#endif  // CRECHE_SYNC_BARRIER_H_
