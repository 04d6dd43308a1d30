// SPDX-License-Identifier: Apache-2.0
//
// Child: a child process, from its start until the system has forgotten it.

#ifndef CRECHE_LIB_PROCESS_CHILD_H_
#define CRECHE_LIB_PROCESS_CHILD_H_

#include <sys/types.h>

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/parking_lot.h"
#include "creche/core/task.h"
#include "creche/uring/file_descriptor.h"
#include "lib/process/spawn.h"

namespace creche::internal {

// Shared by the Process, or RunProcess(), and the tasks that wait for it, on
// one thread. All that is asked of the kernel goes by the pidfd, which is this
// very process for ever; but a group has only a number, which is the leader's.
// So a leader that has ended is not reaped (it stays a zombie, and keeps the
// number) before its group was signalled for the last time.
//
// That it has ended is seen by a poll on the pidfd, not by io_uring's waitid: a
// waitid that leaves the zombie would need another one to reap it, and the poll
// works on every kernel and port.
class Child {
 public:
  Child(SpawnedProcess spawned, bool has_group);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  // Kills it; somebody will reap it.
  ~Child();

  pid_t pid() const { return pid_; }

  // To the process, or to its group.
  absl::Status Signal(int signal);

  // The process, if it has not ended, and what there is of its group.
  void Kill();

  // It will not be signalled any more. Requires: it has ended.
  void Reap();

  // See Process::Wait(). Leaves the zombie of a group's leader.
  static Task<absl::StatusOr<int>> Wait(std::shared_ptr<Child> child);

  // See Process::Stop().
  static Task<absl::StatusOr<int>> Stop(std::shared_ptr<Child> child,
                                        absl::Duration grace);

 private:
  enum class Phase { kRunning, kZombie, kReaped };

  class Watch;

  // Looks whether it has ended.
  void Look();

  // Waits for the process and for all of its group.
  static Task<absl::Status> WaitForAll(std::shared_ptr<Child> child);

  const pid_t pid_;
  const FileDescriptor pidfd_;
  const bool has_group_;
  Phase phase_ = Phase::kRunning;
  // How it has ended; set from kZombie on.
  absl::StatusOr<int> outcome_;
  // One task polls the pidfd, the others wait for that one.
  bool is_watched_ = false;
  ParkingLot waiters_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_PROCESS_CHILD_H_
