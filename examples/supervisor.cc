// SPDX-License-Identifier: Apache-2.0
//
// Keeps a program running: starts it again when it ends, later each time that
// this happens soon; on SIGHUP, stops it and starts it anew; on SIGTERM, stops
// it in an orderly way, and ends.
//
//   bazel run //examples:supervisor -- sleep 5

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <iostream>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

constexpr absl::Duration kFirstDelay = absl::Milliseconds(100);
constexpr absl::Duration kMaxDelay = absl::Seconds(30);
// One that has run so long is not to blame.
constexpr absl::Duration kGoodRun = absl::Seconds(10);

creche::Command CommandOf(const std::vector<std::string>& words) {
  creche::Command command(words.front());
  for (size_t i = 1; i < words.size(); ++i) command.add_argument(words[i]);
  command.set_new_group(true).set_stop(absl::Seconds(5));
  return command;
}

// Runs it once. Cancelled, it is stopped, with all it has started.
creche::Task<absl::Status> RunOnce(const creche::Command& command) {
  std::cout << "start " << command.ToString() << std::endl;
  const absl::Status status = (co_await creche::RunProcess(command)).status();
  std::cout << "it has ended: " << status << std::endl;
  // A program that is not there will not be there the next time, either.
  const bool has_run = status.ok() || creche::FailedProcess(status).has_value();
  co_return has_run ? absl::OkStatus() : status;
}

creche::Task<absl::Status> KeepRunning(const creche::Command& command) {
  absl::Duration delay = kFirstDelay;
  for (;;) {
    const absl::Time start = creche::Now();
    co_await creche::Try(RunOnce(command));
    if (creche::Now() - start >= kGoodRun) delay = kFirstDelay;
    co_await creche::SleepFor(delay);
    delay = std::min(2 * delay, kMaxDelay);
  }
}

creche::Task<absl::Status> Supervise(const creche::Command& command,
                                     creche::SignalReceiver& signals) {
  for (;;) {
    int signal = 0;
    auto wait = [&]() -> creche::Task<> {
      signal = co_await signals.Receive();
    };
    auto keep = [&]() -> creche::Task<absl::Status> {
      co_return co_await KeepRunning(command);
    };
    // The signal cancels the other one, which stops the program first.
    const auto outcome = co_await creche::Race(keep, wait);
    if (std::get<0>(outcome).has_value()) co_return *std::get<0>(outcome);
    if (signal == SIGTERM) co_return absl::OkStatus();
    std::cout << "reload" << std::endl;
  }
}

creche::Task<absl::Status> Main(std::vector<std::string> words) {
  const creche::Command command = CommandOf(words);
  auto body =
      [&](creche::SignalReceiver& signals) -> creche::Task<absl::Status> {
    co_return co_await Supervise(command, signals);
  };
  co_return co_await creche::WithSignals(creche::SignalSet(SIGHUP, SIGTERM),
                                         body);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: supervisor PROGRAM [ARGUMENT...]" << std::endl;
    return 2;
  }
  const std::vector<std::string> words(argv + 1, argv + argc);
  const absl::Status status = creche::Run(Main, words);
  std::cout << "stopped: " << status << std::endl;
  return status.ok() ? 0 : 1;
}
