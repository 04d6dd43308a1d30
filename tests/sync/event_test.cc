// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/event.h"

#include <functional>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "tests/sync/in_run.h"

namespace creche {
namespace {

TEST(EventTest, WakesAllWhoWaitInTheirOrder) {
  std::vector<int> woken;
  InNursery([&](Nursery& nursery) -> Task<> {
    Event event;
    auto wait = [&](int id) -> Task<> {
      co_await event.Wait();
      woken.push_back(id);
    };
    for (int id = 0; id < 3; ++id) nursery.StartSoon(wait, id);
    co_await LetOthersRun();
    EXPECT_EQ(event.statistics().tasks_waiting, 3u);
    EXPECT_FALSE(event.statistics().is_set);

    event.Set();
    event.Set();
    EXPECT_TRUE(event.is_set());
    co_await LetOthersRun();
  });
  EXPECT_EQ(woken, (std::vector<int>{0, 1, 2}));
}

TEST(EventTest, StaysSet) {
  InRun([]() -> Task<> {
    Event event;
    event.Set();
    co_await event.Wait();
    co_await event.Wait();
    EXPECT_TRUE(event.is_set());
  });
}

// A task that never waits must let others run now and then.
TEST(EventTest, ATaskThatNeverWaitsStarvesNobody) {
  InNursery([](Nursery& nursery) -> Task<> {
    Event event;
    event.Set();
    bool other_ran = false;
    auto other = [&]() -> Task<> {
      other_ran = true;
      co_return;
    };
    nursery.StartSoon(other);
    int rounds = 0;
    while (!other_ran && rounds < 1000) {
      co_await event.Wait();
      ++rounds;
    }
    EXPECT_TRUE(other_ran);
    EXPECT_GT(rounds, 1);
  });
}

TEST(EventDeathTest, DestroyedWhileATaskWaits) {
  auto destroy = [](Nursery& nursery) -> Task<> {
    auto event = std::make_unique<Event>();
    auto wait = [](Event& e) -> Task<> { co_await e.Wait(); };
    nursery.StartSoon(wait, std::ref(*event));
    co_await LetOthersRun();
    event.reset();
  };
  EXPECT_DEATH(InNursery(destroy), "was destroyed");
}

}  // namespace
}  // namespace creche
