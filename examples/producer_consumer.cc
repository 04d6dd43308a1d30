// SPDX-License-Identifier: Apache-2.0
//
// Tasks that make, tasks that use, and a channel between them. Nobody counts
// who is still at work: the channel ends when the last producer has closed its
// handle, and the consumers end when the channel has.
//
//   bazel run //examples:producer_consumer

#include <iostream>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

using creche::Nursery;
using creche::Receiver;
using creche::Sender;
using creche::Task;

struct Totals {
  int made = 0;
  int used = 0;
  int sum = 0;
};

// Its handle is closed when the task ends, however it does.
Task<absl::Status> Produce(Sender<int> out, int first, int count,
                           Totals& totals) {
  for (int i = first; i < first + count; ++i) {
    co_await creche::SleepFor(absl::Milliseconds(1));
    // Waits while the buffer is full: producers cannot run away.
    co_await creche::Try(out.Send(i));
    ++totals.made;
  }
  co_return absl::OkStatus();
}

Task<> Consume(Receiver<int> in, int number, Totals& totals) {
  while (std::optional<int> value = co_await in.Receive()) {
    co_await creche::SleepFor(absl::Milliseconds(3));
    std::cout << "consumer " << number << ": " << *value << std::endl;
    ++totals.used;
    totals.sum += *value;
  }
  std::cout << "consumer " << number << ": nothing is left" << std::endl;
}

Task<absl::Status> Main() {
  Totals totals;
  auto everyone = [&](Nursery& nursery) -> Task<> {
    auto [out, in] = creche::MakeChannel<int>(3);
    nursery.StartSoon(Produce, out.Clone(), 0, 10, std::ref(totals));
    nursery.StartSoon(Produce, out.Clone(), 10, 10, std::ref(totals));
    for (int number = 1; number <= 3; ++number) {
      nursery.StartSoon(Consume, in.Clone(), number, std::ref(totals));
    }
    co_return;  // This task's own handles are closed here.
  };
  co_await creche::Try(creche::WithNursery(everyone));
  std::cout << "made " << totals.made << ", used " << totals.used
            << "; the sum of all is " << totals.sum << std::endl;
  co_return absl::OkStatus();
}

}  // namespace

int main() {
  const absl::Status status = creche::Run(Main);
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
