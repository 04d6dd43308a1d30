// SPDX-License-Identifier: Apache-2.0
//
// What goes from thread to thread: work for a thread, work for a run.

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <semaphore>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "benchmark/benchmark.h"
#include "benchmarks/beside/epoll_loop.h"
#include "benchmarks/in_run.h"
#include "creche/creche.h"

namespace creche::benchmarks {
namespace {

int Trivial() { return 1; }

// A loop calls a function on a thread, and waits for what it gives.

void BM_BlockingCreche(benchmark::State& state) {
  InRun(state, [&]() -> Task<absl::Status> {
    for (auto _ : state) {
      const int result = co_await Try(RunInThread(Trivial));
      benchmark::DoNotOptimize(result);
    }
    co_return absl::OkStatus();
  });
}
BENCHMARK(BM_BlockingCreche)->Name("run_in_thread/creche")->UseRealTime();

// A pool of one thread. Its jobs are called in their order.
class PlainPool {
 public:
  PlainPool() : thread_([this] { Work(); }) {}
  PlainPool(const PlainPool&) = delete;
  PlainPool& operator=(const PlainPool&) = delete;
  ~PlainPool() {
    Start({nullptr, nullptr});
    thread_.join();
  }

  void Start(EpollLoop::Job job) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      jobs_.push_back(job);
    }
    has_job_.notify_one();
  }

 private:
  void Work() {
    for (;;) {
      std::unique_lock<std::mutex> lock(mutex_);
      has_job_.wait(lock, [this] { return !jobs_.empty(); });
      const EpollLoop::Job job = jobs_.front();
      jobs_.pop_front();
      lock.unlock();
      if (job.call == nullptr) return;
      job.call(job.argument);
    }
  }

  std::mutex mutex_;
  std::condition_variable has_job_;
  std::deque<EpollLoop::Job> jobs_;
  std::thread thread_;
};

// The caller has no loop: it is blocked, too.
void BM_BlockingPlain(benchmark::State& state) {
  struct Call {
    std::mutex mutex;
    std::condition_variable is_done;
    int result = 0;
  } call;
  const auto perform = [](void* argument) {
    Call& call = *static_cast<Call*>(argument);
    const std::lock_guard<std::mutex> lock(call.mutex);
    call.result = Trivial();
    call.is_done.notify_one();
  };
  PlainPool pool;
  for (auto _ : state) {
    call.result = 0;
    pool.Start({perform, &call});
    std::unique_lock<std::mutex> lock(call.mutex);
    call.is_done.wait(lock, [&] { return call.result != 0; });
  }
}
BENCHMARK(BM_BlockingPlain)->Name("run_in_thread/blocking")->UseRealTime();

void BM_BlockingEpoll(benchmark::State& state) {
  struct Call {
    EpollLoop loop;
    int result = 0;
    bool is_done = false;
  } call;
  const auto perform = [](void* argument) {
    Call& call = *static_cast<Call*>(argument);
    call.result = Trivial();
    const auto note = [](void* call) {
      static_cast<Call*>(call)->is_done = true;
    };
    call.loop.Post({note, &call});
  };
  PlainPool pool;
  for (auto _ : state) {
    call.is_done = false;
    pool.Start({perform, &call});
    while (!call.is_done) call.loop.RunOnce();
    benchmark::DoNotOptimize(call.result);
  }
}
BENCHMARK(BM_BlockingEpoll)->Name("run_in_thread/epoll")->UseRealTime();

// A context without any I/O object would wait for a condition variable.
class AsioContext {
 public:
  asio::io_context& operator*() { return context_; }
  asio::io_context* operator->() { return &context_; }

 private:
  asio::io_context context_{1};
  asio::steady_timer timer_{context_};
};

void BM_BlockingAsio(benchmark::State& state) {
  asio::thread_pool pool(1);
  AsioContext context;
  const auto work = asio::make_work_guard(*context);
  for (auto _ : state) {
    bool is_done = false;
    asio::post(pool, [&] {
      asio::post(*context, [&, result = Trivial()] {
        benchmark::DoNotOptimize(result);
        is_done = true;
      });
    });
    while (!is_done) context->run_one();
  }
  pool.join();
}
BENCHMARK(BM_BlockingAsio)->Name("run_in_thread/asio")->UseRealTime();

// A thread has functions called in a loop of another thread: one, or a thousand
// before it waits.

// A run on a thread of its own, until this is destroyed.
class RunOnThread {
 public:
  RunOnThread() : thread_([this] { (void)Run(std::ref(*this)); }) {
    is_running_.acquire();
  }
  RunOnThread(const RunOnThread&) = delete;
  RunOnThread& operator=(const RunOnThread&) = delete;
  ~RunOnThread() {
    handle_->Post([this] { is_over_.Set(); });
    thread_.join();
  }

  const RunHandle& handle() const { return *handle_; }

  // Main.
  Task<> operator()() {
    handle_ = RunHandle::Current();
    is_running_.release();
    co_await is_over_.Wait();
  }

