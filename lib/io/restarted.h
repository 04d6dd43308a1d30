// SPDX-License-Identifier: Apache-2.0
//
// Restarted: Uring(), for operations that do nothing when they are interrupted.

#ifndef CRECHE_LIB_IO_RESTARTED_H_
#define CRECHE_LIB_IO_RESTARTED_H_

#include <liburing.h>

#include <cerrno>
#include <utility>

#include "creche/core/internal/async_body.h"
#include "creche/uring/internal/task_operation.h"

namespace creche::internal {

template <typename Prepare>
class [[nodiscard]] RestartedAwaiter final : public TaskOperation {
 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  explicit RestartedAwaiter(Prepare&& prepare)
      : TaskOperation("Uring"), prepare_(std::forward<Prepare>(prepare)) {}

  bool await_ready() const { return false; }
  bool SuspendIn(Frame leaf) {
    StartAndWait(leaf, NewEntry());
    return true;
  }
  int await_resume() const { return result(); }

 private:
  void OnEnd(int result) override {
    if (result == -EINTR && !abort_requested()) {
      StartNext(NewEntry());
    } else {
      TaskOperation::OnEnd(result);
    }
  }

  io_uring_sqe NewEntry() {
    io_uring_sqe entry = {};
    prepare_(entry);
    return entry;
  }

  KeptCallable<Prepare> prepare_;
};

// What was interrupted by a signal, or because the process was stopped and goes
// on, begins again: nobody who uses a file has asked for that. `prepare` may be
// called more than once.
// Cancellation: as of Uring().
template <typename Prepare>
RestartedAwaiter<Prepare> Restarted(Prepare&& prepare) {
  return RestartedAwaiter<Prepare>(std::forward<Prepare>(prepare));
}

}  // namespace creche::internal

#endif  // CRECHE_LIB_IO_RESTARTED_H_
