// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/memory_stream.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/parking_lot.h"
#include "creche/core/task.h"

namespace creche::internal {
namespace {

// Marks a direction of a stream as in use.
class InUse {
 public:
  explicit InUse(bool& flag) : flag_(flag) { flag_ = true; }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;
  ~InUse() { flag_ = false; }

 private:
  bool& flag_;
};

}  // namespace

// One direction: what is buffered, followed by what the one who sends right now
// still has in hand.
class MemoryPipe {
 public:
  explicit MemoryPipe(std::size_t capacity) : capacity_(capacity) {}

  static Task<absl::StatusOr<std::size_t>> Receive(
      std::shared_ptr<MemoryPipe> pipe, absl::Span<char> buffer) {
    if (pipe->receiving_) {
      co_return BusyResourceError("another task receives from this stream");
    }
    InUse receiving(pipe->receiving_);
    co_await Checkpoint();
    while (!pipe->receiver_closed_) {
      if (pipe->is_reset_) {
        co_return BrokenResourceError(
            "ReceiveSome: the peer has aborted the connection");
      }
      if (const std::size_t size = pipe->Take(buffer); size > 0) {
        co_return size;
      }
      if (pipe->ended_) co_return 0;
      co_await pipe->receiver_.Park("MemoryStream::ReceiveSome");
    }
    co_return ClosedResourceError("ReceiveSome: the stream was closed");
  }

  static Task<absl::Status> Send(std::shared_ptr<MemoryPipe> pipe,
                                 absl::string_view data) {
    if (pipe->sending_) {
      co_return BusyResourceError("another task sends to this stream");
    }
    InUse sending(pipe->sending_);
    co_await Checkpoint();
    if (absl::Status status = pipe->SendStatus(); !status.ok()) {
      co_return status;
    }
    Offer offer(*pipe, data);
    pipe->Move();
    while (!pipe->offered_.empty()) {
      co_await pipe->sender_.Park("MemoryStream::SendAll");
      if (pipe->offered_.empty()) break;
      if (absl::Status status = pipe->SendStatus(); !status.ok()) {
        co_return status;
      }
    }
    co_return absl::OkStatus();
  }

  static Task<absl::Status> SendEof(std::shared_ptr<MemoryPipe> pipe) {
    if (pipe->sending_) {
      co_return BusyResourceError("another task sends to this stream");
    }
    InUse sending(pipe->sending_);
    co_await Checkpoint();
    if (pipe->sender_closed_) {
      co_return ClosedResourceError("SendEof: the stream was closed");
    }
    if (pipe->is_cut_off_) co_return CutOffError("SendEof");
    pipe->End();
    co_return absl::OkStatus();
  }

  std::size_t TrySend(absl::string_view data) {
    if (sending_ || !SendStatus().ok()) return 0;
    const std::size_t room = capacity_ - buffer_.size();
    data = data.substr(0, room);
    buffer_.append(data.data(), data.size());
    if (!data.empty()) receiver_.UnparkAll();
    return data.size();
  }

  void CloseSender() {
    sender_closed_ = true;
    End();
    sender_.UnparkAll();
  }

  // The same, but that the receiver gets an error instead of what is left.
  void Reset() {
    is_reset_ = true;
    buffer_.clear();
    CloseSender();
  }

  void CloseReceiver() {
    receiver_closed_ = true;
    buffer_.clear();
    receiver_.UnparkAll();
    sender_.UnparkAll();
  }

  bool receiver_closed() const { return receiver_closed_; }

  std::size_t unread() const { return buffer_.size() + offered_.size(); }

 private:
  // What SendAll() has in hand. If it leaves with a part of it, because it was
  // cancelled, nothing sensible can be sent after that.
  class Offer {
   public:
    Offer(MemoryPipe& pipe, absl::string_view data)
        : pipe_(pipe), size_(data.size()) {
      pipe_.offered_ = data;
    }
    Offer(const Offer&) = delete;
    Offer& operator=(const Offer&) = delete;
    ~Offer() {
      const std::size_t left = pipe_.offered_.size();
      if (left > 0 && left < size_) pipe_.is_cut_off_ = true;
      pipe_.offered_ = absl::string_view();
    }

