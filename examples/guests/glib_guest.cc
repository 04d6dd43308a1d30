// SPDX-License-Identifier: Apache-2.0
//
// A program of GLib, and tasks in its main loop.
//
//   bazel run //examples/guests:glib_guest

#include <glib.h>

#include <iostream>

#include "absl/status/status.h"
#include "creche/guest_run.h"
#include "examples/guests/answering_tasks.h"
#include "examples/guests/glib_loop.h"

namespace {

gboolean OnTick(gpointer) {
  std::cout << "GLib: tick" << std::endl;
  return G_SOURCE_CONTINUE;
}

}  // namespace

int main() {
  GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
  const guint tick = g_timeout_add(10, OnTick, nullptr);
  absl::Status result;
  {
    examples::GLibLoop host;
    creche::GuestRun guest({}, host, examples::AnsweringTasks,
                           [&](absl::Status status) {
                             result = status;
                             g_main_loop_quit(loop);
                           });
    g_main_loop_run(loop);
  }
  std::cout << "the guest has ended: " << result << std::endl;
  g_source_remove(tick);
  g_main_loop_unref(loop);
  return result.ok() ? 0 : 1;
}
