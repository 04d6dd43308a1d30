// SPDX-License-Identifier: Apache-2.0

#include "creche/core/internal/local_bindings.h"

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche::internal {
namespace {

// What tells variables apart is their addresses.
const char kFirst = 0;
const char kSecond = 0;

std::shared_ptr<const void> Value(int value) {
  return std::make_shared<const int>(value);
}

// -1 if the variable is not bound.
int Find(const char& variable) {
  const void* value = FindLocal(&variable);
  return value == nullptr ? -1 : *static_cast<const int*>(value);
}

void ExpectOk(const absl::Status& status) { EXPECT_THAT(status, IsOk()); }

TEST(LocalBindingsTest, NothingIsBoundOutsideOfATask) {
  EXPECT_EQ(FindLocal(&kFirst), nullptr);
}

TEST(LocalBindingsDeathTest, BindingOutsideOfATaskIsAnError) {
  EXPECT_DEATH(LocalBinding(&kFirst, Value(1)), "outside of a task");
}

TEST(LocalBindingsTest, InnermostBindingIsSeenAndUndone) {
  ExpectOk(RunMocked([]() -> Task<> {
    EXPECT_EQ(Find(kFirst), -1);
    {
      const LocalBinding outer(&kFirst, Value(1));
      const LocalBinding other(&kSecond, Value(2));
      {
        const LocalBinding inner(&kFirst, Value(3));
        EXPECT_EQ(Find(kFirst), 3);
        EXPECT_EQ(Find(kSecond), 2);
      }
      EXPECT_EQ(Find(kFirst), 1);
    }
    EXPECT_EQ(Find(kFirst), -1);
    EXPECT_EQ(Find(kSecond), -1);
    co_return;
  }));
}

TEST(LocalBindingsTest, ChildrenKeepWhatWasBoundWhenTheyWereStarted) {
  std::weak_ptr<const void> observed;
  ExpectOk(RunNursery([&](Nursery& nursery) -> Task<> {
    auto child = [&]() -> Task<> {
      EXPECT_EQ(Find(kFirst), 1);
      const LocalBinding own(&kFirst, Value(2));
      co_await Checkpoint();
      EXPECT_EQ(Find(kFirst), 2);
    };
    {
      std::shared_ptr<const void> value = Value(1);
      observed = value;
      const LocalBinding binding(&kFirst, std::move(value));
      nursery.StartSoon(child);
      nursery.StartSoon(child);
    }
    EXPECT_EQ(Find(kFirst), -1);
    EXPECT_FALSE(observed.expired());
    co_await Checkpoint();
    EXPECT_EQ(Find(kFirst), -1);  // Not those of the children.
  }));
  EXPECT_TRUE(observed.expired());
}

TEST(LocalBindingsTest, UnwindingUndoesThem) {
  ExpectOk(RunMocked([]() -> Task<> {
    const LocalBinding outer(&kFirst, Value(1));
    CancelScope scope;
    scope.Cancel();
    co_await scope.Run([]() -> Task<> {
      const LocalBinding inner(&kFirst, Value(2));
      co_await Checkpoint();
      ADD_FAILURE() << "goes on in a cancelled scope";
    });
    EXPECT_EQ(Find(kFirst), 1);
  }));
}

}  // namespace
}  // namespace creche::internal
