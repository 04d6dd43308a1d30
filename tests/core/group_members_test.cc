// SPDX-License-Identifier: Apache-2.0

#include "lib/core/group_members.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace creche::internal {
namespace {

const absl::Status kFirst = absl::DataLossError("first");
const absl::Status kSecond = absl::NotFoundError("second");
const absl::Status kThird = absl::InternalError("third");

std::shared_ptr<const GroupMembers> Group(std::vector<absl::Status> errors) {
  return std::make_shared<const GroupMembers>(std::move(errors));
}

absl::Status StatusOf(std::shared_ptr<const GroupMembers> members) {
  absl::Status group = absl::DataLossError("a group");
  AttachMembers(members, group);
  return group;
}

TEST(GroupMembersTest, AStatusGivesBackTheVeryMembers) {
  const auto members = Group({kFirst, kSecond});
  const absl::Status group = StatusOf(members);
  EXPECT_EQ(MembersOf(group), members);
  const absl::Status copy = group;
  EXPECT_EQ(MembersOf(copy), members);
  EXPECT_EQ(MembersOf(kFirst), nullptr);
  EXPECT_EQ(MembersOf(absl::OkStatus()), nullptr);
}

TEST(GroupMembersTest, LivesAsLongAsAStatusThatHasIt) {
  std::weak_ptr<const GroupMembers> members;
  {
    const absl::Status group = StatusOf(Group({kFirst, kSecond}));
    members = MembersOf(group);
    EXPECT_FALSE(members.expired());
  }
  EXPECT_TRUE(members.expired());
}

TEST(GroupMembersTest, AGroupInAGroupIsSharedAndNotCopied) {
  const auto inner = Group({kFirst, kSecond});
  const long before = inner.use_count();
  const auto outer = Group({StatusOf(inner), kThird});
  EXPECT_GT(inner.use_count(), before);
  EXPECT_EQ(outer->Leaves(),
            (std::vector<absl::Status>{kFirst, kSecond, kThird}));
  EXPECT_EQ(outer->title(), "3 errors");
}

TEST(GroupMembersTest, DescribesTheFirstOfMany) {
  std::vector<absl::Status> errors(1000, kFirst);
  errors.push_back(kSecond);
  const auto members = Group(std::move(errors));
  EXPECT_EQ(members->title(), "1001 errors");
  EXPECT_TRUE(absl::StrContains(members->Describe(), "first"));
  EXPECT_FALSE(absl::StrContains(members->Describe(), "second"));
  EXPECT_LT(members->Describe().size(), 2000u);
}

}  // namespace
}  // namespace creche::internal
