// SPDX-License-Identifier: Apache-2.0
//
// A program of libuv, and tasks in its loop.
//
//   bazel run //examples/guests:uv_guest

#include <uv.h>

#include <iostream>

#include "absl/status/status.h"
#include "creche/guest_run.h"
#include "examples/guests/answering_tasks.h"
#include "examples/guests/uv_loop.h"

namespace {

void OnTick(uv_timer_t*) { std::cout << "libuv: tick" << std::endl; }

}  // namespace

int main() {
  uv_loop_t* loop = uv_default_loop();
  uv_timer_t tick;
  uv_timer_init(loop, &tick);
  uv_timer_start(&tick, OnTick, 10, 10);
  absl::Status result;
  {
    examples::UvLoop host(loop);
    creche::GuestRun guest(
        {}, host, examples::AnsweringTasks, [&](absl::Status status) {
          result = status;
          uv_close(reinterpret_cast<uv_handle_t*>(&tick), nullptr);
        });
    // Until nothing is left: the guest has ended, and the timer is closed.
    uv_run(loop, UV_RUN_DEFAULT);
  }
  std::cout << "the guest has ended: " << result << std::endl;
  uv_run(loop, UV_RUN_DEFAULT);
  return result.ok() && uv_loop_close(loop) == 0 ? 0 : 1;
}
