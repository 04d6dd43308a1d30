// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/fake_port.h"

#include <semaphore.h>
#include <time.h>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace creche {

FakePort::FakePort() { sem_init(&notified_, /*pshared=*/0, /*value=*/0); }
FakePort::~FakePort() { sem_destroy(&notified_); }

// sem_timedwait(3) counts on the wall clock. To return early, when that is
// stepped, is allowed.
void FakePort::Wait(absl::Duration at_most) {
  if (at_most == absl::InfiniteDuration()) {
    sem_wait(&notified_);
  } else {
    const timespec until = absl::ToTimespec(absl::Now() + at_most);
    sem_timedwait(&notified_, &until);
  }
  while (sem_trywait(&notified_) == 0) {
  }
}

void FakePort::Notify() { sem_post(&notified_); }

}  // namespace creche
