// SPDX-License-Identifier: Apache-2.0
//
// RunMocked: a run without a kernel, on a clock that jumps to the next deadline
// whenever every task waits. With CRECHE_TEST_AS_GUEST in the environment it is
// a guest in another loop instead (tests/support/run_as_guest.h). With
// CRECHE_SCHEDULE_SEED, tasks that are runnable together run in the order that
// this number gives, in tests that do not choose one.

#ifndef CRECHE_TESTS_SUPPORT_MOCKED_RUN_H_
#define CRECHE_TESTS_SUPPORT_MOCKED_RUN_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/nursery.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "tests/support/run_as_guest.h"

namespace creche {

// That of CRECHE_SCHEDULE_SEED. Says so once on stderr.
inline std::optional<std::uint64_t> SeedToTest() {
  static const char* const seed = [] {
    const char* const given = std::getenv("CRECHE_SCHEDULE_SEED");
    if (given != nullptr)
      std::fputs("Tasks run in a shuffled order.\n", stderr);
    return given;
  }();
  if (seed == nullptr) return std::nullopt;
  return std::stoull(seed);
}

template <typename F>
auto RunMockedOn(MockClock& clock, F&& main,
                 std::optional<std::uint64_t> seed = SeedToTest()) {
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

// Whatever the environment says, tasks run in the order in which they have
// become runnable: for tests that are about an order.
template <typename F>
auto RunMockedInOrder(F&& main) {
  MockClock clock;
  return RunMockedOn(clock, std::forward<F>(main), /*seed=*/std::nullopt);
}

// Seconds since `start` on the run's clock.
inline double SecondsSince(absl::Time start) {
  return absl::ToDoubleSeconds(creche::Now() - start);
}

// A main that has `body` in a nursery.
template <typename Body>
auto InNursery(Body& body) {
  return
      [&]() -> Task<StatusOrOf<
                internal::AwaitResult<internal::CallResult<Body, Nursery&>>>> {
        auto result = co_await WithNursery(body);
        co_return result;
      };
}

template <typename Body>
auto RunNursery(Body body) {
  return RunMocked(InNursery(body));
}

template <typename Body>
auto RunNurseryInOrder(Body body) {
  return RunMockedInOrder(InNursery(body));
}

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_MOCKED_RUN_H_
