// SPDX-License-Identifier: Apache-2.0
//
// FailEverywhere: proves that a piece of code survives whatever the kernel
// answers.
//
//   TEST(ClientTest, SurvivesTheKernel) {
//     auto body = []() -> creche::Task<absl::Status> {
//       creche::TcpStream stream =
//           co_await creche::Try(creche::ConnectTcp("127.0.0.1", port));
//       co_return co_await stream.SendAll("hello");
//     };
//     creche::FailEverywhere(body);
//   }
//
// For cancellation, see CancelEverywhere (testing/cancel_everywhere.h).

#ifndef CRECHE_TESTING_FAIL_EVERYWHERE_H_
#define CRECHE_TESTING_FAIL_EVERYWHERE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <type_traits>

#include "creche/core/clock.h"
#include "creche/testing/internal/repeated_body.h"
#include "creche/testing/internal/run_sweeps.h"
#include "creche/uring/operation_port.h"

namespace creche {

// For FailEverywhere().
struct FailEverywhereOptions {
  // Executes the operations that are left alone. nullptr: io_uring.
  OperationPort* port = nullptr;
  // The clock that goes with the port, if that has one of its own.
  Clock* clock = nullptr;
  // Unset: as CRECHE_SCHEDULE_SEED in the environment says, or else another
  // schedule every time.
  std::optional<std::uint64_t> schedule_seed = {};
  // A sweep is given up after so many operations at which something was wrong.
  std::size_t max_failures = 3;
  // A body that starts no kernel operation is a failure: the sweeps test
  // nothing. For bodies that are to start none.
  bool allow_no_operations = false;
};

// Runs body(), which returns a Task, in runs of its own, each on a MockClock
// that jumps: once to count the kernel operations it starts: K of them; and
// then once for each operation k = 1 ... K and each of these:
// - it fails with ECONNRESET, EIO, ENOMEM, EAGAIN, EINTR, ECANCELED though
//   nobody has cancelled it, or one of the codes ERESTARTSYS and others by
//   which the kernel tells itself to start anew; and it does nothing;
// - it reads, writes, sends or receives less than it was asked to: a single
//   byte, or all but one (but no less than a datagram);
// - its completion is delayed, or comes after one that was later;
// - the run is cancelled when it has completed and nobody knows yet: it
//   succeeds late, after its cancellation.
// The body may fail in all but the first of these runs.
//
// After each run the same are failures of the test as with CancelEverywhere();
// then check(k), or check(), is called. Every failure names k, the operation,
// and what happened to it.
//
// K is also told by each failure, and is a property of the test, for reports:
// "FailEverywhere_line_13" is "6 kernel operations, 80 runs".
//
// Returns K. Call it from a TEST, not from inside a run.
template <typename Body, typename Check = internal::NoCheck>
std::size_t FailEverywhere(
    Body&& body, Check&& check = Check(), FailEverywhereOptions options = {},
    std::source_location location = std::source_location::current()) {
  internal::RepeatedCallable<std::remove_reference_t<Body>> repeated(body);
  return internal::RunFailSweeps(repeated, internal::AsCheck(check), options,
                                 location);
}

}  // namespace creche

#endif  // CRECHE_TESTING_FAIL_EVERYWHERE_H_
