// SPDX-License-Identifier: Apache-2.0
//
// EventPort: how a run hears from the outside world. uring/ implements it on
// io_uring; testing/ has one that never touches the kernel.

#ifndef CRECHE_CORE_EVENT_PORT_H_
#define CRECHE_CORE_EVENT_PORT_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/backend.h"

namespace creche {

// A port serves one run at a time, on the thread of that run; only Notify() may
// be called from elsewhere.
class EventPort {
 public:
  virtual ~EventPort() = default;

  // The run begins on this thread. An error ends it before any task has run.
  virtual absl::Status Open() = 0;

  // The run has ended: every task, and so every operation, has.
  virtual void Close() = 0;

  // Submits what tasks have asked for and delivers what has completed, without
  // waiting. Called once per batch of tasks; less often while is_idle().
  virtual void Poll() = 0;

  // The same, but waits for a completion or Notify() for `at_most` (positive,
  // may be infinite). May return early without cause.
  virtual void Wait(absl::Duration at_most) = 0;

  // The number of operations under way.
  virtual size_t pending() const = 0;

  // What it uses of the kernel; kAuto: neither.
  virtual Backend backend() const { return Backend::kAuto; }

  // Ends a Wait(), the current one or else the next.
  // Thread safety: any thread, and signal handlers.
  virtual void Notify() = 0;

  // True while Poll() has nothing to do that is urgent: no operation is under
  // way, and nothing is to be submitted. A run whose tasks only wait for each
  // other does not pay for its port. Never true of a port that does not say so.
  bool is_idle() const { return is_idle_; }

 protected:
  // For ports: to be called, on the thread of the run, whenever that changes.
  void set_is_idle(bool is_idle) { is_idle_ = is_idle; }

 private:
  bool is_idle_ = false;
};

}  // namespace creche

#endif  // CRECHE_CORE_EVENT_PORT_H_
