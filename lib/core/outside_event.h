// SPDX-License-Identifier: Apache-2.0
//
// OutsideEvent: how another thread or a signal handler gets something done on
// the thread of a run.

#ifndef CRECHE_LIB_CORE_OUTSIDE_EVENT_H_
#define CRECHE_LIB_CORE_OUTSIDE_EVENT_H_

#include <atomic>

namespace creche::internal {

class OutsideEvent;
class Scheduler;

// Events that were posted and not yet seen. Lock-free, so that signal handlers
// may post.
class OutsideInbox {
 public:
  bool empty() const {
    return newest_.load(std::memory_order_relaxed) == nullptr;
  }

  // The same, in one order with all Add() and whatever else is seq_cst.
  bool is_surely_empty() const { return newest_.load() == nullptr; }

  // Thread safety: any thread, and signal handlers.
  void Add(OutsideEvent& event);

  // Lets all events happen, in the order in which they were posted.
  void Deliver();

 private:
  std::atomic<OutsideEvent*> newest_ = nullptr;
};

// While there is one that is expected, a run that has nothing else to do waits
// for it instead of reporting a deadlock. It is made on the run's thread.
class OutsideEvent {
 public:
  enum class Kind { kExpected, kUnexpected };

  explicit OutsideEvent(Scheduler& scheduler, Kind kind = Kind::kExpected);
  OutsideEvent(const OutsideEvent&) = delete;
  OutsideEvent& operator=(const OutsideEvent&) = delete;

  // Makes the run call Happen(). At most once until then. The caller sees to it
  // that the event, and so the run, exists meanwhile.
  // Thread safety: any thread, and signal handlers.
  void Post();

  // Called on the run's thread, between steps of tasks.
  virtual void Happen() = 0;

 protected:
  // Requires: not posted, or it has happened, or no task will run any more.
  ~OutsideEvent();

 private:
  friend class OutsideInbox;

  Scheduler& scheduler_;
  const Kind kind_;
  OutsideEvent* next_ = nullptr;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_OUTSIDE_EVENT_H_
