// SPDX-License-Identifier: Apache-2.0
//
// RunQueue: the tasks that can run, first come, first served.

#ifndef CRECHE_LIB_CORE_RUN_QUEUE_H_
#define CRECHE_LIB_CORE_RUN_QUEUE_H_

#include <cstddef>

#include "creche/internal/task_record.h"

namespace creche::internal {

class RunQueue {
 public:
  RunQueue() = default;
  RunQueue(const RunQueue&) = delete;
  RunQueue& operator=(const RunQueue&) = delete;

  bool empty() const { return head_ == nullptr; }
  size_t size() const { return size_; }

  void PushBack(TaskRecord& task) {
    task.next_runnable_ = nullptr;
    *tail_ = &task;
    tail_ = &task.next_runnable_;
    ++size_;
  }

  TaskRecord* PopFront() {
    TaskRecord* task = head_;
    if (task == nullptr) return nullptr;
    head_ = task->next_runnable_;
    if (head_ == nullptr) tail_ = &head_;
    --size_;
    return task;
  }

 private:
  TaskRecord* head_ = nullptr;
  TaskRecord** tail_ = &head_;
  size_t size_ = 0;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_RUN_QUEUE_H_
