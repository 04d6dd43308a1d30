// SPDX-License-Identifier: Apache-2.0
//
// CapacityLimiter: how many tasks may do something at the same time, with a
// limit that can be changed while it is in use.
//
//   creche::CapacityLimiter limiter(20);
//
//   creche::CapacityToken token = co_await limiter.Acquire();
//   co_await Query(database);
//   // `token` goes back, also if this task is cancelled.
//
// Permits that come and go, and need not be given back by whoever took them,
// are a Semaphore (sync/semaphore.h).

#ifndef CRECHE_SYNC_CAPACITY_LIMITER_H_
#define CRECHE_SYNC_CAPACITY_LIMITER_H_

#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "creche/core/internal/intrusive_list.h"
#include "creche/core/parking_lot.h"
#include "creche/core/parking_operation.h"
#include "creche/sync/internal/forward.h"

namespace creche {

class CapacityLimiter;

// One token of a limiter, which must outlive it. Goes back when destroyed.
class [[nodiscard]] CapacityToken {
 public:
  CapacityToken(CapacityToken&& other) noexcept
      : limiter_(std::exchange(other.limiter_, nullptr)) {}
  CapacityToken& operator=(CapacityToken&& other) noexcept {
    if (this != &other) {
      Release();
      limiter_ = std::exchange(other.limiter_, nullptr);
    }
    return *this;
  }
  ~CapacityToken() { Release(); }

  // Gives the token back before this object goes.
  void Release();

  // False once released or moved from.
  bool is_held() const { return limiter_ != nullptr; }

 private:
  friend class CapacityLimiter;
  friend class internal::TokenLeftBehind;

  explicit CapacityToken(CapacityLimiter* limiter) : limiter_(limiter) {}

  CapacityLimiter* limiter_;
};

// Order: first come, first served. A token that becomes available while tasks
// wait belongs to the one that has waited longest, before it runs: nobody can
// get in between.
class CapacityLimiter {
 public:
  class AcquireOperation;
  // What statistics() counts.
  struct Statistics {
    size_t total = 0;
    size_t borrowed = 0;
    size_t tasks_waiting = 0;
  };

  // A total that is no limit.
  static constexpr size_t kUnlimited = std::numeric_limits<size_t>::max();

  // So many tokens; kUnlimited is no limit.
  explicit CapacityLimiter(size_t total) : total_(total) {}
  CapacityLimiter(const CapacityLimiter&) = delete;
  CapacityLimiter& operator=(const CapacityLimiter&) = delete;
  // Aborts if a token is still borrowed, by anyone but a thread that was
  // abandoned (threads/run_in_thread.h).
  ~CapacityLimiter();

  // Suspends until a token is available; gives it as a CapacityToken.
  // Cancellation: safe.
  AcquireOperation Acquire();

  // The same without waiting; nullopt if there is none.
  std::optional<CapacityToken> TryAcquire() {
    if (!Borrow()) return std::nullopt;
    return CapacityToken(this);
  }

  // A higher total lets waiting tasks go on at once. A lower one takes no token
  // away: there may be more borrowed than the total for a while. 0 is a limit
  // like any other.
  void set_total(size_t total);

  // The limit; how many tokens are out; how many can be had at once, which is
  // kUnlimited if the limit is.
  size_t total() const { return total_; }
  size_t borrowed() const { return borrowed_; }
  size_t available() const {
    if (total_ == kUnlimited) return kUnlimited;
    return borrowed_ < total_ ? total_ - borrowed_ : 0;
  }

  // How things stand just now, for monitoring and tests.
  Statistics statistics() const { return {total_, borrowed_, waiters_.size()}; }

 private:
  friend class CapacityToken;
  friend class internal::TokenLeftBehind;

  // While tasks wait, no token is available.
  bool Borrow() {
    if (borrowed_ >= total_) return false;
    ++borrowed_;
    return true;
  }
  void GiveBack() {
    --borrowed_;
    if (!waiters_.empty()) HandOut();
  }
  void HandOut();

  size_t total_;
  size_t borrowed_ = 0;
  internal::IntrusiveList<internal::TokenLeftBehind, internal::TokensLeftBehind>
      left_behind_;
  ParkingLot waiters_;
};

class [[nodiscard]] CapacityLimiter::AcquireOperation
    : public ParkingOperation<AcquireOperation> {
 public:
  static constexpr const char* kName = "CapacityLimiter::Acquire";

  explicit AcquireOperation(CapacityLimiter* limiter) : limiter_(limiter) {}

  bool TryComplete() { return limiter_->Borrow(); }
  ParkingLot& lot() const { return limiter_->waiters_; }
  CapacityToken await_resume() { return CapacityToken(limiter_); }

 private:
  CapacityLimiter* limiter_;
};

inline CapacityLimiter::AcquireOperation CapacityLimiter::Acquire() {
  return AcquireOperation(this);
}

inline void CapacityToken::Release() {
  if (CapacityLimiter* limiter = std::exchange(limiter_, nullptr)) {
    limiter->GiveBack();
  }
}

namespace internal {

// A token whose holder goes on alone, nobody knows for how long: the limiter
// may be destroyed before it, and forgets it then.
class TokenLeftBehind : public ListLink<TokensLeftBehind> {
 public:
  explicit TokenLeftBehind(CapacityToken token)
      : limiter_(std::exchange(token.limiter_, nullptr)) {
    limiter_->left_behind_.PushBack(this);
  }
  // Gives it back, if there still is somebody to give it to.
  ~TokenLeftBehind() {
    if (!is_linked()) return;
    Unlink();
    limiter_->GiveBack();
  }

 private:
  CapacityLimiter* limiter_;
};

}  // namespace internal
}  // namespace creche

#endif  // CRECHE_SYNC_CAPACITY_LIMITER_H_
