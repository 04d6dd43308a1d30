// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/status_matchers.h"

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pointee;

// What a matcher says about a value it does not match.
template <typename Value, typename Matcher>
std::string Explanation(const Value& value, const Matcher& matcher) {
  ::testing::StringMatchResultListener listener;
  EXPECT_FALSE(::testing::ExplainMatchResult(
      ::testing::Matcher<const Value&>(matcher), value, &listener));
  return listener.str();
}

TEST(StatusMatchersTest, IsOkMatchesBoth) {
  EXPECT_THAT(absl::OkStatus(), IsOk());
  EXPECT_THAT(absl::StatusOr<int>(1), IsOk());
  EXPECT_THAT(absl::InternalError(""), Not(IsOk()));
  EXPECT_THAT(absl::StatusOr<int>(absl::InternalError("")), Not(IsOk()));
}

TEST(StatusMatchersTest, IsOkShowsTheStatusOfAStatusOr) {
  const absl::Status status = absl::NotFoundError("no such page");

  EXPECT_EQ(Explanation(absl::StatusOr<int>(status), IsOk()),
            "which is NOT_FOUND: no such page");
  EXPECT_EQ(Explanation(status, IsOk()), "");  // It is printed anyway.
}

TEST(StatusMatchersTest, IsOkAndHoldsMatchesTheValue) {
  EXPECT_THAT(absl::StatusOr<int>(1), IsOkAndHolds(1));
  EXPECT_THAT(absl::StatusOr<int>(1), Not(IsOkAndHolds(2)));
  EXPECT_THAT(absl::StatusOr<std::string>("abc"), IsOkAndHolds("abc"));
  EXPECT_THAT(absl::StatusOr<std::string>("abc"), IsOkAndHolds(HasSubstr("b")));
  EXPECT_THAT(absl::StatusOr<std::unique_ptr<int>>(std::make_unique<int>(1)),
              IsOkAndHolds(Pointee(1)));
}

TEST(StatusMatchersTest, StatusIsMatchesCodeAndMessage) {
  const absl::Status status = absl::NotFoundError("no such page");

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound, "no such page"));
  EXPECT_THAT(status, StatusIs(AnyOf(absl::StatusCode::kNotFound,
                                     absl::StatusCode::kUnavailable),
                               HasSubstr("page")));
  EXPECT_THAT(status, Not(StatusIs(absl::StatusCode::kInternal)));
  EXPECT_THAT(status, Not(StatusIs(absl::StatusCode::kNotFound, "page")));
  EXPECT_THAT(absl::StatusOr<int>(status),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST(StatusMatchersTest, ExplainWhatIsWrong) {
  const absl::StatusOr<int> failed = absl::NotFoundError("no such page");

  EXPECT_THAT(Explanation(failed, IsOkAndHolds(1)),
              HasSubstr("NOT_FOUND: no such page"));
  EXPECT_THAT(Explanation(failed, StatusIs(absl::StatusCode::kInternal)),
              HasSubstr("whose code is NOT_FOUND"));
  EXPECT_THAT(Explanation(absl::StatusOr<int>(2), IsOkAndHolds(1)),
              HasSubstr("which holds 2"));
}

}  // namespace
}  // namespace creche
