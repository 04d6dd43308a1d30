// SPDX-License-Identifier: Apache-2.0

#include "creche/core/task_local.h"

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "gtest/gtest.h"

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
  EXPECT_TRUE(RunTest([]() -> Task<> {
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
              }).ok());
}

TEST(TaskLocalTest, IsUndoneByUnwinding) {
  EXPECT_TRUE(RunTest([]() -> Task<> {
                EXPECT_FALSE(co_await MoveOnAfter(
                    absl::Seconds(1), name.With("lost", SleepForever())));
                EXPECT_EQ(Name(), "none");
              }).ok());
}

Task<> Expect(std::string expected) {
  co_await SleepFor(absl::Seconds(1));
  EXPECT_EQ(Name(), expected);
}

// clang took the body for a reference that dangles.
TEST(TaskLocalTest, OwnsABodyThatIsAwaitedLater) {
  EXPECT_TRUE(RunTest([]() -> Task<> {
                auto named = name.With("later", Expect("later"));
                co_await Checkpoint();
                co_await std::move(named);
              }).ok());
}

// A child has what whoever started it had, also after that has gone, and keeps
// it apart from its siblings.
TEST(TaskLocalTest, IsInheritedFromWhoeverStartsTheChild) {
  EXPECT_TRUE(RunTest([]() -> Task<> {
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
              }).ok());
}

}  // namespace
}  // namespace creche
