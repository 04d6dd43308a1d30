// SPDX-License-Identifier: Apache-2.0
//
// RootTask: a task beside main, for work that comes from outside of the run.

#ifndef CRECHE_LIB_THREADS_ROOT_TASK_H_
#define CRECHE_LIB_THREADS_ROOT_TASK_H_

#include "absl/status/status.h"
#include "creche/core/task.h"

namespace creche::internal {

class RootWork {
 public:
  virtual Task<> Run() = 0;

  // The task has ended, and its frames are gone. OK: it has completed. It must
  // not throw. kCancelled: it was cancelled, for the reason in the message.
  virtual void Ended(absl::Status status) = 0;

 protected:
  ~RootWork() = default;
};

// Starts a task that does `work`, in the run of this thread, between steps of
// tasks. False: main has ended.
bool StartRootTask(RootWork& work, const char* name);

}  // namespace creche::internal

#endif  // CRECHE_LIB_THREADS_ROOT_TASK_H_
