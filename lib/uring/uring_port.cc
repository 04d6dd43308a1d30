// SPDX-License-Identifier: Apache-2.0

#include "lib/uring/uring_port.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/internal/misuse.h"
#include "lib/uring/setup_error.h"

namespace creche::internal {
namespace {

// What the user_data of an entry is: the address of an Operation, or this.
constexpr std::uint64_t kCancellation = 1;

// After which the kernel, which was short of something, is asked again.
constexpr absl::Duration kPauseToSubmit = absl::Milliseconds(1);

}  // namespace

UringPort::~UringPort() {
  if (notify_fd_ >= 0) close(notify_fd_);
  if (completion_fd_ >= 0) close(completion_fd_);
}

absl::Status UringPort::Open() {
  if (absl::Status opened = ring_.Open(ring_entries_, features_, setup_);
      !opened.ok()) {
    return opened;
  }
  // Blocking, so that a read by the ring waits; 2^64 writes will not come.
  notify_fd_ = eventfd(0, EFD_CLOEXEC);
  if (notify_fd_ < 0) {
    const int error = errno;
    ring_.Close();
    return SetupError(error, /*io_uring_disabled=*/-1);
  }
  is_closing_ = false;
  notify_.Arm();  // For Wait(): a port that has nothing else to do is idle.
  set_is_idle(true);
  return absl::OkStatus();
}

void UringPort::Close() {
  if (pending_ != 0) {
    Misuse("a run has ended with kernel operations under way");
  }
  if (in_background_ > 0) EndBackground();
  is_closing_ = true;
  Cancel(notify_);
  while (notify_.is_armed()) Wait(absl::InfiniteDuration());
  if (blocks_ != nullptr) std::exchange(blocks_, nullptr)->Close();
  ring_.Close();
  close(std::exchange(notify_fd_, -1));
  if (completion_fd_ >= 0) close(std::exchange(completion_fd_, -1));
}

// Most have been cancelled, with what they belong to. What is left belongs to
// objects that outlive the run. (Linux before 5.19 does not know
// IORING_ASYNC_CANCEL_ANY, which would end all at once.)
void UringPort::EndBackground() {
  while (in_background_ > 0) {
    while (Operation* operation = background_.front()) Cancel(*operation);
    Wait(absl::InfiniteDuration());
  }
}

void UringPort::Poll() {
  if (cancelled_.is_to_ask_again()) CancelAgain();
  ring_.Submit();
  if (ring_.has_completions()) Deliver();
}

void UringPort::Wait(absl::Duration at_most) {
  if (!cancelled_.empty()) return WaitForCancelled(at_most);
  ring_.SubmitAndWait(at_most);
  Deliver();
}

// The answer to a cancellation is no reason to return: that would look as if
// something had happened. Nor is it that something was asked again.
void UringPort::WaitForCancelled(absl::Duration at_most) {
  using Clock = CancelRequests::Clock;
  const Clock::time_point start = Clock::now();
  absl::Duration left = at_most;
  while (left > absl::ZeroDuration()) {
    CancelAgain();
    ring_.SubmitAndWait(std::min(left, cancelled_.TimeLeft(Clock::now())));
    if (Deliver()) return;
    left = at_most - absl::FromChrono(Clock::now() - start);
  }
}

absl::StatusOr<int> UringPort::OpenWaitDescriptor() {
  completion_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  int error = completion_fd_ < 0 ? errno : 0;
  if (error == 0) {
    error = -io_uring_register_eventfd(ring_.get(), completion_fd_);
  }
  if (error != 0) return SetupError(error, /*io_uring_disabled=*/-1);
  return completion_fd_;
}

// Empties the descriptor before it looks: what comes later fills it anew.
absl::Duration UringPort::PollToWait() {
  std::uint64_t count = 0;
  // Fails if there was nothing.
  [[maybe_unused]] const ssize_t got =
      read(completion_fd_, &count, sizeof(count));
  if (cancelled_.is_to_ask_again()) CancelAgain();
  ring_.Submit();
  if (ring_.has_completions() && Deliver()) return absl::ZeroDuration();
  // No completion tells when the kernel can take the rest.
  if (!ring_.is_all_submitted()) return kPauseToSubmit;
  return cancelled_.empty() ? absl::InfiniteDuration()
                            : cancelled_.TimeLeft(CancelRequests::Clock::now());
}

void UringPort::CancelAgain() {
  cancelled_.AskAgain(
      CancelRequests::Clock::now(),
      [this](const Operation& operation) { QueueCancel(operation); });
}

void UringPort::Notify() {
  const int error = errno;
  const std::uint64_t one = 1;
  // Fails only if the run has ended, and then nobody waits.
  [[maybe_unused]] const ssize_t written = write(notify_fd_, &one, sizeof(one));
  errno = error;
}

void UringPort::Start(Operation& operation, const io_uring_sqe& entry) {
  if (operation.is_background()) {
    ++in_background_;
    background_.PushBack(&operation);
  } else {
    ++pending_;
  }
  set_is_idle(false);
  QueueFor(operation, entry);
}

bool UringPort::StartAtOnce(Operation& operation, const io_uring_sqe& entry,
                            OperationResult& completed) {
  Start(operation, entry);
  Completion completion;
  if (!ring_.SubmitAndTake(reinterpret_cast<std::uintptr_t>(&operation),
                           completion)) {
    return false;
  }
  CancelRequests::Remove(operation);
  Forget(operation);
  completed = {completion.result, completion.flags};
  return true;
}

void UringPort::Forget(const Operation& operation) {
  --(operation.is_background() ? in_background_ : pending_);
  set_is_idle(pending_ + in_background_ == 0);
}

void UringPort::Cancel(Operation& operation) {
  if (operation.is_background()) operation.Unlink();  // It has its list.
  cancelled_.Add(operation);
  QueueCancel(operation);
}

// If it finds the operation, nobody needs to hear of it.
void UringPort::QueueCancel(const Operation& operation) {
  io_uring_sqe entry = {};
  io_uring_prep_cancel64(&entry, reinterpret_cast<std::uintptr_t>(&operation),
                         0);
  entry.user_data = kCancellation;
  if (ring_.can_skip_success()) entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
  ring_.Queue(entry);
}

bool UringPort::SubmitNow() {
  ring_.Submit();
  return ring_.is_all_submitted();
}

BlockRing* UringPort::blocks() {
  if (blocks_ == nullptr && ring_.features().multishot_receive) {
    blocks_ = BlockRing::Open(*ring_.get());
  }
  return blocks_;
}

void UringPort::QueueFor(Operation& operation, const io_uring_sqe& entry) {
  ring_.Queue(entry).user_data = reinterpret_cast<std::uintptr_t>(&operation);
}

// Returns true if anything has happened that a run may have waited for.
bool UringPort::Deliver() {
  bool delivered = false;
  Completion batch[64];
  size_t count = 0;
  do {
    count = ring_.Take(batch, std::size(batch));
    for (size_t i = 0; i < count; ++i) {
      const Completion& completion = batch[i];
      if (completion.user_data == kCancellation) {
        cancelled_.Answered(completion.result, CancelRequests::Clock::now());
        continue;
      }
      delivered = true;
      auto* operation = reinterpret_cast<Operation*>(
          static_cast<std::uintptr_t>(completion.user_data));
      const bool is_last = (completion.flags & IORING_CQE_F_MORE) == 0;
      if (is_last) CancelRequests::Remove(*operation);
      if (is_last && operation != &notify_) Forget(*operation);
      operation->Completed(completion.result, completion.flags);
    }
  } while (count == std::size(batch));
  return delivered;
}

// A poll that lasts completes each time that the descriptor is written to,
// whether or not anybody reads from it, so nobody does. Linux before 5.13 has
// none, and 5.17 mended it: kernels are taken that have what came with 5.19.
void UringPort::NotifyOperation::Arm() {
  io_uring_sqe entry = {};
  if (port_.features().multishot_accept) {
    io_uring_prep_poll_multishot(&entry, port_.notify_fd_, POLLIN);
  } else {
    io_uring_prep_read(&entry, port_.notify_fd_, &count_, sizeof(count_), 0);
  }
  port_.QueueFor(*this, entry);
  is_armed_ = true;
}

void UringPort::NotifyOperation::Completed(int /*result*/, unsigned flags) {
  if ((flags & IORING_CQE_F_MORE) != 0) return;
  is_armed_ = false;
  if (!port_.is_closing_) Arm();
}

}  // namespace creche::internal
