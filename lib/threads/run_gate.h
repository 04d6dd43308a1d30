// SPDX-License-Identifier: Apache-2.0
//
// RunGate: what the rest of the process knows of a run.

#ifndef CRECHE_LIB_THREADS_RUN_GATE_H_
#define CRECHE_LIB_THREADS_RUN_GATE_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "creche/core/internal/running.h"
#include "creche/threads/internal/run_message.h"
#include "lib/core/outside_event.h"
#include "lib/core/scheduler.h"
#include "lib/threads/message_memory.h"

namespace creche::internal {

// Outlives the run: then it is closed. Messages are a stack, newest first, with
// one atomic exchange to add one; whoever adds to an empty one rings, and the
// run takes all at once.
class RunGate : public std::enable_shared_from_this<RunGate> {
 public:
  // On the thread of the run.
  explicit RunGate(Scheduler& scheduler);
  RunGate(const RunGate&) = delete;
  RunGate& operator=(const RunGate&) = delete;

  // The run delivers `message`, before it is over; messages of one thread in
  // their order. False: it is over, and `message` is not used.
  // Thread safety: any thread. The caller holds a reference to the gate.
  bool Send(RunMessage& message);

  // While there are handles, somebody outside could wake the run.
  // Thread safety: any thread.
  void AddHandle() {
    if (handles_.fetch_add(1) == 0) HandlesChanged();
  }
  void RemoveHandle() {
    if (handles_.fetch_sub(1) == 1) HandlesChanged();
  }

  // Whether this thread is that of the run, which is not over.
  bool is_own_thread() const {
    return running.scheduler != nullptr && running.scheduler == scheduler_;
  }
  // The same, or this is the thread of a guest, between two of its shares: it
  // cannot wait for the run.
  bool is_hosts_thread() const {
    return scheduler_ != nullptr && thread_ == std::this_thread::get_id();
  }
  // Requires: is_own_thread().
  Scheduler& scheduler() const { return *running.scheduler; }

  // For messages that are freed where they are delivered.
  // Thread safety: any thread.
  MessageMemory& memory() { return memory_; }

  // The run is over. Delivers what has been sent.
  void Close();

 private:
  class Bell final : public OutsideEvent {
   public:
    explicit Bell(RunGate& gate, Scheduler& scheduler)
        : OutsideEvent(scheduler, Kind::kUnexpected), gate_(gate) {}
    void Happen() override { gate_.Answer(); }

   private:
    RunGate& gate_;
  };

  void HandlesChanged();
  void CountHandles();
  void Ring();
  void Answer();
  void DeliverAll(RunMessage* newest);

  std::atomic<RunMessage*> newest_ = nullptr;
  MessageMemory memory_;
  std::atomic<bool> is_ringing_ = false;  // The bell is posted, or about to be.
  std::atomic<size_t> handles_ = 0;
  std::atomic<const Scheduler*> scheduler_;  // Null: the run is over.
  const std::thread::id thread_ = std::this_thread::get_id();
  bool is_expected_ = false;  // The run counts the handles as a waker.
  std::mutex mutex_;          // Guards the bell's existence.
  std::optional<Bell> bell_;
};

// A handle, as the gate counts them.
class CountedHandle {
 public:
  explicit CountedHandle(std::shared_ptr<RunGate> gate)
      : gate_(std::move(gate)) {
    gate_->AddHandle();
  }
  CountedHandle(const CountedHandle&) = delete;
  CountedHandle& operator=(const CountedHandle&) = delete;
  ~CountedHandle() { gate_->RemoveHandle(); }

 private:
  const std::shared_ptr<RunGate> gate_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_THREADS_RUN_GATE_H_
