// SPDX-License-Identifier: Apache-2.0

#include "creche/debug/stall_watchdog.h"

#include <algorithm>
#include <future>
#include <source_location>
#include <string>
#include <thread>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;

constexpr absl::Duration kLimit = absl::Milliseconds(1);

MATCHER_P(IsLine, line, "") { return static_cast<int>(arg.line()) == line; }

// What the watchdog says, and when it says first what is awaited. (A loaded
// machine may keep other steps for longer than the limit, too.)
struct Reports {
  using IsAwaited = bool (*)(const Stall&);

  explicit Reports(IsAwaited is_awaited = [](const Stall&) { return true; })
      : is_awaited(is_awaited) {}

  StallWatchdog::Report AsFunction() {
    return [this](const Stall& stall) {
      stalls.push_back(stall);
      threads.push_back(std::this_thread::get_id());
      if (is_awaited(stall) && ++awaited == 1) first.set_value();
    };
  }

  // Keeps the loop until there is a report.
  void BlockUntilTheFirst() { first.get_future().wait(); }

  const IsAwaited is_awaited;
  int awaited = 0;
  std::vector<Stall> stalls;  // Complete when the run has ended.
  std::vector<std::thread::id> threads;
  std::promise<void> first;
};

bool IsOfBlocker(const Stall& stall) {
  return stall.task == "blocker" && !stall.from.empty();
}

bool IsFirstStepOfTheChild(const Stall& stall) {
  return stall.task.empty() && stall.from.empty();
}

struct Lines {
  int from = 0;
  int caller = 0;
  int to = 0;
};

Task<> GoOnAndBlock(Reports& reports, Lines& lines) {
  lines.from = __LINE__ + 1;
  co_await Checkpoint();
  reports.BlockUntilTheFirst();
  lines.to = __LINE__ + 1;
  co_await Checkpoint();
}

TEST(StallWatchdogTest, SaysWhoBlocksWhileItBlocksAndWhereItHasBlocked) {
  Reports reports(IsOfBlocker);
  Lines lines;
  StallWatchdog watchdog(kLimit, reports.AsFunction());
  auto child = [&]() -> Task<> {
    lines.caller = __LINE__ + 1;
    co_await GoOnAndBlock(reports, lines);
  };
  EXPECT_THAT(creche::Run({.instruments = {&watchdog}},
                          [&]() -> Task<absl::Status> {
                            auto body = [&](Nursery& nursery) -> Task<> {
                              nursery.StartSoon(Named("blocker", child));
                              co_return;
                            };
                            co_return co_await WithNursery(body);
                          }),
              IsOk());
  std::vector<Stall> of_blocker;
  for (const Stall& stall : reports.stalls) {
    if (IsOfBlocker(stall) &&
        static_cast<int>(stall.from[0].line()) == lines.from) {
      of_blocker.push_back(stall);
    }
  }
  ASSERT_GE(of_blocker.size(), 1u);
  const Stall& over = of_blocker.back();
  EXPECT_TRUE(over.is_over);
  EXPECT_GE(over.lasted, kLimit);
  EXPECT_THAT(over.from, ElementsAre(IsLine(lines.from), IsLine(lines.caller)));
  EXPECT_THAT(over.to, ElementsAre(IsLine(lines.to), IsLine(lines.caller)));
  EXPECT_THAT(over.from[0].file_name(), EndsWith("stall_watchdog_test.cc"));
}

TEST(StallWatchdogTest, ReportsAStepThatHasNotEndedFromItsOwnThread) {
  Reports reports;
  StallWatchdog watchdog(kLimit, reports.AsFunction());
  EXPECT_THAT(creche::Run({.instruments = {&watchdog}},
                          [&]() -> Task<> {
                            reports.BlockUntilTheFirst();
                            co_return;
                          }),
              IsOk());
  ASSERT_EQ(reports.stalls.size(), 2u);
  EXPECT_EQ(reports.stalls[0].task, "main");
  EXPECT_FALSE(reports.stalls[0].is_over);
  EXPECT_THAT(reports.stalls[0].from, IsEmpty());
  EXPECT_TRUE(reports.stalls[1].is_over);
  EXPECT_THAT(reports.stalls[1].to, IsEmpty());
  EXPECT_GE(reports.stalls[1].lasted, reports.stalls[0].lasted);
  EXPECT_NE(reports.threads[0], std::this_thread::get_id());
}

