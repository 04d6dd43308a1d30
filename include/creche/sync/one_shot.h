// SPDX-License-Identifier: Apache-2.0
//
// OneShot: one value, from one task to one other.
//
//   creche::OneShot<int> answer;
//   nursery.StartSoon(Compute, answer.TakeSetter());
//   int value = co_await creche::Try(answer.Get());
//
// For many values there is a channel (sync/channel.h); for a value that many
// tasks look at, a Watch (sync/watch.h).

#ifndef CRECHE_SYNC_ONE_SHOT_H_
#define CRECHE_SYNC_ONE_SHOT_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/errors.h"
#include "creche/core/parking_lot.h"
#include "creche/core/parking_operation.h"
#include "creche/sync/internal/forward.h"

namespace creche {

template <typename T>
class [[nodiscard]] OneShotGetOperation;
template <typename T>
class OneShotSetter;

// Whoever makes the value calls Set() here, or has the Setter, which says by
// being destroyed that no value will come. Belongs to one run.
template <typename T>
class OneShot {
 public:
  // The other side, and what Get() returns.
  using Setter = OneShotSetter<T>;
  using GetOperation = OneShotGetOperation<T>;

  // What statistics() counts.
  struct Statistics {
    bool is_set = false;  // And the value was not taken.
    size_t tasks_waiting = 0;
  };

  OneShot();
  OneShot(OneShot&&) noexcept = default;
  OneShot& operator=(OneShot&&) noexcept = default;
  ~OneShot() = default;  // Requires: no task is waiting.

  // Gives the value to the task that waits for it, or keeps it. Aborts if there
  // was one before.
  void Set(T value);

  // The one that can be handed to another task; it may outlive this object.
  // Aborts if it was taken before.
  Setter TakeSetter();

  // Suspends until there is a value, and takes it.
  // Cancellation: safe. The value waits for the next call.
  // Errors: IsBrokenResource: the Setter is gone and has set none.
  //   IsBusyResource: another task waits for it. kFailedPrecondition: the value
  //   was taken before.
  GetOperation Get();

  // How things stand just now, for monitoring and tests.
  Statistics statistics() const;

 private:
  std::shared_ptr<internal::OneShotState<T>> state_;
};

// Sets the value of a OneShot. Destroying it without that wakes the task that
// waits, with an error (IsBrokenResource).
template <typename T>
class OneShotSetter {
 public:
  OneShotSetter(OneShotSetter&&) noexcept = default;
  OneShotSetter& operator=(OneShotSetter&& other) noexcept {
    if (this != &other) {
      Break();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~OneShotSetter() { Break(); }

  // As OneShot::Set(). If the OneShot is gone, so is the value.
  void Set(T value);

 private:
  friend class OneShot<T>;

  explicit OneShotSetter(std::shared_ptr<internal::OneShotState<T>> state)
      : state_(std::move(state)) {}
  void Break();

  std::shared_ptr<internal::OneShotState<T>> state_;
};

}  // namespace creche

#include "creche/sync/internal/one_shot_inl.h"

#endif  // CRECHE_SYNC_ONE_SHOT_H_
