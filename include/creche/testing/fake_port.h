// SPDX-License-Identifier: Apache-2.0
//
// FakePort: an EventPort that never touches io_uring, for tests that do no I/O.
//
//   creche::FakePort port;
//   creche::MockClock clock;
//   absl::Status status = creche::Run({.clock = &clock, .port = &port}, Body);

#ifndef CRECHE_TESTING_FAKE_PORT_H_
#define CRECHE_TESTING_FAKE_PORT_H_

#include <semaphore.h>

#include <cstddef>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/event_port.h"

namespace creche {

class FakePort : public EventPort {
 public:
  FakePort();
  FakePort(const FakePort&) = delete;
  FakePort& operator=(const FakePort&) = delete;
  ~FakePort() override;

  absl::Status Open() override { return absl::OkStatus(); }
  void Close() override {}
  void Poll() override {}
  void Wait(absl::Duration at_most) override;
  size_t pending() const override { return 0; }
  void Notify() override;

 private:
  sem_t notified_;  // A semaphore, since signal handlers may post it.
};

}  // namespace creche

#endif  // CRECHE_TESTING_FAKE_PORT_H_
