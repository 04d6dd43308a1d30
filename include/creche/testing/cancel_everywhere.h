// SPDX-License-Identifier: Apache-2.0
//
// CancelEverywhere: proves that a piece of code can be cancelled anywhere.
//
//   TEST(CrawlerTest, GivesPermitsBack) {
//     creche::Semaphore permits(2);
//     auto body = [&]() -> creche::Task<> {
//       creche::Permit permit = co_await permits.Acquire();
//       co_await creche::SleepFor(absl::Seconds(1));
//     };
//     auto check = [&] { EXPECT_EQ(permits.available(), 2u); };
//     creche::CancelEverywhere(body, check);
//   }
//
// For failing kernel operations, see FailEverywhere
// (testing/fail_everywhere.h).

#ifndef CRECHE_TESTING_CANCEL_EVERYWHERE_H_
#define CRECHE_TESTING_CANCEL_EVERYWHERE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include "creche/core/clock.h"
#include "creche/core/event_port.h"
#include "creche/testing/internal/repeated_body.h"
#include "creche/testing/internal/run_sweeps.h"

namespace creche {

// For CancelEverywhere().
struct CancelEverywhereOptions {
  // nullptr: io_uring, opened when the first kernel operation is started.
  EventPort* port = nullptr;
  // The clock that goes with the port, if that has one of its own, as a
  // SimulatedNetwork has. nullptr: a MockClock that jumps.
  Clock* clock = nullptr;
  // Unset: as CRECHE_SCHEDULE_SEED in the environment says, or else another
  // schedule every time.
  std::optional<std::uint64_t> schedule_seed = {};
  // A fourth sweep: what is cancelled at each point is the innermost scope
  // around it, be it a nursery, a MoveOnAfter() or another scope of the body
  // (but no shield). For bodies that expect this of their scopes.
  bool inner_scopes = false;
  // A sweep is given up after so many points at which something was wrong.
  std::size_t max_failures = 3;
  // A body that has no cancel point after its start is a failure: the sweeps
  // test nothing. For bodies that are to have none.
  bool allow_no_points = false;
};

// Runs body(), which returns a Task, in runs of its own, each on a MockClock
// that jumps (or options.clock):
// 1. once, to count its cancel points: K of them;
// 2. once for each point k = 1 ... K with the run cancelled exactly there;
// 3. the same, with a deadline that expires there;
// 4. the same, inside a nursery in which a sibling fails there.
// A cancel point is where a task waits or is about to; where what it waits for
// has happened and it is about to go on; and an operation that completes at
// once.
//
// After each run these are failures of the test:
// - a deadlock (a wake-up was forgotten);
// - a coroutine or a task that is left, or was used after its end;
// - a kernel operation that is left, or a ReceivedBlock;
// - a file descriptor that is left, or that was there before and is not.
// Then check(k), or check(), is called. Every failure names the sweep, k, the
// task, and the file and line of its co_await.
//
// K is also told by each failure, and is a property of the test, for reports:
// "CancelEverywhere_line_13" is "7 cancel points, 21 runs".
//
// Returns K. Call it from a TEST, not from inside a run.
template <typename Body, typename Check = internal::NoCheck>
std::size_t CancelEverywhere(
    Body&& body, Check&& check = Check(), CancelEverywhereOptions options = {},
    std::source_location location = std::source_location::current()) {
  internal::RepeatedCallable<std::remove_reference_t<Body>> repeated(body);
  return internal::RunCancelSweeps(repeated, internal::AsCheck(check), options,
                                   location);
}

}  // namespace creche

#endif  // CRECHE_TESTING_CANCEL_EVERYWHERE_H_
