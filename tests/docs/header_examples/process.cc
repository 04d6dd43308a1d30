// SPDX-License-Identifier: Apache-2.0
//
// The examples of include/creche/process/, compiled.

#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "creche/creche.h"

namespace {

// command.h

[[maybe_unused]] void CommandExample() {
  creche::Command command("sort");
  command.add_argument("-n").set_input("2\n10\n1\n").capture_output();
}

// process.h

[[maybe_unused]] creche::Task<absl::Status> ProcessExample() {
  creche::Command command("bc");
  command.pipe_input().pipe_output();
  creche::Process bc = co_await creche::Try(creche::Process::Start(command));
  creche::BufferedReader answers(bc.output());
  co_await creche::Try(bc.input().SendAll("6 * 7\n"));
  std::string answer = co_await creche::Try(answers.ReadLine());
  bc.input().Close();
  int exit_code = co_await creche::Try(bc.Wait());
  static_cast<void>(exit_code);
  co_return absl::OkStatus();
}

// run_process.h

[[maybe_unused]] creche::Task<absl::Status> RunProcessExample() {
  creche::Command command("git");
  command.add_argument("rev-parse").add_argument("HEAD").capture_output();
  creche::ProcessResult head =
      co_await creche::Try(creche::RunProcess(command));
  std::cout << head.output;
  co_return absl::OkStatus();
}

}  // namespace
