// SPDX-License-Identifier: Apache-2.0

#include "lib/process/start_process.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/pipe.h"
#include "creche/threads/run_in_thread.h"
#include "creche/uring/file_descriptor.h"
#include "lib/process/child.h"
#include "lib/process/spawn.h"
#include "lib/uring/system_error.h"

namespace creche::internal {
namespace {

// Of our ends, whoever has them makes objects.
struct Pipes {
  FileDescriptor input;
  FileDescriptor output;
  FileDescriptor error;
  ChildStreams of_child;
};

absl::Status MakePipeEnds(FileDescriptor& reader, FileDescriptor& writer,
                          const Command& command, absl::string_view stream) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) {
    return SystemError(errno, absl::StrCat("start ", command.ToString(),
                                           ": make a pipe for its ", stream));
  }
  reader = FileDescriptor(fds[0]);
  writer = FileDescriptor(fds[1]);
  return absl::OkStatus();
}

absl::StatusOr<Pipes> MakePipes(const Command& command) {
  constexpr Command::Stream kInherited = Command::Stream::kInherited;
  Pipes pipes;
  absl::Status made;
  if (command.pipes_input() || !command.input().empty()) {
    made = MakePipeEnds(pipes.of_child.input, pipes.input, command, "input");
  }
  if (made.ok() && command.output() != kInherited) {
    made = MakePipeEnds(pipes.output, pipes.of_child.output, command, "output");
  }
  if (made.ok() && command.error() != kInherited) {
    made = MakePipeEnds(pipes.error, pipes.of_child.error, command, "error");
  }
  if (!made.ok()) return made;
  return pipes;
}

}  // namespace

Task<absl::StatusOr<StartedProcess>> StartProcess(Command command) {
  co_await Try(AfterCheckpoint(CheckCommand(command)));
  Pipes pipes = co_await Try(MakePipes(command));
  // The thread works on them while this task waits.
  auto spawning = RunInThread([&] { return Spawn(command, pipes.of_child); });
  SpawnedProcess spawned = co_await Try(std::move(spawning));

  StartedProcess started;
  started.child =
      std::make_shared<Child>(std::move(spawned), command.new_group());
  if (pipes.input.is_open()) started.input.emplace(pipes.input.Release());
  if (pipes.output.is_open()) started.output.emplace(pipes.output.Release());
  if (pipes.error.is_open()) started.error.emplace(pipes.error.Release());
  co_return started;
}

}  // namespace creche::internal
