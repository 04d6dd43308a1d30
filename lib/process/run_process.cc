// SPDX-License-Identifier: Apache-2.0

#include "creche/process/run_process.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/cleanup.h"
#include "creche/core/error_group.h"
#include "creche/core/errors.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/pipe.h"
#include "creche/process/command.h"
#include "lib/process/child.h"
#include "lib/process/start_process.h"

namespace creche {
namespace {

using internal::Child;
using internal::StartedProcess;

constexpr absl::string_view kResultUrl = "type.creche/failed_process";

// Of a pipe that the kernel makes, this is all it holds.
constexpr size_t kBufferSize = size_t{64} << 10;

// The end of what was captured of a failed process's error is a part of the
// message.
constexpr size_t kMaxErrorShown = 500;

absl::Status CheckForRun(const Command& command) {
  if (!command.pipes_input() && command.output() != Command::Stream::kPiped &&
      command.error() != Command::Stream::kPiped) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "RunProcess() of ", command.ToString(),
      ": pipe_input(), pipe_output() and pipe_error() are for Process::Start();"
      " use set_input(), capture_output() and capture_error()"));
}

// A child need not read all it is given.
Task<absl::Status> Feed(PipeWriter& pipe, const std::string& input) {
  absl::Status sent = co_await pipe.SendAll(input);
  pipe.Close();
  co_return IsBrokenResource(sent) ? absl::OkStatus() : sent;
}

Task<absl::Status> Capture(PipeReader& pipe, const char* stream,
                           const Command& command, std::string& captured) {
  std::vector<char> buffer(kBufferSize);
  for (;;) {
    const size_t size = co_await Try(pipe.ReceiveSome(absl::MakeSpan(buffer)));
    if (size == 0) break;
    if (size > command.max_captured() - captured.size()) {
      co_return absl::ResourceExhaustedError(absl::StrCat(
          command.ToString(), " has written more than ", command.max_captured(),
          " bytes to its ", stream, " (Command::set_max_captured())"));
    }
    captured.append(buffer.data(), size);
  }
  pipe.Close();
  co_return absl::OkStatus();
}

// All at once: a child that waits for us on one stream while we wait for it on
// another would never end.
Task<absl::Status> Converse(StartedProcess& process, const Command& command,
                            ProcessResult& result) {
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    if (process.input.has_value()) {
      nursery.StartSoon(Feed, std::ref(*process.input),
                        std::cref(command.input()));
    }
    if (process.output.has_value()) {
      nursery.StartSoon(Capture, std::ref(*process.output), "output",
                        std::cref(command), std::ref(result.output));
    }
    if (process.error.has_value()) {
      nursery.StartSoon(Capture, std::ref(*process.error), "error",
                        std::cref(command), std::ref(result.error));
    }
    auto wait = Child::Wait(process.child);
    result.exit_code = co_await Try(std::move(wait));
    co_return absl::OkStatus();
  };
  co_return co_await WithNursery(body);
}

// "3 5 OUTPUTERROR": the exit code and the size of the output. (Made of views:
// clang's name for a Cord of a string is not that of g++'s Abseil.)
absl::Cord Encode(const ProcessResult& result) {
  const std::string sizes =
      absl::StrCat(result.exit_code, " ", result.output.size(), " ");
  absl::Cord encoded((absl::string_view(sizes)));
  encoded.Append(absl::string_view(result.output));
  encoded.Append(absl::string_view(result.error));
  return encoded;
}

ProcessResult Decode(const absl::Cord& cord) {
  const std::string encoded(cord);
  const std::vector<absl::string_view> parts =
      absl::StrSplit(encoded, absl::MaxSplits(' ', 2));
  ProcessResult result;
  size_t output_size = 0;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &result.exit_code) ||
      !absl::SimpleAtoi(parts[1], &output_size)) {
    return result;
  }
  result.output = std::string(parts[2].substr(0, output_size));
  result.error = std::string(parts[2].substr(output_size));
  return result;
}

absl::Status FailureOf(const Command& command, const ProcessResult& result) {
  std::string message = command.ToString();
  if (result.exit_code < 0) {
    const char* const name = sigabbrev_np(-result.exit_code);
    absl::StrAppend(&message, " was ended by ");
    if (name != nullptr) {
      absl::StrAppend(&message, "SIG", name);
    } else {
      absl::StrAppend(&message, "signal ", -result.exit_code);
    }
  } else {
    absl::StrAppend(&message, " has failed with exit code ", result.exit_code);
  }
  if (!result.error.empty()) {
    const size_t begin =
        result.error.size() - std::min(result.error.size(), kMaxErrorShown);
    absl::StrAppend(&message, ": ", result.error.substr(begin));
  }
  absl::Status failure = absl::UnknownError(message);
  failure.SetPayload(kResultUrl, Encode(result));
  return failure;
}

}  // namespace

Task<absl::StatusOr<ProcessResult>> RunProcess(Command command) {
  co_await Try(internal::AfterCheckpoint(CheckForRun(command)));
  auto start = internal::StartProcess(command);
  StartedProcess process = co_await Try(std::move(start));

  ProcessResult result;
  bool has_ended = false;
  auto converse = [&]() -> Task<absl::Status> {
    auto conversation = Converse(process, command, result);
    absl::Status status = co_await std::move(conversation);
    has_ended = status.ok();
    co_return status;
  };
  auto stop = [&]() -> Task<> {
    if (has_ended) co_return;
    auto stopping = Child::Stop(process.child, command.grace());
    (co_await std::move(stopping)).status().IgnoreError();
  };
  co_await Try(WithCleanup(converse, stop));

  // What is left of the group, while it still has a number.
  process.child->Kill();
  process.child->Reap();
  if (result.exit_code != 0 && command.check()) {
    co_return FailureOf(command, result);
  }
  co_return result;
}

std::optional<ProcessResult> FailedProcess(const absl::Status& status) {
  for (const absl::Status& error : Errors(status)) {
    const auto payload = error.GetPayload(kResultUrl);
    if (payload.has_value()) return Decode(*payload);
  }
  return std::nullopt;
}

}  // namespace creche
