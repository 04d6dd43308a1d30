// SPDX-License-Identifier: Apache-2.0
//
// Two tasks in a nursery: the block ends when both have, and not before.
//
//   bazel run //examples:hello_nursery

#include <iostream>
#include <string>

#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

creche::Task<absl::Status> Count(std::string name, int to,
                                 absl::Duration pause) {
  for (int i = 1; i <= to; ++i) {
    co_await creche::SleepFor(pause);
    std::cout << name << ": " << i << std::endl;
  }
  co_return absl::OkStatus();
}

creche::Task<absl::Status> Main() {
  std::cout << "main: opening a nursery" << std::endl;
  auto children = [](creche::Nursery& nursery) -> creche::Task<absl::Status> {
    nursery.StartSoon(Count, "slow", 2, absl::Milliseconds(250));
    nursery.StartSoon(Count, "fast", 4, absl::Milliseconds(100));
    std::cout << "main: both children are started" << std::endl;
    co_return absl::OkStatus();
  };
  const absl::Status status = co_await creche::WithNursery(children);
  std::cout << "main: both children have ended: " << status << std::endl;
  co_return status;
}

}  // namespace

int main() {
  const absl::Status status = creche::Run(Main);
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
