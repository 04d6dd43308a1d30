// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/creche_test.h"

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/core/sleep.h"
#include "creche/testing/mock_clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/failures_of.h"

namespace creche {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Task<int> Three() { co_return 3; }

CRECHE_TEST(CrecheTestTest, RunsOnAClockThatJumps) {
  const absl::Time start = Now();

  co_await SleepFor(absl::Hours(100));

  EXPECT_EQ(Now() - start, absl::Hours(100));
}

class CrecheTestFixtureTest : public ::testing::Test {
 protected:
  int member_ = 3;
};

CRECHE_TEST_F(CrecheTestFixtureTest, SeesTheFixture) {
  EXPECT_EQ(co_await Three(), member_);
}

TEST(CrecheTestRunTest, NamesTheSeedOnFailure) {
  setenv("CRECHE_SCHEDULE_SEED", "4711", /*overwrite=*/1);
  const std::string failures = FailuresInRun([]() -> Task<> {
    co_await Checkpoint();
    ADD_FAILURE() << "ouch";
  });
  unsetenv("CRECHE_SCHEDULE_SEED");

  EXPECT_THAT(failures, HasSubstr("ouch"));
  EXPECT_THAT(failures, HasSubstr("CRECHE_SCHEDULE_SEED=4711"));
}

// The order in which ten tasks run.
std::vector<int> OrderOfTen() {
  std::vector<int> order;
  auto child = [&](int i) -> Task<> {
    order.push_back(i);
    co_return;
  };
  auto start_ten = [&](Nursery& nursery) -> Task<> {
    for (int i = 0; i < 10; ++i) nursery.StartSoon(child, i);
    co_return;
  };
  internal::RunTestBody(__FILE__, __LINE__, [&]() -> Task<> {
    CO_ASSERT_OK(co_await WithNursery(start_ten));
  });
  return order;
}

TEST(CrecheTestRunTest, ShufflesTheScheduleByTheSeed) {
  setenv("CRECHE_SCHEDULE_SEED", "1", /*overwrite=*/1);
  const std::vector<int> first = OrderOfTen();
  const std::vector<int> again = OrderOfTen();
  setenv("CRECHE_SCHEDULE_SEED", "2", /*overwrite=*/1);
  const std::vector<int> other = OrderOfTen();
  unsetenv("CRECHE_SCHEDULE_SEED");

  EXPECT_EQ(first, again);
  EXPECT_NE(first, other);
}

TEST(CrecheTestRunTest, ReportsADeadlockWithTheTasks) {
  const std::string failures = FailuresInRun([]() -> Task<> {
    ParkingLot lot;
    co_await Shield(lot.Park("the bus"));
  });

  EXPECT_THAT(failures, HasSubstr("deadlock"));
  EXPECT_THAT(failures, HasSubstr("task 'main' waits for the bus at "));
}

TEST(CrecheTestRunTest, ReportsTheStatusOfAStatusOr) {
  const std::string failures = FailuresInRun([]() -> Task<> {
    const absl::StatusOr<int> page = absl::NotFoundError("no such page");
    CO_ASSERT_OK(page);
  });

  EXPECT_THAT(failures, HasSubstr("Value of: page\nExpected: is OK\n"
                                  "  Actual: NOT_FOUND: no such page\n"));
}

#if defined(__cpp_exceptions)
TEST(CrecheTestRunTest, ReportsAnException) {
  bool caught = false;
  const std::string failures = FailuresOf([&] {
    try {
      internal::RunTestBody(__FILE__, __LINE__, []() -> Task<> {
        co_await Checkpoint();
        throw 1;
      });
    } catch (int) {
      caught = true;
    }
  });

  EXPECT_TRUE(caught);
  EXPECT_THAT(failures, HasSubstr("CRECHE_SCHEDULE_SEED="));
}
#endif

CRECHE_TEST(CoAssertTest, PassesWhereItHolds) {
  CO_ASSERT_EQ(co_await Three(), 3);
  CO_ASSERT_NE(co_await Three(), 4);
  CO_ASSERT_LT(2, co_await Three());
  CO_ASSERT_LE(3, co_await Three());
  CO_ASSERT_GT(co_await Three(), 2);
  CO_ASSERT_GE(co_await Three(), 3);
  CO_ASSERT_TRUE(co_await Three() == 3) << "three";
  CO_ASSERT_FALSE(co_await Three() == 4) << "three";
  CO_ASSERT_STREQ("a", "a");
  CO_ASSERT_STRNE("a", "b");
  CO_ASSERT_NEAR(1.0, 1.1, 0.2);
  CO_ASSERT_DOUBLE_EQ(1.0, 1.0);
  CO_ASSERT_FLOAT_EQ(1.0f, 1.0f);
  CO_ASSERT_THAT(std::vector<int>({1, 2}), ElementsAre(1, 2));
  CO_ASSERT_OK(absl::OkStatus());
  if (co_await Three() == 3)
    CO_ASSERT_TRUE(true);
  else
    CO_ASSERT_TRUE(false);
}

// The text of a failure, without the seed, which differs.
std::string FirstLines(const std::string& failures) {
  std::string text = failures.substr(0, failures.find("Google Test trace"));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

TEST(CoAssertTest, FailsWithTheTextOfAssert) {
  const std::string expected = FailuresOf([] { ASSERT_EQ(1 + 1, 3) << "sum"; });
  bool went_on = false;
  const std::string actual = FailuresInRun([&]() -> Task<> {
    co_await Checkpoint();
    CO_ASSERT_EQ(1 + 1, 3) << "sum";
    went_on = true;
  });

  EXPECT_EQ(FirstLines(actual), FirstLines(expected));
  EXPECT_FALSE(went_on);
}

TEST(CoAssertTest, FailsWithTheTextOfAssertTrue) {
  const std::string expected = FailuresOf([] { ASSERT_TRUE(1 == 2) << "one"; });
  const std::string actual = FailuresInRun([]() -> Task<> {
    co_await Checkpoint();
    CO_ASSERT_TRUE(1 == 2) << "one";
  });

  EXPECT_EQ(FirstLines(actual), FirstLines(expected));
}

TEST(CoAssertTest, FailsWithTheTextOfAssertThat) {
  const std::string expected = FailuresOf([] { ASSERT_THAT(1, Not(1)); });
  const std::string actual = FailuresInRun([]() -> Task<> {
    co_await Checkpoint();
    CO_ASSERT_THAT(1, Not(1));
  });

  EXPECT_EQ(FirstLines(actual), FirstLines(expected));
}

struct SetsOnDestruction {
  explicit SetsOnDestruction(bool* flag) : flag(flag) {}
  ~SetsOnDestruction() { *flag = true; }
  bool* flag;
};

// Ends early, with `local` alive.
Task<absl::Status> FailsAsStatus(bool* destroyed) {
  SetsOnDestruction local(destroyed);
  co_await Checkpoint();
  CO_ASSERT_TRUE(false) << "status";
  co_return absl::OkStatus();
}

TEST(CoAssertTest, EndsAHelperThatReturnsAStatus) {
  absl::Status status;
  bool destroyed = false;
  bool destroyed_before_caller_goes_on = false;
  FailuresInRun([&]() -> Task<> {
    status = co_await FailsAsStatus(&destroyed);
    destroyed_before_caller_goes_on = destroyed;
  });

  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(destroyed_before_caller_goes_on);
}

Task<absl::StatusOr<std::unique_ptr<int>>> FailsAsStatusOr() {
  CO_ASSERT_EQ(co_await Three(), 4);
  co_return std::make_unique<int>(1);
}

Task<int> FailsAsInt() {
  CO_ASSERT_EQ(co_await Three(), 4);
  co_return 1;
}

TEST(CoAssertTest, EndsHelpersWithOtherResults) {
  FailuresInRun([]() -> Task<> {
    EXPECT_FALSE((co_await FailsAsStatusOr()).ok());
    EXPECT_EQ(co_await FailsAsInt(), 0);
  });
}

TEST(CoAssertTest, EndsAChildOfANursery) {
  const std::string failures = FailuresInRun([]() -> Task<> {
    auto child = []() -> Task<absl::Status> {
      CO_ASSERT_EQ(co_await Three(), 4);
      co_return absl::OkStatus();
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(child);
      co_await SleepForever();
    };
    EXPECT_FALSE((co_await WithNursery(body)).ok());
  });

  EXPECT_THAT(failures, HasSubstr("co_await Three()"));
}

TEST(CoAssertTest, FailFails) {
  EXPECT_THAT(FailuresInRun([]() -> Task<> {
                co_await Checkpoint();
                CO_FAIL() << "no way";
              }),
              HasSubstr("no way"));
}

TEST(CoAssertTest, SkipSkips) {
  const std::string results = FailuresInRun([]() -> Task<> {
    co_await Checkpoint();
    CO_SKIP() << "no network";
    ADD_FAILURE() << "went on";
  });

  EXPECT_THAT(results, HasSubstr("no network"));
  EXPECT_THAT(results, Not(HasSubstr("went on")));
}

}  // namespace
}  // namespace creche
