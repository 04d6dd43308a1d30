// SPDX-License-Identifier: Apache-2.0

#include "creche/io/internal/pipe_operations.h"

#include <liburing.h>
#include <poll.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "lib/io/stream_file.h"
#include "lib/uring/part_size.h"

namespace creche::internal {
namespace {

// Where the file's own position is, if it has one.
constexpr std::uint64_t kAtPosition = ~std::uint64_t{0};

}  // namespace

void PipeTransfer::PrepareRead(const PipeDescriptor& pipe,
                               absl::Span<char> buffer,
                               io_uring_sqe& entry) const {
  if (polls_) return io_uring_prep_poll_add(&entry, pipe.fd(), POLLIN);
  io_uring_prep_read(&entry, pipe.fd(), buffer.data(), PartSize(buffer.size()),
                     kAtPosition);
  if (pipe.blocks()) entry.flags |= IOSQE_ASYNC;
}

void PipeTransfer::PrepareWrite(const PipeDescriptor& pipe,
                                const OutgoingBytes& bytes,
                                io_uring_sqe& entry) const {
  if (polls_) return io_uring_prep_poll_add(&entry, pipe.fd(), POLLOUT);
  io_uring_prep_write(&entry, pipe.fd(), bytes.data(), PartSize(bytes.size()),
                      kAtPosition);
  if (pipe.blocks()) entry.flags |= IOSQE_ASYNC;
}

bool PipeTransfer::OnlyWaits(int result) {
  if (std::exchange(polls_, false)) return true;
  polls_ = result == -EAGAIN;
  return polls_;
}

bool ReadOperation::TryWithoutKernel() {
  if (buffer_.empty()) {
    status_ = absl::InvalidArgumentError(
        Describe("the buffer is empty, so no end of stream could be told from "
                 "success"));
    return true;
  }
  return FailsBy(pipe_->state().error(SharedDescriptor::kReceive));
}

void ReadOperation::Prepare(io_uring_sqe& entry) {
  transfer_.PrepareRead(*pipe_, buffer_, entry);
}

bool ReadOperation::OnPart(int result) {
  if (transfer_.OnlyWaits(result)) return true;
  if (IsEndOfTerminal(pipe_->fd(), result)) return false;
  if (result < 0) return OnFailedPart(result);
  received_ = static_cast<size_t>(result);
  return false;
}

bool WriteOperation::TryWithoutKernel() {
  status_ = pipe_->state().CheckSend(*this);
  return !status_.ok() || bytes_.empty();
}

void WriteOperation::Prepare(io_uring_sqe& entry) {
  transfer_.PrepareWrite(*pipe_, bytes_, entry);
}

bool WriteOperation::OnPart(int result) {
  if (transfer_.OnlyWaits(result)) return true;
  if (result < 0) return OnFailedPart(result);
  return bytes_.Sent(static_cast<size_t>(result));
}

bool CloseOperation::TryWithoutKernel() {
  if (pipe_->state().has_sent_eof()) return true;
  status_ = pipe_->state().CheckSend(*this);
  if (!status_.ok()) return true;
  pipe_->state().EndSending();
  pipe_->Close();
  return true;
}

}  // namespace creche::internal
