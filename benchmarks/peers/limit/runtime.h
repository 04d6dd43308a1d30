// SPDX-License-Identifier: Apache-2.0
//
// The least that tasks can be: coroutine frames from a free list, an intrusive
// queue of those that can run, a heap of deadlines. Nothing is checked, nothing
// can fail, nobody waits for children: what a library adds costs the rest.

#ifndef CRECHE_BENCHMARKS_PEERS_LIMIT_RUNTIME_H_
#define CRECHE_BENCHMARKS_PEERS_LIMIT_RUNTIME_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

namespace limit {

class FramePool {
 public:
  static void* Allocate(std::size_t size) {
    const std::size_t index = (size + 15) / 16;
    if (index >= kClasses) std::abort();
    if (Block* block = free_[index]) {
      free_[index] = block->next;
      return block;
    }
    return ::operator new(index * 16);
  }
  static void Free(void* memory, std::size_t size) {
    auto* block = static_cast<Block*>(memory);
    block->next = std::exchange(free_[(size + 15) / 16], block);
  }

 private:
  struct Block {
    Block* next;
  };
  static constexpr std::size_t kClasses = 64;
  static inline constinit thread_local Block* free_[kClasses] = {};
};

struct PooledFrame {
  static void* operator new(std::size_t size) {
    return FramePool::Allocate(size);
  }
  static void operator delete(void* memory, std::size_t size) {
    FramePool::Free(memory, size);
  }
};

// A call: lazy, goes on in its caller when it ends.
class IntTask {
 public:
  struct promise_type : PooledFrame {
    IntTask get_return_object() {
      return IntTask(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Final {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(
            std::coroutine_handle<promise_type> self) noexcept {
          return self.promise().caller;
        }
        void await_resume() noexcept {}
      };
      return Final{};
    }
    void return_value(int result) noexcept { value = result; }
    void unhandled_exception() noexcept { std::abort(); }

    std::coroutine_handle<> caller;
    int value = 0;
  };

  explicit IntTask(std::coroutine_handle<promise_type> self) : self_(self) {}
  IntTask(IntTask&& other) noexcept
      : self_(std::exchange(other.self_, nullptr)) {}
  ~IntTask() {
    if (self_) self_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) {
    self_.promise().caller = caller;
    return self_;
  }
  int await_resume() const noexcept { return self_.promise().value; }

 private:
  std::coroutine_handle<promise_type> self_;
};

// What waits its turn, or for somebody to give it one.
struct Waiting {
  std::coroutine_handle<> handle;
  Waiting* next = nullptr;
};

class Queue {
 public:
  void Push(Waiting& task) {
    task.next = nullptr;
    *tail_ = &task;
    tail_ = &task.next;
  }
  Waiting* Pop() {
    Waiting* task = head_;
    if (task == nullptr) return nullptr;
    head_ = task->next;
    if (head_ == nullptr) tail_ = &head_;
    return task;
  }

 private:
  Waiting* head_ = nullptr;
  Waiting** tail_ = &head_;
};

inline Queue runnable;
inline bool stopped = false;

inline void RunUntilIdle() {
  while (Waiting* task = runnable.Pop()) task->handle.resume();
}

// A task of its own: becomes runnable when it is made, frees itself.
struct Spawned {
  struct promise_type : PooledFrame {
    promise_type() {
      self.handle = std::coroutine_handle<promise_type>::from_promise(*this);
      runnable.Push(self);
    }
    Spawned get_return_object() noexcept { return {}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::abort(); }

    Waiting self;
  };
};
using SpawnedHandle = std::coroutine_handle<Spawned::promise_type>;

struct Yield {
  bool await_ready() const noexcept { return false; }
  void await_suspend(SpawnedHandle task) { runnable.Push(task.promise().self); }
  void await_resume() const noexcept {}
};

// Somewhere to wait until Wake() or Destroy().
struct Parking {
  bool await_ready() const noexcept { return false; }
  void await_suspend(SpawnedHandle task) { waiting.Push(task.promise().self); }
  void await_resume() const noexcept {}

  void Wake() { runnable.Push(*waiting.Pop()); }
  void DestroyAll() {
    while (Waiting* task = waiting.Pop()) task->handle.destroy();
  }

  Queue waiting;
};

// A timer that knows its place in the heap, so that it can leave it.
struct Timer {
  std::int64_t due = 0;
  std::size_t place = 0;
  std::coroutine_handle<> handle;
  Timer* next = nullptr;
};

class TimerHeap {
 public:
  void Push(Timer& timer) {
    timers_.push_back(&timer);
    Up(timers_.size() - 1, &timer);
  }
  void Remove(const Timer& timer) {
    const std::size_t place = timer.place;
    Timer* last = timers_.back();
    timers_.pop_back();
    if (place == timers_.size()) return;
    if (place > 0 && last->due < timers_[(place - 1) / 2]->due) {
      Up(place, last);
    } else {
      Down(place, last);
    }
  }

 private:
  void Put(std::size_t place, Timer* timer) {
    timers_[place] = timer;
    timer->place = place;
  }
  void Up(std::size_t place, Timer* timer) {
    while (place > 0) {
      Timer* parent = timers_[(place - 1) / 2];
      if (parent->due <= timer->due) break;
      Put(place, parent);
      place = (place - 1) / 2;
    }
    Put(place, timer);
  }
  void Down(std::size_t place, Timer* timer) {
    for (;;) {
      std::size_t child = 2 * place + 1;
      if (child >= timers_.size()) break;
      if (child + 1 < timers_.size() &&
          timers_[child + 1]->due < timers_[child]->due) {
        ++child;
      }
      if (timer->due <= timers_[child]->due) break;
      Put(place, timers_[child]);
      place = child;
    }
    Put(place, timer);
  }

  std::vector<Timer*> timers_;
};

inline TimerHeap timers;

// Waits for a timer, as one of a list of tasks that can be cancelled together.
struct Sleep {
  explicit Sleep(std::int64_t due) { timer.due = due; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> task) {
    timer.handle = task;
    timers.Push(timer);
    timer.next = std::exchange(newest, &timer);
  }
  void await_resume() const noexcept {}

  static void DestroyAll() {
    while (newest != nullptr) {
      Timer* timer = newest;
      newest = timer->next;
      timers.Remove(*timer);
      timer->handle.destroy();
    }
  }

  static inline Timer* newest = nullptr;
  Timer timer;
};

}  // namespace limit

#endif  // CRECHE_BENCHMARKS_PEERS_LIMIT_RUNTIME_H_
