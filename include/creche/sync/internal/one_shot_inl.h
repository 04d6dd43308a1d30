// SPDX-License-Identifier: Apache-2.0
//
// How a OneShot works. Included by sync/one_shot.h.

#ifndef CRECHE_SYNC_INTERNAL_ONE_SHOT_INL_H_
#define CRECHE_SYNC_INTERNAL_ONE_SHOT_INL_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/errors.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/parking_lot.h"
#include "creche/core/parking_operation.h"
#include "creche/sync/one_shot.h"

namespace creche {
namespace internal {

template <typename T>
struct OneShotState {
  enum class Phase {
    kEmpty,
    kSet,     // The value is here.
    kTaken,   // It was given to a task.
    kBroken,  // It will never come.
  };

  // Not in kEmpty: then the task has to wait.
  absl::StatusOr<T> Take() {
    if (phase == Phase::kBroken) {
      return BrokenResourceError(
          "OneShot::Get(): the setter is gone, and has set no value");
    }
    if (phase == Phase::kTaken) {
      return absl::FailedPreconditionError(
          "OneShot::Get(): the value was taken before");
    }
    phase = Phase::kTaken;
    absl::StatusOr<T> taken(*std::exchange(value, std::nullopt));
    return taken;
  }

  void Set(T new_value) {
    if (phase != Phase::kEmpty) {
      Misuse("OneShot::Set() was called twice, or after its Setter was gone");
    }
    value.emplace(std::move(new_value));
    phase = Phase::kSet;
    WakeGetter();
  }

  void Break() {
    if (phase != Phase::kEmpty) return;
    phase = Phase::kBroken;
    WakeGetter();
  }

  // The outcome is handed over before the task is woken: it has happened.
  void WakeGetter() {
    auto* const getter = static_cast<OneShotGetOperation<T>*>(getters.front());
    if (getter == nullptr) return;
    getter->outcome_.emplace(Take());
    getters.Unpark(*getter);
  }

  Phase phase = Phase::kEmpty;
  bool has_setter = false;
  std::optional<T> value;
  ParkingLot getters;  // At most one.
};

}  // namespace internal

template <typename T>
class [[nodiscard]] OneShotGetOperation
    : public ParkingOperation<OneShotGetOperation<T>> {
 public:
  static constexpr const char* kName = "OneShot::Get";

  explicit OneShotGetOperation(std::shared_ptr<internal::OneShotState<T>> state)
      : state_(std::move(state)) {}

  bool TryComplete() {
    using Phase = typename internal::OneShotState<T>::Phase;
    if (!state_->getters.empty()) {
      outcome_.emplace(BusyResourceError(
          "OneShot::Get(): another task waits for the value"));
    } else if (state_->phase != Phase::kEmpty) {
      outcome_.emplace(state_->Take());
    }
    return outcome_.has_value();
  }
  ParkingLot& lot() const { return state_->getters; }
  absl::StatusOr<T> await_resume() { return *std::move(outcome_); }

 private:
  friend struct internal::OneShotState<T>;

  std::shared_ptr<internal::OneShotState<T>> state_;
  std::optional<absl::StatusOr<T>> outcome_;
};

template <typename T>
OneShot<T>::OneShot() : state_(std::make_shared<internal::OneShotState<T>>()) {}

template <typename T>
void OneShot<T>::Set(T value) {
  state_->Set(std::move(value));
}

template <typename T>
OneShotSetter<T> OneShot<T>::TakeSetter() {
  if (std::exchange(state_->has_setter, true)) {
    internal::Misuse("OneShot::TakeSetter() was called twice");
  }
  return Setter(state_);
}

template <typename T>
OneShotGetOperation<T> OneShot<T>::Get() {
  return GetOperation(state_);
}

template <typename T>
typename OneShot<T>::Statistics OneShot<T>::statistics() const {
  return {state_->value.has_value(), state_->getters.size()};
}

template <typename T>
void OneShotSetter<T>::Set(T value) {
  state_->Set(std::move(value));
}

template <typename T>
void OneShotSetter<T>::Break() {
  if (state_ != nullptr) state_->Break();
}

}  // namespace creche

#endif  // CRECHE_SYNC_INTERNAL_ONE_SHOT_INL_H_
