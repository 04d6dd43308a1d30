// SPDX-License-Identifier: Apache-2.0
//
// EpollPort: the OperationPort for places where io_uring is forbidden. It does
// what entries of io_uring describe by ordinary system calls, and waits for
// them by epoll.

#ifndef CRECHE_LIB_EPOLL_EPOLL_PORT_H_
#define CRECHE_LIB_EPOLL_EPOLL_PORT_H_

#include <liburing.h>
#include <sys/epoll.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/backend.h"
#include "creche/core/internal/intrusive_list.h"
#include "creche/uring/operation_port.h"
#include "creche/uring/socket_names.h"
#include "creche/uring/uring_features.h"
#include "lib/core/cycle_counter.h"
#include "lib/core/hosted_port.h"
#include "lib/epoll/calls.h"
#include "lib/epoll/epoll_set.h"
#include "lib/epoll/worker_threads.h"
#include "lib/uring/cancel_requests.h"

namespace creche::internal {

struct WatchTag;

// An operation is tried as soon as it is started. Most have ended then, and are
// delivered in the next round. One that would block waits until its descriptor
// is ready, and is tried again; one that may block whatever is tried, or whose
// file epoll does not take, goes to a thread.
//
// A descriptor is watched for one event at a time (EPOLLONESHOT), and watched
// again while operations wait for it. So one that is ready, and whose task is
// slow, costs nothing. But where all that waits is a receive of whatever comes
// (multishot), the descriptor is watched for as long as that goes on, without a
// system call for each message.
//
// Nothing tells a port that a number has been closed and now means another
// file, and the set goes on watching the old one as long as that is open under
// another number. So whoever waits has the kernel look whether the set has the
// file that the number means now, and events of an older one are not heard.
class EpollPort final : public OperationPort, public HostedPort {
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
  struct UnderWay : WorkerThreads::Job, ListLink<WatchTag> {
    Operation* operation = nullptr;
    unsigned events = 0;  // That it waits for; 0: it is with a thread.
    bool is_multishot = false;
  };

  // A descriptor by its number.
  struct Watch {
    IntrusiveList<UnderWay, WatchTag> waiting;
    unsigned events = 0;     // That any of them waits for, and maybe more.
    unsigned in_vain = 0;    // Events in a row that let none of them end.
    bool is_in_set = false;  // As far as is known.
    // Not for one event only: for as long as what waits, waits.
    bool is_standing = false;
    // Of the files that have had the number; a part of the events' tag.
    std::uint32_t generation = 0;
  };

  static std::uint64_t Tag(int fd, const Watch& watch) {
    return std::uint64_t{watch.generation} << 32U | static_cast<unsigned>(fd);
  }

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

  static ListLink<WatchTag>& Waiting(UnderWay& operation) { return operation; }

  UnderWay& Remember(Operation& operation);
  void Forget(Operation& operation);
  bool Begin(Operation& operation, const io_uring_sqe& entry,
             OperationResult& completed);
  void Count(const Operation& operation, int change);
  int PutAside(UnderWay& operation, const Attempt& attempt);
  int StartWatching(UnderWay& operation, unsigned events);
  void StopWatching(UnderWay& operation);
  void WatchOn(int fd, Watch& watch);
  void WatchInNewSet();
  int Arm(int fd, Watch& watch, unsigned newest);
  int AddToSet(int fd, Watch& watch, unsigned events);
  void MakeRoomInSet();
  void EndAll(Watch& watch, int result);
  void End(UnderWay& operation, OperationResult result);

  bool IsTimeToLook();
  bool Look(absl::Duration at_most);
  void OnEvent(const epoll_event& event);
  void TryAllAgain(Watch& watch, unsigned ready);
  bool TryAgain(UnderWay& operation, unsigned ready, unsigned& in_vain);
  void TakeFromThreads();
  void InterruptAgain();
  void EndBackground();
  void Deliver();

  const UringFeatures features_;  // That it may have.
  EpollSet set_;
  std::atomic<bool> is_notified_ = false;
  WorkerThreads threads_{[this] { set_.Notify(); }};
  // Elements stay where they are.
  std::deque<Watch> watches_;  // By number.
  using UnderWayMap = std::unordered_map<Operation*, UnderWay>;
  UnderWayMap under_way_;
  std::vector<UnderWayMap::node_type>
      spare_;                 // So that waiting allocates none.
  CancelRequests cancelled_;  // Of operations that are with a thread.
  std::vector<Completion> due_;
  std::vector<Completion> in_delivery_;  // Kept for its memory.
  BlockRing* blocks_ = nullptr;          // Made when it is first asked for.
  size_t events_at_once_ = 1;  // That are taken; more, if they are small.
  size_t received_ = 0;        // By multishots, in one look.
  bool may_stand_ = true;      // Watches may be standing ones.
  int strangers_ = 0;  // Events of files whose number means another one.
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
