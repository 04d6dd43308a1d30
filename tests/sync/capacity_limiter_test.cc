// SPDX-License-Identifier: Apache-2.0

#include "creche/sync/capacity_limiter.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/sync/in_run.h"

namespace creche {
namespace {

TEST(CapacityLimiterTest, LendsTokens) {
  InRun([]() -> Task<> {
    CapacityLimiter limiter(2);
    {
      CapacityToken a = co_await limiter.Acquire();
      std::optional<CapacityToken> b = limiter.TryAcquire();
      EXPECT_TRUE(b.has_value());
      EXPECT_FALSE(limiter.TryAcquire().has_value());
      EXPECT_EQ(limiter.borrowed(), 2u);
      a.Release();
      EXPECT_FALSE(a.is_held());
      EXPECT_EQ(limiter.available(), 1u);
    }
    EXPECT_EQ(limiter.borrowed(), 0u);
    EXPECT_EQ(limiter.total(), 2u);
  });
}

// Trio: test_CapacityLimiter_change_total_tokens.
TEST(CapacityLimiterTest, UnlimitedIsWhatIsAvailable) {
  CapacityLimiter limiter(CapacityLimiter::kUnlimited);
  EXPECT_EQ(limiter.available(), CapacityLimiter::kUnlimited);
  const std::optional<CapacityToken> token = limiter.TryAcquire();
  EXPECT_TRUE(token.has_value());
  EXPECT_EQ(limiter.available(), CapacityLimiter::kUnlimited);
}

TEST(CapacityLimiterTest, IsResizedWhileInUse) {
  InNursery([](Nursery& nursery) -> Task<> {
    CapacityLimiter limiter(2);
    std::vector<CapacityToken> tokens;
    auto borrow = [&]() -> Task<> {
      tokens.push_back(co_await limiter.Acquire());
    };
    auto expect = [&](size_t borrowed, size_t available, size_t waiting) {
      EXPECT_EQ(limiter.statistics().borrowed, borrowed);
      EXPECT_EQ(limiter.available(), available);
      EXPECT_EQ(limiter.statistics().tasks_waiting, waiting);
    };
    for (int i = 0; i < 5; ++i) nursery.StartSoon(borrow);
    co_await LetOthersRun();
    expect(2, 0, 3);

    limiter.set_total(4);
    expect(4, 0, 1);
    co_await LetOthersRun();
    limiter.set_total(1);  // Nothing is taken away.
    expect(4, 0, 1);
    limiter.set_total(0);
    tokens.pop_back();
    tokens.pop_back();
    expect(2, 0, 1);

    limiter.set_total(2);
    expect(2, 0, 1);
    limiter.set_total(CapacityLimiter::kUnlimited);
    expect(3, CapacityLimiter::kUnlimited, 0);
    co_await LetOthersRun();
  });
}

// Trio: test_CapacityLimiter_change_total_tokens.
TEST(CapacityLimiterTest, ACancelledWaiterLeavesNoResidue) {
  InNursery([](Nursery& nursery) -> Task<> {
    CapacityLimiter limiter(0);
    CancelScope scope;
    auto borrow = [&]() -> Task<> {
      CapacityToken token = co_await limiter.Acquire();
    };
    auto in_scope = [&]() -> Task<> { co_await scope.Run(borrow); };
    nursery.StartSoon(in_scope);
    co_await LetOthersRun();
    EXPECT_EQ(limiter.statistics().tasks_waiting, 1u);

    scope.Cancel();
    EXPECT_EQ(limiter.statistics().tasks_waiting, 0u);
    limiter.set_total(1);
    EXPECT_EQ(limiter.borrowed(), 0u);
    EXPECT_TRUE(limiter.TryAcquire().has_value());
    co_await LetOthersRun();
  });
}

TEST(CapacityLimiterDeathTest, DestroyedBeforeATokenCameBack) {
  auto destroy = [] {
    auto limiter = std::make_unique<CapacityLimiter>(1);
    // Never released: g++ sees a release after the destruction, and warns.
    new std::optional<CapacityToken>(limiter->TryAcquire());
    limiter.reset();
  };
  EXPECT_DEATH(destroy(), "before all its tokens had come back");
}

}  // namespace
}  // namespace creche
