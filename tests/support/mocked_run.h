// SPDX-License-Identifier: Apache-2.0
//
// RunMocked: a run without a kernel, on a clock that jumps to the next deadline
// whenever every task waits. With CRECHE_TEST_AS_GUEST in the environment it is
// a guest in another loop instead (tests/support/run_as_guest.h).

#ifndef CRECHE_TESTS_SUPPORT_MOCKED_RUN_H_
#define CRECHE_TESTS_SUPPORT_MOCKED_RUN_H_

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/nursery.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "tests/support/run_as_guest.h"

namespace creche {

template <typename F>
auto RunMockedOn(MockClock& clock, F&& main,
                 std::optional<std::uint64_t> seed = std::nullopt) {
  RunOptions options;
  options.clock = &clock;
  options.schedule_seed = seed;
  if (TestsAsGuest()) return RunAsGuest(std::move(options), main);
  FakePort port;
  options.port = &port;
  return creche::Run(std::move(options), std::forward<F>(main));
}

template <typename F>
auto RunMocked(F&& main) {
  MockClock clock;
  return RunMockedOn(clock, std::forward<F>(main));
}

// Seconds since `start` on the run's clock.
inline double SecondsSince(absl::Time start) {
  return absl::ToDoubleSeconds(creche::Now() - start);
}

// The same, with `body` in a nursery.
template <typename Body>
auto RunNursery(Body body) {
  return RunMocked(
      [&]() -> Task<StatusOrOf<
                internal::AwaitResult<internal::CallResult<Body, Nursery&>>>> {
        auto result = co_await WithNursery(body);
        co_return result;
      });
}

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_MOCKED_RUN_H_
