// SPDX-License-Identifier: Apache-2.0

#include "lib/core/deadline_queue.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace creche::internal {
namespace {

constexpr size_t kArity = 4;

}  // namespace

// Of deadlines at the same time, the first added comes first. (The difference
// is right even when the counter has wrapped around.)
bool DeadlineQueue::IsEarlier(const Entry& a, const Entry& b) {
  if (a.when != b.when) return a.when < b.when;
  return static_cast<std::int32_t>(a.deadline->sequence_ -
                                   b.deadline->sequence_) < 0;
}

void DeadlineQueue::Add(Deadline& deadline, Nanoseconds when) {
  deadline.sequence_ = next_sequence_++;
  heap_.emplace_back();
  MoveUp(heap_.size() - 1, Entry{when, &deadline});
}

void DeadlineQueue::Remove(Deadline& deadline) {
  const size_t index = deadline.index_;
  deadline.index_ = Deadline::kNotQueued;
  const Entry removed = heap_[index];
  const Entry last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  if (IsEarlier(last, removed)) {
    MoveUp(index, last);
  } else {
    MoveDown(index, last);
  }
}

Deadline* DeadlineQueue::PopDue(Nanoseconds now) {
  if (empty() || heap_[0].when > now) return nullptr;
  Deadline* due = heap_[0].deadline;
  Remove(*due);
  return due;
}

void DeadlineQueue::Place(size_t index, Entry entry) {
  heap_[index] = entry;
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
