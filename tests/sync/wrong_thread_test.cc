// SPDX-License-Identifier: Apache-2.0
//
// A task that waits is not woken by a thread without a run, nor by one with
// another run: that aborts and names the rule.

#include <functional>
#include <optional>
#include <thread>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/nursery.h"
#include "creche/sync/broadcast.h"
#include "creche/sync/capacity_limiter.h"
#include "creche/sync/channel.h"
#include "creche/sync/condition.h"
#include "creche/sync/event.h"
#include "creche/sync/lock.h"
#include "creche/sync/semaphore.h"
#include "creche/sync/watch.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/sync/in_run.h"

namespace creche {
namespace {

enum class Where { kWithoutARun, kInAnotherRun };

void DoElsewhere(Where where, const std::function<void()>& what) {
  std::thread([&] {
    if (where == Where::kWithoutARun) return what();
    InRun([&]() -> Task<> {
      what();
      co_return;
    });
  }).join();
}

class WrongThreadDeathTest : public ::testing::TestWithParam<Where> {
 protected:
  // Calls `wake` elsewhere while a task awaits what `operation` makes.
  template <typename Operation>
  void WakeElsewhere(Operation operation, const std::function<void()>& wake) {
    auto wait = [&]() -> Task<> { std::ignore = co_await operation(); };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(wait);
      co_await LetOthersRun();
      DoElsewhere(GetParam(), wake);
      nursery.Cancel();
    };
    InNursery(body);
  }
};

#define EXPECT_WRONG_THREAD(...) \
  EXPECT_DEATH(__VA_ARGS__, "to be woken outside of its run")

TEST_P(WrongThreadDeathTest, SetAnEvent) {
  Event event;
  auto wait = [&]() -> Task<bool> {
    co_await event.Wait();
    co_return true;
  };
  EXPECT_WRONG_THREAD(WakeElsewhere(wait, [&] { event.Set(); }));
}

TEST_P(WrongThreadDeathTest, ReleaseASemaphore) {
  Semaphore semaphore(0);
  EXPECT_WRONG_THREAD(WakeElsewhere([&] { return semaphore.Acquire(); },
                                    [&] { semaphore.Release(); }));
}

TEST_P(WrongThreadDeathTest, ReleaseALock) {
  Lock lock;
  std::optional<LockGuard> guard = lock.TryAcquire();
  EXPECT_WRONG_THREAD(
      WakeElsewhere([&] { return lock.Acquire(); }, [&] { guard->Release(); }));
}

// Whoever is notified waits for the lock from then on, and is not woken yet.
TEST_P(WrongThreadDeathTest, NotifyACondition) {
  Lock lock;
  Condition condition(lock);
  std::optional<LockGuard> other;
  auto wait = [&]() -> Task<bool> {
    LockGuard guard = co_await lock.Acquire();
    co_await condition.Wait(guard);
    co_return true;
  };
  EXPECT_WRONG_THREAD(WakeElsewhere(wait, [&] {
    other = lock.TryAcquire();
    condition.Notify();
  }));
}

TEST_P(WrongThreadDeathTest, SendToAReceiver) {
  auto [send, receive] = MakeChannel<int>(1);
  EXPECT_WRONG_THREAD(
      WakeElsewhere([&r = receive] { return r.Receive(); },
                    [&s = send] { s.TrySend(1).IgnoreError(); }));
}

TEST_P(WrongThreadDeathTest, ReceiveFromASender) {
  auto [send, receive] = MakeChannel<int>(0);
  EXPECT_WRONG_THREAD(
      WakeElsewhere([&s = send] { return s.Send(1); },
                    [&r = receive] { r.TryReceive().IgnoreError(); }));
}

TEST_P(WrongThreadDeathTest, CloseASender) {
  auto [send, receive] = MakeChannel<int>(0);
  EXPECT_WRONG_THREAD(WakeElsewhere([&r = receive] { return r.Receive(); },
                                    [&s = send] { s.Close(); }));
}

TEST_P(WrongThreadDeathTest, SendToAll) {
  Broadcast<int> broadcast(1);
  auto subscription = broadcast.Subscribe();
  EXPECT_WRONG_THREAD(WakeElsewhere([&] { return subscription.Receive(); },
                                    [&] { broadcast.Send(1).IgnoreError(); }));
}

TEST_P(WrongThreadDeathTest, SetAWatch) {
  Watch<int> watch(0);
  EXPECT_WRONG_THREAD(WakeElsewhere(
      [&] { return watch.WaitUntil([](int value) { return value == 1; }); },
      [&] { watch.Set(1); }));
}

TEST_P(WrongThreadDeathTest, RaiseACapacity) {
  CapacityLimiter limiter(0);
  EXPECT_WRONG_THREAD(WakeElsewhere([&] { return limiter.Acquire(); },
                                    [&] { limiter.set_total(1); }));
}

INSTANTIATE_TEST_SUITE_P(Everywhere, WrongThreadDeathTest,
                         ::testing::Values(Where::kWithoutARun,
                                           Where::kInAnotherRun));

// What nobody waits in can be used before, between and after runs, wherever.
TEST(WrongThreadTest, WhatNobodyWaitsInIsOfNoThread) {
  Event event;
  Semaphore semaphore(0);
  auto [send, receive] = MakeChannel<int>(1);
  EXPECT_THAT(send.TrySend(1), IsOk());
  std::optional<int> received;
  auto use = [&, &r = receive]() -> Task<> {
    received = co_await r.Receive();
    semaphore.Release();
  };
  std::thread([&] { InRun(use); }).join();
  event.Set();

  EXPECT_EQ(received, 1);
  EXPECT_TRUE(semaphore.TryAcquire().has_value());
}

}  // namespace
}  // namespace creche
