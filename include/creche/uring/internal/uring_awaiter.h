// SPDX-License-Identifier: Apache-2.0
//
// UringAwaiter: what Uring() gives to co_await.

#ifndef CRECHE_URING_INTERNAL_URING_AWAITER_H_
#define CRECHE_URING_INTERNAL_URING_AWAITER_H_

#include <liburing.h>

#include <utility>

#include "creche/core/internal/continuation.h"
#include "creche/core/internal/kept_callable.h"
#include "creche/uring/internal/task_operation.h"

namespace creche::internal {

// Aborts the process if Uring() cannot wait for what `entry` describes.
void CheckUringEntry(const io_uring_sqe& entry);

template <typename Prepare>
class [[nodiscard]] UringAwaiter final : public TaskOperation {
 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  explicit UringAwaiter(Prepare&& prepare)
      : TaskOperation("Uring"), prepare_(std::forward<Prepare>(prepare)) {}

  bool await_ready() const { return false; }

  bool SuspendIn(Frame leaf) {
    io_uring_sqe entry = {};
    prepare_(entry);
    CheckUringEntry(entry);
    StartAndWait(leaf, entry);
    return true;
  }

  int await_resume() const { return result(); }

 private:
  KeptCallable<Prepare> prepare_;
};

}  // namespace creche::internal

#endif  // CRECHE_URING_INTERNAL_URING_AWAITER_H_
