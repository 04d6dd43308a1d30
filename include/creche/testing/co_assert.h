// SPDX-License-Identifier: Apache-2.0
//
// CO_ASSERT_...: GoogleTest's ASSERT_... for coroutines.
//
//   CRECHE_TEST(ClientTest, Connects) {
//     absl::StatusOr<Client> client = co_await Connect();
//     CO_ASSERT_OK(client);
//     CO_ASSERT_EQ(co_await client->Ping(), "pong") << "after connecting";
//   }
//
// ASSERT_... cannot be used in a coroutine, because it contains a `return`.
// EXPECT_... can.

#ifndef CRECHE_TESTING_CO_ASSERT_H_
#define CRECHE_TESTING_CO_ASSERT_H_

#include "creche/testing/internal/end_coroutine.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

// What the assertions do on failure: report it, with what the test streams to
// the assertion (the statement of the loop ends after this macro), and then
// leave. A co_return would have to know the type of the result.
#define CRECHE_CO_LEAVE_(message, type)                                     \
  for (::creche::internal::EndCoroutine creche_end_;; co_await creche_end_) \
  GTEST_MESSAGE_(message, ::testing::TestPartResult::type)
#define CRECHE_CO_FATAL_FAILURE_(message) \
  CRECHE_CO_LEAVE_(message, kFatalFailure)

// Stands for GTEST_TEST_BOOLEAN_, whose arguments have changed their meaning
// since GoogleTest 1.12.
#define CRECHE_CO_BOOLEAN_(expression, text, actual, expected) \
  GTEST_AMBIGUOUS_ELSE_BLOCKER_                                \
  if (const ::testing::AssertionResult creche_result_ =        \
          ::testing::AssertionResult(expression))              \
    ;                                                          \
  else                                                         \
    CRECHE_CO_FATAL_FAILURE_(                                  \
        ::testing::internal::GetBoolAssertionFailureMessage(   \
            creche_result_, text, actual, expected)            \
            .c_str())

// Each reports a failure as the ASSERT_... of the same name does, and then ends
// the coroutine it stands in: a Task<absl::Status> or Task<absl::StatusOr<T>>
// with an error, any other with a default-constructed result. As with ASSERT_,
// the caller goes on. Arguments may contain co_await.
#define CO_ASSERT_TRUE(condition) \
  CRECHE_CO_BOOLEAN_(condition, #condition, "false", "true")
#define CO_ASSERT_FALSE(condition) \
  CRECHE_CO_BOOLEAN_(!(condition), #condition, "true", "false")

#define CO_ASSERT_PRED_FORMAT1(format, v1) \
  GTEST_PRED_FORMAT1_(format, v1, CRECHE_CO_FATAL_FAILURE_)
#define CO_ASSERT_PRED_FORMAT2(format, v1, v2) \
  GTEST_PRED_FORMAT2_(format, v1, v2, CRECHE_CO_FATAL_FAILURE_)
#define CO_ASSERT_PRED_FORMAT3(format, v1, v2, v3) \
  GTEST_PRED_FORMAT3_(format, v1, v2, v3, CRECHE_CO_FATAL_FAILURE_)

#define CO_ASSERT_EQ(val1, val2) \
  CO_ASSERT_PRED_FORMAT2(::testing::internal::EqHelper::Compare, val1, val2)
#define CO_ASSERT_NE(val1, val2) \
  CO_ASSERT_PRED_FORMAT2(::testing::internal::CmpHelperNE, val1, val2)
#define CO_ASSERT_LT(val1, val2) \
  CO_ASSERT_PRED_FORMAT2(::testing::internal::CmpHelperLT, val1, val2)
#define CO_ASSERT_LE(val1, val2) \
  CO_ASSERT_PRED_FORMAT2(::testing::internal::CmpHelperLE, val1, val2)
#define CO_ASSERT_GT(val1, val2) \
  CO_ASSERT_PRED_FORMAT2(::testing::internal::CmpHelperGT, val1, val2)
#define CO_ASSERT_GE(val1, val2) \
  CO_ASSERT_PRED_FORMAT2(::testing::internal::CmpHelperGE, val1, val2)

#define CO_ASSERT_STREQ(s1, s2) \
  CO_ASSERT_PRED_FORMAT2(::testing::internal::CmpHelperSTREQ, s1, s2)
#define CO_ASSERT_STRNE(s1, s2) \
  CO_ASSERT_PRED_FORMAT2(::testing::internal::CmpHelperSTRNE, s1, s2)

#define CO_ASSERT_FLOAT_EQ(val1, val2)                                         \
  CO_ASSERT_PRED_FORMAT2(::testing::internal::CmpHelperFloatingPointEQ<float>, \
                         val1, val2)
#define CO_ASSERT_DOUBLE_EQ(val1, val2) \
  CO_ASSERT_PRED_FORMAT2(               \
      ::testing::internal::CmpHelperFloatingPointEQ<double>, val1, val2)
#define CO_ASSERT_NEAR(val1, val2, abs_error)                             \
  CO_ASSERT_PRED_FORMAT3(::testing::internal::DoubleNearPredFormat, val1, \
                         val2, abs_error)

#define CO_ASSERT_THAT(value, matcher) \
  CO_ASSERT_PRED_FORMAT1(              \
      ::testing::internal::MakePredicateFormatterFromMatcher(matcher), value)

// An absl::Status or absl::StatusOr is OK.
#define CO_ASSERT_OK(expression) \
  CO_ASSERT_PRED_FORMAT1(::creche::internal::CheckIsOk, expression)

// FAIL() and GTEST_SKIP() for coroutines.
#define CO_FAIL() CRECHE_CO_FATAL_FAILURE_("Failed")
#define CO_SKIP() CRECHE_CO_LEAVE_("", kSkip)

#endif  // CRECHE_TESTING_CO_ASSERT_H_
