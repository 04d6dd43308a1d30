// SPDX-License-Identifier: Apache-2.0
//
// How long a nursery keeps what its body and its children were given.

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/try.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/lifetime_probe.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

const absl::Status kError = absl::DataLossError("broken");

// Trio: test_locals_destroyed_promptly_on_cancel.
TEST(NurseryLifetimeTest, LocalsAndArgumentsAreGoneWhenItEnds) {
  int alive = 0;
  auto child = [](LifetimeProbe probe) -> Task<> {
    LifetimeProbe local = probe;
    co_await SleepForever();
  };

  RunMocked([&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(child, LifetimeProbe(&alive));
      co_await SleepFor(absl::Seconds(1));
      EXPECT_EQ(alive, 3);
      nursery.Cancel();
    };
    absl::Status status = co_await WithNursery(body);
    EXPECT_EQ(alive, 0);
  }).IgnoreError();
}

TEST(NurseryLifetimeTest, LocalsOfABodyThatEndsEarlyAreGoneBeforeChildrenGoOn) {
  int alive = 0;

  absl::Status status = RunNursery([&](Nursery& nursery) -> Task<absl::Status> {
    LifetimeProbe local(&alive);
    nursery.StartSoon([&]() -> Task<> {
      co_await Shield(SleepFor(absl::Seconds(1)));
      EXPECT_EQ(alive, 0);
    });
    co_await Checkpoint();
    co_await Try(kError);
    co_return absl::OkStatus();
  });

  EXPECT_EQ(status, kError);
}

TEST(NurseryLifetimeTest, ArgumentsLiveAsLongAsTheChild) {
  std::string trace;
  auto child = [](const std::string& text, std::string* out) -> Task<> {
    co_await SleepFor(absl::Seconds(1));
    *out = text;
  };

  absl::Status status = RunNursery([&](Nursery& nursery) -> Task<> {
    std::string text = "a text that is long enough for the heap";
    nursery.StartSoon(child, text, &trace);
    text.assign(text.size(), 'x');
    co_return;
  });

  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(trace, "a text that is long enough for the heap");
}

TEST(NurseryLifetimeTest, TakesReferencesMoveOnlyArgumentsAndMembers) {
  struct Counter {
    int value = 0;
    Task<> Add(std::unique_ptr<int> number) {
      value += *number;
      co_return;
    }
  };
  Counter counter;
  int sum = 0;
  auto add = [](int& to, std::unique_ptr<int> number) -> Task<> {
    to += *number;
    co_return;
  };

  absl::Status status = RunNursery([&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(add, std::ref(sum), std::make_unique<int>(2));
    nursery.StartSoon(&Counter::Add, &counter, std::make_unique<int>(3));
    nursery.StartSoon(&Counter::Add, std::ref(counter),
                      std::make_unique<int>(4));
    co_return;
  });

  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(sum, 2);
  EXPECT_EQ(counter.value, 7);
}

}  // namespace
}  // namespace creche
