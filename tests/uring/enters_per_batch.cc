// SPDX-License-Identifier: Apache-2.0
//
// Two tasks send a byte to and fro through pipes, so that nothing can run
// between two batches. Prints how many times the run has waited; strace counts
// the system calls.

#include <unistd.h>

#include <iostream>

#include "creche/core/instrument.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/run.h"
#include "creche/uring/operation.h"
#include "tests/support/open_files.h"

namespace creche {
namespace {

constexpr int kRounds = 1000;

class WaitCounter : public Instrument {
 public:
  void BeforeIoWait(absl::Duration) override { ++waits; }
  int waits = 0;
};

Task<> ReadAndWrite(int in, int out) {
  char byte = 0;
  auto read_one = [&](io_uring_sqe& entry) {
    io_uring_prep_read(&entry, in, &byte, 1, 0);
  };
  auto write_one = [&](io_uring_sqe& entry) {
    io_uring_prep_write(&entry, out, &byte, 1, 0);
  };
  for (int i = 0; i < kRounds; ++i) {
    (co_await FailAfter(absl::Minutes(1), Uring(read_one))).IgnoreError();
    co_await Uring(write_one);
  }
}

Task<> Main() {
  Pipe there;
  Pipe back;
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(ReadAndWrite, there.read_end(), back.write_end());
    nursery.StartSoon(ReadAndWrite, back.read_end(), there.write_end());
    if (write(there.write_end(), "x", 1) != 1) abort();
    co_return;
  };
  (co_await WithNursery(body)).IgnoreError();
}

}  // namespace
}  // namespace creche

int main() {
  creche::WaitCounter counter;
  creche::RunOptions options;
  options.instruments = {&counter};
  const absl::Status status = creche::Run(options, creche::Main);
  std::cout << "waits: " << counter.waits << "\n";
  return status.ok() ? 0 : 1;
}
