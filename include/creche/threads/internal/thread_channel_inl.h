// SPDX-License-Identifier: Apache-2.0
//
// The mechanics of threads/thread_channel.h, which includes this.

#ifndef CRECHE_THREADS_INTERNAL_THREAD_CHANNEL_INL_H_
#define CRECHE_THREADS_INTERNAL_THREAD_CHANNEL_INL_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/abort.h"
#include "creche/core/errors.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "creche/sync/internal/channel_state.h"
#include "creche/sync/internal/value_slot.h"
#include "creche/threads/internal/thread_channel_state.h"
#include "creche/threads/internal/thread_waiter.h"

namespace creche {
namespace internal {

// A task's wait at one end. `Operation` has
//   static constexpr const char* kName;
//   ChannelResult Try();                        now or kWouldBlock
//   ChannelResult TryOrWait(ThreadWaiter&);     now or later
//   bool StopWaiting(ThreadWaiter&);            false: it has been completed
//   void* item();
template <typename Operation>
class ThreadChannelOperation {
 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  bool await_ready() { return SpendOperation() && HasEnded(self().Try()); }

  bool SuspendIn(Frame leaf) {
    TaskRecord& task = *running.task;
    if (task.UnwindsIfCancelled(leaf)) return true;
    waiter_.emplace(self().item());
    if (HasEnded(self().TryOrWait(*waiter_))) {
      waiter_.reset();
      // Enough has completed at once: others first.
      if (!HasBudgetLeft()) task.Yield(leaf, /*cancellable=*/false);
      return !HasBudgetLeft();
    }
    waiter_->StartWaiting();
    task.Wait(leaf, *this);
    return true;
  }

  const char* wait_name() const { return Operation::kName; }
  Abort OnCancel() {
    if (!self().StopWaiting(*waiter_)) return Abort::kPending;
    waiter_->StopWaiting();
    return Abort::kDone;
  }

 protected:
  ThreadChannelOperation() = default;
  // It can be moved until it is awaited.
  ThreadChannelOperation(ThreadChannelOperation&&) noexcept {}
  ~ThreadChannelOperation() = default;

  ChannelResult result() const {
    return waiter_.has_value() ? waiter_->result : result_;
  }

 private:
  Operation& self() { return static_cast<Operation&>(*this); }

  bool HasEnded(ChannelResult result) {
    result_ = result;
    return result != ChannelResult::kWouldBlock;
  }

