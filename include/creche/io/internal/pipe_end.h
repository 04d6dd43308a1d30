// SPDX-License-Identifier: Apache-2.0
//
// PipeEnd: what PipeReader and PipeWriter have in common.

#ifndef CRECHE_IO_INTERNAL_PIPE_END_H_
#define CRECHE_IO_INTERNAL_PIPE_END_H_

#include <utility>

#include "creche/net/internal/socket.h"

namespace creche::internal {

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

}  // namespace creche::internal

#endif  // CRECHE_IO_INTERNAL_PIPE_END_H_
