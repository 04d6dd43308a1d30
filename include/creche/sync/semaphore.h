// SPDX-License-Identifier: Apache-2.0
//
// Semaphore: a number of permits that tasks take and give back.
//
//   creche::Semaphore connections(10);
//
//   creche::Permit permit = co_await connections.Acquire();
//   co_await Fetch(url);
//   // `permit` goes back, also if this task is cancelled.
//
// A limit that can be changed while it is in use is a CapacityLimiter
// (sync/capacity_limiter.h).

#ifndef CRECHE_SYNC_SEMAPHORE_H_
#define CRECHE_SYNC_SEMAPHORE_H_

#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "creche/core/parking_lot.h"
#include "creche/core/parking_operation.h"

namespace creche {

class Semaphore;

// One permit of a semaphore, which must outlive it. Goes back when destroyed.
class [[nodiscard]] Permit {
 public:
  Permit(Permit&& other) noexcept
      : semaphore_(std::exchange(other.semaphore_, nullptr)) {}
  Permit& operator=(Permit&& other) noexcept {
    if (this != &other) {
      Release();
      semaphore_ = std::exchange(other.semaphore_, nullptr);
    }
    return *this;
  }
  ~Permit() { Release(); }

  // Gives the permit back before this object goes.
  void Release();

  // Keeps the permit from going back: what it stands for has been used up, or
  // somebody will call Semaphore::Release().
  void Forget() { semaphore_ = nullptr; }

  // False once released, forgotten, or moved from.
  bool is_held() const { return semaphore_ != nullptr; }

 private:
  friend class Semaphore;

  explicit Permit(Semaphore* semaphore) : semaphore_(semaphore) {}

  Semaphore* semaphore_;
};

// Order: first come, first served. A permit that is given back while tasks wait
// belongs to the one that has waited longest, before it runs: nobody can get in
// between.
class Semaphore {
 public:
  class AcquireOperation;
  // What statistics() counts.
  struct Statistics {
    size_t available = 0;
    size_t tasks_waiting = 0;
  };

  // `max` is how many permits there can be; giving back more than that aborts.
  explicit Semaphore(size_t initial,
                     size_t max = std::numeric_limits<size_t>::max());
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  ~Semaphore() = default;  // Requires: no task is waiting.

  // Suspends until there is a permit; gives it as a Permit.
  // Cancellation: safe.
  AcquireOperation Acquire();

  // The same without waiting; nullopt if there is none.
  std::optional<Permit> TryAcquire() {
    if (!Take()) return std::nullopt;
    return Permit(this);
  }

  // Adds `n` permits; for those that were forgotten, or never there.
  void Release(size_t n = 1);

  // Permits that can be had at once; and how many there can be.
  size_t available() const { return available_; }
  size_t max() const { return max_; }

  // How things stand just now, for monitoring and tests.
  Statistics statistics() const { return {available_, waiters_.size()}; }

 private:
  // While tasks wait, no permit is available.
  bool Take() {
    if (available_ == 0) return false;
    --available_;
    return true;
  }

  size_t available_;
  const size_t max_;
  ParkingLot waiters_;
};

class [[nodiscard]] Semaphore::AcquireOperation
    : public ParkingOperation<AcquireOperation> {
 public:
  static constexpr const char* kName = "Semaphore::Acquire";

  explicit AcquireOperation(Semaphore* semaphore) : semaphore_(semaphore) {}

  bool TryComplete() { return semaphore_->Take(); }
  ParkingLot& lot() const { return semaphore_->waiters_; }
  Permit await_resume() { return Permit(semaphore_); }

 private:
  Semaphore* semaphore_;
};

inline Semaphore::AcquireOperation Semaphore::Acquire() {
  return AcquireOperation(this);
}

inline void Permit::Release() {
  if (Semaphore* semaphore = std::exchange(semaphore_, nullptr)) {
    semaphore->Release();
  }
}

}  // namespace creche

#endif  // CRECHE_SYNC_SEMAPHORE_H_
