// SPDX-License-Identifier: Apache-2.0
//
// RunQueue: the tasks that can run, first come, first served.

#ifndef CRECHE_CORE_INTERNAL_RUN_QUEUE_H_
#define CRECHE_CORE_INTERNAL_RUN_QUEUE_H_

#include <utility>

namespace creche::internal {

class TaskRecord;

// Links the tasks themselves; what needs to know them whole is defined with
// them, in internal/task_record.h.
class RunQueue {
 public:
  RunQueue() = default;
  RunQueue(const RunQueue&) = delete;
  RunQueue& operator=(const RunQueue&) = delete;

  bool empty() const { return head_ == nullptr; }
  TaskRecord* front() const { return head_; }
  static TaskRecord* after(const TaskRecord& task);

  void PushBack(TaskRecord& task);

  // Returns the first; the others come after() it, each until it is pushed
  // again.
  TaskRecord* TakeAll() {
    tail_ = &head_;
    return std::exchange(head_, nullptr);
  }

 private:
  TaskRecord* head_ = nullptr;
  TaskRecord** tail_ = &head_;
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_RUN_QUEUE_H_
