// SPDX-License-Identifier: Apache-2.0
//
// Socket: what the sockets of net/ have in common. Programs use TcpStream,
// TcpListener and the others.

#ifndef CRECHE_NET_INTERNAL_SOCKET_H_
#define CRECHE_NET_INTERNAL_SOCKET_H_

#include <coroutine>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/internal/continuation.h"
#include "creche/net/socket_address.h"
#include "creche/uring/internal/task_operation.h"

namespace creche::internal {

class Multishot;
class SocketOperation;

// From this size a transfer is submitted by itself, with a system call of its
// own. (4 KiB are not worth that, and 64 KiB are: docs/benchmarks.md, "Tried".
// What lies between was not measured.)
inline constexpr size_t kBulkBytes = size_t{32} << 10;

// A descriptor, and who is using it. Shared by the object that a program has
// and the operations under way, on one thread. In each direction there is one
// operation at a time.
//
// The descriptor is closed with the socket, once the kernel knows of all
// operations on it: one that it has not looked at yet must not find another
// file under the same number. Only the descriptor is closed: duplicates of it,
// in this process or another, go on (so nothing here calls shutdown(), but for
// SendEof()). The kernel lets go of the file itself when it has ended the
// operations, which it does in Close() where it can.
class Socket {
 public:
  enum Direction { kReceive, kSend };

  Socket(int fd, const SocketAddress& name);
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // Ends the operations under way. What is closed once stays so. One system
  // call more if the kernel has operations to end.
  void Close();
  bool is_closed() const { return is_closed_; }

  int fd() const { return is_closed_ ? -1 : fd_; }
  // The peer, or for a listener itself: what errors are about.
  const SocketAddress& name() const { return name_; }
  // The same for people; without an address, the descriptor's number.
  std::string Label() const;

  // Sends what of `data` goes at once, unless an operation is sending or
  // sending has ended or broken. Returns how much that is.
  size_t TrySend(absl::string_view data);

  // Closes the socket, but not its descriptor, which is the caller's from now
  // on; -1 if it was closed. Aborts if anything is under way, or was received
  // and not delivered: whoever has the descriptor next would miss it.
  int Release();

  void set_carries_descriptors() { carries_descriptors_ = true; }

 private:
  friend class SocketRef;
  friend class SocketOperation;
  friend class StreamReceiveOperation;
  friend class ReceiveBlockOperation;
  friend class SendOperation;
  friend class SendEofOperation;
  friend class AcceptOperation;
  friend class Multishot;
  friend class MultishotAccept;
  friend class MultishotReceive;

  ~Socket();
  bool is_in_use() const;
  void CloseIfUnused();
  void CloseDescriptor();

  int fd_;
  const int number_;  // That it has or had, for people.
  int references_ = 0;
  bool is_closed_ = false;
  bool sent_part_ = false;  // Of a message whose rest will never come.
  bool sent_eof_ = false;
  // What comes may bring descriptors, which only a receive that asks for them
  // gets: so nothing is received ahead.
  bool carries_descriptors_ = false;
  // The error that operations in each direction were told and that has broken
  // the connection. The kernel tells it once, to whoever asks first, and shows
  // an end from then on. (But EPIPE it tells every time.) 0: none.
  int broken_by_[2] = {0, 0};
  bool is_drained_ = false;    // The last receive has left nothing.
  bool carries_much_ = false;  // The last receive brought kBulkBytes or more.
  SocketOperation* busy_[2] = {nullptr, nullptr};
  // Received by a ReceiveExactly() that was cancelled or has failed; comes
  // first next time.
  std::string unread_;
  // Nobody else receives on this socket while it is armed.
  std::unique_ptr<Multishot> multishot_;
  const SocketAddress name_;
};

class SocketRef {
 public:
  SocketRef() = default;
  SocketRef(int fd, const SocketAddress& name)
      : SocketRef(new Socket(fd, name)) {}
  SocketRef(const SocketRef& other) : SocketRef(other.socket_) {}
  SocketRef(SocketRef&& other) noexcept
      : socket_(std::exchange(other.socket_, nullptr)) {}
  SocketRef& operator=(SocketRef other) noexcept {
    std::swap(socket_, other.socket_);
    return *this;
  }
  ~SocketRef() {
    if (socket_ != nullptr && --socket_->references_ == 0) delete socket_;
  }

