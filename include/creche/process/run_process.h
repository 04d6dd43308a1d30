// SPDX-License-Identifier: Apache-2.0
//
// RunProcess: a program, from its start to its end.
//
//   creche::Command command("git");
//   command.add_argument("rev-parse").add_argument("HEAD").capture_output();
//   creche::ProcessResult head =
//       co_await creche::Try(creche::RunProcess(command));
//   std::cout << head.output;

#ifndef CRECHE_PROCESS_RUN_PROCESS_H_
#define CRECHE_PROCESS_RUN_PROCESS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/task.h"
#include "creche/process/command.h"

namespace creche {

// What a process has left.
struct ProcessResult {
  int exit_code = 0;  // Negative: the signal that has ended it.

  // What was captured.
  std::string output;
  std::string error;
};

// Starts the program, gives it its input, captures what the command says, and
// waits until it has ended and the captured streams have, too: until everybody
// who has them has closed them. Then what is left of its group, if it has one,
// is killed.
//
// Cancellation: stops the child: SIGTERM (and SIGCONT), and when the grace is
//   over (Command::set_stop()) SIGKILL; if it has a group, the whole group,
//   also what the child has left behind. Waits for it, and then unwinds.
//   Captured streams that others still have do not matter then.
// Errors: as of Process::Start(); the child has not run then. kUnknown: it has
//   failed: FailedProcess() has its exit code and what was captured.
//   kResourceExhausted: it wrote more than Command::set_max_captured(); it was
//   stopped. kInvalidArgument: the command asks for a pipe, which is Process's.
Task<absl::StatusOr<ProcessResult>> RunProcess(Command command);

// What a process left that has failed, as RunProcess() said; none for other
// errors. Of several errors (GroupErrors()), that of the first process.
std::optional<ProcessResult> FailedProcess(const absl::Status& status);

}  // namespace creche

#endif  // CRECHE_PROCESS_RUN_PROCESS_H_