  ChannelResult result_ = ChannelResult::kWouldBlock;
  std::optional<WaitingTask> waiter_;
};

}  // namespace internal

template <typename T>
class [[nodiscard]] ThreadSender<T>::SendOperation
    : public internal::ThreadChannelOperation<SendOperation> {
  friend internal::ThreadChannelOperation<SendOperation>;

 public:
  static constexpr const char* kName = "ThreadSender::Send";

  SendOperation(ThreadSender* sender, T&& value)
      : sender_(sender), value_(std::move(value)) {}

  absl::Status await_resume() const {
    return internal::SendError(this->result(), kName);
  }

 private:
  internal::ChannelResult Try() {
    if (sender_->state_ == nullptr) return internal::ChannelResult::kClosed;
    return sender_->state_->TrySend(sender_->handle_, value_);
  }
  internal::ChannelResult TryOrWait(internal::ThreadWaiter& waiter) {
    if (sender_->state_ == nullptr) return internal::ChannelResult::kClosed;
    return sender_->state_->SendOrWait(sender_->handle_, waiter);
  }
  bool StopWaiting(internal::ThreadWaiter& waiter) {
    return sender_->state_->StopSending(waiter);
  }
  void* item() { return &value_; }

  ThreadSender* sender_;
  T value_;
};

template <typename T>
class [[nodiscard]] ThreadReceiver<T>::ReceiveOperation
    : public internal::ThreadChannelOperation<ReceiveOperation> {
  friend internal::ThreadChannelOperation<ReceiveOperation>;

 public:
  static constexpr const char* kName = "ThreadReceiver::Receive";

  explicit ReceiveOperation(ThreadReceiver* receiver) : receiver_(receiver) {}

  std::optional<T> await_resume() { return value_.Take(); }

 private:
  internal::ChannelResult Try() {
    if (receiver_->state_ == nullptr) return internal::ChannelResult::kClosed;
    return receiver_->state_->TryReceive(receiver_->handle_, value_);
  }
  internal::ChannelResult TryOrWait(internal::ThreadWaiter& waiter) {
    if (receiver_->state_ == nullptr) return internal::ChannelResult::kClosed;
    return receiver_->state_->ReceiveOrWait(receiver_->handle_, waiter);
  }
  bool StopWaiting(internal::ThreadWaiter& waiter) {
    return receiver_->state_->StopReceiving(waiter);
  }
  void* item() { return &value_; }

  ThreadReceiver* receiver_;
  internal::ValueSlot<T> value_;
};

template <typename T>
absl::Status ThreadSender<T>::TrySend(T&& value) {
  const auto result = this->state_ != nullptr
                          ? this->state_->TrySend(this->handle_, value)
                          : internal::ChannelResult::kClosed;
  return internal::SendError(result, "ThreadSender::TrySend");
}

template <typename T>
absl::Status ThreadSender<T>::BlockingSend(T value, absl::Duration timeout) {
  constexpr const char* kName = "ThreadSender::BlockingSend";
  internal::CheckMayBlock(kName);
  const auto result =
      this->state_ != nullptr
          ? this->state_->BlockingSend(this->handle_, value, timeout)
          : internal::ChannelResult::kClosed;
  if (result == internal::ChannelResult::kWouldBlock) {
    return internal::BlockedForTooLong(kName, timeout);
  }
  return internal::SendError(result, kName);
}

template <typename T>
absl::StatusOr<T> ThreadReceiver<T>::TryReceive() {
  internal::ValueSlot<T> value;
  const auto result = this->state_ != nullptr
                          ? this->state_->TryReceive(this->handle_, value)
                          : internal::ChannelResult::kClosed;
  if (result == internal::ChannelResult::kDone) return *value.Take();
  return internal::ReceiveError(result, "ThreadReceiver::TryReceive");
}

template <typename T>
absl::StatusOr<T> ThreadReceiver<T>::BlockingReceive(absl::Duration timeout) {
  constexpr const char* kName = "ThreadReceiver::BlockingReceive";
  internal::CheckMayBlock(kName);
  internal::ValueSlot<T> value;
  const auto result =
      this->state_ != nullptr
          ? this->state_->BlockingReceive(this->handle_, value, timeout)
          : internal::ChannelResult::kClosed;
  if (result == internal::ChannelResult::kDone) return *value.Take();
  if (result == internal::ChannelResult::kWouldBlock) {
    return internal::BlockedForTooLong(kName, timeout);
  }
  return internal::ReceiveError(result, kName);
}

template <typename T>
std::pair<ThreadSender<T>, ThreadReceiver<T>> MakeThreadChannel(
    std::size_t capacity) {
  static_assert(std::is_object_v<T> && !std::is_const_v<T>,
                "creche: the values of a channel are movable objects");
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "creche: the values of a channel must be nothrow move "
                "constructible, so that none is lost to an exception while it "
                "is handed over; send a std::unique_ptr<T> instead");
  auto state = std::make_shared<internal::ThreadChannelState<T>>(capacity);
  const auto sender = state->NewSender(nullptr);
  const auto receiver = state->NewReceiver(nullptr);
  return {ThreadSender<T>(state, sender), ThreadReceiver<T>(state, receiver)};
}

}  // namespace creche

#endif  // CRECHE_THREADS_INTERNAL_THREAD_CHANNEL_INL_H_
