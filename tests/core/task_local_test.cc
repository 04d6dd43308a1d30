// SPDX-License-Identifier: Apache-2.0

#include "creche/core/task_local.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/suspend.h"
#include "creche/core/timeouts.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/lifetime_probe.h"

namespace creche {
namespace {

TaskLocal<std::string> name;

std::string Name() { return name.Get().value_or("none"); }

template <typename Body>
absl::Status RunTest(Body body) {
  FakePort port;
  MockClock clock;
  return creche::Run({.clock = &clock, .port = &port}, body);
}

TEST(TaskLocalTest, HasAValueInsideWithOnly) {
  EXPECT_EQ(Name(), "none");
  EXPECT_THAT(RunTest([]() -> Task<> {
                EXPECT_EQ(Name(), "none");
                auto inner = []() -> Task<> {
                  EXPECT_EQ(Name(), "inner");
                  co_return;
                };
                auto outer = [&]() -> Task<> {
                  EXPECT_EQ(Name(), "outer");
                  co_await name.With("inner", inner);
                  EXPECT_EQ(Name(), "outer");
                };
                co_await name.With("outer", outer);
                EXPECT_EQ(Name(), "none");
              }),
              IsOk());
}

TEST(TaskLocalTest, IsUndoneByUnwinding) {
  EXPECT_THAT(RunTest([]() -> Task<> {
                EXPECT_FALSE(co_await MoveOnAfter(
                    absl::Seconds(1), name.With("lost", SleepForever())));
                EXPECT_EQ(Name(), "none");
              }),
              IsOk());
}

Task<> Expect(std::string expected) {
  co_await SleepFor(absl::Seconds(1));
  EXPECT_EQ(Name(), expected);
}

// clang took the body for a reference that dangles.
TEST(TaskLocalTest, OwnsABodyThatIsAwaitedLater) {
  EXPECT_THAT(RunTest([]() -> Task<> {
                auto named = name.With("later", Expect("later"));
                co_await Checkpoint();
                co_await std::move(named);
              }),
              IsOk());
}

// A child has what whoever started it had, also after that has gone, and keeps
// it apart from its siblings.
TEST(TaskLocalTest, IsInheritedFromWhoeverStartsTheChild) {
  EXPECT_THAT(RunTest([]() -> Task<> {
                auto body = [](Nursery& nursery) -> Task<> {
                  auto start = [&nursery](std::string value) -> Task<> {
                    nursery.StartSoon(Expect, value);
                    co_return;
                  };
                  co_await name.With("a", start("a"));
                  co_await name.With("b", start("b"));
                  nursery.StartSoon(Expect, "none");
                };
                (void)co_await WithNursery(body);
              }),
              IsOk());
}

TaskLocal<std::shared_ptr<LifetimeProbe>> probe;

Task<> ContinueChain(Nursery& nursery, int left, int* alive) {
  EXPECT_LE(*alive, 3);
  auto start_next = [&nursery, left, alive]() -> Task<> {
    nursery.StartSoon(ContinueChain, std::ref(nursery), left - 1, alive);
    co_return;
  };
  if (left > 0) {
    co_await name.With(
        "another",
        probe.With(std::make_shared<LifetimeProbe>(alive), start_next));
  }
}

// Each task sets a value and starts the next one.
TEST(TaskLocalTest, KeepsNoValueThatIsHidden) {
  int alive = 0;
  EXPECT_THAT(RunTest([&]() -> Task<> {
                auto body = [&](Nursery& nursery) -> Task<> {
                  nursery.StartSoon(ContinueChain, std::ref(nursery), 1000,
                                    &alive);
                  co_return;
                };
                (void)co_await WithNursery(body);
              }),
              IsOk());
  EXPECT_EQ(alive, 0);
}

TEST(TaskLocalTest, HidesOneOfSeveralAndShowsItAgain) {
  TaskLocal<int> a, b, c;
  const auto values = [&] {
    return std::vector<int>{a.Get().value_or(0), b.Get().value_or(0),
                            c.Get().value_or(0)};
  };
  EXPECT_THAT(RunTest([&]() -> Task<> {
                auto inside = [&]() -> Task<> {
                  EXPECT_EQ(values(), (std::vector<int>{4, 2, 3}));
                  co_return;
                };
                auto hide = [&]() -> Task<> {
                  EXPECT_EQ(values(), (std::vector<int>{1, 2, 3}));
                  co_await a.With(4, inside);
                  EXPECT_EQ(values(), (std::vector<int>{1, 2, 3}));
                };
                co_await a.With(1, b.With(2, c.With(3, hide)));
                EXPECT_EQ(values(), (std::vector<int>{0, 0, 0}));
              }),
              IsOk());
}

using Variables = std::vector<std::unique_ptr<TaskLocal<int>>>;

Task<> SetAsMany(Variables& variables, int left) {
  if (left == 0) co_return;
  auto& variable = *variables.emplace_back(std::make_unique<TaskLocal<int>>());
  co_await variable.With(left, SetAsMany(variables, left - 1));
}

TEST(TaskLocalTest, NoNumberOfVariablesIsTooMuch) {
  Variables variables;
  auto set = [&]() -> Task<> { co_await SetAsMany(variables, 2000); };
  EXPECT_THAT(RunTest(set), IsOk());
}

// Whoever calls it, it is part of the task that waits.
TEST(TaskLocalTest, AnAbortFunctionSeesItsOwnTasks) {
  std::string seen;
  EXPECT_THAT(RunTest([&]() -> Task<> {
                auto wait = [&]() -> Task<> {
                  auto start = [](Waker) {};
                  auto abort = [&] {
                    seen = Name();
                    return Abort::kDone;
                  };
                  co_await name.With("waiter", Suspend(start, abort));
                };
                auto body = [&](Nursery& nursery) -> Task<> {
                  auto cancel = [&]() -> Task<> {
                    nursery.Cancel();
                    EXPECT_EQ(Name(), "canceller");
                    co_return;
                  };
                  nursery.StartSoon(wait);
                  co_await Checkpoint();
                  co_await name.With("canceller", cancel());
                };
                (void)co_await WithNursery(body);
                EXPECT_EQ(seen, "waiter");
                EXPECT_FALSE(co_await MoveOnAfter(absl::Seconds(1), wait()));
                EXPECT_EQ(seen, "waiter");
              }),
              IsOk());
}

}  // namespace
}  // namespace creche
