// SPDX-License-Identifier: Apache-2.0

#include "lib/core/group_members.h"

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace creche::internal {
namespace {

constexpr absl::string_view kUrl = "type.creche/error_group";

// So many errors a group names in its text.
constexpr std::size_t kNamed = 32;

// A Status can hold nothing but text, as a Cord, and prints it. So the text is
// short, the group's title, and its address leads to the members: copies of a
// Cord share the text, and the last one to go removes it from here. Text that
// was copied byte by byte is not found, and its Status is a single error.
class Titles {
 public:
  // Never destroyed: a static Status may be a group.
  static Titles& OfProcess() {
    static auto& titles = *new Titles;
    return titles;
  }

  absl::Cord Add(std::shared_ptr<const GroupMembers> members) {
    const absl::string_view title = members->title();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      members_.emplace(title.data(), std::move(members));
    }
    return absl::MakeCordFromExternal(
        title, [this](absl::string_view text) { Remove(text); });
  }

  std::shared_ptr<const GroupMembers> Find(const absl::Cord& text) {
    if (text.empty()) return nullptr;
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = members_.find((*text.chunk_begin()).data());
    return found == members_.end() ? nullptr : found->second;
  }

 private:
  using Members =
      std::unordered_map<const char*, std::shared_ptr<const GroupMembers>>;

  // The members are destroyed without the lock: there may be groups in them.
  void Remove(absl::string_view text) {
    Members::node_type removed;
    const std::lock_guard<std::mutex> lock(mutex_);
    removed = members_.extract(text.data());
  }

  std::mutex mutex_;
  Members members_;
};

}  // namespace

GroupMembers::GroupMembers(std::vector<absl::Status> errors) {
  for (absl::Status& error : errors) {
    if (auto group = MembersOf(error)) {
      for (const absl::Status& leaf : group->first_leaves_) AddToFirst(leaf);
      leaf_count_ += group->leaf_count_;
      members_.push_back({absl::OkStatus(), std::move(group)});
    } else {
      AddToFirst(error);
      ++leaf_count_;
      members_.push_back({std::move(error), nullptr});
    }
  }
  title_ = absl::StrCat(leaf_count_, " errors");
}

// One after the other, not one inside the other: groups may be nested deeper
// than the native stack is.
GroupMembers::~GroupMembers() {
  using Groups = std::vector<std::shared_ptr<const GroupMembers>>;
  static thread_local Groups* being_released = nullptr;
  Groups groups;
  const bool is_first = being_released == nullptr;
  if (is_first) being_released = &groups;
  for (Member& member : members_) {
    if (member.group) being_released->push_back(std::move(member.group));
  }
  if (!is_first) return;
  while (!groups.empty()) {
    const auto released = std::move(groups.back());
    groups.pop_back();
  }
  being_released = nullptr;
}

void GroupMembers::AddToFirst(const absl::Status& leaf) {
  if (first_leaves_.size() < kNamed) first_leaves_.push_back(leaf);
}

std::vector<absl::Status> GroupMembers::Leaves() const {
  std::vector<absl::Status> leaves;
  leaves.reserve(leaf_count_);
  std::vector<const Member*> open;  // Still to be looked at, last first.
  const auto open_all = [&open](const GroupMembers& group) {
    for (auto it = group.members_.rbegin(); it != group.members_.rend(); ++it) {
      open.push_back(&*it);
    }
  };
  open_all(*this);
  while (!open.empty()) {
    const Member& member = *open.back();
    open.pop_back();
    if (member.group != nullptr) {
      open_all(*member.group);
    } else {
      leaves.push_back(member.leaf);
    }
  }
  return leaves;
}

std::string GroupMembers::Describe() const {
  std::string text = absl::StrCat(
      title_, ": ",
      absl::StrJoin(
          first_leaves_, "; ", [](std::string* out, const absl::Status& leaf) {
            absl::StrAppend(
                out, leaf.ToString(absl::StatusToStringMode::kWithNoExtraData));
          }));
  if (leaf_count_ > kNamed) {
    absl::StrAppend(&text, "; and ", leaf_count_ - kNamed, " more");
  }
  return text;
}

void AttachMembers(const std::shared_ptr<const GroupMembers>& members,
                   absl::Status& group) {
  group.SetPayload(kUrl, Titles::OfProcess().Add(members));
}

std::shared_ptr<const GroupMembers> MembersOf(const absl::Status& status) {
  const auto text = status.GetPayload(kUrl);
  return text.has_value() ? Titles::OfProcess().Find(*text) : nullptr;
}

}  // namespace creche::internal
