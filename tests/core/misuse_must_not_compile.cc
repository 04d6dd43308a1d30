// SPDX-License-Identifier: Apache-2.0
//
// Correct code, with a mistake in each #ifdef. See
// bazel/compile_fail_test.bzl.

#include <coroutine>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/suspend.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"

namespace creche {

Task<> Nothing() { co_return; }
Task<int> Number() { co_return 1; }
Task<absl::Status> Outcome() { co_return absl::OkStatus(); }
Task<absl::StatusOr<int>> NumberOrError() { co_return 1; }
Task<> Increment(int& number) {
  ++number;
  co_return;
}
Task<> Serve(TaskStatus<int> status) {
  status.Started(1);
  co_return;
}

inline Task<absl::Status> Correct(Nursery& nursery) {
  int number = 0;
  nursery.StartSoon(Nothing);
  nursery.StartSoon(Outcome);
  nursery.StartSoon(Increment, std::ref(number));
  number += co_await Try(nursery.Start<int>(Serve));
  number += co_await Try(NumberOrError());
  Task<> task = Nothing();
  co_await std::move(task);
  Task<int> again = Number();
  number += co_await Shield(std::move(again));
  auto body = [owned = std::make_unique<int>(1)]() -> Task<> { co_return; };
  const bool done = co_await MoveOnAfter(absl::Seconds(1), body);
  co_return done ? absl::OkStatus() : absl::CancelledError();
}

#ifdef CHILD_RETURNS_A_VALUE
inline void Mistake(Nursery& nursery) { nursery.StartSoon(Number); }
#endif

#ifdef CHILD_RETURNS_A_STATUS_OR
inline void Mistake(Nursery& nursery) { nursery.StartSoon(NumberOrError); }
#endif

#ifdef CHILD_IS_A_TASK
inline void Mistake(Nursery& nursery) { nursery.StartSoon(Nothing()); }
#endif

#ifdef CHILD_IS_NO_COROUTINE
inline void Mistake(Nursery& nursery) {
  nursery.StartSoon([] { return 1; });
}
#endif

#ifdef CHILD_TAKES_A_REFERENCE
inline void Mistake(Nursery& nursery) {
  int number = 0;
  nursery.StartSoon(Increment, number);
}
#endif

#ifdef CHILD_IS_STARTED_WITHOUT_A_STATUS
inline Task<> Mistake(Nursery& nursery) {
  absl::Status status = co_await nursery.Start(Nothing);
  status.IgnoreError();
}
#endif

#ifdef TRY_WHERE_NO_ERROR_CAN_BE_RETURNED
inline Task<int> Mistake() { co_return co_await Try(NumberOrError()); }
#endif

#ifdef TRY_OF_WHAT_CANNOT_FAIL
inline Task<absl::Status> Mistake() {
  co_await Try(Nothing());
  co_return absl::OkStatus();
}
#endif

#ifdef TRY_OF_AN_LVALUE
inline Task<absl::Status> Mistake() {
  Task<absl::Status> task = Outcome();
  co_await Try(task);
  co_return absl::OkStatus();
}
#endif

#ifdef AWAIT_AN_LVALUE
inline Task<> Mistake() {
  Task<> task = Nothing();
  co_await task;
}
#endif

#ifdef AWAIT_A_SLEEP_TWICE
inline Task<> Mistake() {
  auto sleep = SleepFor(absl::Seconds(1));
  co_await sleep;
  co_await sleep;
}
#endif

#ifdef AWAIT_WHAT_IS_FOREIGN
inline Task<> Mistake() { co_await std::suspend_always(); }
#endif

#ifdef COPY_A_TASK
inline void Mistake() {
  Task<> task = Nothing();
  Task<> copy = task;
}
#endif

#ifdef DISCARD_A_TASK
inline void Mistake() { Nothing(); }
#endif

#ifdef DISCARD_AN_OPERATION
inline void Mistake() { SleepFor(absl::Seconds(1)); }
#endif

#ifdef DISCARD_A_TIMEOUT
inline void Mistake() { MoveOnAfter(absl::Seconds(1), Nothing()); }
#endif

#ifdef DISCARD_A_NURSERY
inline void Mistake() {
  WithNursery([](Nursery&) -> Task<> { co_return; });
}
#endif

#ifdef CONSTRUCT_A_NURSERY
inline void Mistake() { Nursery nursery; }
#endif

#ifdef COPY_A_NURSERY
inline void Mistake(Nursery& nursery) { Nursery copy = nursery; }
#endif

#ifdef MOVE_A_SCOPE
inline void Mistake() {
  CancelScope scope;
  CancelScope moved = std::move(scope);
}
#endif

#ifdef TASK_OF_A_REFERENCE
inline Task<int&> Mistake(int& number) { co_return number; }
#endif

#ifdef BODY_IS_NO_COROUTINE
inline Task<> Mistake() {
  co_await MoveOnAfter(absl::Seconds(1), [] { return 1; });
}
#endif

#ifdef BODY_IS_NO_CALLABLE
inline Task<> Mistake() { co_await MoveOnAfter(absl::Seconds(1), 1); }
#endif

#ifdef BODY_IS_AN_LVALUE_TASK
inline Task<> Mistake() {
  Task<> task = Nothing();
  co_await Shield(task);
}
#endif

#ifdef NURSERY_BODY_TAKES_NO_NURSERY
inline Task<absl::Status> Mistake() {
  co_return co_await WithNursery([]() -> Task<> { co_return; });
}
#endif

#ifdef NURSERY_BODY_IS_NO_COROUTINE
inline Task<absl::Status> Mistake() {
  co_return co_await WithNursery([](Nursery&) {});
}
#endif

#ifdef SUSPEND_WITHOUT_AN_ANSWER
inline Task<> Mistake() {
  co_await Suspend([](Waker) {}, [] {});
}
#endif

// Only g++ before 13 must be protected from these.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#ifdef OWNING_CLOSURE_IN_CO_AWAIT
inline Task<> Mistake() {
  auto owned = std::make_shared<int>(1);
  co_await MoveOnAfter(absl::Seconds(1), [owned]() -> Task<> { co_return; });
}
#endif

#ifdef OWNING_CLOSURE_IN_A_NURSERY
inline Task<absl::Status> Mistake() {
  auto owned = std::make_shared<int>(1);
  co_return co_await WithNursery([owned](Nursery&) -> Task<> { co_return; });
}
#endif

#ifdef OWNING_CLOSURE_IN_A_START
inline Task<absl::Status> Mistake(Nursery& nursery) {
  auto owned = std::make_shared<int>(1);
  co_return co_await nursery.Start(
      [owned](TaskStatus<> status) -> Task<> { co_return; });
}
#endif
#elif defined(OWNING_CLOSURE_IN_CO_AWAIT) || \
    defined(OWNING_CLOSURE_IN_A_NURSERY) || defined(OWNING_CLOSURE_IN_A_START)
#error "name the closure first: not needed on this compiler"
#endif

}  // namespace creche
