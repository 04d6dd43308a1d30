// SPDX-License-Identifier: Apache-2.0
//
// ExpectCheckpoint, ExpectNoCheckpoint: whether an operation lets others run
// and can be cancelled.
//
//   creche::Event event;
//   event.Set();
//   co_await creche::ExpectCheckpoint(event.Wait());
//
// Every operation of creche that completes is a checkpoint. Those of a program
// should be, too, at least those that run in a loop.

#ifndef CRECHE_TESTING_EXPECT_CHECKPOINT_H_
#define CRECHE_TESTING_EXPECT_CHECKPOINT_H_

#include <source_location>
#include <utility>

#include "creche/core/internal/async_body.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/testing/internal/checkpoint_probe.h"

namespace creche {

// Runs `body` (a Task, another awaitable, or a callable that returns one).
// co_await gives its result. It is a failure of the test if the task has not
// both passed a cancel point and let others run. (An operation that completes
// at once may do without the latter, up to 64 times in a row: here, none may.)
//
// Cancellation: same as `body`; then nothing is expected.
template <typename Body>
CRECHE_CORO_WRAPPER auto ExpectCheckpoint(
    Body&& body,
    std::source_location location = std::source_location::current()) {
  CRECHE_REQUIRE_SAFE_CLOSURE(Body);
  return internal::ProbeCheckpoint<true>(
      internal::AsyncBody<Body>(std::forward<Body>(body)), location);
}

// The same, but it is a failure if the task has done either.
//
// Cancellation: same as `body`; then nothing is expected.
template <typename Body>
CRECHE_CORO_WRAPPER auto ExpectNoCheckpoint(
    Body&& body,
    std::source_location location = std::source_location::current()) {
  CRECHE_REQUIRE_SAFE_CLOSURE(Body);
  return internal::ProbeCheckpoint<false>(
      internal::AsyncBody<Body>(std::forward<Body>(body)), location);
}

}  // namespace creche

#endif  // CRECHE_TESTING_EXPECT_CHECKPOINT_H_
