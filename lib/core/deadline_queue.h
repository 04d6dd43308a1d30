// SPDX-License-Identifier: Apache-2.0
//
// DeadlineQueue: the deadlines of a run, earliest first.

#ifndef CRECHE_LIB_CORE_DEADLINE_QUEUE_H_
#define CRECHE_LIB_CORE_DEADLINE_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "creche/core/internal/deadline.h"

namespace creche::internal {

// A 4-ary heap whose entries know their place. Most deadlines are removed long
// before they are due, so removing one only leaves a gap where it was, in O(1).
// A gap at the top is filled by the next deadline that belongs there, or closed
// when somebody wants to know what is earliest; the others are closed when they
// are the majority and one more deadline comes, or somebody asks: not while all
// are removed. All else is O(log n), and O(1) for a deadline that is later than
// the others. (Four children lie in one cache line; see Johnson, "Priority
// queues with update and finding minimum spanning trees", 1975, for d-ary
// heaps.)
class DeadlineQueue {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  size_t size_with_gaps() const { return heap_.size(); }

  // When the earliest deadline is due; kNever if there is none.
  Nanoseconds earliest();

  // `deadline` must not be in the queue, and must stay alive while it is.
  void Add(Deadline& deadline, Nanoseconds when);
  void Remove(Deadline& deadline);

  // Removes and returns one that is due, or nullptr.
  Deadline* PopDue(Nanoseconds now);

 private:
  struct Entry {
    Nanoseconds when;
    Deadline* deadline;  // Null: a gap.
  };

  static bool IsEarlier(const Entry& a, const Entry& b);
  bool FitsInGapAtTop(const Entry& entry) const;
  void Place(size_t index, Entry entry);
  void MoveUp(size_t index, Entry entry);
  void MoveDown(size_t index, Entry entry);
  void RemoveTop();
  bool is_mostly_gaps() const;
  void CloseGaps();

  std::vector<Entry> heap_;
  size_t size_ = 0;  // Without gaps.
  std::uint32_t next_sequence_ = 0;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_DEADLINE_QUEUE_H_