   private:
    MemoryPipe& pipe_;
    const std::size_t size_;
  };

  static absl::Status CutOffError(const char* what) {
    return BrokenResourceError(absl::StrCat(
        what, ": an earlier send was cancelled when a part had been sent"));
  }

  absl::Status SendStatus() const {
    if (sender_closed_ || ended_) {
      return ClosedResourceError("SendAll: the stream was closed for sending");
    }
    if (is_cut_off_) {
      return CutOffError("SendAll");
    }
    if (receiver_closed_) {
      return BrokenResourceError("SendAll: the peer has closed its stream");
    }
    return absl::OkStatus();
  }

  // From the sender's hand into the buffer.
  void Move() {
    const std::size_t room = capacity_ - buffer_.size();
    const std::size_t size = std::min(room, offered_.size());
    buffer_.append(offered_.data(), size);
    offered_.remove_prefix(size);
    if (unread() > 0) receiver_.UnparkAll();
    if (offered_.empty()) sender_.UnparkAll();
  }

  std::size_t Take(absl::Span<char> buffer) {
    const std::size_t buffered = std::min(buffer.size(), buffer_.size());
    std::copy_n(buffer_.data(), buffered, buffer.data());
    buffer_.erase(0, buffered);
    const std::size_t direct =
        std::min(buffer.size() - buffered, offered_.size());
    std::copy_n(offered_.data(), direct, buffer.data() + buffered);
    offered_.remove_prefix(direct);
    if (buffered + direct > 0) Move();
    return buffered + direct;
  }

  void End() {
    ended_ = true;
    receiver_.UnparkAll();
  }

  const std::size_t capacity_;
  std::string buffer_;
  absl::string_view offered_;
  bool receiving_ = false;
  bool sending_ = false;
  bool ended_ = false;
  bool is_reset_ = false;
  bool is_cut_off_ = false;
  bool receiver_closed_ = false;
  bool sender_closed_ = false;
  ParkingLot receiver_;
  ParkingLot sender_;
};

}  // namespace creche::internal

namespace creche {

using internal::MemoryPipe;

MemoryStream::MemoryStream(std::shared_ptr<MemoryPipe> in,
                           std::shared_ptr<MemoryPipe> out)
    : in_(std::move(in)), out_(std::move(out)) {}

MemoryStream& MemoryStream::operator=(MemoryStream&& other) noexcept {
  if (this != &other) {
    Close();
    in_ = std::move(other.in_);
    out_ = std::move(other.out_);
  }
  return *this;
}

CRECHE_CORO_WRAPPER Task<absl::StatusOr<std::size_t>> MemoryStream::ReceiveSome(
    absl::Span<char> buffer) {
  return MemoryPipe::Receive(in_, buffer);
}

CRECHE_CORO_WRAPPER Task<absl::Status> MemoryStream::SendAll(
    absl::string_view data) {
  return MemoryPipe::Send(out_, data);
}

CRECHE_CORO_WRAPPER Task<absl::Status> MemoryStream::SendEof() {
  return MemoryPipe::SendEof(out_);
}

std::size_t MemoryStream::TrySend(absl::string_view data) {
  return out_ != nullptr ? out_->TrySend(data) : 0;
}

void MemoryStream::Close() {
  if (in_ == nullptr) return;  // Moved from.
  in_->CloseReceiver();
  out_->CloseSender();
}

void MemoryStream::Abort() {
  if (in_ == nullptr || in_->receiver_closed()) return;
  in_->CloseReceiver();
  out_->Reset();
}

std::size_t MemoryStream::unread() const { return in_->unread(); }

std::pair<MemoryStream, MemoryStream> MemoryStreamPair(std::size_t capacity) {
  auto forth = std::make_shared<MemoryPipe>(capacity);
  auto back = std::make_shared<MemoryPipe>(capacity);
  return {MemoryStream(back, forth), MemoryStream(forth, back)};
}

std::pair<MemoryStream, MemoryStream> LockstepStreamPair() {
  return MemoryStreamPair(/*capacity=*/0);
}

}  // namespace creche
