// SPDX-License-Identifier: Apache-2.0
//
// PipeDescriptor: one end of a pipe, or of what is used like one.

#ifndef CRECHE_IO_INTERNAL_PIPE_DESCRIPTOR_H_
#define CRECHE_IO_INTERNAL_PIPE_DESCRIPTOR_H_

#include "creche/uring/internal/shared_descriptor.h"
#include "creche/uring/internal/stream_state.h"

namespace creche::internal {

class PipeDescriptor final : public SharedDescriptor {
 public:
  explicit PipeDescriptor(int fd);

  // Reading or writing it in place would stop the run.
  bool blocks() const { return blocks_; }
  StreamState& state() { return state_; }

 private:
  void OnBroken(Direction direction, int error) override {
    state_.NoteBroken(direction, error);
  }

  StreamState state_;
  const bool blocks_;
};

using PipeRef = DescriptorRef<PipeDescriptor>;

}  // namespace creche::internal

#endif  // CRECHE_IO_INTERNAL_PIPE_DESCRIPTOR_H_
