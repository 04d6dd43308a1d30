// SPDX-License-Identifier: Apache-2.0

#include "creche/net/internal/socket.h"

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/core/errors.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/running.h"
#include "creche/uring/operation_port.h"
#include "lib/net/multishot_receive.h"
#include "lib/uring/part_size.h"
#include "lib/uring/system_error.h"

namespace creche::internal {
namespace {

// A transfer of many bytes takes a task's time to complete operations at once
// as so many others would.
constexpr int kOperationsForMuch = 8;

// After so many parts of a transfer, others have their turn.
constexpr int kPartsAtOnce = 4;

// The connection is unusable, whatever is tried on it next.
bool MeansBroken(int error) {
  switch (error) {
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
    case ECONNREFUSED:
    case ENOTCONN:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ENETRESET:
    case EPROTO:
      return true;
    default:
      return false;
  }
}

}  // namespace

Socket::Socket(int fd, const SocketAddress& name)
    : fd_(fd), number_(fd), name_(name) {}

Socket::~Socket() { Close(); }

void Socket::Close() {
  if (is_closed_) return;
  is_closed_ = true;
  if (multishot_ != nullptr) {
    multishot_->Clear();
    multishot_->Disarm();
  }
  for (SocketOperation* operation : busy_) {
    if (operation != nullptr) operation->OnSocketClosed();
  }
  if (!is_in_use() || OperationPort::Current().SubmitNow()) CloseDescriptor();
}

int Socket::Release() {
  if (is_closed_) return -1;
  // (Of a stream, which only Release() of a stream calls.)
  const auto* ahead = static_cast<MultishotReceive*>(multishot_.get());
  const bool holds_blocks = ahead != nullptr && ahead->has_blocks();
  if (is_in_use() || holds_blocks || !unread_.empty()) {
    Misuse(absl::StrCat(
        "Release() on ", Label(),
        ": an operation is under way, or bytes have been received that nobody "
        "has taken (Receive() receives ahead): only an idle stream can move"));
  }
  is_closed_ = true;
  return std::exchange(fd_, -1);
}

std::string Socket::Label() const {
  if (name_.family() != AF_UNSPEC) return name_.ToString();
  return absl::StrCat("descriptor ", number_);
}

bool Socket::is_in_use() const {
  return busy_[kReceive] != nullptr || busy_[kSend] != nullptr ||
         (multishot_ != nullptr && multishot_->is_armed());
}

void Socket::CloseIfUnused() {
  if (!is_in_use()) CloseDescriptor();
}

void Socket::CloseDescriptor() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

// The kernel tells an error once. So one that has broken the connection is kept
// for the operations, which can say it.
size_t Socket::TrySend(absl::string_view data) {
  if (is_closed_ || sent_eof_ || sent_part_ || busy_[kSend] != nullptr ||
      broken_by_[kReceive] != 0 || broken_by_[kSend] != 0) {
    return 0;
  }
  const int result = OperationPort::TrySendOnCurrent(fd_, data);
  if (result >= 0) return static_cast<size_t>(result);
  if (MeansBroken(-result) && result != -EPIPE) broken_by_[kSend] = -result;
  return 0;
}

bool SocketOperation::SuspendIn(Frame leaf) {
  TaskRecord& task = *running.task;
  const bool may_complete_at_once = SpendOperation();
  if (task.UnwindsIfCancelled(leaf)) return true;
  bool is_complete = true;
  if (!socket_ || (socket_->is_closed() && !WorksWhenClosed())) {
    status_ = ClosedResourceError(Describe("it was closed before"));
  } else if (socket_->busy_[direction_] != nullptr) {
    status_ = BusyResourceError(
        Describe("another task is using it in this direction"));
  } else {
    is_complete = TryWithoutKernel();
  }
  if (is_complete) {
    if (may_complete_at_once) return false;
    task.Yield(leaf, /*cancellable=*/false);
    return true;
  }
  socket_->busy_[direction_] = this;
  if (AwaitsMultishot()) {
    WaitForOther(leaf);
  } else if (may_complete_at_once && MovesMuch()) {
    if (TransferInStep()) return false;
    WaitUnderWay(leaf);
  } else {
    io_uring_sqe entry = {};
    Prepare(entry);
    StartAndWait(leaf, entry);
  }
  return true;
}

// A batch of transfers of many bytes would have them all in turn evict each
// other from the cache; done one by one, a task finds there what it received
// when it works on it and sends it on.
bool SocketOperation::TransferInStep() {
  for (int parts = 0; parts < kPartsAtOnce; ++parts) {
    running.operations_left -= kOperationsForMuch;
    io_uring_sqe entry = {};
    Prepare(entry);
    if (!StartAtOnce(entry)) return false;
    if (!OnPart(result())) {
      Finish();
      return true;
    }
  }
  io_uring_sqe entry = {};
  Prepare(entry);
  StartNext(entry);
  return false;
}

// What came meanwhile is taken first; then this has the socket for itself.
bool SocketOperation::AwaitsMultishot() {
  if (direction_ != Socket::kReceive || socket_->multishot_ == nullptr) {
    return false;
  }
  socket_->multishot_->Disarm();
  return socket_->multishot_->is_armed();
}

void SocketOperation::OnMultishot() {
  if (TryWithoutKernel()) {
    Finish();
    Wake();
  } else if (!AwaitsMultishot()) {
    io_uring_sqe entry = {};
    Prepare(entry);
    StartNext(entry);
  }
}

void SocketOperation::OnAbandoned() {
  OnCutShort();
  Finish();
}

void SocketOperation::OnSocketClosed() {
  if (is_under_way()) return CancelInKernel();
  if (awaits_its_turn_) return;
  OnCutShort();
  status_ = ClosedResourceError(Describe("it was closed meanwhile"));
  Finish();
  Wake();
}

void SocketOperation::OnEnd(int result) {
  if (IsCancelled(result) && !may_go_on()) {
    OnCutShort();
    if (!abort_requested()) {
      status_ = ClosedResourceError(Describe("it was closed meanwhile"));
    }
    Finish();
    return abort_requested() ? WakeAborted() : Wake();
  }
  if (OnPart(result)) {
    if (may_go_on()) {
      if (DefersToTaskStep()) return;
      io_uring_sqe entry = {};
      Prepare(entry);
      return StartNext(entry);
    }
    return OnEnd(-ECANCELED);
  }
  Finish();
  Wake();
}

void SocketOperation::Finish() {
  socket_->busy_[direction_] = nullptr;
  if (socket_->is_closed()) socket_->CloseIfUnused();
}

void SocketOperation::Fail(int error) {
  if (!MeansBroken(error)) {
    status_ = SystemError(error, Where());
    return;
  }
  status_ = BrokenResourceError(Describe(std::strerror(error)));
  // A FIFO can get another reader.
  if (error != EPIPE) socket_->broken_by_[direction_] = error;
}

absl::Status SocketOperation::CheckSend() const {
  if (socket_->sent_eof_) {
    return ClosedResourceError(Describe("SendEof() was called before"));
  }
  if (socket_->sent_part_) {
    return BrokenResourceError(
        Describe("an earlier send was cancelled or failed in the middle, so "
                 "the peer would take what comes now for the rest of that"));
  }
  for (const int error : socket_->broken_by_) {
    if (error != 0) return BrokenResourceError(Describe(std::strerror(error)));
  }
  return absl::OkStatus();
}

size_t SocketOperation::TakeUnread(absl::Span<char> buffer) {
  std::string& unread = socket_->unread_;
  size_t size = std::min(unread.size(), buffer.size());
  std::copy_n(unread.begin(), size, buffer.begin());
  unread.erase(0, size);
  if (auto* multishot =
          static_cast<MultishotReceive*>(socket_->multishot_.get())) {
    size += multishot->TakeBytes(buffer.subspan(size));
  }
  return size;
}

bool SocketOperation::FailsToReceive() {
  int error = socket_->broken_by_[Socket::kReceive];
  auto* multishot = static_cast<MultishotReceive*>(socket_->multishot_.get());
  if (error == 0 && multishot != nullptr) error = multishot->TakeError();
  if (error != 0) Fail(error);
  return error != 0;
}

bool SocketOperation::FailsAtEnd() {
  const int error = socket_->broken_by_[Socket::kSend];
  if (error != 0) Fail(error);
  return error != 0;
}

void SocketOperation::PrepareReceive(io_uring_sqe& entry, char* data,
                                     size_t size) {
  io_uring_prep_recv(&entry, socket_->fd(), data, PartSize(size), 0);
  if (socket_->is_drained_ && OperationPort::Current().features().poll_first) {
    entry.ioprio |= IORING_RECVSEND_POLL_FIRST;
  }
}

std::string SocketOperation::Where() const {
  std::string where = absl::StrCat(wait_name(), "()");
  if (socket_) absl::StrAppend(&where, " on ", socket_->Label());
  return where;
}

std::string SocketOperation::Describe(absl::string_view text) const {
  return absl::StrCat(Where(), ": ", text);
}

}  // namespace creche::internal
