// SPDX-License-Identifier: Apache-2.0

#include "creche/process/process.h"

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/pipe.h"
#include "creche/process/command.h"
#include "lib/process/child.h"
#include "lib/process/start_process.h"

namespace creche {
namespace {

// Captures and input belong to RunProcess().
absl::Status CheckForProcess(const Command& command) {
  const auto refuse = [&](absl::string_view what, absl::string_view instead) {
    return absl::InvalidArgumentError(
        absl::StrCat("Process::Start() of ", command.ToString(), ": ", what,
                     " is for RunProcess(); use ", instead));
  };
  if (!command.input().empty()) return refuse("set_input()", "pipe_input()");
  if (command.output() == Command::Stream::kCaptured) {
    return refuse("capture_output()", "pipe_output()");
  }
  if (command.error() == Command::Stream::kCaptured) {
    return refuse("capture_error()", "pipe_error()");
  }
  return absl::OkStatus();
}

template <typename Pipe>
Pipe& Required(std::optional<Pipe>& pipe, const char* name) {
  if (!pipe.has_value()) {
    internal::Misuse(absl::StrCat("Process::", name,
                                  "() of a process whose Command did not call "
                                  "pipe_",
                                  name, "()"));
  }
  return *pipe;
}

}  // namespace

Process::Process(internal::StartedProcess started, absl::Duration grace)
    : child_(std::move(started.child)),
      grace_(grace),
      input_(std::move(started.input)),
      output_(std::move(started.output)),
      error_(std::move(started.error)) {}

Process::Process(Process&& other) noexcept = default;

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    if (child_ != nullptr) child_->Kill();
    child_ = std::move(other.child_);
    grace_ = other.grace_;
    input_ = std::move(other.input_);
    output_ = std::move(other.output_);
    error_ = std::move(other.error_);
  }
  return *this;
}

// Tasks that wait for it may keep the Child.
Process::~Process() {
  if (child_ != nullptr) child_->Kill();
}

Task<absl::StatusOr<Process>> Process::Start(Command command) {
  co_await Try(internal::AfterCheckpoint(CheckForProcess(command)));
  const absl::Duration grace = command.grace();
  auto start = internal::StartProcess(std::move(command));
  internal::StartedProcess started = co_await Try(std::move(start));
  co_return Process(std::move(started), grace);
}

CRECHE_CORO_WRAPPER Task<absl::StatusOr<int>> Process::Wait() {
  return internal::Child::Wait(child_);
}

CRECHE_CORO_WRAPPER Task<absl::StatusOr<int>> Process::Stop() {
  return internal::Child::Stop(child_, grace_);
}

absl::Status Process::Signal(int signal) { return child_->Signal(signal); }

pid_t Process::pid() const { return child_->pid(); }

PipeWriter& Process::input() { return Required(input_, "input"); }
PipeReader& Process::output() { return Required(output_, "output"); }
PipeReader& Process::error() { return Required(error_, "error"); }

}  // namespace creche
