// SPDX-License-Identifier: Apache-2.0
//
// Select: waits for the first of several operations; the others have no effect.
//
//   auto first = co_await creche::Select(jobs.Receive(), stop.Wait(),
//                                        creche::SleepFor(absl::Seconds(5)));
//   switch (first.index()) {
//     case 0:
//       co_await Work(std::get<0>(first));  // A std::optional<Job>.
//       break;
//     case 1:
//       co_return;
//     case 2:
//       co_await Ping();
//       break;
//   }
//
// To run several tasks and take what the first gives, use Race()
// (core/combinators.h): there, others may have completed, too.

#ifndef CRECHE_SYNC_SELECT_H_
#define CRECHE_SYNC_SELECT_H_

#include <type_traits>
#include <utility>

#include "creche/core/parking_operation.h"
#include "creche/sync/internal/select_operation.h"

namespace creche {

// Waits until the first of `operations` can complete, and completes that one.
// Gives a std::variant: its index() says which, and it holds what that
// operation gives when it is awaited alone (std::monostate for nothing).
//
// An operation is what these return: Sender::Send(), Receiver::Receive(),
// Event::Wait(), Lock::Acquire(), Semaphore::Acquire(),
// CapacityLimiter::Acquire(), WatchReader::Next(), Watch::WaitUntil(),
// Subscription::Receive(), SleepFor(), SleepUntil(), SleepForever(); or a
// ParkingOperation of your own. One that is given as an lvalue and loses is as
// it was before: it can take part in another Select() or be awaited, and a Send
// still has its value().
//
// Of several that can complete at once, each has the same chance, except that
// a deadline that has passed yields to all others. Of those that are waited for
// the one that can complete first does.
//
// Cancellation: safe. None of the operations has had any effect.
template <typename... Operations>
auto Select(Operations&&... operations) {
  static_assert(sizeof...(Operations) > 0,
                "creche: Select() needs something to wait for");
  static_assert(
      (internal::SelectableOperation<std::remove_cvref_t<Operations>> && ...),
      "creche: Select() takes operations of sync/ and sleeps, which have no "
      "effect unless they complete; for Tasks, use Race()");
  return internal::SelectOperation<Operations...>(
      std::forward<Operations>(operations)...);
}

}  // namespace creche

#endif  // CRECHE_SYNC_SELECT_H_
