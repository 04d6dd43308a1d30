// SPDX-License-Identifier: Apache-2.0
//
// The matchers behind IsOk(), StatusIs() and IsOkAndHolds().

#ifndef CRECHE_TESTING_INTERNAL_STATUS_MATCHERS_H_
#define CRECHE_TESTING_INTERNAL_STATUS_MATCHERS_H_

#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
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
    return Matches(StatusOf(result), listener);
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

#endif  // CRECHE_TESTING_INTERNAL_STATUS_MATCHERS_H_
