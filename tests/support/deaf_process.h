// SPDX-License-Identifier: Apache-2.0
//
// StartDeafProcess: a process that does not hear SIGTERM, and does not end by
// itself while a test runs: whoever stops it has something to wait for.

#ifndef CRECHE_TESTS_SUPPORT_DEAF_PROCESS_H_
#define CRECHE_TESTS_SUPPORT_DEAF_PROCESS_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/process/command.h"
#include "creche/process/process.h"

namespace creche {

// It is deaf already. Stop() kills it after a millisecond.
inline Task<absl::StatusOr<Process>> StartDeafProcess(bool has_new_group) {
  Process process = co_await Try(
      Process::Start(Command("sh")
                         .add_argument("-c")
                         .add_argument("trap '' TERM; echo; exec sleep 300")
                         .pipe_output()
                         .set_new_group(has_new_group)
                         .set_stop(absl::Milliseconds(1))));
  char buffer[1];
  co_await Try(process.output().ReceiveSome(buffer));
  co_return process;
}

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_DEAF_PROCESS_H_
