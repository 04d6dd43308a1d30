// SPDX-License-Identifier: Apache-2.0

#include "creche/core/errors.h"

#include <vector>

#include "absl/status/status.h"
#include "creche/core/error_group.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

using Predicate = bool (*)(const absl::Status&);

TEST(ErrorsTest, EachKindIsItselfAlone) {
  const std::vector<absl::Status> errors = {
      BusyResourceError("x"),   ClosedResourceError("x"),
      BrokenResourceError("x"), WouldBlockError("x"),
      EndOfStreamError("x"),    TimeoutError("x")};
  const std::vector<Predicate> predicates = {IsBusyResource,   IsClosedResource,
                                             IsBrokenResource, IsWouldBlock,
                                             IsEndOfStream,    IsTimeout};

  for (size_t i = 0; i < errors.size(); ++i) {
    for (size_t j = 0; j < predicates.size(); ++j) {
      EXPECT_EQ(predicates[j](errors[i]), i == j) << i << " " << j;
    }
    EXPECT_EQ(errors[i].message(), "x");
  }
}

TEST(ErrorsTest, UsersErrorsOfTheSameCodeAreNone) {
  for (const absl::StatusCode code :
       {absl::StatusCode::kFailedPrecondition, absl::StatusCode::kUnavailable,
        absl::StatusCode::kOutOfRange, absl::StatusCode::kDeadlineExceeded}) {
    const absl::Status error(code, "x");
    EXPECT_FALSE(IsBusyResource(error) || IsClosedResource(error) ||
                 IsBrokenResource(error) || IsWouldBlock(error) ||
                 IsEndOfStream(error) || IsTimeout(error));
  }
  EXPECT_FALSE(IsTimeout(absl::OkStatus()));
}

TEST(ErrorsTest, KindsSurviveAGroup) {
  const absl::Status group =
      GroupErrors({TimeoutError("x"), WouldBlockError("y")});

  EXPECT_TRUE(IsTimeout(Errors(group)[0]));
  EXPECT_TRUE(IsWouldBlock(Errors(group)[1]));
  EXPECT_FALSE(IsTimeout(group));
}

}  // namespace
}  // namespace creche
