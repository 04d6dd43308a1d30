// SPDX-License-Identifier: Apache-2.0
//
// Stage 5: a loop that runs many coroutines in turn, one at a time. To spawn
// one is to put it into a queue; to join one is to be put there when it ends.
//
//   bazel run --config=opt //examples/walkthrough:05_round_robin

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdio>
#include <deque>
#include <exception>
#include <new>
#include <utility>
#include <vector>

namespace {

// Those who can go on. First come, first served.
std::deque<std::coroutine_handle<>> ready;

// That is all: the loop.
void Run() {
  while (!ready.empty()) {
    const std::coroutine_handle<> next = ready.front();
    ready.pop_front();
    next.resume();  // Until it waits for something, or ends.
  }
}

// co_await Yield(): everybody else first.
struct Yield {
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> caller) const {
    ready.push_back(caller);
  }
  void await_resume() const {}
};

std::size_t frame_bytes = 0;

// A coroutine that the loop runs. Whoever holds the Task owns the frame.
class Task {
 public:
  struct promise_type {
    std::coroutine_handle<> joiner;  // Who waits for the end, if anyone does.

    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept {
      if (joiner) ready.push_back(joiner);
      return {};
    }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }

    static void* operator new(std::size_t size) {
      frame_bytes += size;
      return ::operator new(size);
    }
    static void operator delete(void* frame) { ::operator delete(frame); }
  };
  using Handle = std::coroutine_handle<promise_type>;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  ~Task() {
    if (handle_) handle_.destroy();
  }

  friend Task Spawn(Task task) {
    ready.push_back(task.handle_);
    return task;
  }

  // co_await task: joins it.
  bool await_ready() const { return handle_.done(); }
  void await_suspend(std::coroutine_handle<> caller) const {
    handle_.promise().joiner = caller;
  }
  void await_resume() const {}

 private:
  explicit Task(Handle handle) : handle_(handle) {}

  Handle handle_;
};

Task Count(const char* name, int to) {
  for (int i = 1; i <= to; ++i) {
    std::printf("%s: %d of %d\n", name, i, to);
    co_await Yield();
  }
}

Task Parent() {
  Task a = Spawn(Count("a", 3));
  Task b = Spawn(Count("b", 1));
  Task c = Spawn(Count("c", 2));
  std::printf("parent: waits for a\n");
  co_await a;
  std::printf("parent: a has ended; joins b and c, who have ended before\n");
  co_await b;
  co_await c;
  std::printf("parent: ends\n");
}

Task YieldOften(int times) {
  for (int i = 0; i < times; ++i) co_await Yield();
}

void Measure() {
  constexpr int kTasks = 100'000;
  constexpr int kTurns = 10;
  frame_bytes = 0;
  std::vector<Task> tasks;
  tasks.reserve(kTasks);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kTasks; ++i) tasks.push_back(Spawn(YieldOften(kTurns)));
  const auto spawned = std::chrono::steady_clock::now();
  Run();
  const auto end = std::chrono::steady_clock::now();
  using Nanoseconds = std::chrono::duration<double, std::nano>;
  std::printf("%d tasks: %.0f ns to spawn one, %zu B each\n", kTasks,
              Nanoseconds(spawned - start).count() / kTasks,
              frame_bytes / kTasks);
  std::printf("%d turns: %.0f ns each\n", kTasks * kTurns,
              Nanoseconds(end - spawned).count() / kTasks / kTurns);
}

}  // namespace

int main() {
  Task parent = Spawn(Parent());
  Run();
  Measure();
}
