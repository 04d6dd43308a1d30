// SPDX-License-Identifier: Apache-2.0
//
// The budgets of sync/: what costs no switch, and switches from task to task.

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "benchmarks/in_run.h"
#include "creche/creche.h"

namespace creche::benchmarks {
namespace {

void BM_LockUncontended(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    Lock lock;
    for (auto _ : state) {
      LockGuard guard = co_await lock.Acquire();
      benchmark::ClobberMemory();
    }
  });
}
BENCHMARK(BM_LockUncontended);

void BM_LockTryAcquire(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    Lock lock;
    for (auto _ : state) {
      std::optional<LockGuard> guard = lock.TryAcquire();
      benchmark::ClobberMemory();
    }
    co_return;
  });
}
BENCHMARK(BM_LockTryAcquire);

void BM_SemaphoreUncontended(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    Semaphore semaphore(10);
    for (auto _ : state) {
      Permit permit = co_await semaphore.Acquire();
      benchmark::ClobberMemory();
    }
  });
}
BENCHMARK(BM_SemaphoreUncontended);

void BM_EventWaitWhenSet(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    Event event;
    event.Set();
    for (auto _ : state) co_await event.Wait();
  });
}
BENCHMARK(BM_EventWaitWhenSet);

// One value into the buffer and out again.
void BM_ChannelTrySendTryReceive(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    auto [send, receive] = MakeChannel<int>(16);
    for (auto _ : state) {
      benchmark::DoNotOptimize(send.TrySend(1).ok());
      benchmark::DoNotOptimize(*receive.TryReceive());
    }
    co_return;
  });
}
BENCHMARK(BM_ChannelTrySendTryReceive);

void BM_ChannelSendReceiveBuffered(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    auto [send, receive] = MakeChannel<int>(16);
    for (auto _ : state) {
      absl::Status sent = co_await send.Send(1);
      benchmark::DoNotOptimize(sent.ok());
      std::optional<int> received = co_await receive.Receive();
      benchmark::DoNotOptimize(received.has_value());
    }
  });
}
BENCHMARK(BM_ChannelSendReceiveBuffered);

// Two tasks, each of which waits for what the other sends. Per switch.
void BM_ChannelPingPong(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    auto channels = std::make_pair(MakeChannel<int>(1), MakeChannel<int>(1));
    auto& [there, back] = channels;
    auto echo = [](Receiver<int> in, Sender<int> out) -> Task<> {
      while (std::optional<int> value = co_await in.Receive()) {
        absl::Status sent = co_await out.Send(*value);
        sent.IgnoreError();
      }
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(echo, std::move(there.second), std::move(back.first));
      while (state.KeepRunningBatch(2)) {
        absl::Status sent = co_await there.first.Send(1);
        sent.IgnoreError();
        std::optional<int> value = co_await back.second.Receive();
        benchmark::DoNotOptimize(value.has_value());
      }
      there.first.Close();
    };
    (void)co_await WithNursery(body);
  });
}
BENCHMARK(BM_ChannelPingPong);

// One task sends, one receives. Per value, which is one switch to each side at
// a rendezvous.
void BM_ChannelPipe(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    auto [send, receive] =
        MakeChannel<int>(static_cast<size_t>(state.range(0)));
    auto produce = [](Sender<int> out) -> Task<> {
      for (;;) {
        absl::Status sent = co_await out.Send(1);
        if (!sent.ok()) break;
      }
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(produce, std::move(send));
      for (auto _ : state) {
        std::optional<int> value = co_await receive.Receive();
        benchmark::DoNotOptimize(value.has_value());
      }
      receive.Close();
    };
    (void)co_await WithNursery(body);
  });
}
BENCHMARK(BM_ChannelPipe)->Arg(0)->Arg(1)->Arg(64);

// Two tasks wake each other through a fresh Event each time. Per switch.
void BM_EventPingPong(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    std::optional<Event> there(std::in_place);
    std::optional<Event> back(std::in_place);
    auto echo = [&]() -> Task<> {
      for (;;) {
        co_await there->Wait();
        there.emplace();
        back->Set();
      }
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(echo);
      while (state.KeepRunningBatch(2)) {
        there->Set();
        co_await back->Wait();
        back.emplace();
      }
      nursery.Cancel();
    };
    (void)co_await WithNursery(body);
  });
}
BENCHMARK(BM_EventPingPong);

// A semaphore of one permit that goes round 1,000 tasks. Per hand-over.
void BM_Semaphore1000Waiters(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    Semaphore semaphore(1);
    auto loop = [&]() -> Task<> {
      for (;;) Permit permit = co_await semaphore.Acquire();
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < 1000; ++i) nursery.StartSoon(loop);
      co_await Checkpoint();
      while (state.KeepRunningBatch(1001)) {
        Permit permit = co_await semaphore.Acquire();
      }
      nursery.Cancel();
    };
    (void)co_await WithNursery(body);
  });
}
BENCHMARK(BM_Semaphore1000Waiters);

void BM_SelectReady(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    Event event;
    event.Set();
    auto [send, receive] = MakeChannel<int>(16);
    for (auto _ : state) {
      auto first = co_await Select(receive.Receive(), event.Wait());
      benchmark::DoNotOptimize(first.index());
    }
  });
}
BENCHMARK(BM_SelectReady);

// As the ping-pong through channels, one side of which could also be stopped.
void BM_SelectPingPong(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    Event stop;
    auto channels = std::make_pair(MakeChannel<int>(1), MakeChannel<int>(1));
    auto& [there, back] = channels;
    auto echo = [&](Receiver<int> in, Sender<int> out) -> Task<> {
      for (;;) {
        auto first = co_await Select(in.Receive(), stop.Wait());
        if (first.index() == 1) break;
        absl::Status sent = co_await out.Send(1);
        sent.IgnoreError();
      }
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(echo, std::move(there.second), std::move(back.first));
      while (state.KeepRunningBatch(2)) {
        absl::Status sent = co_await there.first.Send(1);
        sent.IgnoreError();
        std::optional<int> value = co_await back.second.Receive();
        benchmark::DoNotOptimize(value.has_value());
      }
      stop.Set();
    };
    (void)co_await WithNursery(body);
  });
}
BENCHMARK(BM_SelectPingPong);

}  // namespace
}  // namespace creche::benchmarks
