// SPDX-License-Identifier: Apache-2.0
//
// The works on Boost.Asio: awaitable<> coroutines, one thread.
//
//   asio --list | WORK            see peers/work.h
//   asio echo | storm             a server (server.cc)

#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "../allocations.h"
#include "../work.h"
#include "server.h"
#include "tls.h"

namespace asio = boost::asio;
using asio::awaitable;
using asio::co_spawn;
using asio::detached;
using asio::use_awaitable;

namespace {

constexpr int kAlive = 1000;
constexpr int kSteps = 10'000;
constexpr int kTimers = 100'000;
constexpr int kWakes = 1000;

// One thread only, which spares Asio its locks.
asio::io_context context(1);

void RunUntilIdle() {
  context.restart();
  context.run();
}

template <typename T>
void Keep(const T& value) {
  asm volatile("" : : "g"(value) : "memory");
}

awaitable<int> Ready(int value) { co_return value; }

awaitable<int> Recurse(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await Recurse(depth - 1);
}

awaitable<void> AwaitOften() {
  for (int i = 0; i < kSteps; ++i) {
    const int value = co_await Ready(i);
    Keep(value);
  }
}

awaitable<void> AwaitDeeply() {
  for (int i = 0; i < 10; ++i) {
    const int value = co_await Recurse(kAlive);
    Keep(value);
  }
}

awaitable<void> Trivial() { co_return; }

awaitable<void> Yield() { co_await asio::post(context, use_awaitable); }

awaitable<void> YieldOnce(int argument) {
  co_await asio::post(context, use_awaitable);
  Keep(argument);
}

awaitable<void> YieldOften(int times) {
  for (int i = 0; i < times; ++i) co_await asio::post(context, use_awaitable);
}

void Spawn(awaitable<void> task) {
  co_spawn(context, std::move(task), detached);
}

double AwaitReady() {
  return NanosecondsEach(kSteps, [] {
    Spawn(AwaitOften());
    RunUntilIdle();
  });
}

double AwaitDepth1000() {
  return NanosecondsEach(10 * kAlive, [] {
    Spawn(AwaitDeeply());
    RunUntilIdle();
  });
}

// Joined by the context, which is idle when all have ended: cheaper than a
// counter and an event that Asio does not have.
double SpawnTrivial() {
  return NanosecondsEach(kAlive, [] {
    for (int i = 0; i < kAlive; ++i) Spawn(Trivial());
    RunUntilIdle();
  });
}

double SpawnSuspend() {
  return NanosecondsEach(kAlive, [] {
    for (int i = 0; i < kAlive; ++i) Spawn(YieldOnce(i));
    RunUntilIdle();
  });
}

double YieldOneTask() {
  return NanosecondsEach(kSteps, [] {
    Spawn(YieldOften(kSteps));
    RunUntilIdle();
  });
}

double Yield1000Tasks() {
  return NanosecondsEach(20 * kAlive, [] {
    for (int i = 0; i < kAlive; ++i) Spawn(YieldOften(20));
    RunUntilIdle();
  });
}

using Channel =
    asio::experimental::channel<void(boost::system::error_code, int)>;

awaitable<void> Ping(Channel& out, Channel& in) {
  for (int i = 0; i < kSteps / 2; ++i) {
    co_await out.async_send({}, i, use_awaitable);
    const int value = co_await in.async_receive(use_awaitable);
    Keep(value);
  }
}

awaitable<void> Pong(Channel& in, Channel& out) {
  for (int i = 0; i < kSteps / 2; ++i) {
    const int value = co_await in.async_receive(use_awaitable);
    co_await out.async_send({}, value, use_awaitable);
  }
}

double SwitchChannel() {
  return NanosecondsEach(kSteps, [] {
    Channel there(context, 1);
    Channel back(context, 1);
    Spawn(Pong(there, back));
    Spawn(Ping(there, back));
    RunUntilIdle();
  });
}

// A timeout is `work || timer`, in Asio's own way.
template <typename MakeBody>
awaitable<void> TimeoutOften(int times, MakeBody make_body) {
  using namespace asio::experimental::awaitable_operators;
  for (int i = 0; i < times; ++i) {
    asio::steady_timer timer(context, std::chrono::minutes(1));
    auto first = co_await (make_body() || timer.async_wait(use_awaitable));
    Keep(first.index());
  }
}

std::vector<std::unique_ptr<asio::steady_timer>> armed;

void ArmTimers(int count) {
  for (int i = 0; i < count; ++i) {
    armed.push_back(std::make_unique<asio::steady_timer>(
        context, std::chrono::hours(1) + std::chrono::milliseconds(i)));
    armed.back()->async_wait([](boost::system::error_code) {});
  }
}

// With timers armed the context is never idle: runs until `task` has ended.
void RunUntilEnded(awaitable<void> task) {
  bool ended = false;
  co_spawn(context, std::move(task), [&](std::exception_ptr) { ended = true; });
  context.restart();
  while (!ended) context.run_one();
}

template <typename MakeBody>
double Timeout(int timers, MakeBody) {
  ArmTimers(timers);
  const double result = NanosecondsEach(
      1000, [] { RunUntilEnded(TimeoutOften(1000, MakeBody())); });
  armed.clear();
  return result;
}

struct ReadyBody {
  awaitable<int> operator()() const { return Ready(1); }
};
struct YieldBody {
  awaitable<void> operator()() const { return Yield(); }
};

double TimeoutReady0() { return Timeout(0, ReadyBody()); }
double TimeoutReady100000() { return Timeout(kTimers, ReadyBody()); }
double TimeoutYield1000() { return Timeout(kAlive, YieldBody()); }

// Tasks that wait for a timer, each with a cancellation_signal of its own.
std::vector<asio::cancellation_signal>* signals = nullptr;

awaitable<void> Sleep(std::chrono::nanoseconds time) {
  asio::steady_timer timer(context, time);
  boost::system::error_code error;
  co_await timer.async_wait(asio::redirect_error(use_awaitable, error));
}

template <typename Duration>
void CreateSleeping(Duration duration) {
  for (asio::cancellation_signal& signal : *signals) {
    co_spawn(context, Sleep(duration()),
             asio::bind_cancellation_slot(signal.slot(), detached));
  }
  context.restart();
  context.poll();
}

void CancelSleeping() {
  for (asio::cancellation_signal& signal : *signals) {
    signal.emit(asio::cancellation_type::terminal);
  }
  RunUntilIdle();
}

template <typename Duration>
double SleepingTasks(int count, bool time_creation, Duration duration) {
  std::vector<asio::cancellation_signal> all(static_cast<std::size_t>(count));
  signals = &all;
  CreateSleeping(duration);
  CancelSleeping();
  const double start = NowSeconds();
  CreateSleeping(duration);
  const double middle = NowSeconds();
  CancelSleeping();
  const double end = NowSeconds();
  return (time_creation ? middle - start : end - middle) / count * 1e9;
}

// Asio has nothing to block on but timers: they are all due at the same time.
std::chrono::nanoseconds Forever() { return std::chrono::hours(1000); }
std::chrono::nanoseconds Random() {
  static std::minstd_rand random(1);
  return std::chrono::hours(1) + std::chrono::microseconds(random());
}

double BlockedCreate() { return SleepingTasks(kTimers, true, Forever); }
double BlockedCancel() { return SleepingTasks(kTimers, false, Forever); }
double TimerArm() { return SleepingTasks(kTimers, true, Random); }
double TimerCancel() { return SleepingTasks(kTimers, false, Random); }

double BlockedFigure(long (*figure)()) {
  std::vector<asio::cancellation_signal> all(kTimers);
  signals = &all;
  const long before = figure();
  CreateSleeping(Forever);
  const double result = static_cast<double>(figure() - before) / kTimers;
  CancelSleeping();
  return result;
}

double BlockedBytes() { return BlockedFigure(BytesInUse); }
double BlockedAllocations() { return BlockedFigure(Allocations); }
double ChildAllocations() {
  SpawnTrivial();
  const long before = Allocations();
  for (int i = 0; i < kAlive; ++i) Spawn(Trivial());
  RunUntilIdle();
  return static_cast<double>(Allocations() - before) / kAlive;
}

// Two contexts, a thread each, that post to each other.
double WakeThread() {
  asio::io_context other;
  auto other_work = asio::make_work_guard(other);
  auto own_work = asio::make_work_guard(context);
  std::thread thread([&] { other.run(); });
  static int left = 0;
  static asio::io_context* there = nullptr;
  struct Turn {
    static void Own() {
      if (left-- > 0) asio::post(*there, Other);
    }
    static void Other() { asio::post(context, Own); }
  };
  there = &other;
  const double result = NanosecondsEach(2 * kWakes, [] {
    left = kWakes;
    asio::post(*there, Turn::Other);
    context.restart();
    while (left >= 0) context.run_one();
  });
  other_work.reset();
  thread.join();
  return result;
}

const work kWorks[] = {
    {"await/1", "ns", AwaitReady},
    {"await/1000", "ns", AwaitDepth1000},
    {"spawn/trivial", "ns", SpawnTrivial},
    {"spawn/suspend", "ns", SpawnSuspend},
    {"yield/1", "ns", YieldOneTask},
    {"yield/1000", "ns", Yield1000Tasks},
    {"switch/channel", "ns", SwitchChannel},
    {"timeout/ready_0", "ns", TimeoutReady0},
    {"timeout/ready_100000", "ns", TimeoutReady100000},
    {"timeout/yield_1000", "ns", TimeoutYield1000},
    {"timer/arm", "ns", TimerArm},
    {"timer/cancel", "ns", TimerCancel},
    {"blocked/create", "ns", BlockedCreate},
    {"blocked/cancel", "ns", BlockedCancel},
    {"memory/blocked_bytes", "bytes", BlockedBytes},
    {"memory/blocked_allocations", "allocations", BlockedAllocations},
    {"memory/child_allocations", "allocations", ChildAllocations},
    {"wake/thread", "ns", WakeThread},
    {"tls/echo_64", "ns", TlsEcho64},
    {"tls/echo_16384", "ns", TlsEcho16384},
    {"tls/bulk", "ns", TlsBulk},
    {"tls/full", "ns", TlsFull},
    {nullptr, nullptr, nullptr},
};

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc == 2 ? argv[1] : "";
  if (mode == "echo" || mode == "storm") return Serve(mode == "echo");
  return RunWork(argc, argv, kWorks);
}
