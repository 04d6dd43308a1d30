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

#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/internal/status_traits.h"
#include "gmock/gmock.h"

namespace creche::internal {

class IsOkMatcher {
 public:
  // GoogleTest prints a Status itself, but the bytes of a StatusOr.
  template <typename Result>
  bool MatchAndExplain(const Result& result,
                       ::testing::MatchResultListener* listener) const {
    if constexpr (kIsStatusOr<Result>) {
      if (!result.ok()) *listener << "which is " << result.status();
    }
    return result.ok();
  }
  void DescribeTo(std::ostream* out) const { *out << "is OK"; }
  void DescribeNegationTo(std::ostream* out) const { *out << "is not OK"; }
};

class StatusIsMatcher {
 public:
  StatusIsMatcher(::testing::Matcher<absl::StatusCode> code,
                  ::testing::Matcher<const std::string&> message)
      : code_(std::move(code)), message_(std::move(message)) {}

  template <typename Result>
  bool MatchAndExplain(const Result& result,
                       ::testing::MatchResultListener* listener) const {
    return Matches(creche::internal::StatusOf(result), listener);
  }
  void DescribeTo(std::ostream* out) const;
  void DescribeNegationTo(std::ostream* out) const;

 private:
  bool Matches(const absl::Status& status,
               ::testing::MatchResultListener* listener) const;

  ::testing::Matcher<absl::StatusCode> code_;
  ::testing::Matcher<const std::string&> message_;
};

// `ResultReference` is const absl::StatusOr<T>&.
template <typename ResultReference>
class IsOkAndHoldsMatcher
    : public ::testing::MatcherInterface<ResultReference> {
 public:
  using Value = typename std::remove_cvref_t<ResultReference>::value_type;

  template <typename Inner>
  explicit IsOkAndHoldsMatcher(const Inner& inner)
      : inner_(::testing::SafeMatcherCast<const Value&>(inner)) {}

  bool MatchAndExplain(
      ResultReference result,
      ::testing::MatchResultListener* listener) const override {
    if (!result.ok()) {
      *listener << "which is " << result.status().ToString();
      return false;
    }
    *listener << "which holds " << ::testing::PrintToString(*result);
    ::testing::StringMatchResultListener explanation;
    const bool matches = inner_.MatchAndExplain(*result, &explanation);
    if (!explanation.str().empty()) *listener << ", " << explanation.str();
    return matches;
  }
  void DescribeTo(std::ostream* out) const override {
    *out << "is OK and holds a value that ";
    inner_.DescribeTo(out);
  }
  void DescribeNegationTo(std::ostream* out) const override {
    *out << "is not OK, or holds a value that ";
    inner_.DescribeNegationTo(out);
  }

 private:
  const ::testing::Matcher<const Value&> inner_;
};

template <typename Inner>
class IsOkAndHoldsFactory {
 public:
  explicit IsOkAndHoldsFactory(Inner inner) : inner_(std::move(inner)) {}

  template <typename Result>
  operator ::testing::Matcher<Result>() const {  // NOLINT: as matchers do.
    return ::testing::Matcher<Result>(
        new IsOkAndHoldsMatcher<const Result&>(inner_));
  }

 private:
  Inner inner_;
};

}  // namespace creche::internal

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
