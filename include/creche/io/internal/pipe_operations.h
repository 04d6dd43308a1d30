// SPDX-License-Identifier: Apache-2.0
//
// The operations on pipes, and on other descriptors that are no sockets.

#ifndef CRECHE_IO_INTERNAL_PIPE_OPERATIONS_H_
#define CRECHE_IO_INTERNAL_PIPE_OPERATIONS_H_

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/io/internal/pipe_descriptor.h"
#include "creche/uring/internal/descriptor_operation.h"
#include "creche/uring/internal/outgoing_bytes.h"

struct io_uring_sqe;

namespace creche::internal {

// How operations on descriptors that are no sockets transfer. If others have
// put the descriptor, which they share, into non-blocking mode, the kernel does
// not wait: then this polls first. If the kernel would block the run, a worker
// does it.
class PipeTransfer {
 public:
  void PrepareRead(const PipeDescriptor& pipe, absl::Span<char> buffer,
                   io_uring_sqe& entry) const;
  void PrepareWrite(const PipeDescriptor& pipe, const OutgoingBytes& bytes,
                    io_uring_sqe& entry) const;

  // A part has ended with `result`. Returns true if it has only found out that
  // the descriptor is in non-blocking mode, or has waited because it is.
  bool OnlyWaits(int result);

 private:
  bool polls_ = false;
};

class [[nodiscard]] ReadOperation final : public DescriptorOperation {
 public:
  ReadOperation(PipeRef pipe, absl::Span<char> buffer)
      : DescriptorOperation(pipe.get(), SharedDescriptor::kReceive,
                            "ReceiveSome"),
        pipe_(std::move(pipe)),
        buffer_(buffer) {}
  absl::StatusOr<size_t> await_resume() {
    if (!status_.ok()) return std::move(status_);
    return received_;
  }

 private:
  bool TryWithoutKernel() override;
  void Prepare(io_uring_sqe& entry) override;
  bool OnPart(int result) override;

  PipeRef pipe_;
  const absl::Span<char> buffer_;
  size_t received_ = 0;
  PipeTransfer transfer_;
};

class [[nodiscard]] WriteOperation final : public DescriptorOperation {
 public:
  WriteOperation(PipeRef pipe, absl::string_view data)
      : DescriptorOperation(pipe.get(), SharedDescriptor::kSend, "SendAll"),
        pipe_(std::move(pipe)),
        bytes_(data) {}
  absl::Status await_resume() { return std::move(status_); }

 private:
  bool TryWithoutKernel() override;
  void Prepare(io_uring_sqe& entry) override;
  bool OnPart(int result) override;
  bool IsBulk() const override { return bytes_.size() >= kBulkBytes; }
  void OnCutShort() override { bytes_.CutShort(pipe_->state()); }

  PipeRef pipe_;
  OutgoingBytes bytes_;
  PipeTransfer transfer_;
};

// Closes it. Never waits. Once is as good as twice.
class [[nodiscard]] CloseOperation final : public DescriptorOperation {
 public:
  explicit CloseOperation(PipeRef pipe)
      : DescriptorOperation(pipe.get(), SharedDescriptor::kSend, "SendEof"),
        pipe_(std::move(pipe)) {}
  absl::Status await_resume() { return std::move(status_); }

 private:
  bool WorksWhenClosed() const override {
    return pipe_->state().has_sent_eof();
  }
  bool TryWithoutKernel() override;
  void Prepare(io_uring_sqe&) override {}
  bool OnPart(int) override { return false; }

  PipeRef pipe_;
};

}  // namespace creche::internal

#endif  // CRECHE_IO_INTERNAL_PIPE_OPERATIONS_H_
