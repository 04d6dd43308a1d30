// SPDX-License-Identifier: Apache-2.0
//
// IsOk, IsOkAndHolds, StatusIs: matchers for absl::Status and absl::StatusOr.
//
//   EXPECT_THAT(co_await stream.SendAll("x"), creche::IsOk());
//   EXPECT_THAT(co_await Fetch(url), creche::IsOkAndHolds(HasSubstr("hello")));
//   EXPECT_THAT(co_await Fetch(bad),
//               creche::StatusIs(absl::StatusCode::kNotFound));
//
// Newer releases of Abseil have matchers of these names in absl_testing. Those
// work as well.

#ifndef CRECHE_TESTING_STATUS_MATCHERS_H_
#define CRECHE_TESTING_STATUS_MATCHERS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "creche/testing/internal/status_matchers.h"
#include "gmock/gmock.h"

namespace creche {

// Matches a Status or StatusOr that is OK.
inline ::testing::PolymorphicMatcher<internal::IsOkMatcher> IsOk() {
  return ::testing::MakePolymorphicMatcher(internal::IsOkMatcher());
}

// Matches a Status or StatusOr whose code matches `code` (a value or a
// matcher) and whose message matches `message`.
template <typename Code, typename Message>
::testing::PolymorphicMatcher<internal::StatusIsMatcher> StatusIs(
    Code code, Message message) {
  return ::testing::MakePolymorphicMatcher(internal::StatusIsMatcher(
      ::testing::SafeMatcherCast<absl::StatusCode>(code),
      ::testing::SafeMatcherCast<const std::string&>(message)));
}
template <typename Code>
::testing::PolymorphicMatcher<internal::StatusIsMatcher> StatusIs(Code code) {
  return StatusIs(std::move(code), ::testing::_);
}

// Matches a StatusOr that is OK and whose value matches `inner` (a value or a
// matcher).
template <typename Inner>
internal::IsOkAndHoldsFactory<Inner> IsOkAndHolds(Inner inner) {
  return internal::IsOkAndHoldsFactory<Inner>(std::move(inner));
}

}  // namespace creche

#endif  // CRECHE_TESTING_STATUS_MATCHERS_H_
