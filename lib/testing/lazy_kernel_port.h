// SPDX-License-Identifier: Apache-2.0
//
// LazyKernelPort: a port that opens the kernel's when the first operation is
// started. Most tests need none.

#ifndef CRECHE_LIB_TESTING_LAZY_KERNEL_PORT_H_
#define CRECHE_LIB_TESTING_LAZY_KERNEL_PORT_H_

#include <atomic>
#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/backend.h"
#include "creche/testing/fake_port.h"
#include "creche/uring/operation_port.h"

namespace creche::internal {

class LazyKernelPort final : public OperationPort {
 public:
  absl::Status Open() override { return absl::OkStatus(); }
  void Close() override;
  void Poll() override;
  void Wait(absl::Duration at_most) override;
  size_t pending() const override { return is_open_ ? kernel_->pending() : 0; }
  void Notify() override;
  Backend backend() const override;

  void Start(Operation& operation, const io_uring_sqe& entry) override;
  bool StartAtOnce(Operation& operation, const io_uring_sqe& entry,
                   OperationResult& completed) override;
  void Cancel(Operation& operation) override { kernel_->Cancel(operation); }
  bool SubmitNow() override { return is_open_ && kernel_->SubmitNow(); }
  UringFeatures features() override;
  BlockRing* blocks() override;
  SocketNames& socket_names() override;

 private:
  void OpenKernel();

  FakePort fake_;  // Until there is the other.
  std::unique_ptr<OperationPort> kernel_;
  std::atomic<bool> is_open_ = false;  // Notify() is for any thread.
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_TESTING_LAZY_KERNEL_PORT_H_
