// SPDX-License-Identifier: Apache-2.0
//
// A program of Asio, and tasks in its io_context.
//
//   bazel run //examples/guests:asio_guest

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <iostream>
#include <system_error>

#include "absl/status/status.h"
#include "creche/guest_run.h"
#include "examples/guests/answering_tasks.h"
#include "examples/guests/asio_loop.h"

namespace {

void Tick(asio::steady_timer& timer) {
  timer.expires_after(std::chrono::milliseconds(10));
  timer.async_wait([&timer](std::error_code error) {
    if (error) return;
    std::cout << "Asio: tick" << std::endl;
    Tick(timer);
  });
}

}  // namespace

int main() {
  asio::io_context context;
  asio::steady_timer timer(context);
  Tick(timer);
  absl::Status result;
  examples::AsioLoop host(context);
  creche::GuestRun guest({}, host, examples::AnsweringTasks,
                         [&](absl::Status status) {
                           result = status;
                           timer.cancel();
                         });
  // Until nothing is left: the guest has ended, and nobody waits for the timer.
  context.run();
  std::cout << "the guest has ended: " << result << std::endl;
  return result.ok() ? 0 : 1;
}
