// SPDX-License-Identifier: Apache-2.0
//
// StartProcess: a child, and our ends of its pipes.

#ifndef CRECHE_LIB_PROCESS_START_PROCESS_H_
#define CRECHE_LIB_PROCESS_START_PROCESS_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "creche/core/task.h"
#include "creche/io/pipe.h"
#include "creche/process/command.h"
#include "lib/process/child.h"

namespace creche::internal {

struct StartedProcess {
  std::shared_ptr<Child> child;
  std::optional<PipeWriter> input;
  std::optional<PipeReader> output;
  std::optional<PipeReader> error;
};

// Each stream of which the command says something has a pipe.
// Cancellation: safe. Once the start has begun, its result is delivered.
// Errors: as of Process::Start(). Nothing is left.
Task<absl::StatusOr<StartedProcess>> StartProcess(Command command);

}  // namespace creche::internal

#endif  // CRECHE_LIB_PROCESS_START_PROCESS_H_
