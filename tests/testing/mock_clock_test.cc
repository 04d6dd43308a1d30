// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/mock_clock.h"

#include <algorithm>
#include <future>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/instrument.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/net/resolve.h"
#include "creche/run.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/simulated_network.h"
#include "creche/testing/status_matchers.h"
#include "creche/threads/run_in_thread.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

using Words = absl::StatusOr<std::string>;

// Lets a helper thread work until the run, which waits for it, has gone to
// sleep.
class SlowHelper final : public Instrument {
 public:
  Task<Words> Run() {
    auto work = [this]() -> Words {
      may_end_.get_future().wait();
      return "done";
    };
    co_return co_await RunInThread(work);
  }

  void BeforeIoWait(absl::Duration at_most) override {
    longest_wait_ = std::max(longest_wait_, at_most);
    if (!std::exchange(has_ended_, true)) may_end_.set_value();
  }

  absl::Duration longest_wait() const { return longest_wait_; }

 private:
  std::promise<void> may_end_;
  bool has_ended_ = false;
  absl::Duration longest_wait_ = absl::ZeroDuration();
};

TEST(MockClockTest, StandsStillWhileAThreadWorks) {
  MockClock clock;
  FakePort port;
  SlowHelper helper;
  const absl::Time start = clock.Now();
  auto body = [&]() -> Task<Words> {
    auto run = helper.Run();
    co_return co_await FailAfter(absl::Seconds(1), std::move(run));
  };
  EXPECT_THAT(
      creche::Run({.clock = &clock, .port = &port, .instruments = {&helper}},
                  body),
      IsOkAndHolds("done"));
  EXPECT_EQ(clock.Now(), start);
  // It does not ask again and again, as for operations of the kernel.
  EXPECT_EQ(helper.longest_wait(), absl::InfiniteDuration());
}

TEST(MockClockTest, JumpsWhenTheHelperIsDone) {
  MockClock clock;
  FakePort port;
  SlowHelper helper;
  const absl::Time start = clock.Now();
  auto body = [&]() -> Task<> {
    auto run = helper.Run();
    EXPECT_THAT(co_await std::move(run), IsOk());
    co_await SleepFor(absl::Hours(1));
  };
  EXPECT_THAT(
      creche::Run({.clock = &clock, .port = &port, .instruments = {&helper}},
                  body),
      IsOk());
  EXPECT_EQ(clock.Now() - start, absl::Hours(1));
}

TEST(MockClockTest, StandsStillOnASimulatedNetwork) {
  SimulatedNetwork network;
  SlowHelper helper;
  const absl::Time start = network.clock().Now();
  auto body = [&]() -> Task<Words> {
    auto run = helper.Run();
    co_return co_await FailAfter(absl::Seconds(1), std::move(run));
  };
  EXPECT_THAT(creche::Run({.clock = &network.clock(),
                           .port = &network.port(),
                           .instruments = {&helper}},
                          body),
              IsOkAndHolds("done"));
  EXPECT_EQ(network.clock().Now(), start);
}

CRECHE_TEST(MockClockTest, HasTimeForALookup) {
  auto resolve = Resolve("localhost", "80");
  CO_ASSERT_OK(co_await FailAfter(absl::Seconds(1), std::move(resolve)));
}

}  // namespace
}  // namespace creche
