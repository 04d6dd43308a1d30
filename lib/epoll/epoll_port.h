// SPDX-License-Identifier: Apache-2.0
//
// EpollPort: the OperationPort for places where io_uring is forbidden. It does
// what entries of io_uring describe by ordinary system calls, and waits for
// them by epoll.

#ifndef CRECHE_LIB_EPOLL_EPOLL_PORT_H_
#define CRECHE_LIB_EPOLL_EPOLL_PORT_H_

#include <liburing.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/backend.h"
#include "creche/uring/operation_port.h"
#include "creche/uring/socket_names.h"
#include "creche/uring/uring_features.h"
#include "lib/core/cycle_counter.h"
#include "lib/core/hosted_port.h"
#include "lib/epoll/calls.h"
#include "lib/epoll/epoll_set.h"
#include "lib/epoll/epoll_watches.h"
#include "lib/epoll/worker_threads.h"
#include "lib/uring/cancel_requests.h"

namespace creche::internal {

// An operation is tried as soon as it is started. Most have ended then, and are
// delivered in the next round. One that would block waits until its descriptor
// is ready, and is tried again; one that may block whatever is tried, or whose
// file epoll does not take, goes to a thread. A receive of whatever comes
// (multishot) waits for as long as it goes on: it is what EpollWatches calls a
// waiter that lasts.
class EpollPort final : public OperationPort,
                        public HostedPort,
                        private EpollWatches::Owner {
 public:
  explicit EpollPort(const UringFeatures& features = {})
      : features_(features) {}
  ~EpollPort() override = default;

  absl::Status Open() override;
  void Close() override;
  void Poll() override;
  void Wait(absl::Duration at_most) override;
  size_t pending() const override { return pending_; }
  void Notify() override;
  Backend backend() const override { return Backend::kEpoll; }

  // That of the epoll instance, which is readable when it has events.
  absl::StatusOr<int> OpenWaitDescriptor() override;
  absl::Duration PollToWait() override;

  void Start(Operation& operation, const io_uring_sqe& entry) override;
  bool StartAtOnce(Operation& operation, const io_uring_sqe& entry,
                   OperationResult& completed) override;
  void Cancel(Operation& operation) override;
  bool SubmitNow() override { return !threads_.is_busy(); }
  UringFeatures features() override;
  BlockRing* blocks() override;
  SocketNames& socket_names() override { return names_; }

 private:
  // An operation that has not ended.
  // It waits for its descriptor, or else it is with a thread.
  struct UnderWay : WorkerThreads::Job, EpollWatches::Waiter {
    Operation* operation = nullptr;
  };

  struct Completion {
    Operation* operation;
    OperationResult result;
  };

  // A listener that is made here is nobody else's, so it can be in non-blocking
  // mode, and Accept() needs no thread.
  class Names final : public SocketNames {
   public:
    int Listen(int fd, int backlog) override;
  };

  UnderWay& Remember(Operation& operation);
  void Forget(Operation& operation);
  bool Begin(Operation& operation, const io_uring_sqe& entry,
             OperationResult& completed);
  void Count(const Operation& operation, int change);
  int PutAside(UnderWay& operation, const Attempt& attempt);
  void End(UnderWay& operation, OperationResult result);
  EpollWatches::Tried TryAgain(EpollWatches::Waiter& waiter,
                               unsigned ready) override;
  void GiveUp(EpollWatches::Waiter& waiter, int error) override;

  bool IsTimeToLook();
  bool Look(absl::Duration at_most);
  void TakeFromThreads();
  void InterruptAgain();
  void EndBackground();
  void Deliver();

  const UringFeatures features_;  // That it may have.
  EpollSet set_;
  EpollWatches watches_{set_, *this};
  std::atomic<bool> is_notified_ = false;
  WorkerThreads threads_{[this] { set_.Notify(); }};
  using UnderWayMap = std::unordered_map<Operation*, UnderWay>;
  UnderWayMap under_way_;
  std::vector<UnderWayMap::node_type>
      spare_;                 // So that waiting allocates none.
  CancelRequests cancelled_;  // Of operations that are with a thread.
  std::vector<Completion> due_;
  std::vector<Completion> in_delivery_;        // Kept for its memory.
  std::vector<WorkerThreads::Job*> finished_;  // Likewise.
  BlockRing* blocks_ = nullptr;  // Made when it is first asked for.
  size_t events_at_once_ = 1;    // That are taken; more, if they are small.
  size_t received_ = 0;          // By multishots, in one look.
  int rounds_without_look_ = 0;
  int looks_in_vain_ = 0;  // In a row, without a Wait().
  const bool counts_cycles_ = CycleCounter::is_steady();
  std::uint64_t looked_at_ = 0;  // If they are too many.
  size_t pending_ = 0;
  size_t in_background_ = 0;
  Names names_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_EPOLL_EPOLL_PORT_H_
