// SPDX-License-Identifier: Apache-2.0
//
// Stage 4: a coroutine, resumed by hand. What its frame is, what `co_await`
// does, and what happens if it is never finished.
//
//   bazel run //examples/walkthrough:04_by_hand

#include <coroutine>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <new>

namespace {

// What a coroutine returns: something to hold it by. The compiler asks its
// `promise_type` what to do at each turn of the coroutine's life.
struct Coroutine {
  struct promise_type {
    Coroutine get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }

    // The frame is allocated here, once, when the coroutine is called.
    static void* operator new(std::size_t size) {
      std::printf("  (a frame is allocated: %zu B)\n", size);
      return ::operator new(size);
    }
    static void operator delete(void* frame) {
      std::printf("  (the frame is freed)\n");
      ::operator delete(frame);
    }
  };

  std::coroutine_handle<promise_type> handle;
};

// Something to wait for: the next word. Whoever resumes the coroutine puts the
// word here before.
struct NextWord {
  const char* word = nullptr;
  std::coroutine_handle<> who;

  // co_await asks: is it there already?
  bool await_ready() const {
    std::printf("  (await_ready: no)\n");
    return false;
  }
  // The coroutine is suspended now. `caller` is the handle to resume it by.
  void await_suspend(std::coroutine_handle<> caller) {
    std::printf("  (await_suspend: whoever called resume() goes on)\n");
    who = caller;
  }
  // It was resumed. What this returns is the value of the co_await expression.
  const char* await_resume() const {
    std::printf("  (await_resume: '%s')\n", word);
    return word;
  }
};

struct Noisy {
  ~Noisy() { std::printf("the locals are destroyed\n"); }
};

// Not inlined, or clang would see that the frame never leaves main(), and put
// it on the stack.
[[gnu::noinline]] Coroutine Echo(NextWord& next) {
  Noisy noisy;
  int answers = 0;
  std::printf("echo: begins\n");
  while (answers < 2) {
    const char* word = co_await next;
    ++answers;
    std::printf("echo: '%s' is word %d\n", word, answers);
  }
  std::printf("echo: ends\n");
}

void Say(NextWord& next, const char* word) {
  std::printf("main: says '%s'\n", word);
  next.word = word;
  next.who.resume();
}

}  // namespace

int main() {
  NextWord next;

  std::printf("main: calls Echo()\n");
  Coroutine echo = Echo(next);
  std::printf("main: has a coroutine; nothing has run\n");
  echo.handle.resume();
  Say(next, "one");
  Say(next, "two");
  std::printf("main: done? %s\n", echo.handle.done() ? "yes" : "no");
  echo.handle.destroy();

  std::printf("\nmain: calls Echo() again, and gives up in the middle\n");
  Coroutine abandoned = Echo(next);
  abandoned.handle.resume();
  Say(next, "one");
  abandoned.handle.destroy();
  std::printf("main: the other line after co_await was never reached\n");
}
