// SPDX-License-Identifier: Apache-2.0
//
// The operations of Sender and Receiver, and MakeChannel().

#ifndef CRECHE_SYNC_INTERNAL_CHANNEL_INL_H_
#define CRECHE_SYNC_INTERNAL_CHANNEL_INL_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/internal/contest.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/parking_lot.h"
#include "creche/core/parking_operation.h"
#include "creche/sync/internal/channel_end.h"
#include "creche/sync/internal/channel_state.h"

namespace creche {
namespace internal {

template <typename T, typename Handle>
ChannelStatistics ChannelEnd<T, Handle>::statistics() const {
  if (state_ == nullptr) return {};
  return {state_->capacity(),         state_->buffer_used(),
          state_->peak_buffer_used(), state_->open_senders(),
          state_->open_receivers(),   state_->senders().size(),
          state_->receivers().size()};
}

}  // namespace internal

template <typename T>
class [[nodiscard]] Sender<T>::SendOperation
    : public ParkingOperation<SendOperation, internal::WaitingSender<T>> {
  using Base = ParkingOperation<SendOperation, internal::WaitingSender<T>>;

 public:
  static constexpr const char* kName = "Sender::Send";

  SendOperation(Sender* sender, T&& value)
      : Base(std::move(value)), sender_(sender) {}

  // What is to be sent; moved from once it has been.
  T& value() { return internal::WaitingSender<T>::value; }

  bool TryComplete() {
    this->result = sender_->state() != nullptr
                       ? sender_->state()->TrySend(value())
                       : internal::ChannelResult::kClosed;
    return this->result != internal::ChannelResult::kWouldBlock;
  }
  ParkingLot& lot() const { return sender_->state()->senders().lot(); }
  void Enter(const WaitContext& context) {
    this->WaitOn(sender_->handle());
    Base::Enter(context);
  }
  void Leave() {
    this->StopWaiting();
    Base::Leave();
  }
  absl::Status await_resume() const {
    if (this->result == internal::ChannelResult::kDone) [[likely]] {
      return absl::OkStatus();
    }
    return internal::SendError(this->result, kName);
  }

 private:
  Sender* sender_;
};

template <typename T>
class [[nodiscard]] Receiver<T>::ReceiveOperation
    : public ParkingOperation<ReceiveOperation, internal::WaitingReceiver<T>> {
  using Base = ParkingOperation<ReceiveOperation, internal::WaitingReceiver<T>>;

 public:
  static constexpr const char* kName = "Receiver::Receive";

  explicit ReceiveOperation(Receiver* receiver) : receiver_(receiver) {}

  bool TryComplete() {
    this->result = receiver_->state() != nullptr
                       ? receiver_->state()->TryReceive(this->value)
                       : internal::ChannelResult::kClosed;
    return this->result != internal::ChannelResult::kWouldBlock;
  }
  ParkingLot& lot() const { return receiver_->state()->receivers().lot(); }
  void Enter(const WaitContext& context) {
    this->WaitOn(receiver_->handle());
    Base::Enter(context);
  }
  void Leave() {
    this->StopWaiting();
    Base::Leave();
  }
  std::optional<T> await_resume() { return this->value.Take(); }

 private:
  Receiver* receiver_;
};

template <typename T>
std::pair<Sender<T>, Receiver<T>> MakeChannel(size_t capacity) {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "creche: the values of a channel must be nothrow move "
                "constructible, so that none is lost to an exception while it "
                "is handed over; send a std::unique_ptr<T> instead");
  auto* state = new internal::ChannelState<T>(capacity);
  return {Sender<T>(state), Receiver<T>(state)};
}

}  // namespace creche

#endif  // CRECHE_SYNC_INTERNAL_CHANNEL_INL_H_
