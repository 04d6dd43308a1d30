// SPDX-License-Identifier: Apache-2.0
//
// LazyUringPort: a port that makes an io_uring when the first kernel operation
// is started. Most tests need none.

#ifndef CRECHE_LIB_TESTING_LAZY_URING_PORT_H_
#define CRECHE_LIB_TESTING_LAZY_URING_PORT_H_

#include <atomic>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/features_to_test.h"
#include "creche/uring/operation_port.h"
#include "lib/uring/uring_port.h"

namespace creche::internal {

class LazyUringPort final : public OperationPort {
 public:
  absl::Status Open() override { return absl::OkStatus(); }
  void Close() override;
  void Poll() override;
  void Wait(absl::Duration at_most) override;
  size_t pending() const override { return is_open_ ? uring_.pending() : 0; }
  void Notify() override;

  void Start(Operation& operation, const io_uring_sqe& entry) override;
  bool StartAtOnce(Operation& operation, const io_uring_sqe& entry,
                   OperationResult& completed) override;
  void Cancel(Operation& operation) override { uring_.Cancel(operation); }
  bool SubmitNow() override { return is_open_ && uring_.SubmitNow(); }
  UringFeatures features() override;
  creche::internal::BlockRing* blocks() override;

 private:
  void OpenUring();

  FakePort fake_;  // Until there is the other.
  creche::internal::UringPort uring_{/*ring_entries=*/256, FeaturesToTest()};
  std::atomic<bool> is_open_ = false;  // Notify() is for any thread.
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_TESTING_LAZY_URING_PORT_H_
