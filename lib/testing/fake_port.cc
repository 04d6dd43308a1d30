// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/fake_port.h"

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace creche::testing {

void FakePort::Wait(absl::Duration at_most) {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&is_notified_), at_most);
  is_notified_ = false;
}

void FakePort::Notify() {
  absl::MutexLock lock(&mutex_);
  is_notified_ = true;
}

}  // namespace creche::testing
