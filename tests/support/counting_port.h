// SPDX-License-Identifier: Apache-2.0
//
// CountingPort: io_uring, and how often each operation was started.

#ifndef CRECHE_TESTS_SUPPORT_COUNTING_PORT_H_
#define CRECHE_TESTS_SUPPORT_COUNTING_PORT_H_

#include <liburing.h>

#include <algorithm>
#include <cstddef>
#include <map>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/testing/features_to_test.h"
#include "creche/uring/operation_port.h"
#include "lib/uring/uring_port.h"

namespace creche {

class CountingPort final : public OperationPort {
 public:
  explicit CountingPort(const UringFeatures& features = FeaturesToTest())
      : uring_(/*ring_entries=*/256, features) {}

  // As in IORING_OP_ACCEPT.
  int started(int opcode) { return started_[opcode]; }
  int cancelled() const { return cancelled_; }
  // Of all sends together: MSG_...
  int send_flags() const { return send_flags_; }
  int completed_at_once(int opcode) { return completed_at_once_[opcode]; }

  // What is started at once moves no more bytes than that.
  void set_longest_at_once(unsigned size) { longest_at_once_ = size; }

  absl::Status Open() override { return uring_.Open(); }
  void Close() override { uring_.Close(); }
  void Poll() override { uring_.Poll(); }
  void Wait(absl::Duration at_most) override { uring_.Wait(at_most); }
  size_t pending() const override { return uring_.pending(); }
  void Notify() override { uring_.Notify(); }
  void Start(Operation& operation, const io_uring_sqe& entry) override {
    Count(entry);
    uring_.Start(operation, entry);
  }
  bool StartAtOnce(Operation& operation, const io_uring_sqe& entry,
                   OperationResult& completed) override {
    Count(entry);
    io_uring_sqe own = entry;
    own.len = std::min(own.len, longest_at_once_);
    const bool is_complete = uring_.StartAtOnce(operation, own, completed);
    completed_at_once_[entry.opcode] += is_complete ? 1 : 0;
    return is_complete;
  }
  void Cancel(Operation& operation) override {
    ++cancelled_;
    uring_.Cancel(operation);
  }
  bool SubmitNow() override { return uring_.SubmitNow(); }
  UringFeatures features() override { return uring_.features(); }
  creche::internal::BlockRing* blocks() override { return uring_.blocks(); }

 private:
  void Count(const io_uring_sqe& entry) {
    ++started_[entry.opcode];
    if (entry.opcode == IORING_OP_SEND) {
      send_flags_ |= static_cast<int>(entry.msg_flags);
    }
  }

  creche::internal::UringPort uring_;
  std::map<int, int> started_;
  int cancelled_ = 0;
  int send_flags_ = 0;
  unsigned longest_at_once_ = ~0U;
  std::map<int, int> completed_at_once_;
};

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_COUNTING_PORT_H_
