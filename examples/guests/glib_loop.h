// SPDX-License-Identifier: Apache-2.0
//
// GLibLoop: a main loop of GLib (GTK's, too) as the host of runs.
//
//   examples::GLibLoop host;
//   creche::GuestRun guest({}, host, Main, [&](absl::Status) {
//     g_main_loop_quit(loop);
//   });
//   g_main_loop_run(loop);

#ifndef EXAMPLES_GUESTS_GLIB_LOOP_H_
#define EXAMPLES_GUESTS_GLIB_LOOP_H_

#include <glib-unix.h>
#include <glib.h>

#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "creche/guest_run.h"
#include "examples/guests/timer_queue.h"

namespace examples {

// Its sources have the usual priority. Tasks may run a main loop of `context`:
// their run then waits for them.
class GLibLoop final : public creche::HostLoop {
 public:
  // nullptr: the default context.
  explicit GLibLoop(GMainContext* context = nullptr) : context_(context) {
    // A source of GLib's own kind (g_timeout_source_new()) would set itself.
    static GSourceFuncs functions = {nullptr, nullptr, &GLibLoop::Dispatch,
                                     nullptr, nullptr, nullptr};
    timer_ = g_source_new(&functions, sizeof(GSource));
    g_source_set_can_recurse(timer_, TRUE);
    g_source_set_callback(timer_, &GLibLoop::OnTimer, this, nullptr);
    g_source_attach(timer_, context_);
  }
  GLibLoop(const GLibLoop&) = delete;
  GLibLoop& operator=(const GLibLoop&) = delete;
  ~GLibLoop() override {
    while (!watched_.empty()) Unwatch(watched_.begin()->first);
    Remove(timer_);
  }

  void WatchReadable(int fd, absl::AnyInvocable<void()> f) override {
    GSource* source = g_unix_fd_source_new(fd, G_IO_IN);
    Attach(source, G_SOURCE_FUNC(&GLibLoop::OnReadable), std::move(f));
    watched_.emplace(fd, source);
  }

  void Unwatch(int fd) override { Remove(watched_.extract(fd).mapped()); }

  void CallAt(absl::Time time, absl::AnyInvocable<void()> f) override {
    timers_.Add(time, std::move(f));
    SetTimer();
  }

  // Not with an idle source's usual priority, which waits until nobody else has
  // anything to do.
  void CallSoon(absl::AnyInvocable<void()> f) override {
    GSource* source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    Attach(source, &GLibLoop::OnTurn, std::move(f));
    g_source_unref(source);
  }

 private:
  using Callback = absl::AnyInvocable<void()>;
  static constexpr gint64 kNever = -1;

  // The source owns `f`, and keeps it while it runs.
  void Attach(GSource* source, GSourceFunc call, Callback f) {
    g_source_set_callback(
        source, call, new Callback(std::move(f)),
        [](gpointer owned) { delete static_cast<Callback*>(owned); });
    g_source_attach(source, context_);
  }

  static void Remove(GSource* source) {
    g_source_destroy(source);
    g_source_unref(source);
  }

  static gboolean Dispatch(GSource* /*source*/, GSourceFunc call,
                           gpointer data) {
    return call(data);
  }

  static gboolean OnReadable(gint /*fd*/, GIOCondition /*condition*/,
                             gpointer f) {
    (*static_cast<Callback*>(f))();
    return G_SOURCE_CONTINUE;
  }

  static gboolean OnTurn(gpointer f) {
    (*static_cast<Callback*>(f))();
    return G_SOURCE_REMOVE;
  }

  void SetTimer() {
    if (timers_.empty()) return g_source_set_ready_time(timer_, kNever);
    const auto wait = std::chrono::ceil<std::chrono::microseconds>(
        timers_.next() - TimerQueue::Clock::now());
    g_source_set_ready_time(timer_, g_get_monotonic_time() + wait.count());
  }

  static gboolean OnTimer(gpointer loop) {
    auto& self = *static_cast<GLibLoop*>(loop);
    const auto now = TimerQueue::Clock::now();
    while (std::optional<Callback> f = self.timers_.TakeDue(now)) {
      self.SetTimer();
      (*f)();
    }
    self.SetTimer();
    return G_SOURCE_CONTINUE;
  }

  GMainContext* const context_;
  GSource* timer_;
  std::map<int, GSource*> watched_;
  TimerQueue timers_;
};

}  // namespace examples

#endif  // EXAMPLES_GUESTS_GLIB_LOOP_H_