// A child's first step comes from nowhere: who started it, and where?
TEST(StallWatchdogTest, SaysWhereATaskWasStartedThatBlocksAtOnce) {
  Reports reports(IsFirstStepOfTheChild);
  int started = 0;
  int caller = 0;
  StallWatchdog watchdog(kLimit, reports.AsFunction());
  const auto main = [&]() -> Task<> {
    auto block = [&]() -> Task<> {
      reports.BlockUntilTheFirst();
      co_return;
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      started = __LINE__ + 1;
      co_await Checkpoint();
      nursery.StartSoon(block);
    };
    caller = __LINE__ + 1;
    (void)co_await WithNursery(body);
  };
  EXPECT_THAT(creche::Run({.instruments = {&watchdog}}, main), IsOk());
  const auto found = std::find_if(reports.stalls.begin(), reports.stalls.end(),
                                  IsFirstStepOfTheChild);
  ASSERT_NE(found, reports.stalls.end());
  EXPECT_THAT(found->started_at, ElementsAre(IsLine(started), IsLine(caller)));
  EXPECT_THAT(found->ToString(),
              ContainsRegex("from its start by .*_test.cc:[0-9]+ < .*_test"));
}

// The place of a coroutine gives way to its result: its caller's is left.
TEST(StallWatchdogTest, SaysWhereACoroutineWasCalledThatStartsAfterItsResult) {
  Reports reports(IsFirstStepOfTheChild);
  int caller = 0;
  StallWatchdog watchdog(kLimit, reports.AsFunction());
  auto block = [&]() -> Task<> {
    reports.BlockUntilTheFirst();
    co_return;
  };
  auto start = [&](Nursery& nursery) -> Task<int> {
    const absl::Cleanup last = [&] { nursery.StartSoon(block); };
    co_await Checkpoint();
    co_return 1;
  };
  const auto main = [&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      caller = __LINE__ + 1;
      co_await start(nursery);
    };
    (void)co_await WithNursery(body);
  };
  EXPECT_THAT(creche::Run({.instruments = {&watchdog}}, main), IsOk());
  const auto found = std::find_if(reports.stalls.begin(), reports.stalls.end(),
                                  IsFirstStepOfTheChild);
  ASSERT_NE(found, reports.stalls.end());
  ASSERT_FALSE(found->started_at.empty());
  EXPECT_THAT(found->started_at[0], IsLine(caller));
}

TEST(StallWatchdogTest, SaysNothingOfStepsThatAreShort) {
  Reports reports;
  StallWatchdog watchdog(absl::Hours(1), reports.AsFunction());
  for (int run = 0; run < 2; ++run) {
    EXPECT_THAT(creche::Run({.instruments = {&watchdog}},
                            [&]() -> Task<> { co_await Checkpoint(); }),
                IsOk());
  }
  EXPECT_THAT(reports.stalls, IsEmpty());
}

TEST(StallWatchdogTest, CountsRealTimeOnAMockClock) {
  Reports reports;
  StallWatchdog watchdog(absl::Hours(1), reports.AsFunction());
  MockClock clock(MockClock::kManual);
  EXPECT_THAT(creche::Run({.clock = &clock, .instruments = {&watchdog}},
                          [&]() -> Task<> {
                            clock.Advance(absl::Hours(2));
                            co_return;
                          }),
              IsOk());
  EXPECT_THAT(reports.stalls, IsEmpty());
}

TEST(StallWatchdogTest, PrintsASentence) {
  Stall stall{"client", absl::Milliseconds(100)};
  EXPECT_EQ(stall.ToString(),
            "task 'client' has kept the loop for 100ms, from its start");
  stall.from = {std::source_location::current()};
  EXPECT_THAT(stall.ToString(),
              ContainsRegex("100ms, going on from .*_test.cc:[0-9]+$"));
  stall.is_over = true;
  EXPECT_THAT(stall.ToString(), ContainsRegex("' kept .*:[0-9]+, to its end$"));
  stall.to = {std::source_location::current()};
  EXPECT_THAT(stall.ToString(), ContainsRegex(", to .*_test.cc:[0-9]+$"));
}

TEST(StallWatchdogTest, PrintsToStandardErrorUnlessToldOtherwise) {
  ::testing::internal::CaptureStderr();
  StallWatchdog watchdog(kLimit);
  EXPECT_THAT(creche::Run({.instruments = {&watchdog}},
                          []() -> Task<> {
                            const absl::Time begin = absl::Now();
                            while (absl::Now() < begin + 2 * kLimit) continue;
                            co_return;
                          }),
              IsOk());
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ContainsRegex("creche: task 'main' kept the loop for .*, from "
                            "its start, to its end\n"));
}

TEST(StallWatchdogDeathTest, NeedsALimit) {
  EXPECT_DEATH(StallWatchdog{absl::ZeroDuration()},
               "a StallWatchdog's limit must be positive");
}

TEST(StallWatchdogDeathTest, WatchesOneRunAtATime) {
  StallWatchdog watchdog(kLimit);
  EXPECT_DEATH(
      static_cast<void>(creche::Run({.instruments = {&watchdog, &watchdog}},
                                    []() -> Task<> { co_return; })),
      "watches one run at a time");
}

}  // namespace
}  // namespace creche