 private:
  std::binary_semaphore is_running_{0};
  std::optional<RunHandle> handle_;
  Event is_over_;
  std::thread thread_;
};

// Posts state.range(0) - 1 times what does nothing, and then what lets this
// thread go on, by post(f).
template <typename Post>
void MeasurePosts(benchmark::State& state, Post post) {
  std::binary_semaphore is_called(0);
  const auto nothing = [] {};
  const auto release = [&is_called] { is_called.release(); };
  while (state.KeepRunningBatch(state.range(0))) {
    for (long i = 1; i < state.range(0); ++i) post(nothing);
    post(release);
    is_called.acquire();
  }
}

void BM_PostCreche(benchmark::State& state) {
  const RunOnThread run;
  MeasurePosts(state, [&](auto f) { run.handle().Post(f); });
}
BENCHMARK(BM_PostCreche)->Name("post/creche")->Arg(1)->UseRealTime();
BENCHMARK(BM_PostCreche)->Name("post_1000/creche")->Arg(1000)->UseRealTime();

// A loop on a thread of its own, until this is destroyed.
class EpollOnThread {
 public:
  EpollOnThread() : thread_([this] { Run(); }) {}
  EpollOnThread(const EpollOnThread&) = delete;
  EpollOnThread& operator=(const EpollOnThread&) = delete;
  ~EpollOnThread() {
    const auto end = [](void* is_over) { *static_cast<bool*>(is_over) = true; };
    loop_.Post({end, &is_over_});
    thread_.join();
  }

  EpollLoop* operator->() { return &loop_; }

 private:
  void Run() {
    while (!is_over_) loop_.RunOnce();
  }

  EpollLoop loop_;
  bool is_over_ = false;  // The thread's.
  std::thread thread_;
};

void BM_PostEpoll(benchmark::State& state) {
  EpollOnThread loop;
  std::binary_semaphore is_called(0);
  const EpollLoop::Job nothing = {[](void*) {}, nullptr};
  const EpollLoop::Job release = {
      [](void* called) {
        static_cast<std::binary_semaphore*>(called)->release();
      },
      &is_called};
  while (state.KeepRunningBatch(state.range(0))) {
    for (long i = 1; i < state.range(0); ++i) loop->Post(nothing);
    loop->Post(release);
    is_called.acquire();
  }
}
BENCHMARK(BM_PostEpoll)->Name("post/epoll")->Arg(1)->UseRealTime();
BENCHMARK(BM_PostEpoll)->Name("post_1000/epoll")->Arg(1000)->UseRealTime();

class AsioOnThread {
 public:
  AsioOnThread() : thread_([this] { context_->run(); }) {}
  AsioOnThread(const AsioOnThread&) = delete;
  AsioOnThread& operator=(const AsioOnThread&) = delete;
  ~AsioOnThread() {
    context_->stop();
    thread_.join();
  }

  asio::io_context& context() { return *context_; }

 private:
  AsioContext context_;
  const asio::executor_work_guard<asio::io_context::executor_type> work_ =
      asio::make_work_guard(*context_);
  std::thread thread_;
};

void BM_PostAsio(benchmark::State& state) {
  AsioOnThread loop;
  MeasurePosts(state, [&](auto f) { asio::post(loop.context(), f); });
}
BENCHMARK(BM_PostAsio)->Name("post/asio")->Arg(1)->UseRealTime();
BENCHMARK(BM_PostAsio)->Name("post_1000/asio")->Arg(1000)->UseRealTime();

// A thread has one function called in a loop, and waits for what that gives.

void BM_CallCreche(benchmark::State& state) {
  const RunOnThread run;
  for (auto _ : state) {
    const absl::StatusOr<int> result = run.handle().Call(Trivial);
    benchmark::DoNotOptimize(result.ok());
  }
}
BENCHMARK(BM_CallCreche)->Name("call/creche")->UseRealTime();

void BM_CallAsio(benchmark::State& state) {
  AsioOnThread loop;
  for (auto _ : state) {
    std::packaged_task<int()> task(Trivial);
    std::future<int> result = task.get_future();
    asio::post(loop.context(), std::move(task));
    benchmark::DoNotOptimize(result.get());
  }
}
BENCHMARK(BM_CallAsio)->Name("call/asio")->UseRealTime();

void BM_CallEpoll(benchmark::State& state) {
  struct Call {
    std::binary_semaphore is_done{0};
    int result = 0;
  } call;
  const EpollLoop::Job perform = {[](void* call) {
                                    auto* const self = static_cast<Call*>(call);
                                    self->result = Trivial();
                                    self->is_done.release();
                                  },
                                  &call};
  EpollOnThread loop;
  for (auto _ : state) {
    loop->Post(perform);
    call.is_done.acquire();
    benchmark::DoNotOptimize(call.result);
  }
}
BENCHMARK(BM_CallEpoll)->Name("call/epoll")->UseRealTime();

}  // namespace
}  // namespace creche::benchmarks
