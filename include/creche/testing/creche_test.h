// SPDX-License-Identifier: Apache-2.0
//
// CRECHE_TEST: a GoogleTest test whose body is a coroutine.
//
//   CRECHE_TEST(EventTest, WakesItsWaiters) {
//     creche::Event event;
//     auto set_later = [&]() -> creche::Task<> {
//       co_await creche::SleepFor(absl::Hours(1));
//       event.Set();
//     };
//     auto body = [&](creche::Nursery& nursery) -> creche::Task<> {
//       nursery.StartSoon(set_later);
//       co_await event.Wait();
//     };
//     CO_ASSERT_OK(co_await creche::WithNursery(body));
//   }
//
// EXPECT_... work as ever; instead of ASSERT_... write CO_ASSERT_...
// (testing/co_assert.h), which this header includes, as it does the status
// matchers and the clock.

#ifndef CRECHE_TESTING_CRECHE_TEST_H_
#define CRECHE_TESTING_CRECHE_TEST_H_

#include "creche/core/task.h"
#include "creche/run.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/internal/run_test_body.h"
#include "creche/testing/mock_clock.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

// Defines a test. What follows is the body of a coroutine that returns
// creche::Task<>, so there must be a co_await or co_return in it. It runs
// - on a MockClock that jumps to the next deadline whenever every task waits,
// - with a shuffled schedule: the seed is another one every time, is named by
//   every failure, and can be set with CRECHE_SCHEDULE_SEED in the environment,
// - on io_uring, which is not asked for before the first kernel operation.
// A deadlock is a failure of the test, which shows the tasks.
#define CRECHE_TEST(test_suite_name, test_name)                           \
  static ::creche::Task<> test_suite_name##_##test_name##_CrecheBody();   \
  TEST(test_suite_name, test_name) {                                      \
    ::creche::internal::RunTestBody(                                      \
        __FILE__, __LINE__, &test_suite_name##_##test_name##_CrecheBody); \
  }                                                                       \
  static ::creche::Task<> test_suite_name##_##test_name##_CrecheBody()

// NOLINTBEGIN(bugprone-macro-parentheses): names have none.

// The same with a fixture, whose members the body can use: what TEST_F is to
// TEST. SetUp() and TearDown() are outside of the run.
#define CRECHE_TEST_F(test_fixture, test_name)                           \
  class test_fixture##_##test_name##_CrecheBody : public test_fixture {  \
   protected:                                                            \
    ::creche::Task<> CrecheBody();                                       \
  };                                                                     \
  GTEST_TEST_(test_fixture, test_name,                                   \
              test_fixture##_##test_name##_CrecheBody,                   \
              ::testing::internal::GetTypeId<test_fixture>()) {          \
    auto body = [this]() -> ::creche::Task<> { co_await CrecheBody(); }; \
    ::creche::internal::RunTestBody(__FILE__, __LINE__, body);           \
  }                                                                      \
  ::creche::Task<> test_fixture##_##test_name##_CrecheBody::CrecheBody()

// NOLINTEND(bugprone-macro-parentheses)

#endif  // CRECHE_TESTING_CRECHE_TEST_H_
