// SPDX-License-Identifier: Apache-2.0
//
// CancelScope: a piece of work that can be cancelled, shielded, or given a
// deadline.
//
//   creche::CancelScope scope;
//   nursery.StartSoon(CancelOnKeyPress, std::ref(scope));
//   std::optional<Page> page = co_await scope.Run(Fetch(url));
//   if (scope.cancelled_caught()) Print(scope.reason());
//
// (Like all that children refer to, `scope` is outside of the nursery's body.)
// For a plain timeout use MoveOnAfter() or FailAfter() (core/timeouts.h).

#ifndef CRECHE_CORE_CANCEL_SCOPE_H_
#define CRECHE_CORE_CANCEL_SCOPE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/forward.h"
#include "creche/core/shield.h"

namespace creche {

// What a scope has from the start.
struct CancelScopeOptions {
  // The scope is cancelled at this time on the run's clock...
  absl::Time deadline = absl::InfiniteFuture();
  // ... or so long after its entry, whichever is earlier. Not positive: at its
  // first checkpoint.
  absl::Duration timeout = absl::InfiniteDuration();
  // Hides cancellations and deadlines of the scopes outside.
  bool shield = false;
};

// Cancellation is level-triggered and final: from the moment when a scope is
// cancelled every checkpoint inside it, in child tasks too, unwinds the task
// that stands there: the `co_await` never returns, and frames are destroyed,
// innermost first, out to the outermost cancelled scope that is visible from
// there. That scope catches the cancellation. A shield hides what is outside of
// it, never its own scope's Cancel() or deadline.
//
// A scope is used for one Run(), and may be created, cancelled and adjusted
// before it, by other tasks too. It must outlive its Run(), and meanwhile
// belongs to the thread of that run: to use it elsewhere aborts.
class CancelScope {
 public:
  // Without a deadline, and not cancelled, unless `options` say otherwise.
  CancelScope() = default;
  explicit CancelScope(CancelScopeOptions options);
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

  // Runs `body` (a Task, another awaitable, or a callable that returns one)
  // inside this scope. co_await gives Completed<R>: the result of the body, or
  // none if this scope caught a cancellation. Exceptions pass.
  //
  // Cancellation: same as `body`. Not a checkpoint by itself.
  template <typename Body>
  auto Run(Body&& body);

  // Cancels everything in the scope, at each task's next checkpoint. Tasks that
  // wait are told at once. Has no effect but the first time: the first reason
  // is kept. Once Run() has ended it cancels nothing, and is noted.
  void Cancel(absl::string_view reason = "");

  // True once Cancel() was called or, before the end of Run(), the deadline has
  // passed, whether or not anything was there to be cancelled.
  bool cancel_called() const;

  // True once the scope has caught a cancellation. Of several scopes that are
  // cancelled, one inside the other, only the outermost catches.
  bool cancelled_caught() const { return node_.caught(); }

  // Why the scope was cancelled: what Cancel() was given first, or "deadline".
  std::string reason() const { return std::string(node_.reason()); }

  // Absolute, on the run's clock; absl::InfiniteFuture() if there is none. It
  // is looked at once per scheduler tick, after I/O. A deadline that has passed
  // unnoticed may still be moved; a scope that was cancelled stays so. Before
  // entry, deadline() of a scope with a timeout is what it would be now.
  // set_deadline() replaces what a timeout has set.
  absl::Time deadline() const;
  void set_deadline(absl::Time deadline);

  // Lifting a shield delivers a cancellation from outside at once.
  bool shield() const { return node_.shield(); }
  void set_shield(bool shield) { node_.set_shield(shield); }

 private:
  friend class internal::ScopeAccess;

  // Asking whether it was cancelled may notice that its deadline has passed.
  mutable internal::CancelNode node_;
};

// The earliest deadline that can cancel the running task where it stands;
// absl::InfinitePast() if it is cancelled already, absl::InfiniteFuture() if
// there is none. Respects shields. Aborts outside of a task.
absl::Time CurrentEffectiveDeadline();

// True if the running task will be unwound at its next checkpoint. Aborts
// outside of a task.
bool CurrentlyCancelled();

}  // namespace creche

#include "creche/core/internal/cancel_scope_inl.h"

#endif  // CRECHE_CORE_CANCEL_SCOPE_H_
