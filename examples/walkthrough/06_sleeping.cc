// SPDX-License-Identifier: Apache-2.0
//
// Stage 6: how sleeping works. Whoever sleeps is an entry in a queue that is
// ordered by time; the thread sleeps only if nobody can run, and then for all.
//
//   bazel run --config=opt //examples/walkthrough:06_sleeping

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <queue>
#include <thread>

namespace {

using std::chrono::milliseconds;
using Time = std::chrono::steady_clock::time_point;

double MillisecondsSince(Time start, Time time) {
  return std::chrono::duration<double, std::milli>(time - start).count();
}

// Where the time comes from, and how a thread waits for it to pass.
struct Clock {
  virtual ~Clock() = default;
  virtual Time Now() { return std::chrono::steady_clock::now(); }
  virtual void SleepUntil(Time time) { std::this_thread::sleep_until(time); }
};

// Does not wait. It says that the time has come.
struct JumpingClock : Clock {
  Time now;
  Time Now() override { return now; }
  void SleepUntil(Time time) override { now = std::max(now, time); }
};

struct Sleeper {
  Time due;
  long number;  // Of those who are due at once: first come first.
  std::coroutine_handle<> who;
  // std::priority_queue has the greatest on top; we need the earliest.
  friend bool operator<(const Sleeper& a, const Sleeper& b) {
    return a.due != b.due ? a.due > b.due : a.number > b.number;
  }
};

class Loop {
 public:
  explicit Loop(Clock& clock) : clock_(clock), now_(clock.Now()) {}

  void Run() {
    for (;;) {
      RunRound();
      if (!ready_.empty()) continue;
      if (sleepers_.empty()) return;
      clock_.SleepUntil(sleepers_.top().due);
    }
  }

  Time now() const { return now_; }  // Read once a round: the same for all.
  void Sleep(Time due, std::coroutine_handle<> who) {
    sleepers_.push({due, next_number_++, who});
  }

 private:
  void RunRound() {
    now_ = clock_.Now();
    while (!sleepers_.empty() && sleepers_.top().due <= now_) {
      ready_.push_back(sleepers_.top().who);
      sleepers_.pop();
    }
    for (std::size_t left = ready_.size(); left > 0; --left) {
      ready_.front().resume();
      ready_.pop_front();
    }
  }

  Clock& clock_;
  Time now_;
  std::deque<std::coroutine_handle<>> ready_;
  std::priority_queue<Sleeper> sleepers_;
  long next_number_ = 0;
};

// co_await SleepFor{loop, milliseconds(10)}
struct SleepFor {
  Loop& loop;
  milliseconds duration;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> caller) const {
    loop.Sleep(loop.now() + duration, caller);
  }
  void await_resume() const {}
};

// Starts at once and frees itself at its end. (Stage 8: not good enough.)
struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Task Nap(Loop& loop, const char* name, milliseconds duration, int times) {
  const Time start = loop.now();
  for (int i = 1; i <= times; ++i) {
    co_await SleepFor{loop, duration};
    std::printf("%6.0f ms: %s wakes, %d of %d\n",
                MillisecondsSince(start, loop.now()), name, i, times);
  }
}

Task SleepAndNoteDelay(Loop& loop, int duration, double& worst) {
  const Time due = loop.now() + milliseconds(duration);
  co_await SleepFor{loop, milliseconds(duration)};
  if (loop.now() < due) std::abort();
  worst = std::max(worst, MillisecondsSince(due, loop.now()));
}

}  // namespace

int main() {
  std::printf("on a clock that jumps:\n");
  JumpingClock jumping;
  Loop virtual_loop(jumping);
  const Time real_start = std::chrono::steady_clock::now();
  Nap(virtual_loop, "a", milliseconds(300), 2);
  Nap(virtual_loop, "b", milliseconds(100), 4);
  Nap(virtual_loop, "c", milliseconds(3'600'000), 1);
  virtual_loop.Run();
  std::printf("the hour took %.2f ms\n",
              MillisecondsSince(real_start, std::chrono::steady_clock::now()));

  Clock clock;
  Loop loop(clock);
  double worst = 0;
  for (int i = 0; i < 100'000; ++i) SleepAndNoteDelay(loop, i % 50, worst);
  loop.Run();
  std::printf(
      "\non the real one, 100000 sleepers and one thread:\n"
      "nobody woke early, and the latest was %.1f ms late\n",
      worst);
}
