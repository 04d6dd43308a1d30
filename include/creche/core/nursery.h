// SPDX-License-Identifier: Apache-2.0
//
// Nursery: a block that ends only when all its child tasks have ended.
//
//   absl::Status status = co_await creche::WithNursery(
//       [&](creche::Nursery& nursery) -> creche::Task<absl::Status> {
//         nursery.StartSoon(ReadRequests, std::ref(stream));
//         nursery.StartSoon(SendHeartbeats, std::ref(stream));
//         co_return absl::OkStatus();
//       });
//   // Here both have ended, and `status` says how.

#ifndef CRECHE_CORE_NURSERY_H_
#define CRECHE_CORE_NURSERY_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/error_group.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/forward.h"
#include "creche/core/internal/nursery_state.h"
#include "creche/core/named.h"
#include "creche/core/results.h"
#include "creche/core/task.h"
#include "creche/core/task_status.h"

namespace creche {

// Children inherit the cancel scopes of the place where the nursery was opened,
// and the task-locals of whoever calls StartSoon(). The body counts as a child.
// The first failure (an error Status or an exception) cancels everyone, the
// body included. A nursery whose body has ended still accepts children while
// others run.
//
// The body loses its locals when it ends, before its children have: what
// children refer to must be outside of WithNursery().
//
// There is no way to have a nursery but WithNursery(). It belongs to the thread
// of its run: to use it elsewhere aborts.
class Nursery {
 public:
  Nursery(const Nursery&) = delete;
  Nursery& operator=(const Nursery&) = delete;

  // Starts a child task that runs f(args...), which returns Task<void> or
  // Task<absl::Status>. Copies or moves `f` and `args` into the child (pass
  // std::ref() for references), where they live until it has ended, and hands
  // them to `f` as rvalues; what `f` takes by reference and is given as
  // something else ("text" for a const std::string&) is converted, and kept, at
  // once. Returns before the child runs. A child of a cancelled nursery still
  // starts, and unwinds at its first checkpoint. Aborts if the nursery has
  // closed, and if std::ref() or a pointer refers to a local of the nursery's
  // body, or of a call that the body awaits.
  // Order: children become runnable in the order of the calls.
  template <typename F, typename... Args>
  void StartSoon(F&& f, Args&&... args);

  // Starts a child that runs f(args..., TaskStatus<V>), and waits until it
  // calls Started(v) on that status; co_await gives v, or the error it ended
  // with before. See core/task_status.h.
  //
  // Cancellation: until Started(), the child is cancelled with its caller, and
  // has then left nothing in this nursery.
  // Errors: the child's own, unwrapped; kFailedPrecondition: it ended without
  // calling Started(). Aborts as StartSoon() does.
  template <typename V = void, typename F, typename... Args>
  CRECHE_CORO_WRAPPER Task<StatusOrOf<V>> Start(F&& f, Args&&... args);

  // Cancels the body and all children.
  void Cancel(absl::string_view reason = "") { cancel_scope().Cancel(reason); }

  // The scope around body and children: to move its deadline, say.
  CancelScope& cancel_scope() { return state_.cancel_scope(); }

  // The number of children that have not ended, the body not counted.
  size_t child_count() const { return state_.child_count(); }

 private:
  friend class internal::NurseryAccess;

  Nursery() = default;
  ~Nursery() = default;

  internal::NurseryState state_;
  Nursery* next_ = nullptr;  // Where it waits for its next use.
};

// Opens a nursery and runs body(nursery), which returns a Task<R>. co_await
// gives StatusOrOf<R> when the body and all children have ended:
// - nobody failed: the body's result, or OK;
// - one failed with an error Status: that very Status;
// - several failed: what GroupErrors() makes of them, in order of arrival;
// - anything has thrown: an ExceptionGroup is thrown;
// - cancelled by its own scope, without an error: OK, or kCancelled where the
//   body was to give a value;
// - cancelled from outside: the cancellation goes on outwards.
//
// Cancellation: same as the body and the children. Leaving the nursery is
// always a schedule point and never a cancel point: if all ended cleanly, the
// code after it runs.
template <typename Body>
auto WithNursery(Body&& body);

}  // namespace creche

#include "creche/core/internal/nursery_inl.h"

#endif  // CRECHE_CORE_NURSERY_H_
