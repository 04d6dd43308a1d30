// SPDX-License-Identifier: Apache-2.0
//
// Process: a child process that this one talks with while it runs.
//
//   creche::Command command("bc");
//   command.pipe_input().pipe_output();
//   creche::Process bc = co_await creche::Try(creche::Process::Start(command));
//   creche::BufferedReader answers(bc.output());
//   co_await creche::Try(bc.input().SendAll("6 * 7\n"));
//   std::string answer = co_await creche::Try(answers.ReadLine());
//   bc.input().Close();
//   int exit_code = co_await creche::Try(bc.Wait());
//
// To run a program to its end, RunProcess() (process/run_process.h) does all of
// this at once.

#ifndef CRECHE_PROCESS_PROCESS_H_
#define CRECHE_PROCESS_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/task.h"
#include "creche/io/pipe.h"
#include "creche/process/command.h"
#include "creche/process/internal/forward.h"

namespace creche {

// Belongs to the run in which it was started. One that is destroyed is killed
// (SIGKILL) if it has not ended, and if it has a group, so is what is left of
// that; the system is told to forget it as soon as it has ended. To stop it in
// an orderly way, call Stop() before.
class Process {
 public:
  // Starts the program, on a thread, since that may take a while; the size of
  // this process does not matter.
  //
  // Cancellation: safe. Once the start has begun, its result is delivered.
  // Errors: of the program, which the message names with its arguments:
  //   kNotFound: there is none, or no such directory. kPermissionDenied: it may
  //   not be executed. kInvalidArgument: a NUL in an argument, or arguments and
  //   environment are too large; or the command captures, or gives input, which
  //   is RunProcess()'s. kResourceExhausted: descriptors, threads, processes.
  //   Others as errno says.
  static Task<absl::StatusOr<Process>> Start(Command command);

  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  // Waits for the end, and gives the exit code, or, negated, the signal that
  // has ended it. Any number of tasks can wait, and call this again.
  // Cancellation: safe. The process goes on.
  // Errors: kUnknown: somebody else has taken note of the end: this process
  //   ignores SIGCHLD, or waits for children it does not know.
  Task<absl::StatusOr<int>> Wait();

  // Sends SIGTERM (and SIGCONT, in case it is suspended), and SIGKILL if the
  // process, or anything of its group, has not ended when the command's grace
  // is over; waits for all that. Gives what Wait() gives.
  // Cancellation: safe. The process goes on, perhaps with the signal.
  // Errors: as of Wait().
  Task<absl::StatusOr<int>> Stop();

  // Sends a signal to the process, or to its group if it has one.
  // Errors: kNotFound: it has ended. Others as errno says.
  absl::Status Signal(int signal);

  // The number of the process. It is another's when this one has ended and was
  // waited for.
  pid_t pid() const;

  // Our ends of the pipes. Aborts if the command has not asked for that one.
  // Close the input to tell the child that there is no more.
  PipeWriter& input();
  PipeReader& output();
  PipeReader& error();

 private:
  Process(internal::StartedProcess started, absl::Duration grace);

  std::shared_ptr<internal::Child> child_;
  absl::Duration grace_;
  std::optional<PipeWriter> input_;
  std::optional<PipeReader> output_;
  std::optional<PipeReader> error_;
};

}  // namespace creche

#endif  // CRECHE_PROCESS_PROCESS_H_
