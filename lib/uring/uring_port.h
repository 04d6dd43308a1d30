// SPDX-License-Identifier: Apache-2.0
//
// UringPort: the EventPort that runs on io_uring.

#ifndef CRECHE_LIB_URING_URING_PORT_H_
#define CRECHE_LIB_URING_URING_PORT_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/internal/intrusive_list.h"
#include "creche/uring/operation_port.h"
#include "creche/uring/uring_features.h"
#include "lib/core/hosted_port.h"
#include "lib/uring/block_ring.h"
#include "lib/uring/cancel_requests.h"
#include "lib/uring/ring.h"

namespace creche::internal {

class UringPort final : public OperationPort, public HostedPort {
 public:
  explicit UringPort(unsigned ring_entries = 1024, UringFeatures features = {},
                     Ring::SetupFunction setup = &io_uring_queue_init_params)
      : ring_entries_(ring_entries), features_(features), setup_(setup) {}
  ~UringPort() override;

  absl::Status Open() override;
  void Close() override;
  void Poll() override;
  void Wait(absl::Duration at_most) override;
  size_t pending() const override { return pending_; }
  void Notify() override;
  Backend backend() const override { return Backend::kUring; }

  // An eventfd that the kernel writes to with each completion. (The ring's own
  // descriptor would not do: with deferred task work, what completes while
  // another loop waits for that wakes nobody.)
  absl::StatusOr<int> OpenWaitDescriptor() override;
  absl::Duration PollToWait() override;

  void Start(Operation& operation, const io_uring_sqe& entry) override;
  bool StartAtOnce(Operation& operation, const io_uring_sqe& entry,
                   OperationResult& completed) override;
  void Cancel(Operation& operation) override;
  bool SubmitNow() override;
  UringFeatures features() override { return ring_.features(); }
  BlockRing* blocks() override;

 private:
  // Waits for what Notify() writes to its descriptor.
  class NotifyOperation final : public Operation {
   public:
    explicit NotifyOperation(UringPort& port) : port_(port) {}
    void Arm();
    void Completed(int result, unsigned flags) override;
    bool is_armed() const { return is_armed_; }

   private:
    UringPort& port_;
    std::uint64_t count_ = 0;
    bool is_armed_ = false;
  };

  void QueueFor(Operation& operation, const io_uring_sqe& entry);
  void QueueCancel(const Operation& operation);
  void CancelAgain();
  void WaitForCancelled(absl::Duration at_most);
  void Forget(const Operation& operation);
  void EndBackground();
  bool Deliver();

  const unsigned ring_entries_;
  const UringFeatures features_;
  const Ring::SetupFunction setup_;
  Ring ring_;
  BlockRing* blocks_ = nullptr;  // Made when it is first asked for.
  size_t pending_ = 0;
  size_t in_background_ = 0;
  // Those of them that were not asked to end.
  IntrusiveList<Operation, CancelRequestTag> background_;
  CancelRequests cancelled_;
  bool is_closing_ = false;
  int notify_fd_ = -1;
  int completion_fd_ = -1;  // See OpenWaitDescriptor().
  NotifyOperation notify_{*this};
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_URING_URING_PORT_H_
