// SPDX-License-Identifier: Apache-2.0
//
// Ring: an io_uring instance: entries go in, completions come out.

#ifndef CRECHE_LIB_URING_RING_H_
#define CRECHE_LIB_URING_RING_H_

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/uring/uring_features.h"

namespace creche::internal {

// Not initialized: room for a batch of them is made often, and filled rarely.
struct Completion {
  std::uint64_t user_data;
  int result;
  unsigned flags;
};

class Ring {
 public:
  // io_uring_queue_init_params(), or a test's idea of it.
  using SetupFunction = int (*)(unsigned entries, io_uring* ring,
                                io_uring_params* params);

  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() { Close(); }

  absl::Status Open(unsigned entries, const UringFeatures& features,
                    SetupFunction setup = &io_uring_queue_init_params);
  void Close();
  bool is_open() const { return is_open_; }
  bool can_skip_success() const { return can_skip_success_; }
  // Of those that concern single operations, what was asked for and is there.
  const UringFeatures& features() const { return features_; }
  io_uring* get() { return &ring_; }

  // Queues a copy of `entry`, and returns that: it can be changed until more is
  // queued or submitted. If the queue is full, what is in it goes to the kernel
  // now.
  io_uring_sqe& Queue(const io_uring_sqe& entry);

  // Submits what is queued and lets the kernel finish what it has completed.
  // No system call if there is neither.
  void Submit() {
    if (io_uring_sq_ready(&ring_) > 0) {
      EnterToSubmit();
    } else if ((__atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED) &
                (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0) {
      EnterToFinish();
    }
  }

  // False if the kernel was too short of something to take it.
  bool is_all_submitted() const { return io_uring_sq_ready(&ring_) == 0; }

  // Submits what is queued. Takes the last completion of `user_data` if that is
  // there now; the others keep their order.
  bool SubmitAndTake(std::uint64_t user_data, Completion& completion);

  // The same as Submit(), and waits for a completion, for a positive time at
  // most.
  void SubmitAndWait(absl::Duration at_most);

  bool has_completions() const {
    return io_uring_cq_ready(&ring_) > 0 || taken_again_ < taken_early_.size();
  }

  // Takes up to `size` completions. Their slots are free again on return.
  size_t Take(Completion* completions, size_t size);

 private:
  void Probe(const UringFeatures& wanted);
  void EnterToSubmit();
  void EnterToFinish();
  size_t TakeFromQueue(Completion* completions, size_t size);
  void MakeRoomForCompletions();

  io_uring ring_;
  bool is_open_ = false;
  bool can_skip_success_ = false;
  UringFeatures features_ = UringFeatures::None();
  // Completions that had to be taken early, and how many are taken again.
  std::vector<Completion> taken_early_;
  size_t taken_again_ = 0;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_URING_RING_H_
