// SPDX-License-Identifier: Apache-2.0
//
// The operations on pipes, and on other descriptors that are no sockets.

#ifndef CRECHE_IO_INTERNAL_PIPE_OPERATIONS_H_
#define CRECHE_IO_INTERNAL_PIPE_OPERATIONS_H_

#include <liburing.h>

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/net/internal/socket.h"

namespace creche::internal {

// What operations on descriptors that are no sockets have in common. If others
// have put the descriptor, which they share, into non-blocking mode, the kernel
// does not wait: then this polls first. If the kernel would block the run
// (`blocks`), a worker does it.
class [[nodiscard]] ReadOperation final : public ReceiveOperation {
 public:
  ReadOperation(SocketRef socket, absl::Span<char> buffer, bool blocks)
      : ReceiveOperation(std::move(socket), buffer, /*exactly=*/false,
                         "ReceiveSome"),
        blocks_(blocks) {}
  absl::StatusOr<size_t> await_resume() {
    if (!status_.ok()) return std::move(status_);
    return received_;
  }

 private:
  void Prepare(io_uring_sqe& entry) override;
  bool OnPart(int result) override;

  const bool blocks_;
  bool polls_ = false;
};

class [[nodiscard]] WriteOperation final : public SendOperation {
 public:
  WriteOperation(SocketRef socket, absl::string_view data, bool blocks)
      : SendOperation(std::move(socket), data), blocks_(blocks) {}

 private:
  void Prepare(io_uring_sqe& entry) override;
  bool OnPart(int result) override;

  const bool blocks_;
  bool polls_ = false;
};

// Closes it. Never waits. Once is as good as twice.
class [[nodiscard]] CloseOperation final : public SocketOperation {
 public:
  explicit CloseOperation(SocketRef socket)
      : SocketOperation(std::move(socket), Socket::kSend, "SendEof") {}
  absl::Status await_resume() { return std::move(status_); }

 private:
  bool WorksWhenClosed() const override { return has_sent_eof(); }
  bool TryWithoutKernel() override {
    if (has_sent_eof()) return true;
    status_ = CheckSend();
    if (!status_.ok()) return true;
    EndSending();
    socket_->Close();
    return true;
  }
  void Prepare(io_uring_sqe&) override {}
  bool OnPart(int) override { return false; }
};

}  // namespace creche::internal

#endif  // CRECHE_IO_INTERNAL_PIPE_OPERATIONS_H_