  Socket* operator->() const { return socket_; }
  explicit operator bool() const { return socket_ != nullptr; }

 private:
  friend class Multishot;

  explicit SocketRef(Socket* socket) : socket_(socket) {
    if (socket_ != nullptr) ++socket_->references_;
  }

  Socket* socket_ = nullptr;
};

// An operation on a socket, as an awaitable. Errors of use (closed, busy) come
// at once; a cancellation that came first comes before them. (Classes do not
// inherit [[nodiscard]]: each that a program awaits says it itself.)
class SocketOperation : public TaskOperation {
 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  bool await_ready() const { return false; }
  bool SuspendIn(Frame leaf);

 protected:
  // `socket` may be none: then it counts as closed.
  SocketOperation(SocketRef socket, Socket::Direction direction,
                  const char* what)
      : TaskOperation(what),
        socket_(std::move(socket)),
        direction_(direction) {}
  SocketOperation(const SocketOperation&) = default;
  ~SocketOperation() = default;

  // Called before anything is submitted. Returns true if the operation is done;
  // status_ has the outcome.
  virtual bool TryWithoutKernel() = 0;
  // True if it has something to say about a socket that is closed.
  virtual bool WorksWhenClosed() const { return false; }
  virtual void Prepare(io_uring_sqe& entry) = 0;
  // A part has ended with `result`, which is not that of a cancellation that
  // was asked for. Returns true if there is to be another part.
  virtual bool OnPart(int result) = 0;
  // True if the part that Prepare() would start moves so many bytes that it is
  // worth a system call of its own.
  virtual bool MovesMuch() const { return false; }
  // Called before another part is started. Returns true if the task will start
  // that part itself, in a step of its own.
  virtual bool DefersToTaskStep() { return false; }
  // The running task starts parts that complete at once: until the operation is
  // done, a part does not complete at once, or there have been a few. Returns
  // true if the operation is done; otherwise the next part is under way.
  bool TransferInStep();
  // It ends without the rest, because it was cancelled or the socket closed.
  virtual void OnCutShort() {}
  // True if the socket's Multishot will bring what this waits for, or will end
  // soon, so that nothing is to be started now.
  virtual bool AwaitsMultishot();

  void Finish();
  bool may_go_on() const { return !abort_requested() && !socket_->is_closed(); }
  // The outcome is `error`. If that has broken the connection, it stays broken.
  void Fail(int error);
  // OK if the socket is fit for sending; and that it is no longer.
  absl::Status CheckSend() const;
  void BreakSending() { socket_->sent_part_ = true; }
  void EndSending() { socket_->sent_eof_ = true; }
  bool has_sent_eof() const { return socket_->sent_eof_; }
  // What was received comes first in the next call; and moves it into `buffer`.
  // Returns how much.
  void KeepUnread(absl::string_view bytes) {
    socket_->unread_.insert(0, bytes.data(), bytes.size());
  }
  size_t TakeUnread(absl::Span<char> buffer);
  // Fails with the error that receiving has broken by, or with one that was
  // kept for the next receive. Returns false if there is none.
  bool FailsToReceive();
  // Receiving has come to an end. Returns true, and fails, if that was none: a
  // sender was told by what the connection has broken.
  bool FailsAtEnd();
  // Fills `entry`. It waits first if there is nothing to be had at once.
  void PrepareReceive(io_uring_sqe& entry, char* data, size_t size);
  // "ReceiveSome() on 127.0.0.1:80: ", and then `text`.
  std::string Describe(absl::string_view text) const;

  SocketRef socket_;
  absl::Status status_;
  bool awaits_its_turn_ = false;  // DefersToTaskStep() has arranged for that.

