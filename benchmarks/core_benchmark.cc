// SPDX-License-Identifier: Apache-2.0
//
// The budgets of the core: awaiting, spawning, switching, cancelling, timing.
//
// Durations and results have names, as in programs: g++ copies a temporary in a
// co_await expression in a way that costs 5 ns.

#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "benchmarks/in_run.h"
#include "creche/creche.h"

namespace creche::benchmarks {
namespace {

Task<int> Ready(int value) { co_return value; }

void BM_AwaitReadyChild(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    for (auto _ : state) benchmark::DoNotOptimize(co_await Ready(1));
  });
}
BENCHMARK(BM_AwaitReadyChild);

Task<int> Recurse(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await Recurse(depth - 1);
}

void BM_AwaitDepth1000PerLevel(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    while (state.KeepRunningBatch(1000)) {
      benchmark::DoNotOptimize(co_await Recurse(1000));
    }
  });
}
BENCHMARK(BM_AwaitDepth1000PerLevel);

Task<> Trivial() { co_return; }
Task<> YieldOnce(int /*argument*/) { co_await Checkpoint(); }

void BM_SpawnRunJoin1000(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    while (state.KeepRunningBatch(1000)) {
      auto body = [&](Nursery& nursery) -> Task<> {
        for (int i = 0; i < 1000; ++i) nursery.StartSoon(Trivial);
        co_return;
      };
      (void)co_await WithNursery(body);
    }
  });
}
BENCHMARK(BM_SpawnRunJoin1000);

void BM_SpawnSuspendOnceJoin1000(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    while (state.KeepRunningBatch(1000)) {
      auto body = [&](Nursery& nursery) -> Task<> {
        for (int i = 0; i < 1000; ++i) nursery.StartSoon(YieldOnce, i);
        co_return;
      };
      (void)co_await WithNursery(body);
    }
  });
}
BENCHMARK(BM_SpawnSuspendOnceJoin1000);

void BM_YieldOneTask(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    for (auto _ : state) co_await Checkpoint();
  });
}
BENCHMARK(BM_YieldOneTask);

Task<> YieldForever() {
  for (;;) co_await Checkpoint();
}

void BM_Yield1000Tasks(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < 999; ++i) nursery.StartSoon(YieldForever);
      co_await Checkpoint();
      while (state.KeepRunningBatch(1000)) co_await Checkpoint();
      nursery.Cancel();
    };
    (void)co_await WithNursery(body);
  });
}
BENCHMARK(BM_Yield1000Tasks);

constexpr absl::Duration kTimeout = absl::Minutes(1);

void BM_TimeoutAroundReady(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    for (auto _ : state) {
      const auto value = co_await MoveOnAfter(kTimeout, Ready(1));
      benchmark::DoNotOptimize(value.has_value());
    }
  });
}
BENCHMARK(BM_TimeoutAroundReady);

Task<> Sleep(absl::Duration duration) { co_await SleepFor(duration); }

void BM_TimeoutAroundReady100kTimers(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < 100'000; ++i) {
        nursery.StartSoon(Sleep, absl::Hours(1) + absl::Seconds(i));
      }
      co_await Checkpoint();
      for (auto _ : state) {
        const auto value = co_await MoveOnAfter(kTimeout, Ready(1));
        benchmark::DoNotOptimize(value.has_value());
      }
      nursery.Cancel();
    };
    (void)co_await WithNursery(body);
  });
}
BENCHMARK(BM_TimeoutAroundReady100kTimers);

void BM_TimeoutAroundYield1000Timers(benchmark::State& state) {
  InRun(state, [&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < 1000; ++i) {
        nursery.StartSoon(Sleep, absl::Hours(1) + absl::Seconds(i));
      }
      co_await Checkpoint();
      for (auto _ : state) {
        benchmark::DoNotOptimize(co_await MoveOnAfter(kTimeout, Checkpoint()));
      }
      nursery.Cancel();
    };
    (void)co_await WithNursery(body);
  });
}
BENCHMARK(BM_TimeoutAroundYield1000Timers);

// Creates `count` tasks that all wait, then cancels them; times one of the two.
// Memory is warm: a first round does not count, as in the other programs.
template <typename StartOne>
Task<> CreateAndCancel(benchmark::State& state, int count, bool time_creation,
                       StartOne start_one) {
  auto round = [&](auto between) -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < count; ++i) start_one(nursery);
      co_await Checkpoint();
      between();
      nursery.Cancel();
    };
    (void)co_await WithNursery(body);
  };
  co_await round([] {});
  while (state.KeepRunningBatch(count)) {
    if (!time_creation) state.PauseTiming();
    co_await round([&] {
      if (time_creation) {
        state.PauseTiming();
      } else {
        state.ResumeTiming();
      }
    });
    if (time_creation) state.ResumeTiming();
  }
}

Task<> Block() { co_await SleepForever(); }

void BM_BlockedTasks100k(benchmark::State& state) {
  const bool time_creation = state.range(0) == 0;
  state.SetLabel(time_creation ? "create" : "cancel");
  InRun(state, [&]() -> Task<> {
    auto start = [](Nursery& nursery) { nursery.StartSoon(Block); };
    co_await CreateAndCancel(state, 100'000, time_creation, start);
  });
}
BENCHMARK(BM_BlockedTasks100k)->Arg(0)->Arg(1);

void BM_SleepingTasksMillion(benchmark::State& state) {
  const bool time_creation = state.range(0) == 0;
  state.SetLabel(time_creation ? "create" : "cancel");
  std::minstd_rand random(1);
  InRun(state, [&]() -> Task<> {
    auto start = [&](Nursery& nursery) {
      nursery.StartSoon(Sleep, absl::Hours(1) + absl::Microseconds(random()));
    };
    co_await CreateAndCancel(state, 1'000'000, time_creation, start);
  });
}
BENCHMARK(BM_SleepingTasksMillion)->Arg(0)->Arg(1);

// Cancels a task that stands 100,000 calls deep.
Task<> Dive(int depth) {
  if (depth == 0) {
    co_await SleepForever();
  } else {
    co_await Dive(depth - 1);
  }
}

void BM_UnwindFrame(benchmark::State& state) {
  constexpr int kDepth = 100'000;
  InRun(state, [&]() -> Task<> {
    while (state.KeepRunningBatch(kDepth)) {
      state.PauseTiming();
      auto body = [&](Nursery& nursery) -> Task<> {
        nursery.StartSoon(Dive, kDepth);
        co_await Checkpoint();
        co_await Checkpoint();
        state.ResumeTiming();
        nursery.Cancel();
      };
      (void)co_await WithNursery(body);
    }
  });
}
BENCHMARK(BM_UnwindFrame);

}  // namespace
}  // namespace creche::benchmarks
