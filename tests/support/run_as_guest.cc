// SPDX-License-Identifier: Apache-2.0

#include "tests/support/run_as_guest.h"

#include <cstdlib>
#include <exception>
#include <iostream>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/function.h"
#include "creche/guest_run.h"
#include "creche/run.h"
#include "tests/support/poll_loop.h"

namespace creche {

bool TestsAsGuest() {
  static const bool is_set = [] {
    const bool found = std::getenv("CRECHE_TEST_AS_GUEST") != nullptr;
    if (found) std::cerr << "The runs are guests." << std::endl;
    return found;
  }();
  return is_set;
}

absl::Status RunGuest(RunOptions options, Function<void()> main) {
  PollLoop loop;
  absl::Status status;
  std::exception_ptr thrown;
  bool is_done = false;
  GuestRun guest(std::move(options), loop, std::move(main),
                 [&](absl::Status got) {
                   thrown = std::current_exception();
                   status = std::move(got);
                   is_done = true;
                 });
  loop.RunUntil(is_done);
  if (thrown != nullptr) std::rethrow_exception(thrown);
  return status;
}

}  // namespace creche
