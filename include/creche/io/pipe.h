// SPDX-License-Identifier: Apache-2.0
//
// PipeReader, PipeWriter: the ends of a pipe, or of anything else that can be
// read or written like one: a terminal, a file at its position, a FIFO.
//
//   auto [reader, writer] = co_await creche::Try(creche::MakePipe());
//   co_await creche::Try(writer.SendAll("hello"));
//
// For those that the process was started with: io/standard_streams.h.

#ifndef CRECHE_IO_PIPE_H_
#define CRECHE_IO_PIPE_H_

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/net/internal/socket.h"

namespace creche {
namespace internal {

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
  bool CompletesAtOnce() override {
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

// One end. Destroying it closes it.
class PipeEnd {
 public:
  PipeEnd(const PipeEnd&) = delete;
  PipeEnd& operator=(const PipeEnd&) = delete;

  // A task that waits on this end gets an error (IsClosedResource).
  void Close() {
    if (socket_) socket_->Close();
  }
  // -1 if closed. It remains this object's: do not close it.
  int fd() const { return socket_ ? socket_->fd() : -1; }

 protected:
  explicit PipeEnd(int fd);
  PipeEnd(PipeEnd&& other) noexcept = default;
  PipeEnd& operator=(PipeEnd&& other) noexcept {
    if (this != &other) {
      Close();
      socket_ = std::move(other.socket_);
      blocks_ = other.blocks_;
    }
    return *this;
  }
  ~PipeEnd() { Close(); }

  SocketRef socket_;
  bool blocks_;  // Reading or writing it in place would stop the run.
};

}  // namespace internal

// Errors: IsClosedResource, IsBusyResource (another task is receiving), others
//   as errno says.
class PipeReader : public internal::PipeEnd {
 public:
  // Takes over a descriptor that can be read.
  explicit PipeReader(int fd) : PipeEnd(fd) {}

  // Waits for bytes and gives how many there are in `buffer`: at least one, or
  // 0 at the end: the other end was closed, also that of a pseudo terminal.
  // `buffer` must not be empty.
  // Cancellation: safe. The bytes stay in the pipe.
  internal::ReadOperation ReceiveSome(absl::Span<char> buffer) {
    return internal::ReadOperation(socket_, buffer, blocks_);
  }
};

// Errors: IsBrokenResource: nobody reads any more. IsClosedResource,
//   IsBusyResource (another task is sending), others as errno says.
class PipeWriter : public internal::PipeEnd {
 public:
  // Takes over a descriptor that can be written. Writing where nobody reads any
  // more gives an error, not a SIGPIPE: from now on the process ignores that,
  // unless it has said otherwise.
  explicit PipeWriter(int fd);

  // Sends all of `data`, which must live as long as the call.
  // Cancellation: partial. If it was not the whole or nothing that had been
  //   sent, further calls fail (IsBrokenResource).
  internal::WriteOperation SendAll(absl::string_view data) {
    return internal::WriteOperation(socket_, data, blocks_);
  }

  // Close(), unless another task is sending or an earlier SendAll() was cut
  // short (IsBrokenResource). A second call does nothing.
  // Cancellation: safe.
  internal::CloseOperation SendEof() {
    return internal::CloseOperation(socket_);
  }
};

// What is sent to the second is received from the first.
// Errors: kResourceExhausted: no descriptors.
absl::StatusOr<std::pair<PipeReader, PipeWriter>> MakePipe();

}  // namespace creche

#endif  // CRECHE_IO_PIPE_H_
