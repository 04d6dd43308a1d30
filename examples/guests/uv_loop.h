// SPDX-License-Identifier: Apache-2.0
//
// UvLoop: a loop of libuv as the host of runs.
//
//   {
//     examples::UvLoop host(loop);
//     creche::GuestRun guest({}, host, Main, done);
//     uv_run(loop, UV_RUN_DEFAULT);  // Until there are no guests.
//   }
//   uv_run(loop, UV_RUN_DEFAULT);  // Closes what UvLoop had.
//   uv_loop_close(loop);

#ifndef EXAMPLES_GUESTS_UV_LOOP_H_
#define EXAMPLES_GUESTS_UV_LOOP_H_

#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "creche/guest_run.h"
#include "examples/guests/timer_queue.h"

namespace examples {

// The loop is kept alive by guests, and not by the deadlines that they had. A
// task must not call uv_run(), which libuv forbids within a callback.
class UvLoop final : public creche::HostLoop {
 public:
  explicit UvLoop(uv_loop_t* loop)
      : loop_(loop), timer_(new uv_timer_t), turns_(new uv_idle_t) {
    uv_timer_init(loop_, timer_);
    uv_unref(AsHandle(timer_));
    timer_->data = this;
    uv_idle_init(loop_, turns_);
    turns_->data = this;
  }
  UvLoop(const UvLoop&) = delete;
  UvLoop& operator=(const UvLoop&) = delete;
  ~UvLoop() override {
    while (!watched_.empty()) Unwatch(watched_.begin()->first);
    Close(timer_);
    Close(turns_);
  }

  void WatchReadable(int fd, absl::AnyInvocable<void()> f) override {
    auto* watch = new Watch{{}, std::move(f)};
    uv_poll_init(loop_, &watch->poll, fd);
    watch->poll.data = watch;
    uv_poll_start(&watch->poll, UV_READABLE,
                  [](uv_poll_t* poll, int /*status*/, int /*events*/) {
                    static_cast<Watch*>(poll->data)->f();
                  });
    watched_.emplace(fd, watch);
  }

  // libuv has the handle until it calls back, in a later round of the loop.
  void Unwatch(int fd) override {
    uv_close(AsHandle(&watched_.extract(fd).mapped()->poll),
             [](uv_handle_t* poll) { delete static_cast<Watch*>(poll->data); });
  }

  void CallAt(absl::Time time, absl::AnyInvocable<void()> f) override {
    timers_.Add(time, std::move(f));
    SetTimer();
  }

  // By what libuv calls once in each round.
  void CallSoon(absl::AnyInvocable<void()> f) override {
    soon_.push_back(std::move(f));
    uv_idle_start(turns_, &UvLoop::OnTurn);
  }

 private:
  using Callback = absl::AnyInvocable<void()>;
  struct Watch {
    uv_poll_t poll;
    Callback f;
  };

  template <typename Handle>
  static uv_handle_t* AsHandle(Handle* handle) {
    return reinterpret_cast<uv_handle_t*>(handle);
  }

  template <typename Handle>
  static void Close(Handle* handle) {
    uv_close(AsHandle(handle), [](uv_handle_t* closed) {
      delete reinterpret_cast<Handle*>(closed);
    });
  }

  // libuv counts from the time at which this round of the loop began. At least
  // to the next millisecond: it calls timers that are due until there are none,
  // and looks at nothing else meanwhile.
  void SetTimer() {
    if (timers_.empty()) return;
    uv_update_time(loop_);
    constexpr std::int64_t kLongest = std::numeric_limits<std::int32_t>::max();
    const std::int64_t wait = timers_.MillisecondsToNext(1, kLongest);
    uv_timer_start(timer_, &UvLoop::OnTimer, static_cast<std::uint64_t>(wait),
                   0);
  }

  static void OnTimer(uv_timer_t* timer) {
    auto& self = *static_cast<UvLoop*>(timer->data);
    const auto now = TimerQueue::Clock::now();
    while (std::optional<Callback> f = self.timers_.TakeDue(now)) (*f)();
    self.SetTimer();
  }

  // What is asked for meanwhile comes in the next round.
  static void OnTurn(uv_idle_t* turns) {
    auto& self = *static_cast<UvLoop*>(turns->data);
    for (std::size_t left = self.soon_.size(); left > 0; --left) {
      Callback f = std::move(self.soon_.front());
      self.soon_.pop_front();
      f();
    }
    if (self.soon_.empty()) uv_idle_stop(turns);
  }

  uv_loop_t* const loop_;
  // Destroyed by libuv's callbacks, as those of `watched_` are.
  uv_timer_t* const timer_;
  uv_idle_t* const turns_;
  std::map<int, Watch*> watched_;
  TimerQueue timers_;
  std::deque<Callback> soon_;
};

}  // namespace examples

#endif  // EXAMPLES_GUESTS_UV_LOOP_H_
