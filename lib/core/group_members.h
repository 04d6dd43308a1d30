// SPDX-License-Identifier: Apache-2.0
//
// GroupMembers: the Statuses in an error group, and how the group's Status
// holds them.

#ifndef CRECHE_LIB_CORE_GROUP_MEMBERS_H_
#define CRECHE_LIB_CORE_GROUP_MEMBERS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace creche::internal {

// Immutable, and shared by all copies of a group, on whatever thread. A group
// in a group is shared, too, without the Status it had: to add one error to a
// group costs the same for a large one as for a small one.
class GroupMembers {
 public:
  // None is OK.
  explicit GroupMembers(std::vector<absl::Status> errors);
  GroupMembers(const GroupMembers&) = delete;
  GroupMembers& operator=(const GroupMembers&) = delete;
  ~GroupMembers();

  // All that are no groups, in order.
  std::vector<absl::Status> Leaves() const;

  // "3 errors", and the same with the text of the first few.
  const std::string& title() const { return title_; }
  std::string Describe() const;

 private:
  // An error, or a group.
  struct Member {
    absl::Status leaf;
    std::shared_ptr<const GroupMembers> group;
  };

  void AddToFirst(const absl::Status& leaf);

  std::vector<Member> members_;
  std::vector<absl::Status> first_leaves_;
  std::size_t leaf_count_ = 0;
  std::string title_;
};

// Makes `group` the Status of a group with these members.
void AttachMembers(const std::shared_ptr<const GroupMembers>& members,
                   absl::Status& group);

// The members of a group; null if `status` is no group.
std::shared_ptr<const GroupMembers> MembersOf(const absl::Status& status);

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_GROUP_MEMBERS_H_
