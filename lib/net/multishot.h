// SPDX-License-Identifier: Apache-2.0
//
// Multishot: an operation on a socket that the kernel answers again and again,
// whether or not a task waits.

#ifndef CRECHE_LIB_NET_MULTISHOT_H_
#define CRECHE_LIB_NET_MULTISHOT_H_

#include "creche/net/internal/socket.h"
#include "creche/uring/operation_port.h"

namespace creche::internal {

// Each socket has at most one, which belongs to it: what has come and was not
// asked for is kept here. While it is under way it keeps the socket alive, and
// its descriptor open; closing the socket ends it.
//
// The task that waits, if any, is the socket's operation that receives, and is
// told of everything that comes.
class Multishot : public Operation {
 public:
  virtual ~Multishot() = default;

  bool is_armed() const { return port_ != nullptr; }

  // Asks the kernel to end it. More may come until it has ended.
  void Disarm();

  // Drops what was kept. The socket has closed.
  virtual void Clear() = 0;

 protected:
  explicit Multishot(Socket& socket)
      : Operation(Kind::kBackground), socket_(socket) {}

  // Requires: it is not armed.
  void Arm(const io_uring_sqe& entry);

  // Keeps what has come, or drops it if the socket has closed. Returns true if
  // that is more than should be kept: if nobody waits for it, it is ended.
  virtual bool Keep(int result, unsigned flags) = 0;

  Socket& socket_;

 private:
  void Completed(int result, unsigned flags) final;

  OperationPort* port_ = nullptr;  // Where it is under way.
  bool is_ending_ = false;
  SocketRef keep_alive_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_NET_MULTISHOT_H_
