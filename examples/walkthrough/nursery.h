// SPDX-License-Identifier: Apache-2.0
// Stage 9: a loop and a nursery, in 150 lines. 09_nursery.cc uses them.

#ifndef CRECHE_EXAMPLES_WALKTHROUGH_NURSERY_H_
#define CRECHE_EXAMPLES_WALKTHROUGH_NURSERY_H_

#include <coroutine>
#include <deque>
#include <exception>
#include <list>
#include <map>
#include <string>
#include <utility>

namespace walkthrough {

// A coroutine whose result is an error, or "". It owns its frame, and so, by
// what its locals own, the frames of all that it has called.
struct Task {
  struct promise_type {
    std::coroutine_handle<> caller = std::noop_coroutine();
    std::string error;
    struct GoOnWithCaller : std::suspend_always {
      auto await_suspend(std::coroutine_handle<promise_type> ended) noexcept {
        return ended.promise().caller;
      }
    };
    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    GoOnWithCaller final_suspend() noexcept { return {}; }
    void return_value(std::string what) { error = std::move(what); }
    void unhandled_exception() { std::terminate(); }
  };
  using Handle = std::coroutine_handle<promise_type>;
  explicit Task(Handle h) : handle(h) {}
  Task(Task&& other) noexcept : handle(std::exchange(other.handle, {})) {}
  ~Task() {
    if (handle) handle.destroy();
  }
  // To await a task is to call it.
  bool await_ready() const { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) const {
    handle.promise().caller = caller;
    return handle;
  }
  std::string await_resume() const { return handle.promise().error; }
  Handle handle;
};

// What the loop runs. A child is running, ready, asleep, or waits for the
// children of a nursery of its own.
struct Child {
  Task task;
  class Nursery* home;
  std::coroutine_handle<> leaf = task.handle;  // Where it goes on.
  Nursery* inner = nullptr;                    // What it waits for.
  bool stop = false;                           // It is not to go on.
  bool is_done() const { return task.handle.done(); }
};
inline Child* running = nullptr;
inline std::deque<Child*> ready;
inline std::multimap<int, Child*> sleepers;
inline int now = 0;  // In milliseconds. It jumps, as in stage 6.

class Nursery {
 public:
  void StartSoon(Task task) {
    children_.push_back({std::move(task), this});
    ready.push_back(&children_.back());
  }

  // Stops those who sleep. The others will stop where they would wait.
  void Cancel() {
    is_cancelled_ = true;
    for (Child& child : children_) {
      if (child.inner != nullptr) child.inner->Cancel();
      if (std::erase_if(sleepers, [&](auto s) { return s.second == &child; })) {
        child.stop = true;
        ready.push_back(&child);
      }
    }
  }
  bool is_cancelled() const { return is_cancelled_; }
  void ChildEnded(Child& child) {
    const std::string error = child.task.handle.promise().error;
    // Frees its frames, so the destructors of its locals run, innermost first.
    children_.remove_if([&](Child& other) { return &other == &child; });
    if (!error.empty() && error_.empty()) error_ = error;
    if (!error.empty()) Cancel();
    if (!children_.empty() || parent_ == nullptr) return;
    parent_->inner = nullptr;
    ready.push_back(parent_);
  }

  // co_await nursery: until all have ended. Nothing stops this wait.
  bool await_ready() const { return children_.empty(); }
  void await_suspend(std::coroutine_handle<> caller) {
    parent_ = running;
    parent_->inner = this;
    parent_->leaf = caller;
    if (parent_->home->is_cancelled_) Cancel();
  }
  std::string await_resume() const { return error_; }

 private:
  std::list<Child> children_;
  Child* parent_ = nullptr;
  bool is_cancelled_ = false;
  std::string error_;
};

// The only way to open one. The body counts as a child.
template <typename Body>
Task WithNursery(Body body) {
  Nursery nursery;
  nursery.StartSoon(body(nursery));
  co_return co_await nursery;
}

struct SleepFor : std::suspend_always {
  explicit SleepFor(int milliseconds) : duration(milliseconds) {}
  void await_suspend(std::coroutine_handle<> caller) const {
    running->leaf = caller;
    running->stop = running->home->is_cancelled();
    if (running->stop) return ready.push_back(running);
    sleepers.emplace(now + duration, running);
  }
  int duration;
};

inline std::string Run(Task main) {
  Nursery root;
  root.StartSoon(std::move(main));
  while (!root.await_ready()) {
    if (ready.empty()) {
      now = sleepers.begin()->first;
      ready.push_back(sleepers.extract(sleepers.begin()).mapped());
    }
    running = ready.front();
    ready.pop_front();
    const bool stops = running->stop;
    if (!stops) running->leaf.resume();
    if (stops || running->is_done()) running->home->ChildEnded(*running);
  }
  return root.await_resume();
}

}  // namespace walkthrough

#endif  // CRECHE_EXAMPLES_WALKTHROUGH_NURSERY_H_
