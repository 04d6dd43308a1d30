// SPDX-License-Identifier: Apache-2.0
//
// PipeEnd: what PipeReader and PipeWriter have in common.

#ifndef CRECHE_IO_INTERNAL_PIPE_END_H_
#define CRECHE_IO_INTERNAL_PIPE_END_H_

#include <utility>

#include "creche/io/internal/pipe_descriptor.h"

namespace creche::internal {

// One end. Destroying it closes it.
class PipeEnd {
 public:
  PipeEnd(const PipeEnd&) = delete;
  PipeEnd& operator=(const PipeEnd&) = delete;

  // A task that waits on this end gets an error (IsClosedResource).
  void Close() {
    if (descriptor_) descriptor_->Close();
  }
  // -1 if closed. It remains this object's: do not close it.
  int fd() const { return descriptor_ ? descriptor_->fd() : -1; }

 protected:
  explicit PipeEnd(int fd) : descriptor_(PipeRef::Make(fd)) {}
  PipeEnd(PipeEnd&& other) noexcept = default;
  PipeEnd& operator=(PipeEnd&& other) noexcept {
    if (this != &other) {
      Close();
      descriptor_ = std::move(other.descriptor_);
    }
    return *this;
  }
  ~PipeEnd() { Close(); }

  PipeRef descriptor_;
};

}  // namespace creche::internal

#endif  // CRECHE_IO_INTERNAL_PIPE_END_H_
