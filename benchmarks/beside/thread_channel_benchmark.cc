// SPDX-License-Identifier: Apache-2.0
//
// A thread sends values to a loop of another thread, which takes them one by
// one. For each value.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "benchmark/benchmark.h"
#include "benchmarks/beside/epoll_loop.h"
#include "benchmarks/in_run.h"
#include "creche/creche.h"

namespace creche::benchmarks {
namespace {

constexpr size_t kCapacity = 64;

void BM_ChannelCreche(benchmark::State& state) {
  auto ends = MakeThreadChannel<int>(kCapacity);
  std::thread thread([send = std::move(ends.first)]() mutable {
    while (send.BlockingSend(1).ok()) {
    }
  });
  InRun(state, [&, receive = std::move(ends.second)]() mutable -> Task<> {
    for (auto _ : state) {
      const std::optional<int> value = co_await receive.Receive();
      benchmark::DoNotOptimize(value.has_value());
    }
    receive.Close();
  });
  thread.join();
}
BENCHMARK(BM_ChannelCreche)->Name("channel/creche")->UseRealTime();

// A queue with a lock; who sends is blocked by a condition variable, who
// receives waits in a loop.
class PlainChannel {
 public:
  // False: it is closed.
  bool BlockingSend(int value) {
    bool is_first = false;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      has_room_.wait(
          lock, [this] { return values_.size() < kCapacity || is_closed_; });
      if (is_closed_) return false;
      is_first = values_.empty();
      values_.push_back(value);
    }
    if (is_first) loop_.Post({[](void*) {}, nullptr});
    return true;
  }

  int Receive() {
    for (;;) {
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!values_.empty()) {
          const int value = values_.front();
          if (values_.size() == kCapacity) has_room_.notify_one();
          values_.pop_front();
          return value;
        }
      }
      loop_.RunOnce();
    }
  }

  void Close() {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_closed_ = true;
    has_room_.notify_one();
  }

 private:
  EpollLoop loop_;
  std::mutex mutex_;
  std::condition_variable has_room_;
  std::deque<int> values_;
  bool is_closed_ = false;
};

void BM_ChannelEpoll(benchmark::State& state) {
  PlainChannel channel;
  std::thread thread([&] {
    while (channel.BlockingSend(1)) {
    }
  });
  for (auto _ : state) benchmark::DoNotOptimize(channel.Receive());
  channel.Close();
  thread.join();
}
BENCHMARK(BM_ChannelEpoll)->Name("channel/epoll")->UseRealTime();

}  // namespace
}  // namespace creche::benchmarks
