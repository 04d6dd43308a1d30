// SPDX-License-Identifier: Apache-2.0
//
// CancelRequests: the operations that were asked to end and have not ended yet,
// and when to ask them again.

#ifndef CRECHE_LIB_URING_CANCEL_REQUESTS_H_
#define CRECHE_LIB_URING_CANCEL_REQUESTS_H_

#include <chrono>

#include "absl/time/time.h"
#include "creche/core/internal/intrusive_list.h"
#include "creche/uring/operation_port.h"

namespace creche::internal {

// The kernel may answer a cancellation with -ENOENT or -EALREADY while the
// operation goes on: it was on its way from one place where it can be cancelled
// to another, or in a worker that did not wait yet. (On Linux 6.1 that is what
// becomes of most writes to pipes that are cancelled early.) So what was not
// found is asked again, after pauses that double.
//
// The answer does not say whose it is: by then, the operation may have ended,
// and another have its address. So all operations that are here are asked
// again. They are under way as long as they are here, and one that has been
// cancelled already does not mind.
class CancelRequests {
 public:
  using Clock = std::chrono::steady_clock;

  // An operation that is not found is on its way for microseconds, so the first
  // pause is short. One that does not end for long is most likely in a worker
  // that waits for a disk.
  static constexpr absl::Duration kFirstPause = absl::Microseconds(100);
  static constexpr absl::Duration kLongestPause = absl::Milliseconds(10);

  bool empty() const { return operations_.empty(); }

  // `operation`, which is under way, is asked to end. It may be here already.
  void Add(Operation& operation);
  // It has ended, whether or not it was asked to.
  static void Remove(Operation& operation) {
    if (operation.is_linked()) operation.Unlink();
  }

  // The kernel's answer to one of the requests, at `now`.
  void Answered(int result, Clock::time_point now);

  // How long nothing is to be asked again; positive.
  absl::Duration TimeLeft(Clock::time_point now) const;
  // If they are to be asked again now, calls `ask(operation)` for each.
  template <typename Ask>
  void AskAgain(Clock::time_point now, Ask ask) {
    if (!is_to_ask_again_ || now < ask_again_at_) return;
    is_to_ask_again_ = false;
    for (Operation* operation = operations_.front(); operation != nullptr;
         operation = operations_.after(operation)) {
      ask(*operation);
    }
  }
  bool is_to_ask_again() const { return is_to_ask_again_; }

 private:
  IntrusiveList<Operation, CancelRequestTag> operations_;
  // One of them was not found, since they were asked last.
  bool is_to_ask_again_ = false;
  Clock::time_point ask_again_at_;
  absl::Duration pause_ = kFirstPause;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_URING_CANCEL_REQUESTS_H_