 private:
  friend class Multishot;
  friend class Socket;

  std::string Where() const;
  void OnEnd(int result) final;
  void OnAbandoned() final;
  // The Multishot has brought something, or has ended.
  void OnMultishot();
  void OnSocketClosed();

  const Socket::Direction direction_;
};

// Receiving from a stream. On one that carries much, the task that waits
// receives in its own step, when it hears that there is something: so it finds
// the bytes in the cache. (In a batch, the kernel would have received for all
// others before the task has its turn.)
class StreamReceiveOperation : public SocketOperation {
 protected:
  StreamReceiveOperation(SocketRef socket, const char* what)
      : SocketOperation(std::move(socket), Socket::kReceive, what) {}
  StreamReceiveOperation(const StreamReceiveOperation& other)
      : SocketOperation(other) {}
  ~StreamReceiveOperation() = default;

  // True if it is better to wait without a buffer at first.
  virtual bool WaitsFirst() const { return false; }
  virtual void PrepareToReceive(io_uring_sqe& entry) = 0;
  // So many bytes have come; 0: the end. Returns true if it needs more.
  virtual bool Received(size_t size) = 0;

  void Prepare(io_uring_sqe& entry) override;
  bool OnPart(int result) override;

 private:
  enum class Part { kNone, kWaiting, kHasWaited, kReceiving };

  bool MovesMuch() const override;
  bool DefersToTaskStep() override;
  bool MayResume() override;

  Part part_ = Part::kNone;
};

class ReceiveOperation : public StreamReceiveOperation {
 protected:
  ReceiveOperation(SocketRef socket, absl::Span<char> buffer, bool exactly,
                   const char* what)
      : StreamReceiveOperation(std::move(socket), what),
        buffer_(buffer),
        exactly_(exactly) {}

  bool TryWithoutKernel() override;
  void PrepareToReceive(io_uring_sqe& entry) override;
  bool Received(size_t size) override;
  void OnCutShort() override;

  absl::Span<char> buffer_;
  size_t received_ = 0;
  const bool exactly_;
};

class [[nodiscard]] ReceiveSomeOperation final : public ReceiveOperation {
 public:
  ReceiveSomeOperation(SocketRef socket, absl::Span<char> buffer)
      : ReceiveOperation(std::move(socket), buffer, /*exactly=*/false,
                         "ReceiveSome") {}
  absl::StatusOr<size_t> await_resume() {
    if (!status_.ok()) return std::move(status_);
    return received_;
  }
};

class [[nodiscard]] ReceiveExactlyOperation final : public ReceiveOperation {
 public:
  ReceiveExactlyOperation(SocketRef socket, absl::Span<char> buffer)
      : ReceiveOperation(std::move(socket), buffer, /*exactly=*/true,
                         "ReceiveExactly") {}
  absl::Status await_resume() { return std::move(status_); }
};

class [[nodiscard]] SendOperation : public SocketOperation {
 public:
  SendOperation(SocketRef socket, absl::string_view data)
      : SocketOperation(std::move(socket), Socket::kSend, "SendAll"),
        data_(data) {}
  absl::Status await_resume() { return std::move(status_); }

 protected:
  bool TryWithoutKernel() override;
  void Prepare(io_uring_sqe& entry) override;
  bool OnPart(int result) override;
  bool MovesMuch() const override;
  void OnCutShort() override;

  absl::string_view unsent() const { return data_.substr(sent_); }

 private:
  const absl::string_view data_;
  size_t sent_ = 0;
};

class [[nodiscard]] SendEofOperation final : public SocketOperation {
 public:
  explicit SendEofOperation(SocketRef socket)
      : SocketOperation(std::move(socket), Socket::kSend, "SendEof") {}
  absl::Status await_resume() { return std::move(status_); }

 private:
  bool TryWithoutKernel() override;
  void Prepare(io_uring_sqe&) override {}
  bool OnPart(int) override { return false; }
};

}  // namespace creche::internal

#endif  // CRECHE_NET_INTERNAL_SOCKET_H_
