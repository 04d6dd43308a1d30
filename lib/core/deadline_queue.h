// SPDX-License-Identifier: Apache-2.0
//
// DeadlineQueue: the deadlines of a run, earliest first.

#ifndef CRECHE_LIB_CORE_DEADLINE_QUEUE_H_
#define CRECHE_LIB_CORE_DEADLINE_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "creche/internal/deadline.h"

namespace creche::internal {

// A 4-ary heap whose entries know their place, so that each can be removed: all
// operations are O(log n), and a deadline later than the others is added and
// removed in O(1). (Four children lie in one cache line; see Johnson, "Priority
// queues with update and finding minimum spanning trees", 1975, for d-ary
// heaps.)
class DeadlineQueue {
 public:
  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }

  // When the earliest deadline is due; kNever if there is none.
  Nanoseconds earliest() const { return empty() ? kNever : heap_[0].when; }

  // `deadline` must not be in the queue, and must stay alive while it is.
  void Add(Deadline& deadline, Nanoseconds when);
  void Remove(Deadline& deadline);

  // Removes and returns one that is due, or nullptr.
  Deadline* PopDue(Nanoseconds now);

 private:
  struct Entry {
    Nanoseconds when;
    Deadline* deadline;
  };

  static bool IsEarlier(const Entry& a, const Entry& b);
  void Place(size_t index, Entry entry);
  void MoveUp(size_t index, Entry entry);
  void MoveDown(size_t index, Entry entry);

  std::vector<Entry> heap_;
  std::uint32_t next_sequence_ = 0;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_DEADLINE_QUEUE_H_
