// SPDX-License-Identifier: Apache-2.0
//
// RunQueue: the tasks that can run, first come, first served.

#ifndef CRECHE_LIB_CORE_RUN_QUEUE_H_
#define CRECHE_LIB_CORE_RUN_QUEUE_H_

#include <utility>

#include "creche/internal/task_record.h"

namespace creche::internal {

class RunQueue {
 public:
  RunQueue() = default;
  RunQueue(const RunQueue&) = delete;
  RunQueue& operator=(const RunQueue&) = delete;

  bool empty() const { return head_ == nullptr; }
  TaskRecord* front() const { return head_; }
  static TaskRecord* after(const TaskRecord& task) {
    return task.next_runnable_;
  }

  void PushBack(TaskRecord& task) {
    task.next_runnable_ = nullptr;
    *tail_ = &task;
    tail_ = &task.next_runnable_;
  }

  TaskRecord* PopFront() {
    TaskRecord* task = head_;
    if (task == nullptr) return nullptr;
    head_ = task->next_runnable_;
    if (head_ == nullptr) tail_ = &head_;
    return task;
  }

  // Moves all tasks of `other` to this queue, which is empty.
  void TakeAll(RunQueue& other) {
    if (other.empty()) return;
    head_ = std::exchange(other.head_, nullptr);
    tail_ = std::exchange(other.tail_, &other.head_);
  }

 private:
  TaskRecord* head_ = nullptr;
  TaskRecord** tail_ = &head_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_RUN_QUEUE_H_
