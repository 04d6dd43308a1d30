// SPDX-License-Identifier: Apache-2.0
//
// The example of include/creche/run.h, compiled.

#include <iostream>

#include "absl/status/status.h"
#include "creche/creche.h"

namespace run_examples {

creche::Task<absl::Status> Greet() { co_return absl::OkStatus(); }

creche::Task<absl::Status> Main() { co_return co_await Greet(); }

int main() {
  absl::Status status = creche::Run(Main);
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}

}  // namespace run_examples
