// SPDX-License-Identifier: Apache-2.0
//
// Runs many commands, so many at a time, each for a bounded time, and says how
// each went. The commands are lines of the input, for the shell. Ctrl-C stops
// those that run, with all they have started.
//
//   printf 'true\nsleep 1\nfalse\n' | bazel run //examples:run_many -- 4 10
//   (4 at a time, 10 seconds each)

#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

class Progress {
 public:
  void Ended(const std::string& line, const absl::Status& status) {
    ++ended_;
    if (!status.ok()) ++failed_;
    std::cout << "[" << ended_ << "] " << line << ": "
              << (status.ok() ? "OK" : status.message()) << std::endl;
  }

  size_t ended() const { return ended_; }
  size_t failed() const { return failed_; }

 private:
  size_t ended_ = 0;
  size_t failed_ = 0;
};

// One that fails does not stop the others, so its error ends here.
creche::Task<> RunLine(std::string line, absl::Duration timeout,
                       creche::CapacityToken /*token*/, Progress& progress) {
  creche::Command command("sh");
  command.add_argument("-c").add_argument(line).capture_output();
  command.capture_error().set_new_group(true).set_stop(absl::Seconds(1));
  const absl::StatusOr<creche::ProcessResult> result =
      co_await creche::FailAfter(timeout, creche::RunProcess(command));
  progress.Ended(line, result.status());
}

creche::Task<absl::Status> Main(int limit, absl::Duration timeout) {
  creche::BufferedReader lines(creche::PipeReader(STDIN_FILENO));
  creche::CapacityLimiter limiter(static_cast<size_t>(limit));
  Progress progress;
  auto body = [&](creche::Nursery& nursery) -> creche::Task<absl::Status> {
    for (;;) {
      absl::StatusOr<std::string> line = co_await lines.ReadLine();
      if (creche::IsEndOfStream(line.status())) co_return absl::OkStatus();
      if (!line.ok()) co_return line.status();
      // Not one line more is read than can run.
      creche::CapacityToken token = co_await limiter.Acquire();
      nursery.StartSoon(RunLine, *std::move(line), timeout, std::move(token),
                        std::ref(progress));
    }
  };
  const absl::Status status = co_await creche::WithNursery(body);
  std::cout << progress.ended() << " have ended, " << progress.failed()
            << " of them badly" << std::endl;
  co_return status;
}

}  // namespace

int main(int argc, char** argv) {
  const int limit = argc > 1 ? std::atoi(argv[1]) : 4;
  const int seconds = argc > 2 ? std::atoi(argv[2]) : 60;
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  options.dump_on_signals = {SIGQUIT};
  const absl::Status status =
      creche::Run(options, Main, limit > 0 ? limit : 1, absl::Seconds(seconds));
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
