// SPDX-License-Identifier: Apache-2.0

#include "lib/core/deadline_queue.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace creche::internal {
namespace {

constexpr size_t kArity = 4;

// So many gaps are not worth the work of closing them.
constexpr size_t kFewGaps = 64;

}  // namespace

// Of deadlines at the same time, the first added comes first, and gaps come
// before them all. (The difference is right even when the counter has wrapped
// around.)
bool DeadlineQueue::IsEarlier(const Entry& a, const Entry& b) {
  if (a.when != b.when) return a.when < b.when;
  if (a.deadline == nullptr || b.deadline == nullptr) {
    return a.deadline == nullptr && b.deadline != nullptr;
  }
  return static_cast<std::int32_t>(a.deadline->sequence_ -
                                   b.deadline->sequence_) < 0;
}

Nanoseconds DeadlineQueue::earliest() {
  if (is_mostly_gaps()) CloseGaps();
  while (!heap_.empty() && heap_[0].deadline == nullptr) RemoveTop();
  return heap_.empty() ? kNever : heap_[0].when;
}

void DeadlineQueue::Add(Deadline& deadline, Nanoseconds when) {
  if (is_mostly_gaps()) CloseGaps();
  deadline.sequence_ = next_sequence_++;
  ++size_;
  const Entry entry{when, &deadline};
  if (FitsInGapAtTop(entry)) {
    Place(0, entry);
  } else {
    heap_.emplace_back();
    MoveUp(heap_.size() - 1, entry);
  }
}

bool DeadlineQueue::FitsInGapAtTop(const Entry& entry) const {
  if (heap_.empty() || heap_[0].deadline != nullptr) return false;
  const size_t end = std::min(kArity + 1, heap_.size());
  for (size_t child = 1; child < end; ++child) {
    if (!IsEarlier(entry, heap_[child])) return false;
  }
  return true;
}

void DeadlineQueue::Remove(Deadline& deadline) {
  heap_[deadline.index_].deadline = nullptr;
  deadline.index_ = Deadline::kNotQueued;
  if (--size_ == 0) heap_.clear();
}

Deadline* DeadlineQueue::PopDue(Nanoseconds now) {
  while (!heap_.empty() && heap_[0].when <= now) {
    Deadline* due = heap_[0].deadline;
    RemoveTop();
    if (due == nullptr) continue;
    due->index_ = Deadline::kNotQueued;
    --size_;
    return due;
  }
  return nullptr;
}

void DeadlineQueue::RemoveTop() {
  const Entry last = heap_.back();
  heap_.pop_back();
  if (!heap_.empty()) MoveDown(0, last);
}

bool DeadlineQueue::is_mostly_gaps() const {
  return heap_.size() > 2 * size_ + kFewGaps;
}

// Floyd, "Algorithm 245: Treesort 3", 1964: builds a heap in O(n).
void DeadlineQueue::CloseGaps() {
  std::erase_if(heap_, [](const Entry& e) { return e.deadline == nullptr; });
  for (size_t index = heap_.size(); index > 0; --index) {
    MoveDown(index - 1, heap_[index - 1]);
  }
}

void DeadlineQueue::Place(size_t index, Entry entry) {
  heap_[index] = entry;
  if (entry.deadline == nullptr) return;
  entry.deadline->index_ = static_cast<std::uint32_t>(index);
}

void DeadlineQueue::MoveUp(size_t index, Entry entry) {
  while (index > 0) {
    const size_t parent = (index - 1) / kArity;
    if (!IsEarlier(entry, heap_[parent])) break;
    Place(index, heap_[parent]);
    index = parent;
  }
  Place(index, entry);
}

void DeadlineQueue::MoveDown(size_t index, Entry entry) {
  for (;;) {
    const size_t first = index * kArity + 1;
    if (first >= heap_.size()) break;
    const size_t end = std::min(first + kArity, heap_.size());
    size_t least = first;
    for (size_t child = first + 1; child < end; ++child) {
      if (IsEarlier(heap_[child], heap_[least])) least = child;
    }
    if (!IsEarlier(heap_[least], entry)) break;
    Place(index, heap_[least]);
    index = least;
  }
  Place(index, entry);
}

}  // namespace creche::internal
