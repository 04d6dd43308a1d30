// SPDX-License-Identifier: Apache-2.0
//
// What the works cost at the very least: a hand-written minimum for each.
//
//   limit --list | WORK           see peers/work.h

#include <cstdint>
#include <random>

#include "../allocations.h"
#include "../work.h"
#include "runtime.h"

namespace limit {
namespace {

constexpr int kAlive = 1000;
constexpr int kSteps = 10'000;
constexpr int kBlocked = 100'000;
constexpr int kSleeping = 1'000'000;

template <typename T>
void Keep(const T& value) {
  asm volatile("" : : "g"(value) : "memory");
}

IntTask Ready(int value) { co_return value; }

IntTask Recurse(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await Recurse(depth - 1);
}

Spawned AwaitOften() {
  for (int i = 0; i < kSteps; ++i) {
    const int value = co_await Ready(i);
    Keep(value);
  }
}

Spawned AwaitDeeply() {
  for (int i = 0; i < 10; ++i) {
    const int value = co_await Recurse(kAlive);
    Keep(value);
  }
}

int ended = 0;

Spawned Trivial() {
  ++ended;
  co_return;
}

Spawned YieldOnce(int argument) {
  co_await Yield();
  Keep(argument);
  ++ended;
}

Spawned YieldOften(int times) {
  for (int i = 0; i < times; ++i) co_await Yield();
}

double AwaitReady() {
  return NanosecondsEach(kSteps, [] {
    AwaitOften();
    RunUntilIdle();
  });
}

double AwaitDepth1000() {
  return NanosecondsEach(10 * kAlive, [] {
    AwaitDeeply();
    RunUntilIdle();
  });
}

double SpawnTrivial() {
  return NanosecondsEach(kAlive, [] {
    for (int i = 0; i < kAlive; ++i) Trivial();
    RunUntilIdle();
  });
}

double SpawnSuspend() {
  return NanosecondsEach(kAlive, [] {
    for (int i = 0; i < kAlive; ++i) YieldOnce(i);
    RunUntilIdle();
  });
}

double YieldOneTask() {
  return NanosecondsEach(kSteps, [] {
    YieldOften(kSteps);
    RunUntilIdle();
  });
}

double Yield1000Tasks() {
  return NanosecondsEach(100 * kAlive, [] {
    for (int i = 0; i < kAlive; ++i) YieldOften(100);
    RunUntilIdle();
  });
}

// Two tasks, each of which waits for the other.
Parking there;
Parking back;
int value_there = 0;
int value_back = 0;

Spawned Ping() {
  for (int i = 0; i < kSteps / 2; ++i) {
    value_there = i;
    there.Wake();
    co_await back;
    Keep(value_back);
  }
  there.DestroyAll();
}

Spawned Pong() {
  for (;;) {
    co_await there;
    value_back = value_there;
    back.Wake();
  }
}

double Switch() {
  return NanosecondsEach(kSteps, [] {
    Pong();
    Ping();
    RunUntilIdle();
  });
}

std::int64_t ClockNow() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

// With one look at the clock, which a timeout that counts from now needs.
Spawned TimeoutAroundYieldOften() {
  for (int i = 0; i < kSteps; ++i) {
    Timer timer;
    timer.due = ClockNow() + 60'000'000'000;
    timers.Push(timer);
    co_await Yield();
    timers.Remove(timer);
  }
}

Spawned SleepUntil(std::int64_t due) { co_await Sleep(due); }

double TimeoutAroundYield() {
  const std::int64_t now = ClockNow();
  for (int i = 0; i < kAlive; ++i) {
    SleepUntil(now + (3600 + i) * std::int64_t{1'000'000'000});
  }
  RunUntilIdle();
  return NanosecondsEach(kSteps, [] {
    TimeoutAroundYieldOften();
    RunUntilIdle();
  });
}

Parking forever;
Spawned Block() { co_await forever; }

void CreateBlocked() {
  for (int i = 0; i < kBlocked; ++i) Block();
  RunUntilIdle();
}

void CreateSleeping() {
  static std::minstd_rand random(1);
  for (int i = 0; i < kSleeping; ++i) SleepUntil(random());
  RunUntilIdle();
}

// The time of one of two halves that alternate, for each of `count` tasks.
double HalfTime(int count, bool first_half, void (*first)(), void (*second)()) {
  first();
  second();
  const double start = NowSeconds();
  double counted = 0;
  int rounds = 0;
  do {
    const double begin = NowSeconds();
    first();
    const double middle = NowSeconds();
    second();
    counted += first_half ? middle - begin : NowSeconds() - middle;
    ++rounds;
  } while (NowSeconds() - start < 2 * kMeasureSeconds);
  return counted / rounds / count * 1e9;
}

void CancelBlocked() { forever.DestroyAll(); }

double BlockedCreate() {
  return HalfTime(kBlocked, true, CreateBlocked, CancelBlocked);
}
double BlockedCancel() {
  return HalfTime(kBlocked, false, CreateBlocked, CancelBlocked);
}
double TimerArm() {
  return HalfTime(kSleeping, true, CreateSleeping, Sleep::DestroyAll);
}
double TimerCancel() {
  return HalfTime(kSleeping, false, CreateSleeping, Sleep::DestroyAll);
}

double BlockedFigure(long (*figure)()) {
  const long before = figure();
  CreateBlocked();
  return static_cast<double>(figure() - before) / kBlocked;
}

double BlockedBytes() { return BlockedFigure(BytesInUse); }
double BlockedAllocations() { return BlockedFigure(Allocations); }
double ChildAllocations() {
  SpawnTrivial();
  const long before = Allocations();
  for (int i = 0; i < kAlive; ++i) Trivial();
  RunUntilIdle();
  return static_cast<double>(Allocations() - before) / kAlive;
}

const work kWorks[] = {
    {"await/1", "ns", AwaitReady},
    {"await/1000", "ns", AwaitDepth1000},
    {"spawn/trivial", "ns", SpawnTrivial},
    {"spawn/suspend", "ns", SpawnSuspend},
    {"yield/1", "ns", YieldOneTask},
    {"yield/1000", "ns", Yield1000Tasks},
    {"switch/channel", "ns", Switch},
    {"switch/event", "ns", Switch},
    {"timeout/yield_1000", "ns", TimeoutAroundYield},
    {"timer/arm", "ns", TimerArm},
    {"timer/cancel", "ns", TimerCancel},
    {"blocked/create", "ns", BlockedCreate},
    {"blocked/cancel", "ns", BlockedCancel},
    {"memory/blocked_bytes", "bytes", BlockedBytes},
    {"memory/blocked_allocations", "allocations", BlockedAllocations},
    {"memory/child_allocations", "allocations", ChildAllocations},
    {nullptr, nullptr, nullptr},
};

}  // namespace
}  // namespace limit

int main(int argc, char** argv) { return RunWork(argc, argv, limit::kWorks); }
