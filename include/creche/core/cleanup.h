// SPDX-License-Identifier: Apache-2.0
//
// WithCleanup: asynchronous cleanup that runs however the body ended.
//
//   auto bye = [&] { return stream.SendAll("QUIT\r\n"); };
//   absl::Status status =
//       co_await creche::WithCleanup(Converse(stream), bye, absl::Seconds(1));
//
// A destructor is enough for cleanup that need not wait.

#ifndef CRECHE_CORE_CLEANUP_H_
#define CRECHE_CORE_CLEANUP_H_

#include <utility>

#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/error_group.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/cleanup_awaiter.h"
#include "creche/core/internal/safe_closure.h"

namespace creche {

// Runs `body` (a Task, another awaitable, or a callable that returns one), and
// then `cleanup` (a callable that returns one), shielded from cancellation,
// however the body ended: by completing, failing, throwing or being cancelled.
// After `grace`, counted from its start, the cleanup is cancelled too.
//
// co_await gives the body's result. If the cleanup fails, its error is given
// instead, or both: as a group of Statuses, or as an ExceptionGroup. An error
// of the cleanup is not lost even if the body was cancelled.
//
// Cancellation: same as `body`; `cleanup` has run by then.
template <typename Body, typename Cleanup>
auto WithCleanup(Body&& body, Cleanup&& cleanup,
                 absl::Duration grace = absl::InfiniteDuration()) {
  CRECHE_REQUIRE_SAFE_CLOSURE(Body);
  CRECHE_REQUIRE_SAFE_CLOSURE(Cleanup);
  return internal::CleanupAwaiter<Body, Cleanup>(
      internal::AsyncBody<Body>(std::forward<Body>(body)),
      internal::AsyncBody<Cleanup>(std::forward<Cleanup>(cleanup)), grace);
}

}  // namespace creche

#endif  // CRECHE_CORE_CLEANUP_H_
