// SPDX-License-Identifier: Apache-2.0
//
// AsioLoop: an io_context of Asio as the host of runs.
//
//   asio::io_context context;
//   examples::AsioLoop host(context);
//   creche::GuestRun guest({}, host, Main, done);
//   context.run();  // Until there are no guests, and nothing else to do.

#ifndef EXAMPLES_GUESTS_ASIO_LOOP_H_
#define EXAMPLES_GUESTS_ASIO_LOOP_H_

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "creche/guest_run.h"
#include "examples/guests/timer_queue.h"

namespace examples {

// For an io_context that one thread runs. Guests keep it from running out of
// work, and the deadlines that they had do not: there are timers only while a
// descriptor is watched. A task may run it: its run then waits for the task.
class AsioLoop final : public creche::HostLoop {
 public:
  explicit AsioLoop(asio::io_context& context)
      : context_(context), timer_(context) {}
  AsioLoop(const AsioLoop&) = delete;
  AsioLoop& operator=(const AsioLoop&) = delete;
  ~AsioLoop() override {
    while (!watched_.empty()) Unwatch(watched_.begin()->first);
  }

  void WatchReadable(int fd, absl::AnyInvocable<void()> f) override {
    auto watch = std::make_shared<Watch>(context_, fd, std::move(f));
    watched_.emplace(fd, watch);
    Wait(std::move(watch));
    SetTimer();
  }

  // The descriptor is the guest's: Asio must not close it.
  void Unwatch(int fd) override {
    watched_.extract(fd).mapped()->descriptor.release();
    if (watched_.empty()) timer_.cancel();
  }

  void CallAt(absl::Time time, absl::AnyInvocable<void()> f) override {
    timers_.Add(time, std::move(f));
    SetTimer();
  }

  void CallSoon(absl::AnyInvocable<void()> f) override {
    asio::post(context_, std::move(f));
  }

 private:
  using Callback = absl::AnyInvocable<void()>;
  struct Watch {
    Watch(asio::io_context& context, int fd, Callback callback)
        : descriptor(context, fd), f(std::move(callback)) {}
    asio::posix::stream_descriptor descriptor;
    Callback f;
  };

  // Asio tells once for each time that it is asked.
  static void Wait(std::shared_ptr<Watch> watch) {
    asio::posix::stream_descriptor& descriptor = watch->descriptor;
    descriptor.async_wait(
        asio::posix::stream_descriptor::wait_read,
        [watch = std::move(watch)](std::error_code error) mutable {
          if (error) return;
          // It is released when it is not watched any more.
          if (watch->descriptor.is_open()) watch->f();
          if (watch->descriptor.is_open()) Wait(std::move(watch));
        });
  }

  // Of no more than one wait: to set it cancels the one before.
  void SetTimer() {
    if (timers_.empty() || watched_.empty()) return;
    timer_.expires_at(timers_.next());
    timer_.async_wait([this, loop = std::weak_ptr<const bool>(is_alive_)](
                          std::error_code error) {
      if (!error && !loop.expired()) OnTimer();
    });
  }

  void OnTimer() {
    const auto now = TimerQueue::Clock::now();
    while (std::optional<Callback> f = timers_.TakeDue(now)) {
      SetTimer();
      (*f)();
    }
    SetTimer();
  }

  asio::io_context& context_;
  asio::steady_timer timer_;
  // A wait that has ended cannot be cancelled any more, and calls back later.
  const std::shared_ptr<const bool> is_alive_ = std::make_shared<bool>(true);
  std::map<int, std::shared_ptr<Watch>> watched_;
  TimerQueue timers_;
};

}  // namespace examples

#endif  // EXAMPLES_GUESTS_ASIO_LOOP_H_
